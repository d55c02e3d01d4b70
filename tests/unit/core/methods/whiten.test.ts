import { describe, expect, test } from 'vitest';
import { mean, populationVariance, selectMasked } from '../../../../src/core/methods/math';
import { whiten } from '../../../../src/core/methods/whiten';
import { expectClose, flat, flatMask, golden } from '../numeric';

interface Fixture {
	cases: {
		x: number[][];
		mask: number[][];
		shift_mean: boolean;
		unbiased: boolean;
		out: number[][];
	}[];
}

const { cases } = golden<Fixture>('02_whiten');

describe('whiten', () => {
	test.each(cases)(
		'matches the golden values (shift $shift_mean, unbiased $unbiased)',
		(expected) => {
			const { x, mask, shift_mean: shiftMean, unbiased, out } = expected;
			expectClose(whiten(flat(x), flatMask(mask), { shiftMean, unbiased }), flat(out));
		}
	);

	test('gives mean 0 and variance 1 over the mask, whatever stands off it', () => {
		const mask = Uint8Array.of(1, 0, 1, 1);
		const out = whiten(Float64Array.of(3, NaN, 5, 10), mask, { shiftMean: true });
		const kept = selectMasked(out, mask);
		expect(mean(kept)).toBeCloseTo(0, 14);
		expect(populationVariance(kept)).toBeCloseTo(1, 8);
		expect(out[1]).toBe(0);
	});

	test('gives no NaN for a single value or an empty mask', () => {
		for (const unbiased of [false, true]) {
			const one = whiten(Float64Array.of(4, 1), Uint8Array.of(1, 0), { shiftMean: true, unbiased });
			expect([...one]).toEqual([0, 0]);
		}
		const kept = whiten(Float64Array.of(4), Uint8Array.of(1), { shiftMean: false });
		expect([...kept]).toEqual([4]);
		expect([...whiten(Float64Array.of(4), Uint8Array.of(0), { shiftMean: true })]).toEqual([0]);
	});
});
