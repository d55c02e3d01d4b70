/**
 * Does the side on which a completion stands decide? Three signs, kept apart because they need different amounts of data:
 * the left rate (exact binomial test; sides are drawn by coin, so that an unbiased annotator's choice is a fair coin),
 * straight-lining (one side, or both in turn, for too long), and positional consistency (pairs shown again with sides
 * swapped; Zheng et al. 2023, arXiv 2306.05685, and arXiv 2406.07791 for the names).
 */
import { fairCoinTest, longRunProbability } from '../evaluation/binomial';
import type { Outcome } from '../records';
import { type Estimate, type Missing, missing, shareOf } from './figure';

export type Side = 'left' | 'right';

/** Below this many the test misses even a preference of 65 to 35 one time in five. */
export const LEAST_FOR_LEFT_RATE = 100;
const SIGNIFICANCE = 0.05;

export interface LeftRate extends Estimate {
	left: number;
	right: number;
	/** Exact, two-sided, against 1/2. */
	pValue: number;
	verdict: 'leans-left' | 'leans-right' | 'no-sign' | 'not-enough-data';
}

/**
 * The share of left among answers that name a side; its verdict waits for `LEAST_FOR_LEFT_RATE` of them. The p-value is that of
 * one look: who looks after every answer and stops at the first sign finds one by chance more often than one time in twenty.
 */
export function leftRate(chosen: readonly Side[]): LeftRate | Missing<'nothing-counted'> {
	const left = chosen.filter((side) => side === 'left').length;
	const share = shareOf(left, chosen.length);
	if (share.value === null) {
		return share;
	}
	const pValue = fairCoinTest(left, chosen.length);
	const leaning = share.value > 0.5 ? 'leans-left' : 'leans-right';
	const verdict = pValue < SIGNIFICANCE ? leaning : 'no-sign';
	return {
		...share,
		left,
		right: chosen.length - left,
		pValue,
		verdict: chosen.length < LEAST_FOR_LEFT_RATE ? 'not-enough-data' : verdict
	};
}

/**
 * So rare must a run be. The signal is looked at after every answer; at this level an honest annotator sees it in about one
 * session of 300 answers in twenty or fewer.
 */
const RUN_SIGNIFICANCE = 0.001;

export interface StraightLining {
	pattern: Side | 'alternating';
	/** Answers in the longest run. */
	length: number;
	/** Probability of a run as long among as many answers by fair coin, either pattern. */
	pValue: number;
}

interface Run {
	length: number;
	last: number;
}

function longestRun(goesOn: readonly boolean[]): Run {
	let longest = { length: 1, last: 0 };
	let length = 1;
	goesOn.forEach((same, i) => {
		length = same ? length + 1 : 1;
		longest = length > longest.length ? { length, last: i + 1 } : longest;
	});
	return longest;
}

/**
 * A run of one side, or of both in turn, that is too long for chance; null where there is none. A signal to look at, with
 * innocent explanations; never a reason to throw answers away.
 */
export function straightLining(chosen: readonly Side[]): StraightLining | null {
	if (chosen.length === 0) {
		return null;
	}
	const same = chosen.slice(1).map((side, i) => side === chosen[i]);
	const oneSide = longestRun(same);
	const inTurn = longestRun(same.map((isSame) => !isSame));
	const run = oneSide.length >= inTurn.length ? oneSide : inTurn;
	const pValue = Math.min(1, 2 * longRunProbability(run.length, chosen.length));
	if (pValue >= RUN_SIGNIFICANCE) {
		return null;
	}
	const side = chosen[run.last] ?? 'left';
	return { pattern: run === oneSide ? side : 'alternating', length: run.length, pValue };
}

/** Two answers to one pair, the second with the sides swapped; outcomes in canonical sides. */
export interface SwappedRepeat {
	first: Outcome;
	second: Outcome;
	/** Where a stood at first. */
	firstASide: Side;
}

export interface PositionalConsistency extends Estimate {
	/** The left side won both times, though the completions had changed places. */
	leftBoth: number;
	rightBoth: number;
	/** A tie once and a side once. */
	tieOnce: number;
}

/** Share of swapped repeats with the same outcome (a tie twice is the same); repeats with a skip are left out. */
export function positionalConsistency(
	repeats: readonly SwappedRepeat[]
): PositionalConsistency | Missing<'nothing-counted'> {
	const answered = repeats.filter(({ first, second }) => first !== 'skip' && second !== 'skip');
	const differing = answered.filter(({ first, second }) => first !== second);
	const tieOnce = differing.filter(({ first, second }) => first === 'tie' || second === 'tie');
	const sided = differing.filter((repeat) => !tieOnce.includes(repeat));
	// The winners differ and the sides are swapped, so that one and the same side won twice: that of the first winner.
	const leftBoth = sided.filter(
		({ first, firstASide }) => (first === 'a') === (firstASide === 'left')
	).length;
	const share = shareOf(answered.length - differing.length, answered.length);
	if (share.value === null) {
		return missing('nothing-counted');
	}
	return { ...share, leftBoth, rightBoth: sided.length - leftBoth, tieOnce: tieOnce.length };
}
