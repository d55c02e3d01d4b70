import { describe, expect, test } from 'vitest';
import { scheduleFactor } from '../../../../src/core/methods/schedule';
import { expectClose } from '../numeric';

describe('schedules', () => {
	const steps = [0, 1, 2, 3, 4];

	test('linear falls to 0 just after the last step', () => {
		const factors = steps.map((step) => scheduleFactor('linear', step, 5));
		expectClose(factors, [1, 0.8, 0.6, 0.4, 0.2]);
	});

	test('constant stays and cosine falls to a tenth', () => {
		expect(steps.map((step) => scheduleFactor('constant', step, 5))).toEqual([1, 1, 1, 1, 1]);
		expect(scheduleFactor('cosine', 0, 10)).toBe(1);
		expect(scheduleFactor('cosine', 5, 10)).toBeCloseTo(0.55, 14);
		expect(scheduleFactor('cosine', 10, 10)).toBeCloseTo(0.1, 14);
		expect(scheduleFactor('cosine', 99, 10)).toBeCloseTo(0.1, 14);
	});

	test('a warm-up rises without a wasted step and delays the rest', () => {
		expectClose(
			[0, 1, 2, 3, 4, 5].map((step) => scheduleFactor('linear', step, 6, 2)),
			[1 / 3, 2 / 3, 1, 0.75, 0.5, 0.25]
		);
	});

	test('refuses a run without steps', () => {
		expect(() => scheduleFactor('linear', 0, 0)).toThrow(RangeError);
		expect(() => scheduleFactor('linear', -1, 4)).toThrow(RangeError);
	});
});
