import { describe, expect, test } from 'vitest';
import { winRate } from '../../../../src/core/evaluation/intervals';
import {
	answersNeeded,
	sequentialWinRate
} from '../../../../src/core/evaluation/sequential-win-rate';
import { Random } from '../../../../src/core/random';
import { golden, expectClose } from '../numeric';

/** Looks after every answer until a verdict or the last answer. */
function peek(
	p: number,
	most: number,
	random: Random,
	hasVerdict: (w: number, l: number) => boolean
) {
	let [wins, losses] = [0, 0];
	for (let n = 1; n <= most; n++) {
		if (random.next() < p) {
			wins++;
		} else {
			losses++;
		}
		if (hasVerdict(wins, losses)) {
			return n;
		}
	}
	return null;
}

describe('sequentialWinRate', () => {
	test('shows the golden Wilson interval beside its verdict', () => {
		const { win_rate: want } = golden<{
			win_rate: { wins: number; n: number; p: number; wilson95: number[] };
		}>('16_evaluation');
		const { rate } = sequentialWinRate(want.wins, 0, want.n - want.wins);
		expectClose([rate.estimate, rate.low, rate.high], [want.p, ...want.wilson95]);
	});

	test('the evidence is B(w + 1, l + 1) 2^n, by hand', () => {
		// 5 of 5: (5! 0! / 6!) 2^5 = 32 / 6.
		expect(sequentialWinRate(5, 0, 0).evidence).toBeCloseTo(32 / 6, 12);
		// 3 of 5: (3! 2! / 6!) 32 = 12 * 32 / 720.
		expect(sequentialWinRate(3, 0, 2).evidence).toBeCloseTo(384 / 720, 12);
		expect(sequentialWinRate(0, 0, 0).evidence).toBe(1);
	});

	test('names no winner too early, ties or not', () => {
		expect(sequentialWinRate(0, 0, 0)).toMatchObject({ verdict: 'open', low: 0, high: 1 });
		expect(sequentialWinRate(5, 0, 0).verdict).toBe('open');
		expect(sequentialWinRate(7, 0, 0).verdict).toBe('open');
		// (8! 0! / 9!) 2^8 = 28.4 is the first of all wins above 20.
		expect(sequentialWinRate(8, 0, 0).verdict).toBe('better');
		expect(sequentialWinRate(0, 3, 8).verdict).toBe('worse');
		expect(sequentialWinRate(0, 500, 0)).toMatchObject({ verdict: 'open', decided: 0, ties: 500 });
	});

	test('its interval leaves out one half exactly when there is a winner', () => {
		for (let wins = 0; wins <= 40; wins++) {
			const { low, high, verdict } = sequentialWinRate(wins, 0, 40 - wins);
			const leavesOut = low > 0.5 || high < 0.5;
			expect(leavesOut, `${wins}`).toBe(verdict === 'better' || verdict === 'worse');
		}
	});

	test('holds its error under peeking at every answer, where Wilson does not', () => {
		const random = new Random(20);
		const runs = 500;
		let [own, naive] = [0, 0];
		for (let run = 0; run < runs; run++) {
			const sequential = (w: number, l: number) => sequentialWinRate(w, 0, l).evidence >= 20;
			own += peek(0.5, 200, random, sequential) === null ? 0 : 1;
			naive += peek(0.5, 200, random, (w, l) => winRate(w, 0, l).verdict !== null) === null ? 0 : 1;
		}
		expect(own / runs).toBeLessThanOrEqual(0.05);
		expect(naive / runs).toBeGreaterThan(0.25);
	});

	test('covers the truth at all looks together', () => {
		const random = new Random(8);
		const runs = 300;
		let missed = 0;
		for (let run = 0; run < runs; run++) {
			const excluded = (w: number, l: number) => {
				const { low, high } = sequentialWinRate(w, 0, l);
				return low > 0.7 || high < 0.7;
			};
			missed += peek(0.7, 60, random, excluded) === null ? 0 : 1;
		}
		expect(missed / runs).toBeLessThanOrEqual(0.05);
	});

	test('finds a real difference, the sooner the larger it is', () => {
		const random = new Random(3);
		const stops = (p: number) =>
			Array.from({ length: 60 }, () =>
				peek(p, 400, random, (w, l) => sequentialWinRate(w, 0, l).verdict === 'better')
			);
		const found = (all: (number | null)[]) => all.flatMap((n) => n ?? []);
		const [large, small] = [found(stops(0.85)), found(stops(0.7))];
		expect(large).toHaveLength(60);
		expect(small.length).toBeGreaterThanOrEqual(58);
		const average = (all: number[]) => all.reduce((sum, n) => sum + n, 0) / all.length;
		expect(average(large)).toBeLessThan(average(small));
	});

	test('settles on even where the whole interval is near one half', () => {
		expect(sequentialWinRate(250, 0, 250).verdict).toBe('even');
		expect(sequentialWinRate(25, 0, 25).verdict).toBe('open');
		expect(sequentialWinRate(250, 0, 250, { margin: 0.02 }).verdict).toBe('open');
	});

	test('tells how many answers it will take', () => {
		expect(answersNeeded(1)).toBe(8);
		expect(answersNeeded(0)).toBe(8);
		expect(answersNeeded(0.5)).toBeNull();
		const [clear, close] = [answersNeeded(0.8) ?? NaN, answersNeeded(0.65) ?? NaN];
		expect(clear).toBeLessThan(close);
		expect(() => answersNeeded(NaN)).toThrow(RangeError);
	});

	test('refuses counts that are none', () => {
		expect(() => sequentialWinRate(1.5, 0, 0)).toThrow(RangeError);
		expect(() => sequentialWinRate(-1, 0, 0)).toThrow(RangeError);
		expect(() => sequentialWinRate(1, 0, 0, { alpha: 0 })).toThrow(RangeError);
	});
});
