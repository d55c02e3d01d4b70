import { describe, expect, test } from 'vitest';
import {
	fatigue,
	levelTrend,
	type SessionAnswer,
	sessionsOf,
	shareTrend
} from '../../../../src/core/feedback/fatigue';
import { Random } from '../../../../src/core/random';

/** 100 answers, every tenth a repeat; each of the three drifts by its slope from the first answer to the last. */
function session(seed: number, slopes: { ties?: number; agreement?: number; speed?: number } = {}) {
	const random = new Random(seed);
	return Array.from({ length: 200 }, (_, i): SessionAnswer => {
		const gone = i / 199;
		const isTie = random.next() < 0.15 + (slopes.ties ?? 0) * gone;
		const agrees = random.next() < 0.9 + (slopes.agreement ?? 0) * gone;
		const msPerWord = Math.exp(5 + (slopes.speed ?? 0) * gone + random.normal() / 2);
		return { isTie, msPerWord, ...(i % 5 === 0 ? { agreesWithEarlier: agrees } : {}) };
	});
}

const verdict = (trend: ReturnType<typeof shareTrend>) =>
	trend.value === null ? trend.reason : trend.verdict;

describe('shareTrend', () => {
	test('matches a statistic worked by hand', () => {
		// Ten times no, ten times yes: lead = 50, spread = 20 * 399 / 12 = 665; z = 50 / sqrt(665 / 4).
		const halves = Array.from({ length: 20 }, (_, i) => i >= 10);
		expect(shareTrend(halves).value).toBeCloseTo(50 / Math.sqrt(665 / 4), 14);
		expect(shareTrend(halves.toReversed()).value).toBeCloseTo(-50 / Math.sqrt(665 / 4), 14);
	});

	test('has a reason where there is nothing to test', () => {
		expect(shareTrend(Array<boolean>(19).fill(true))).toEqual({ value: null, reason: 'too-few' });
		expect(verdict(shareTrend(Array<boolean>(40).fill(false)))).toBe('all-the-same');
	});
});

describe('levelTrend', () => {
	test('matches a statistic worked by hand: 20 rising values', () => {
		// S = 190, variance = 20 * 19 * 45 / 18 = 950.
		const rising = Array.from({ length: 20 }, (_, i) => i);
		expect(levelTrend(rising).value).toBeCloseTo(189 / Math.sqrt(950), 14);
	});

	test('corrects for ties: ten of each of two values', () => {
		// S = 100, variance = (17100 - 2 * 10 * 9 * 25) / 18 = 700.
		const steps = Array.from({ length: 20 }, (_, i) => (i < 10 ? 1 : 2));
		expect(levelTrend(steps).value).toBeCloseTo(99 / Math.sqrt(700), 14);
		expect(levelTrend(Array<number>(30).fill(2))).toEqual({ value: null, reason: 'all-the-same' });
	});
});

describe('fatigue', () => {
	test('finds growing ties, falling agreement and hurry where they are strong', () => {
		expect(verdict(fatigue(session(1, { ties: 0.6 })).ties)).toBe('rising');
		expect(verdict(fatigue(session(2, { agreement: -0.9 })).agreement)).toBe('falling');
		expect(verdict(fatigue(session(3, { speed: -1 })).msPerWord)).toBe('falling');
	});

	test('raises a false alarm about any of the three in at most one steady session of twenty', () => {
		let alarms = 0;
		for (let seed = 0; seed < 400; seed++) {
			const { agreement, ties, msPerWord } = fatigue(session(seed));
			const verdicts = [agreement, ties, msPerWord].map(verdict);
			alarms += verdicts.some((v) => v === 'rising' || v === 'falling') ? 1 : 0;
		}
		expect(alarms / 400).toBeLessThanOrEqual(0.05);
	});

	test('shows up to four windows that hold every answer once, each with intervals', () => {
		const { windows } = fatigue(session(4));
		expect(windows.map(({ from, answers }) => [from, answers])).toEqual([
			[0, 50],
			[50, 50],
			[100, 50],
			[150, 50]
		]);
		expect(windows[0]?.agreement).toMatchObject({ n: 10 });
		expect(fatigue(session(4).slice(0, 31)).windows).toHaveLength(2);
		expect(fatigue(session(4).slice(0, 14)).windows).toEqual([]);
	});
});

describe('sessionsOf', () => {
	test('a pause of more than half an hour starts a new one', () => {
		const at = (...minutes: number[]) => minutes.map((m) => ({ createdAt: m * 60_000 }));
		const lengths = (answers: { createdAt: number }[]) => sessionsOf(answers).map((s) => s.length);
		expect(lengths(at(0, 1, 31, 62, 63))).toEqual([3, 2]);
		expect(lengths([])).toEqual([]);
	});
});
