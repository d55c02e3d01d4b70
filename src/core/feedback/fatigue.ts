/**
 * Does a person tire over a session? Three trends over the order of its answers: agreement with one's own earlier answers,
 * ties, and time for each word. Each is tested once, at a level that keeps a false alarm about any of the three below 5 %
 * (Bonferroni); "no trend" means none that these numbers could show, and windows with intervals show how little that may be.
 * Agreement and ties: Cochran-Armitage test for trend (1954, 1955) with the order of the answers as score. Time: Mann-Kendall
 * test (1945) with the correction for ties; it looks at ranks alone, so that one long pause does not matter.
 */
import { twoSidedP } from '../evaluation/normal';
import { type Estimate, type Missing, missing, shareOf } from './figure';
import { median } from './response-time';

export interface SessionAnswer {
	isTie: boolean;
	/** Where this was a repeat: whether the answer was the same as the first time. */
	agreesWithEarlier?: boolean;
	/** Milliseconds for each word to read; absent where the answer was interrupted. */
	msPerWord?: number;
}

const TRENDS = 3;
const SIGNIFICANCE = 0.05 / TRENDS;
/** Fewer observations show only the wildest trends. */
const LEAST_FOR_TREND = 20;
/** A window has at least so many answers, and a session at most so many windows. */
const LEAST_PER_WINDOW = 15;
const MOST_WINDOWS = 4;

export interface Trend {
	/** Standard normal without a trend; above 0 = rising over the session. */
	value: number;
	pValue: number;
	n: number;
	verdict: 'rising' | 'falling' | 'no-trend';
}

type TrendReason = 'too-few' | 'all-the-same';

function trendOf(z: number, n: number): Trend {
	const pValue = twoSidedP(z);
	const direction = z > 0 ? 'rising' : 'falling';
	return { value: z, pValue, n, verdict: pValue < SIGNIFICANCE ? direction : 'no-trend' };
}

/** Cochran-Armitage: covariance of yes/no with its place, over its standard deviation if places were shuffled. */
export function shareTrend(happened: readonly boolean[]): Trend | Missing<TrendReason> {
	const n = happened.length;
	const yes = happened.filter(Boolean).length;
	if (n < LEAST_FOR_TREND) {
		return missing('too-few');
	}
	if (yes === 0 || yes === n) {
		return missing('all-the-same');
	}
	const middle = (n - 1) / 2;
	const lead = happened.reduce((sum, did, place) => sum + (did ? place - middle : 0), 0);
	const spread = (n * (n * n - 1)) / 12;
	return trendOf(lead / Math.sqrt((yes / n) * (1 - yes / n) * spread), n);
}

/** Mann-Kendall: later pairs that are greater less those that are smaller, with continuity correction. */
export function levelTrend(values: readonly number[]): Trend | Missing<TrendReason> {
	const n = values.length;
	if (n < LEAST_FOR_TREND) {
		return missing('too-few');
	}
	let score = 0;
	values.forEach((later, i) => {
		for (const earlier of values.slice(0, i)) {
			score += Math.sign(later - earlier);
		}
	});
	const groups = new Map<number, number>();
	values.forEach((value) => groups.set(value, (groups.get(value) ?? 0) + 1));
	const term = (t: number): number => t * (t - 1) * (2 * t + 5);
	const tied = [...groups.values()].reduce((sum, t) => sum + term(t), 0);
	const variance = (term(n) - tied) / 18;
	if (variance === 0) {
		return missing('all-the-same');
	}
	return trendOf((score - Math.sign(score)) / Math.sqrt(variance), n);
}

type Share = Estimate | Missing<'nothing-counted'>;

export interface SessionWindow {
	/** Place of its first answer in the session, from 0, and how many there are. */
	from: number;
	answers: number;
	agreement: Share;
	ties: Share;
	/** null where every answer was interrupted. */
	medianMsPerWord: number | null;
}

export interface Fatigue {
	agreement: Trend | Missing<TrendReason>;
	ties: Trend | Missing<TrendReason>;
	msPerWord: Trend | Missing<TrendReason>;
	windows: SessionWindow[];
}

const isKnown = <T>(value: T | undefined): value is T => value !== undefined;

function windowOf(session: readonly SessionAnswer[], from: number, to: number): SessionWindow {
	const answers = session.slice(from, to);
	const repeats = answers.map(({ agreesWithEarlier }) => agreesWithEarlier).filter(isKnown);
	return {
		from,
		answers: answers.length,
		agreement: shareOf(repeats.filter(Boolean).length, repeats.length),
		ties: shareOf(answers.filter(({ isTie }) => isTie).length, answers.length),
		medianMsPerWord: median(answers.map(({ msPerWord }) => msPerWord).filter(isKnown))
	};
}

/** Trends and windows of one session, whose answers (without skips) are given in order. */
export function fatigue(session: readonly SessionAnswer[]): Fatigue {
	const count = Math.min(MOST_WINDOWS, Math.floor(session.length / LEAST_PER_WINDOW));
	const cut = (i: number): number => Math.round((session.length * i) / count);
	return {
		agreement: shareTrend(session.map((a) => a.agreesWithEarlier).filter(isKnown)),
		ties: shareTrend(session.map(({ isTie }) => isTie)),
		msPerWord: levelTrend(session.map(({ msPerWord }) => msPerWord).filter(isKnown)),
		windows: Array.from({ length: count }, (_, i) => windowOf(session, cut(i), cut(i + 1)))
	};
}

/** Half an hour without an answer starts a new session. */
const SESSION_PAUSE_MS = 30 * 60_000;

/** Splits answers, given in order of time, into sessions. */
export function sessionsOf<T extends { createdAt: number }>(answers: readonly T[]): T[][] {
	const sessions: T[][] = [];
	let before = -Infinity;
	for (const answer of answers) {
		const current = sessions.at(-1);
		if (current && answer.createdAt - before <= SESSION_PAUSE_MS) {
			current.push(answer);
		} else {
			sessions.push([answer]);
		}
		before = answer.createdAt;
	}
	return sessions;
}
