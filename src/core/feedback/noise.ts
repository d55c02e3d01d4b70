/**
 * How noisy an annotator is, from pairs put to them twice without saying so. If every answer is turned round independently
 * with probability e, two answers to one pair differ with d = 2 e (1 - e), so e = (1 - sqrt(1 - 2 d)) / 2.
 * Interval: Wilson's 95 % interval of d, carried through that formula, which is monotone; from d = 1/2 on it gives e = 1/2
 * (a coin). Deviation from the textbook interval by the delta method: that one has no width without disagreements and none
 * at all near d = 1/2.
 * Close pairs are turned round more often than clear ones, so that one number for all is an average: see `noiseByTercile`.
 */
import { wilson } from '../evaluation/intervals';
import type { Outcome } from '../records';
import { type Estimate, type Missing, missing } from './figure';

/** Two answers of one annotator to one pair, in canonical sides. */
export interface Repeat {
	first: Outcome;
	second: Outcome;
	/** |reward of a - reward of b| where a reward model or a gold reward knows it. */
	difference?: number;
}

export interface RepeatCounts {
	/** Both answers name a side: what the noise estimate rests on. */
	decided: number;
	/** Of those, different sides. */
	disagreements: number;
	/** A tie or a skip among the two; says nothing about answers turned round. */
	undecided: number;
}

const isDecided = (outcome: Outcome): boolean => outcome === 'a' || outcome === 'b';

export function countRepeats(repeats: readonly Repeat[]): RepeatCounts {
	const decided = repeats.filter(({ first, second }) => isDecided(first) && isDecided(second));
	return {
		decided: decided.length,
		disagreements: decided.filter(({ first, second }) => first !== second).length,
		undecided: repeats.length - decided.length
	};
}

/** e from d; 1/2 where the answers differ as often as a coin's would, or more often. */
function noiseOf(disagreement: number): number {
	return disagreement >= 0.5 ? 0.5 : (1 - Math.sqrt(1 - 2 * disagreement)) / 2;
}

export interface NoiseEstimate extends Estimate {
	/** Share of repeats with different sides. */
	disagreement: number;
	/** The answers differ at least as often as a coin's would: the estimate stands at its end. */
	atChance: boolean;
}

/** Probability that an answer is turned round; n counts decided repeats. */
export function noiseEstimate(
	repeats: readonly Repeat[]
): NoiseEstimate | Missing<'no-decided-repeats'> {
	const { decided, disagreements } = countRepeats(repeats);
	if (decided === 0) {
		return missing('no-decided-repeats');
	}
	const { estimate, low, high } = wilson(disagreements, decided);
	return {
		value: noiseOf(estimate),
		low: noiseOf(low),
		high: noiseOf(high),
		n: decided,
		disagreement: estimate,
		atChance: estimate >= 0.5
	};
}

/** Accuracy that a model which is right with `accuracy` is seen to have against answers turned round with `noise`. */
export function measuredAccuracy(accuracy: number, noise: number): number {
	return accuracy * (1 - noise) + (1 - accuracy) * noise;
}

/**
 * The most that a reward model can score against this annotator's answers, 1 - e: even one that is always right disagrees
 * with an answer that is turned round.
 */
export function accuracyCeiling(noise: NoiseEstimate): Estimate {
	return { value: 1 - noise.value, low: 1 - noise.high, high: 1 - noise.low, n: noise.n };
}

export interface NoiseOfTercile {
	tercile: 'close' | 'middle' | 'far';
	/** Smallest and largest difference in it. */
	from: number;
	to: number;
	noise: NoiseEstimate;
}

/** Fewer decided repeats in a third say nothing: its interval would reach from near 0 to a half. */
const LEAST_PER_TERCILE = 5;

/** The estimate for each third of the repeats by |reward difference|; only decided ones whose difference is known count. */
export function noiseByTercile(
	repeats: readonly Repeat[]
): { value: NoiseOfTercile[] } | Missing<'too-few-repeats'> {
	const known = repeats
		.filter(({ first, second }) => isDecided(first) && isDecided(second))
		.flatMap((repeat): [Repeat, number][] =>
			repeat.difference === undefined ? [] : [[repeat, repeat.difference]]
		)
		.toSorted(([, x], [, y]) => x - y);
	if (known.length < 3 * LEAST_PER_TERCILE) {
		return missing('too-few-repeats');
	}
	const cut = (third: number): number => Math.round((known.length * third) / 3);
	const thirds = (['close', 'middle', 'far'] as const).flatMap((tercile, i) => {
		const members = known.slice(cut(i), cut(i + 1));
		const noise = noiseEstimate(members.map(([repeat]) => repeat));
		const from = members[0]?.[1];
		const to = members.at(-1)?.[1];
		return noise.value === null || from === undefined || to === undefined
			? []
			: [{ tercile, from, to, noise }];
	});
	return { value: thirds };
}
