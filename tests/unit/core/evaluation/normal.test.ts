import { describe, expect, test } from 'vitest';
import { normalCdf, twoSidedP } from '../../../../src/core/evaluation/normal';

describe('the normal distribution', () => {
	test('matches tabled values on both sides of where the method changes', () => {
		const table = [
			[0, 0.5],
			[1, 0.8413447460685429],
			[1.959963984540054, 0.975],
			[2.999999, 0.9986500975365],
			[3, 0.9986501019683699],
			[4, 0.9999683287581669]
		] as const;
		for (const [z, p] of table) {
			expect(normalCdf(z)).toBeCloseTo(p, 10);
			expect(normalCdf(-z)).toBeCloseTo(1 - p, 10);
		}
	});

	test('keeps its digits far out', () => {
		expect(twoSidedP(6) / 1.973175290075396e-9).toBeCloseTo(1, 10);
		expect(twoSidedP(-10) / 1.523970604832e-23).toBeCloseTo(1, 10);
		expect(twoSidedP(0)).toBe(1);
	});
});
