import { describe, expect, test } from 'vitest';
import { smooth } from '../../../src/core/smoothing';

describe('smooth', () => {
	test("is TensorBoard's debiased moving average", () => {
		const [a = NaN, b = NaN, c = NaN] = smooth([1, 3, 2], 0.5);
		expect(a).toBeCloseTo(1, 14);
		expect(b).toBeCloseTo((0.25 * 1 + 0.5 * 3) / 0.75, 14);
		expect(c).toBeCloseTo((0.125 * 1 + 0.25 * 3 + 0.5 * 2) / 0.875, 14);
	});

	test('leaves a constant series as it is, from the first value on', () => {
		for (const value of smooth([7, 7, 7, 7], 0.99)) {
			expect(value).toBeCloseTo(7, 12);
		}
	});

	test('shows gaps and infinities as they are and leaves them out of the average', () => {
		const smoothed = smooth([1, NaN, Infinity, 3], 0.5);
		expect([...smoothed.slice(1, 3)]).toEqual([NaN, Infinity]);
		expect(smoothed[3]).toBe(smooth([1, 3], 0.5)[1]);
	});

	test('with weight 0 changes nothing, and refuses a weight of 1', () => {
		expect([...smooth([1, 5, 2], 0)]).toEqual([1, 5, 2]);
		expect(() => smooth([1], 1)).toThrow(RangeError);
	});
});
