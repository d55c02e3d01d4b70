import { describe, expect, test } from 'vitest';
import { HAPPY_WORDS, SAD_WORDS } from '../../../../src/core/feedback/mood-words';
import { goldScore, simulatedAnswer } from '../../../../src/core/feedback/simulated-annotator';
import { wordsOf } from '../../../../src/core/feedback/words';
import type { SimulatedAnnotatorConfig } from '../../../../src/core/records';

const happier = (text: string) => goldScore('happier', text);
const dialogue = (text: string) => goldScore('dialogue', text);

describe('words', () => {
	test('are counted whatever their case, punctuation and apostrophes', () => {
		expect(wordsOf("“Don’t!” said TIM -- to Mia's dog, twice…")).toEqual(
			"don't said tim to mia's dog twice".split(' ')
		);
		expect(wordsOf(' \n?!')).toEqual([]);
	});
});

describe('longer and shorter', () => {
	test('count words, not characters', () => {
		expect(goldScore('longer', 'a, b! c')).toBe(3);
		expect(goldScore('shorter', 'a, b! c')).toBe(-3);
		expect(goldScore('longer', 'extraordinarily')).toBeLessThan(goldScore('longer', 'an ox'));
	});
});

describe('happier', () => {
	test('prefers happy words to neutral and neutral to sad, in any case', () => {
		expect(happier('Tim was HAPPY.')).toBeGreaterThan(happier('Tim was there.'));
		expect(happier('Tim was there.')).toBeGreaterThan(happier('Tim was sad!'));
		expect(happier('Tim was there.')).toBe(0);
	});

	test('counts a word and its other forms once', () => {
		expect(happier('He smiled, she smiles, a smile')).toBe(happier('He smiled'));
		expect(happier('He smiled and laughed')).toBeGreaterThan(happier('He smiled'));
	});

	test('hears a negation', () => {
		expect(happier('He was not very happy')).toBe(happier('He was unhappy'));
		expect(happier("He wasn't happy")).toBeLessThan(0);
		expect(happier('He was not sad')).toBe(0);
	});

	test('does not grow with length: a neutral sentence more changes nothing', () => {
		expect(happier('He smiled. Then they all went to the house by the sea')).toBe(
			happier('He smiled')
		);
	});

	test('gains less from each further word', () => {
		const gains = ['smile', 'smile joy', 'smile joy fun', 'smile joy fun cake'].map(happier);
		const [first = NaN, second = NaN, third = NaN, fourth = NaN] = gains;
		expect(second - first).toBeLessThan(first);
		expect(fourth - third).toBeLessThan(second - first);
	});

	test('punishes repetition beyond what is ordinary', () => {
		const story = 'Tim saw a big red ball and his friend said hello';
		expect(happier(`${story} happy happy happy happy happy happy`)).toBeLessThan(happier(story));
		expect(happier('so happy and glad '.repeat(6))).toBeLessThan(0);
	});

	test('has a few hundred words, none of them on both lists', () => {
		expect(HAPPY_WORDS.size).toBeGreaterThan(200);
		expect(SAD_WORDS.size).toBeGreaterThan(150);
		expect([...HAPPY_WORDS.keys()].filter((word) => SAD_WORDS.has(word))).toEqual([]);
		for (const word of [...HAPPY_WORDS.keys(), ...SAD_WORDS.keys()]) {
			expect(wordsOf(word)).toEqual([word]);
		}
	});
});

describe('dialogue', () => {
	test('counts what is said in quotes, straight or curly, each thing once', () => {
		expect(dialogue('"Hi!" said Tom. "Who are you?" asked Mia.')).toBe(2);
		expect(dialogue('“Hi!” said Tom. “Come in.”')).toBe(2);
		expect(dialogue('"Hi!" said Tom. "hi" said the other boy.')).toBe(1);
		expect(dialogue('Tom said nothing at all.')).toBe(0);
	});

	test('does not take the rest of a quote of the prompt for a new one', () => {
		expect(dialogue('not today." Tom went home. "Bye."')).toBe(1);
	});

	test('counts a quote left open at the end, and not one without words', () => {
		expect(dialogue('Tom said, "Let us go')).toBe(1);
		expect(dialogue('Tom said, "" and "!"')).toBe(0);
	});

	test('punishes the same exchange over and over', () => {
		expect(dialogue('"No," said Tom. "Yes," said Mia. '.repeat(4))).toBeLessThan(
			dialogue('"No," said Tom. "Yes," said Mia.')
		);
	});
});

describe('simulatedAnswer', () => {
	const config: SimulatedAnnotatorConfig = { rule: 'longer', lapse: 0.1, seed: 5 };
	const keys = Array.from({ length: 4000 }, (_, i) => `pair ${i}`);
	const answers = (c: SimulatedAnnotatorConfig) =>
		keys.map((key) => simulatedAnswer(c, key, 'a b c', 'a'));

	test('prefers the better text on either side when it does not lapse', () => {
		const never = { ...config, lapse: 0 };
		expect(simulatedAnswer(never, 'x', 'a b', 'a')).toEqual({ outcome: 'a', lapsed: false });
		expect(simulatedAnswer(never, 'x', 'a', 'a b')).toEqual({ outcome: 'b', lapsed: false });
		expect(simulatedAnswer({ ...never, rule: 'shorter' }, 'x', 'a', 'a b')?.outcome).toBe('a');
	});

	test('leaves pairs it scores equal to be drawn again', () => {
		expect(simulatedAnswer({ ...config, lapse: 1 }, 'x', 'a b', 'c d')).toBeNull();
	});

	test('lapses at its rate, and then chooses either side alike', () => {
		const lapsed = answers({ ...config, lapse: 0.3 }).filter((answer) => answer?.lapsed);
		const forA = lapsed.filter((answer) => answer?.outcome === 'a').length;
		expect(Math.abs(lapsed.length / keys.length - 0.3)).toBeLessThan(0.03);
		expect(Math.abs(forA / lapsed.length - 0.5)).toBeLessThan(0.06);
	});

	test('answers a pair the same again, and differently under another seed', () => {
		expect(answers(config)).toEqual(answers(config));
		expect(answers(config)).not.toEqual(answers({ ...config, seed: 6 }));
	});
});
