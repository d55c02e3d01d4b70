import { describe, expect, test } from 'vitest';
import {
	goldReward,
	type GoldMeasure,
	measureText
} from '../../../../src/core/feedback/gold-rewards';
import { readRules } from '../../../../src/core/feedback/rule-list';
import {
	readingGrade,
	repetitionOf,
	styleCounts
} from '../../../../src/core/feedback/text-measures';

describe('measures', () => {
	test('reading grade is that of the formula', () => {
		// 6 words of 20 characters in 2 sentences: 4.71 * 20 / 6 + 0.5 * 3 - 21.43
		expect(readingGrade('The cat sat. Dogs ran away!')).toBeCloseTo(
			(4.71 * 20) / 6 + 1.5 - 21.43,
			12
		);
		expect(readingGrade('')).toBe(0);
		expect(readingGrade('...')).toBe(0);
	});

	test('repetition is the mean share of repeated bigrams and trigrams', () => {
		// a b a b: bigrams ab ba ab (1 of 3 repeated), trigrams aba bab (none)
		expect(repetitionOf(['a', 'b', 'a', 'b'])).toBeCloseTo(1 / 6, 15);
	});

	test('of style are counts', () => {
		expect(styleCounts('"Hi!" said he. "Hi!" said she. "Hi!" said he.')).toEqual({
			length: 9,
			dialogue: 1,
			repetition: 1
		});
		expect(styleCounts('')).toEqual({ length: 0, dialogue: 0, repetition: 0 });
	});

	test('go up with what they are named after', () => {
		const pairs: [GoldMeasure, string, string][] = [
			['sentiment', 'Tim was happy.', 'Tim was sad.'],
			['length', 'one two three', 'one two'],
			['dialogue', '"Hi!" said Tim.', 'Tim said hi.'],
			['repetition', 'so it went so it went so it went', 'so it went and then it came'],
			['readability', 'The cat sat. It was hot.', 'Considerable meteorological complications arose']
		];
		for (const [measure, more, less] of pairs) {
			expect(measureText(measure, more)).toBeGreaterThan(measureText(measure, less));
		}
	});
});

describe('goldReward', () => {
	const sample = ['one two', 'one two three four', 'one two three four five six'];

	test('standardises measures on the sample, so that weights compare', () => {
		const reward = goldReward({ weights: { length: 2 }, rules: [] }, sample);
		// mean 4, spread sqrt(8 / 3)
		expect(reward('one two three four')).toBeCloseTo(0, 15);
		expect(reward('one')).toBeCloseTo((2 * -3) / Math.sqrt(8 / 3), 14);
	});

	test('adds the weights of the rules that hold', () => {
		const rules = [
			{ kind: 'contains', text: 'Fox', weight: 1 },
			{ kind: 'contains', text: 'dog', negate: true, weight: 10 },
			{ kind: 'word-count', most: 3, weight: 100 }
		] as const;
		const reward = goldReward({ weights: {}, rules }, sample);
		expect(reward('a fox and a dog')).toBe(1);
		expect(reward('a FOX')).toBe(111);
		expect(reward('nobody was in the house')).toBe(10);
	});

	test('a measure that never varies adds nothing', () => {
		const reward = goldReward({ weights: { dialogue: 5 }, rules: [] }, sample);
		expect(reward('"Hi!" said Tim.')).toBe(0);
	});

	test('refuses too small a sample and what is no weight or rule', () => {
		expect(() => goldReward({ weights: {}, rules: [] }, ['one'])).toThrow(RangeError);
		expect(() => goldReward({ weights: { length: NaN }, rules: [] }, sample)).toThrow(RangeError);
		const rules = [{ kind: 'regex', pattern: '(', weight: 1 }] as const;
		expect(() => goldReward({ weights: {}, rules }, sample)).toThrow('rule 0: not-understood');
	});
});

describe('readRules', () => {
	test('reads every kind, with and without negation, and keeps them as data', () => {
		const rules = [
			{ kind: 'contains', text: 'once upon', weight: 1 },
			{ kind: 'contains', text: 'The', weight: 1, matchCase: true },
			{ kind: 'regex', pattern: '^once\\b.*end[.!]$', weight: -2, negate: true },
			{ kind: 'word-count', least: 3, most: 5, weight: 0.5 }
		];
		const list = readRules(JSON.parse(JSON.stringify(rules)));
		expect(list.problems).toEqual([]);
		expect(list.rules).toEqual(rules);
		expect(list.score('Once upon the end.')).toBe(1 + 0.5);
		expect(list.score('The middle')).toBe(1 - 2);
	});

	test('leaves out what is wrong, and says which and why', () => {
		const { rules, problems } = readRules([
			'contains',
			{ kind: 'contains', text: 'fine', weight: 1 },
			{ kind: 'contains', text: ' ', weight: 1 },
			{ kind: 'contains', text: 'fine' },
			{ kind: 'contains', text: 'fine', weight: Infinity },
			{ kind: 'shout', weight: 1 },
			{ kind: 'regex', pattern: 'a(?=b)', weight: 1 },
			{ kind: 'word-count', weight: 1 },
			{ kind: 'word-count', least: 5, most: 4, weight: 1 },
			{ kind: 'word-count', least: -1, weight: 1 },
			JSON.parse('{"__proto__": {"kind": "contains", "text": "x", "weight": 1}}')
		]);
		expect(rules).toHaveLength(1);
		expect(problems.map(({ index, reason }) => [index, reason])).toEqual([
			[0, 'not-a-rule'],
			[2, 'text'],
			[3, 'weight'],
			[4, 'weight'],
			[5, 'unknown-kind'],
			[6, 'look-around'],
			[7, 'word-count'],
			[8, 'word-count'],
			[9, 'word-count'],
			[10, 'weight']
		]);
	});

	test('takes fifty rules and no list that is none', () => {
		const many = Array.from({ length: 51 }, () => ({ kind: 'contains', text: 'x', weight: 1 }));
		expect(readRules(many)).toMatchObject({
			problems: [{ index: 50, reason: 'too-many-rules' }]
		});
		expect(readRules(many).rules).toHaveLength(50);
		expect(readRules({}).problems).toEqual([{ index: 0, reason: 'not-a-list' }]);
	});
});
