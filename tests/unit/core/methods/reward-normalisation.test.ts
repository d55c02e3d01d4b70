import { describe, expect, test } from 'vitest';
import {
	normalisationOf,
	normalise,
	RunningMoments,
	shiftOf
} from '../../../../src/core/methods/reward-normalisation';
import { expectClose, golden } from '../numeric';

interface Fixture {
	raw: number[];
	gain: number;
	bias: number;
	normalised: number[];
	running: {
		batches: number[][];
		trace: { mean: number; std_unbiased: number; scaled: number[]; normed: number[] }[];
	};
	bias_to_reference: { reference_scores: number[]; shift: number; out: number[] };
}

const fixture = golden<Fixture>('14_reward_normalisation');
const raw = Float64Array.from(fixture.raw);

describe('normalising rewards', () => {
	test('matches the golden gain, bias and rewards', () => {
		const { gain, bias } = normalisationOf(raw);
		expectClose([gain, bias], [fixture.gain, fixture.bias]);
		expectClose(normalise(raw, { gain, bias }), fixture.normalised);
	});

	test('matches the golden shift to the reference', () => {
		const { reference_scores: reference, out } = fixture.bias_to_reference;
		expectClose(normalise(raw, shiftOf(reference)), out);
	});

	test('only shifts rewards that are all equal, or one alone', () => {
		for (const values of [[3, 3, 3], [3], [0.1 + 0.2, 0.3]]) {
			const { gain, bias } = normalisationOf(values);
			expect(gain).toBe(1);
			expect(bias).toBeCloseTo(-(values[0] ?? NaN), 12);
		}
	});

	test('refuses to normalise on nothing or on a NaN', () => {
		expect(() => normalisationOf([])).toThrow(RangeError);
		expect(() => normalisationOf([1, NaN])).toThrow(RangeError);
	});
});

describe('RunningMoments', () => {
	test('follows the golden trace', () => {
		const moments = new RunningMoments();
		fixture.running.batches.forEach((batch, i) => {
			const expected = fixture.running.trace[i];
			moments.update(Float64Array.from(batch));
			expectClose(
				[moments.mean, moments.standardDeviation],
				[expected?.mean ?? NaN, expected?.std_unbiased ?? NaN]
			);
			expectClose(
				batch.map((r) => r / moments.standardDeviation),
				expected?.scaled ?? []
			);
			expectClose(
				batch.map((r) => (r - moments.mean) / moments.standardDeviation),
				expected?.normed ?? []
			);
		});
	});

	test('goes on from a saved state, and an empty batch changes nothing', () => {
		const one = new RunningMoments();
		one.update(Float64Array.of(1, 5));
		one.update(new Float64Array(0));
		const other = RunningMoments.from(JSON.parse(JSON.stringify(one.state())));
		for (const moments of [one, other]) {
			moments.update(Float64Array.of(2));
		}
		expect(other.state()).toEqual(one.state());
		expect(other.state().count).toBe(3);
	});

	test('has a standard deviation of 1 until there are two values', () => {
		const moments = new RunningMoments();
		expect(moments.standardDeviation).toBe(1);
		moments.update(Float64Array.of(7));
		expect(moments.standardDeviation).toBe(1);
	});
});
