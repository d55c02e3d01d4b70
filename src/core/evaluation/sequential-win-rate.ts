/**
 * A blind win rate that may be looked at after every answer. Wilson's interval is right for a number of answers fixed in advance;
 * who peeks and stops at the first interval without one half names a winner far too often. Therefore the verdict comes from
 * a mixture martingale (Ville 1939; Robbins 1970; Howard et al. 2021, arXiv 1810.08240): with w wins of n decided answers and
 * a uniform prior, M(p) = B(w + 1, n - w + 1) / (p^w (1 - p)^(n - w)). If p is the truth, M ever reaches 1 / alpha with
 * probability alpha at most, whenever one looks. Deviation: ties are left out of the test (they favour nobody) and count
 * half in the win rate.
 */
import { type Interval, wilson } from './intervals';

export type WinVerdict =
	| 'better'
	| 'worse'
	/** Settled: within `margin` of even. */
	| 'even'
	/** Not yet to be told; more answers are needed. */
	| 'open';

export interface SequentialWinRate {
	/** Ties as half a win, with Wilson's 95 % interval: for drawing, not for deciding. */
	rate: Interval;
	/** 1 - alpha confidence sequence of the share of wins among decided answers: holds at all looks together. */
	low: number;
	high: number;
	decided: number;
	ties: number;
	/** The martingale at one half: evidence against "no difference"; a winner from 1 / alpha on. */
	evidence: number;
	verdict: WinVerdict;
}

export interface SequentialOptions {
	/** Probability of ever naming a winner where there is none. */
	alpha?: number;
	/** Half the width of what counts as even. */
	margin?: number;
}

/** ln n! for n = 0, 1, …; grows as counts do, so that looking again costs nothing. */
const LOG_FACTORIALS = [0];

function logFactorial(n: number): number {
	for (let i = LOG_FACTORIALS.length; i <= n; i++) {
		LOG_FACTORIALS.push((LOG_FACTORIALS[i - 1] ?? 0) + Math.log(i));
	}
	return LOG_FACTORIALS[n] ?? 0;
}

/** ln of M(p). */
function logEvidence(wins: number, losses: number, p: number): number {
	const logBeta = logFactorial(wins) + logFactorial(losses) - logFactorial(wins + losses + 1);
	const term = (count: number, q: number): number => (count === 0 ? 0 : count * Math.log(q));
	return logBeta - term(wins, p) - term(losses, 1 - p);
}

/** Where M crosses 1 / alpha between an end at which it is above and a point at which it is below. */
function crossing(
	wins: number,
	losses: number,
	end: number,
	inside: number,
	limit: number
): number {
	let [outer, inner] = [end, inside];
	for (let i = 0; i < 60; i++) {
		const middle = (outer + inner) / 2;
		if (logEvidence(wins, losses, middle) > limit) {
			outer = middle;
		} else {
			inner = middle;
		}
	}
	return (outer + inner) / 2;
}

/** State of a comparison after so many answers. Throws RangeError unless counts are whole and alpha is between 0 and 1. */
export function sequentialWinRate(
	wins: number,
	ties: number,
	losses: number,
	{ alpha = 0.05, margin = 0.1 }: SequentialOptions = {}
): SequentialWinRate {
	if (![wins, ties, losses].every((n) => Number.isSafeInteger(n) && n >= 0)) {
		throw new RangeError(`${wins} wins, ${ties} ties, ${losses} losses`);
	}
	if (!(alpha > 0 && alpha < 1) || !(margin >= 0 && margin < 0.5)) {
		throw new RangeError(`a verdict with alpha ${alpha} and margin ${margin}`);
	}
	const decided = wins + losses;
	const limit = -Math.log(alpha);
	const share = decided === 0 ? 0.5 : wins / decided;
	const low = wins === 0 ? 0 : crossing(wins, losses, 0, share, limit);
	const high = losses === 0 ? 1 : crossing(wins, losses, 1, share, limit);
	const evidence = Math.exp(logEvidence(wins, losses, 0.5));
	const winner = wins > losses ? 'better' : 'worse';
	const isEven = low >= 0.5 - margin && high <= 0.5 + margin;
	return {
		rate: wilson(wins + ties / 2, decided + ties),
		low,
		high,
		decided,
		ties,
		evidence,
		verdict: evidence >= 1 / alpha ? winner : isEven ? 'even' : 'open'
	};
}

/**
 * Decided answers after which the verdict falls if the share of wins stays as supposed; null where it is even. For saying
 * "about 40 more answers", not for deciding.
 */
export function answersNeeded(
	share: number,
	{ alpha = 0.05 }: SequentialOptions = {}
): number | null {
	if (!(share >= 0 && share <= 1)) {
		throw new RangeError(`a win rate of ${share}`);
	}
	for (let n = 1; n <= 5000; n++) {
		const wins = Math.round(share * n);
		if (wins * 2 !== n && logEvidence(wins, n - wins, 0.5) >= -Math.log(alpha)) {
			return n;
		}
	}
	return null;
}
