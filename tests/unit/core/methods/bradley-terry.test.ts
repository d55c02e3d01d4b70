import { describe, expect, test } from 'vitest';
import {
	bradleyTerry,
	bradleyTerryLoss,
	type BradleyTerryOptions
} from '../../../../src/core/methods/bradley-terry';
import { batchOf } from '../batches';
import { expectClose, golden, GRADIENT_TOLERANCE, numericalGradient } from '../numeric';

interface Variant {
	args: { margin?: number[]; center?: number; ls?: number; soft?: number[]; noise?: number };
	loss: number;
	grad_chosen: number[];
	grad_rejected: number[];
}

interface Fixture {
	reward_chosen: number[];
	reward_rejected: number[];
	margins: number[];
	per_pair_plain: number[];
	per_pair_margin: number[];
	variants: Record<string, Variant>;
	metrics: Record<string, number>;
}

const fixture = golden<Fixture>('08_bradley_terry');
const ones = (n: number) => new Float64Array(n).fill(1);
const goldenPairs = (soft?: number[]) => ({
	a: Float64Array.from(fixture.reward_chosen),
	b: Float64Array.from(fixture.reward_rejected),
	y: soft ? Float64Array.from(soft) : ones(fixture.reward_chosen.length)
});

function optionsOf({ margin, center, ls, noise }: Variant['args']): BradleyTerryOptions {
	return {
		...(margin ? { margin: Float64Array.from(margin) } : {}),
		...(center === undefined ? {} : { center }),
		...(ls === undefined ? {} : { labelSmoothing: ls }),
		...(noise === undefined ? {} : { lapse: noise })
	};
}

describe('bradleyTerry against golden values', () => {
	test.each(Object.entries(fixture.variants))('matches %s', (_, variant) => {
		const result = bradleyTerry(goldenPairs(variant.args.soft), optionsOf(variant.args));
		expectClose([result.loss], [variant.loss]);
		expectClose(result.dA, variant.grad_chosen, GRADIENT_TOLERANCE);
		expectClose(result.dB, variant.grad_rejected, GRADIENT_TOLERANCE);
	});

	test('matches each pair, at differences of 80 and 120 too', () => {
		expectClose(bradleyTerry(goldenPairs()).perPair, fixture.per_pair_plain);
		const margin = Float64Array.from(fixture.margins);
		expectClose(bradleyTerry(goldenPairs(), { margin }).perPair, fixture.per_pair_margin);
	});

	test('matches the metrics', () => {
		const { metrics } = bradleyTerry(goldenPairs());
		expect(metrics).toEqual({
			accuracy: expect.closeTo(fixture.metrics.accuracy_tie_half ?? NaN, 12),
			strictAccuracy: expect.closeTo(fixture.metrics.accuracy_strict ?? NaN, 12),
			margin: expect.closeTo(fixture.metrics.margin ?? NaN, 12),
			meanReward: expect.closeTo(fixture.metrics.mean_reward ?? NaN, 12),
			minReward: fixture.metrics.min_reward,
			maxReward: fixture.metrics.max_reward
		});
	});
});

describe('bradleyTerry', () => {
	const everything = {
		center: 0.03,
		labelSmoothing: 0.07,
		lapse: 0.2,
		margin: Float64Array.of(0.5, 0, 1.2, 0.3, 0)
	};

	test.each([
		['plain', {}],
		['with everything on', everything]
	])('has the gradient of its loss, %s', (_, options) => {
		const pairs = {
			a: Float64Array.of(0.4, -1.2, 3, 0, 0.2),
			b: Float64Array.of(0.1, 0.9, -2.5, 0, -0.6),
			y: Float64Array.of(1, 0, 0.5, 0.9, 0.25)
		};
		const loss = () => bradleyTerry(pairs, options).loss;
		const { dA, dB } = bradleyTerry(pairs, options);
		expectClose(dA, numericalGradient(loss, pairs.a), 1e-9);
		expectClose(dB, numericalGradient(loss, pairs.b), 1e-9);
	});

	test('is ln 2 for a model that knows nothing', () => {
		const pairs = { a: new Float64Array(3), b: new Float64Array(3), y: Float64Array.of(1, 0, 0.5) };
		expect(bradleyTerry(pairs).loss).toBeCloseTo(Math.LN2, 15);
		expect(bradleyTerry(pairs).metrics.accuracy).toBe(0.5);
	});

	test('raises the reward of the side that was chosen', () => {
		const pairs = { a: Float64Array.of(0, 0), b: Float64Array.of(0, 0), y: Float64Array.of(1, 0) };
		const { dA, dB } = bradleyTerry(pairs);
		expect([...dA].map(Math.sign)).toEqual([-1, 1]);
		expect([...dB].map(Math.sign)).toEqual([1, -1]);
	});

	test('gives the same for a pair put the other way round, margin and noise included', () => {
		const a = Float64Array.of(0.7);
		const b = Float64Array.of(-0.4);
		const options = { center: 0.01, lapse: 0.1, margin: Float64Array.of(0.5) };
		const one = bradleyTerry({ a, b, y: Float64Array.of(0.8) }, options);
		const other = bradleyTerry({ a: b, b: a, y: Float64Array.of(0.2) }, options);
		expectClose([one.loss, ...one.dA, ...one.dB], [other.loss, ...other.dB, ...other.dA], 1e-15);
		expect(one.metrics).toEqual(other.metrics);
	});

	test('a lapse bounds what one wrong answer can cost', () => {
		const pairs = { a: Float64Array.of(-500), b: Float64Array.of(500), y: Float64Array.of(1) };
		const { loss, dA } = bradleyTerry(pairs, { lapse: 0.1 });
		expect(loss).toBeCloseTo(-Math.log(0.05), 12);
		expect(Math.abs(dA[0] ?? NaN)).toBeLessThan(1e-12);
		expect(bradleyTerry(pairs, { lapse: 1 }).loss).toBeCloseTo(Math.LN2, 12);
	});

	test('ties count in the loss and not in the accuracy', () => {
		const pairs = {
			a: Float64Array.of(5, 1),
			b: Float64Array.of(0, 0),
			y: Float64Array.of(0.5, 1)
		};
		const { metrics, dA } = bradleyTerry(pairs);
		expect(metrics.accuracy).toBe(1);
		expect(metrics.margin).toBe(1);
		expect(dA[0]).toBeGreaterThan(0);
	});

	test('refuses lengths that differ and probabilities that are none', () => {
		const two = new Float64Array(2);
		expect(() => bradleyTerry({ a: two, b: two, y: ones(3) })).toThrow(RangeError);
		expect(() => bradleyTerry({ a: two, b: two, y: Float64Array.of(1, 1.5) })).toThrow(RangeError);
		expect(() => bradleyTerry({ a: two, b: two, y: ones(2) }, { lapse: NaN })).toThrow(RangeError);
	});
});

describe('bradleyTerryLoss', () => {
	const batch = batchOf(3, [
		[1, 3],
		[1, 2],
		[1, 1],
		[1, 3]
	]);
	const value = Float64Array.of(9, 9, 1, 9, 0.5, 9, -1, 9, 9, 9, 9, 0);
	const scores = { logProb: new Float64Array(12), entropy: new Float64Array(12), value: [value] };

	test('reads rewards at the last real tokens and puts gradients there alone', () => {
		const result = bradleyTerryLoss(Float64Array.of(1, 0))(scores, batch);
		const expected = bradleyTerry({
			a: Float64Array.of(1, -1),
			b: Float64Array.of(0.5, 0),
			y: Float64Array.of(1, 0)
		});
		expect(result.loss).toBe(expected.loss);
		expect(result.metrics['reward/accuracy']).toBe(1);
		const gradient = result.dValue?.[0] ?? new Float64Array(0);
		expect([2, 4, 6, 11].map((i) => gradient[i])).toEqual([
			expected.dA[0],
			expected.dB[0],
			expected.dA[1],
			expected.dB[1]
		]);
		expect(gradient.filter((d) => d !== 0)).toHaveLength(4);
	});

	test('has the gradient of its loss through the model outputs', () => {
		const loss = bradleyTerryLoss(Float64Array.of(1, 0.5), { center: 0.1, lapse: 0.1 });
		const analytic = loss(scores, batch).dValue?.[0] ?? new Float64Array(0);
		expectClose(
			analytic,
			numericalGradient(() => loss(scores, batch).loss, value),
			1e-9
		);
	});

	test('refuses a batch that does not hold the pairs, and a row without a token', () => {
		expect(() => bradleyTerryLoss(ones(3))(scores, batch)).toThrow(RangeError);
		const empty = { ...batch, length: Int32Array.of(3, 0, 1, 3) };
		expect(() => bradleyTerryLoss(ones(2))(scores, empty)).toThrow('row 1');
	});
});
