import { describe, expect, test } from 'vitest';
import { fairCoinTest, longRunProbability } from '../../../../src/core/evaluation/binomial';

/** By whole numbers alone: 2 * sum of C(n, i) up to the smaller count, over 2^n. */
function wholeNumberTest(k: number, n: number): number {
	let choose = 1n;
	let sum = 0n;
	for (let i = 0; i <= Math.min(k, n - k); i++) {
		sum += choose;
		choose = (choose * BigInt(n - i)) / BigInt(i + 1);
	}
	const digits = 10n ** 18n;
	return Math.min(1, Number((2n * sum * digits) / 2n ** BigInt(n)) / 1e18);
}

describe('fairCoinTest', () => {
	test('matches values worked by hand', () => {
		expect(fairCoinTest(0, 1)).toBe(1);
		expect(fairCoinTest(0, 5)).toBeCloseTo(2 / 32, 15);
		expect(fairCoinTest(1, 10)).toBeCloseTo(22 / 1024, 15);
		expect(fairCoinTest(8, 10)).toBeCloseTo(112 / 1024, 15);
		expect(fairCoinTest(5, 10)).toBe(1);
	});

	test('matches whole-number arithmetic for all counts, also of large n', () => {
		for (const n of [1, 2, 7, 30, 100, 999, 2000]) {
			for (let k = 0; k <= n; k += Math.ceil(n / 40)) {
				expect(Math.abs(fairCoinTest(k, n) - wholeNumberTest(k, n))).toBeLessThan(1e-12);
			}
		}
	});

	test('knows nothing without tosses and refuses impossible counts', () => {
		expect(fairCoinTest(0, 0)).toBe(1);
		expect(() => fairCoinTest(3, 2)).toThrow(RangeError);
		expect(() => fairCoinTest(0.5, 2)).toThrow(RangeError);
	});
});

describe('longRunProbability', () => {
	/** Every sequence of n tosses, counted. */
	function counted(length: number, n: number): number {
		let having = 0;
		for (let tosses = 0; tosses < 2 ** n; tosses++) {
			const text = tosses.toString(2).padStart(n, '0');
			having += text.includes('0'.repeat(length)) || text.includes('1'.repeat(length)) ? 1 : 0;
		}
		return having / 2 ** n;
	}

	test('matches a count of every sequence', () => {
		for (const n of [1, 2, 5, 9, 12]) {
			for (let length = 1; length <= n + 1; length++) {
				expect(longRunProbability(length, n)).toBeCloseTo(counted(length, n), 14);
			}
		}
	});

	test('is 2 / 2^n for a run of all tosses', () => {
		expect(longRunProbability(30, 30)).toBeCloseTo(2 ** -29, 20);
		expect(() => longRunProbability(0, 4)).toThrow(RangeError);
	});
});
