import { describe, expect, test } from 'vitest';
import {
	at,
	correlation,
	logSigmoid,
	mean,
	populationVariance,
	selectMasked,
	sigmoid,
	softplus
} from '../../../../src/core/methods/math';

describe('softplus, sigmoid and logSigmoid', () => {
	test('agree with the definitions where those are exact', () => {
		for (const x of [-3, -0.5, 0, 0.7, 4]) {
			expect(softplus(x)).toBeCloseTo(Math.log(1 + Math.exp(x)), 14);
			expect(sigmoid(x)).toBeCloseTo(1 / (1 + Math.exp(-x)), 15);
			expect(logSigmoid(x)).toBeCloseTo(Math.log(sigmoid(x)), 14);
		}
	});

	test('keep their digits at both ends', () => {
		expect(softplus(1000)).toBe(1000);
		expect(softplus(-50) / Math.exp(-50)).toBeCloseTo(1, 12);
		expect(sigmoid(-50) / Math.exp(-50)).toBeCloseTo(1, 12);
		expect(sigmoid(-1000)).toBe(0);
		expect(logSigmoid(-1000)).toBe(-1000);
	});
});

describe('reductions', () => {
	test('mean and population variance of known numbers', () => {
		expect(mean([1, 2, 6])).toBe(3);
		expect(populationVariance([1, 2, 6])).toBeCloseTo(14 / 3, 14);
		expect(populationVariance([1e9 + 1, 1e9 + 2])).toBe(0.25);
		expect(mean([])).toBeNaN();
	});

	test('correlation is +-1 on a line, and undefined for a constant', () => {
		expect(correlation([1, 2, 3], [5, 7, 9])).toBeCloseTo(1, 14);
		expect(correlation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 14);
		expect(correlation([1, 2, 3], [4, 4, 4])).toBeNaN();
		expect(() => correlation([1], [1, 2])).toThrow(RangeError);
	});

	test('a mask picks values in order and must fit', () => {
		expect([...selectMasked(Float64Array.of(1, 2, 3), Uint8Array.of(1, 0, 1))]).toEqual([1, 3]);
		expect(() => selectMasked(new Float64Array(2), new Uint8Array(3))).toThrow(RangeError);
	});

	test('an index outside an array is an error', () => {
		expect(() => at([1], 1)).toThrow(RangeError);
	});
});
