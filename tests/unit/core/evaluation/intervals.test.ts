import { describe, expect, test } from 'vitest';
import {
	cohenKappa,
	meanInterval,
	wilson,
	winRate
} from '../../../../src/core/evaluation/intervals';
import { expectClose, golden } from '../numeric';

interface Fixture {
	agreement: { pass1: number[]; pass2: number[]; kappa: number };
	win_rate: { wins: number; n: number; p: number; wilson95: number[] };
}

const fixture = golden<Fixture>('16_evaluation');

describe('wilson', () => {
	test('matches the golden interval', () => {
		const { wins, n, p, wilson95 } = fixture.win_rate;
		const { estimate, low, high } = wilson(wins, n);
		expectClose([estimate, low, high], [p, ...wilson95]);
	});

	test('stays inside 0 to 1 and keeps a width at the ends', () => {
		const none = wilson(0, 10);
		const all = wilson(10, 10);
		expect(none.low).toBe(0);
		expect(none.high).toBeGreaterThan(0.2);
		expect(all.high).toBeCloseTo(1, 14);
		expect(all.low).toBeCloseTo(1 - none.high, 14);
	});

	test('knows nothing without trials and refuses impossible counts', () => {
		expect(wilson(0, 0)).toEqual({ estimate: NaN, low: 0, high: 1 });
		expect(() => wilson(3, 2)).toThrow(RangeError);
		expect(() => wilson(NaN, 2)).toThrow(RangeError);
	});
});

describe('winRate', () => {
	test('counts a tie as half a win', () => {
		const { estimate, n, low, high } = winRate(10, 4, 6);
		expect([estimate, n]).toEqual([0.6, 20]);
		expect({ estimate, low, high }).toEqual(wilson(12, 20));
	});

	test('calls nobody better until the interval excludes even odds', () => {
		expect(winRate(12, 0, 8).verdict).toBeNull();
		expect(winRate(18, 0, 2).verdict).toBe('better');
		expect(winRate(2, 0, 18).verdict).toBe('worse');
		expect(winRate(0, 0, 0).verdict).toBeNull();
	});
});

describe('meanInterval', () => {
	test('is the mean and 1.96 standard errors either side', () => {
		const { estimate, low, high } = meanInterval([1, 2, 3, 6]);
		const error = Math.sqrt(14 / 3 / 4);
		expectClose(
			[estimate, low, high],
			[3, 3 - 1.959963984540054 * error, 3 + 1.959963984540054 * error]
		);
	});

	test('of one value says nothing about where the mean lies', () => {
		expect(meanInterval([4])).toEqual({ estimate: 4, low: -Infinity, high: Infinity });
		expect(meanInterval([]).estimate).toBeNaN();
	});
});

describe('cohenKappa', () => {
	test('matches the golden agreement', () => {
		const { pass1, pass2, kappa } = fixture.agreement;
		expect(cohenKappa(pass1, pass2)).toBeCloseTo(kappa, 12);
	});

	test('is 1 for perfect agreement, 0 at chance, negative below', () => {
		expect(cohenKappa(['a', 'b'], ['a', 'b'])).toBe(1);
		expect(cohenKappa(['a', 'a', 'b', 'b'], ['a', 'b', 'a', 'b'])).toBe(0);
		expect(cohenKappa(['a', 'b'], ['b', 'a'])).toBe(-1);
	});

	test('is undefined, not 1, where everything carries one label', () => {
		expect(cohenKappa(['a', 'a'], ['a', 'a'])).toBeNull();
		expect(cohenKappa([], [])).toBeNull();
		expect(() => cohenKappa(['a'], [])).toThrow(RangeError);
	});
});
