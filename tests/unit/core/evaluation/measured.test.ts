import { describe, expect, test } from 'vitest';
import { cappedHappiness, usualLength } from '../../../../src/core/evaluation/capped-happiness';
import {
	bestOfNStanding,
	frontierOf,
	monitorInputs,
	standingOf,
	type Measured,
	type Standing
} from '../../../../src/core/evaluation/measured';
import { textJudge } from '../../../../src/core/evaluation/text-judge';

function measured(gold: number[], o: Partial<Measured> = {}): Measured {
	const zeros = gold.map(() => 0);
	return {
		texts: gold.map(() => ''),
		prompts: gold.map((_, i) => i),
		length: zeros,
		logRatio: zeros,
		entropy: zeros,
		ends: zeros,
		repetition: zeros,
		variety: gold.map(() => NaN),
		gold,
		...o
	};
}

describe('the judge of the demonstration', () => {
	const length = { center: 6, spread: 2 };

	test('counts happy families once, and three at most', () => {
		expect(cappedHappiness('The fox sat by the tree', length)).toBe(0);
		expect(cappedHappiness('The happy fox, happily, by trees', length)).toBe(1);
		expect(cappedHappiness('happy smile hug love play fun', length)).toBe(3);
	});

	test('takes off for length beyond a spread, and for going round in circles', () => {
		// 10 words are 2 spreads from 6: one beyond what is usual.
		expect(cappedHappiness('the fox sat by one tree and ate some bread', length)).toBe(-1);
		// Bigrams: 5 of "a b a b a b", 2 different: 3/5. Trigrams: 4, 2 different: 1/2. Their mean less 0.1 is 0.45.
		expect(cappedHappiness('a b a b a b', length)).toBeCloseTo(-8 * 0.45, 12);
	});

	test('learns what is usual from texts', () => {
		expect(usualLength(['one two', 'one two three four five six'])).toEqual({
			center: 4,
			spread: 2
		});
		expect(() => usualLength(['one'])).toThrow(RangeError);
	});

	test('is one of the judges of texts', () => {
		expect(textJudge({ kind: 'capped-happiness', length })('happy fox is in the wood')).toBe(1);
		expect(textJudge({ kind: 'rule', rule: 'longer' })('one two three')).toBe(3);
		const reward = {
			weights: {},
			rules: [{ kind: 'contains' as const, text: 'fox', weight: 2 }]
		};
		expect(textJudge({ kind: 'scripted', reward, scale: {} })('a fox')).toBe(2);
	});
});

describe('where a policy stands', () => {
	test('completions are compared prompt by prompt, ties half', () => {
		const standing = standingOf(
			measured([1, 2, 0, 5], { logRatio: [1, 2, 3, 2], proxy: [1, 1, 3, 3] }),
			measured([0, 2, 1, 4])
		);
		expect(standing).toMatchObject({ wins: 2, ties: 1, losses: 1, gold: 2, proxy: 2 });
		expect(standing.winRate.estimate).toBe(2.5 / 4);
		expect(standing.kl.estimate).toBe(2);
		// Sample variance 2/3 of 4: 2 -+ 1.96 sqrt(1/6).
		expect(standing.kl.high).toBeCloseTo(2 + 1.959964 * Math.sqrt(1 / 6), 6);
	});

	test('what was not judged or answers other prompts cannot be compared', () => {
		const { gold: _, ...unjudged } = measured([1]);
		expect(() => standingOf(unjudged, measured([1]))).toThrow(RangeError);
		expect(() => standingOf(measured([1], { prompts: [3] }), measured([1]))).toThrow(RangeError);
		expect(() => standingOf(measured([]), measured([]))).toThrow(RangeError);
	});

	test('the best of two by the reward model, judged against a single one', () => {
		const pool = measured([0, 9, 5, 1], { prompts: [0, 0, 1, 1], proxy: [2, 1, 7, 3] });
		const standing = bestOfNStanding(pool, 2, measured([1, 1]));
		// The reward model takes rows 0 and 2: gold 0 against 1, 5 against 1.
		expect(standing).toMatchObject({ wins: 1, losses: 1, ties: 0, gold: 2.5, proxy: 4.5 });
		expect(standing.kl.estimate).toBeCloseTo(Math.log(2) - 0.5, 12);
		expect(() => bestOfNStanding(pool, 3, measured([1, 1]))).toThrow(RangeError);
	});

	test('the frontier leaves out what drifts further for no more', () => {
		const at = (kl: number, rate: number): Standing => ({
			...standingOf(measured([1]), measured([0])),
			kl: { estimate: kl, low: kl, high: kl },
			winRate: { estimate: rate, low: rate, high: rate }
		});
		expect(frontierOf([at(5, 0.7), at(1, 0.6), at(2, 0.55), at(9, 0.8), at(5, 0.9)])).toEqual([
			1, 4
		]);
		expect(frontierOf([])).toEqual([]);
	});
});

test('monitors read the columns of both measurements, and only what both have', () => {
	const inputs = monitorInputs(
		measured([1, 2], { proxy: [0, 1] }),
		measured([3, 4], { proxy: [5, 6], uncertainty: [1, 1], length: [7, 8] })
	);
	expect(inputs['proxy-against-held-out']).toEqual({
		proxy: { before: [0, 1], after: [5, 6] },
		heldOut: { before: [1, 2], after: [3, 4] }
	});
	expect(inputs.uncertainty).toBeUndefined();
	expect(inputs.variety).toEqual({ before: [], after: [] });
	expect(inputs['reward-follows-length']).toEqual({ rewards: [5, 6], lengths: [7, 8] });
});
