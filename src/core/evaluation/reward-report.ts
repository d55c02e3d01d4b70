/**
 * A reward model's accuracy in parts: by length, tag, annotator or whatever the pairs carry, each with Wilson's interval, and
 * how much of its score is length. (Stiennon et al. 2020 report by confidence; RewardBench by section.) A slice of few pairs
 * is shown with its wide interval and never called weak or strong.
 */
import { type Estimate, type Missing, shareOf } from '../feedback/figure';
import { pairNll } from './calibration';
import { type Correlation, pearson, spearman } from './correlations';

export interface JudgedPair {
	/** Reward of a less that of b. */
	lead: number;
	/** Probability that a is better. */
	y: number;
	/** Values by dimension: { annotator: 'me', length: 'much longer', tag: 'happy' }. */
	slices: Readonly<Record<string, string>>;
}

export interface SliceReport {
	dimension: string;
	value: string;
	/** Decided pairs on the model's side; equal rewards half. */
	accuracy: Estimate | Missing<'nothing-counted'>;
	/** Ties too, nats a pair. */
	nll: number;
	pairs: number;
	/** Against all other decided pairs: its interval lies wholly below or above their share. */
	standing: 'weaker' | 'stronger' | 'alike' | 'too-few';
}

/** Decided pairs below which a slice is not compared with the rest. */
const LEAST_DECIDED = 20;

function accuracyOf(pairs: readonly JudgedPair[]): { right: number; decided: number } {
	const decided = pairs.filter(({ y }) => y !== 0.5);
	const right = decided.reduce(
		(sum, { lead, y }) => sum + (1 + Math.sign(lead) * Math.sign(y - 0.5)) / 2,
		0
	);
	return { right, decided: decided.length };
}

function standingOf(
	own: Estimate | Missing<string>,
	rest: { right: number; decided: number }
): SliceReport['standing'] {
	if (own.value === null || own.n < LEAST_DECIDED || rest.decided < LEAST_DECIDED) {
		return 'too-few';
	}
	const elsewhere = rest.right / rest.decided;
	return own.high < elsewhere ? 'weaker' : own.low > elsewhere ? 'stronger' : 'alike';
}

/** One entry for each value of each dimension, in order of first appearance. */
export function reportBySlice(pairs: readonly JudgedPair[]): SliceReport[] {
	const dimensions = [...new Set(pairs.flatMap(({ slices }) => Object.keys(slices)))];
	return dimensions.flatMap((dimension) => {
		const values = [...new Set(pairs.flatMap(({ slices }) => slices[dimension] ?? []))];
		return values.map((value): SliceReport => {
			const inside = pairs.filter(({ slices }) => slices[dimension] === value);
			const rest = accuracyOf(pairs.filter(({ slices }) => slices[dimension] !== value));
			const { right, decided } = accuracyOf(inside);
			const accuracy = shareOf(right, decided);
			return {
				dimension,
				value,
				accuracy,
				nll: pairNll({ leads: inside.map(({ lead }) => lead), y: inside.map(({ y }) => y) }),
				pairs: inside.length,
				standing: standingOf(accuracy, rest)
			};
		});
	});
}

/** Name of the slice that a pair of lengths falls into: how much longer a is than b, in words or tokens. */
export function lengthSlice(a: number, b: number): 'about equal' | 'a longer' | 'b longer' {
	const difference = (a - b) / Math.max(1, a + b);
	return Math.abs(difference) <= 0.1 ? 'about equal' : difference > 0 ? 'a longer' : 'b longer';
}

export interface LengthReport {
	pearson: Correlation;
	spearman: Correlation;
	/** Decided pairs of clearly different length in which the model prefers the longer one; what length alone would get. */
	prefersLonger: Estimate | Missing<'nothing-counted'>;
	/** The same for the answers themselves. */
	answersPreferLonger: Estimate | Missing<'nothing-counted'>;
}

export interface LengthData {
	/** [n], of single completions. */
	rewards: ArrayLike<number>;
	lengths: ArrayLike<number>;
	/** Pairs with the lengths of both sides. */
	pairs: readonly { lead: number; y: number; lengthA: number; lengthB: number }[];
}

/** How much of the reward is length, beside how much of the answers is. */
export function lengthReport({ rewards, lengths, pairs }: LengthData): LengthReport {
	const apart = pairs.filter(
		({ y, lengthA, lengthB }) => y !== 0.5 && lengthSlice(lengthA, lengthB) !== 'about equal'
	);
	const longer = (valueOf: (pair: (typeof apart)[number]) => number) =>
		shareOf(
			apart.reduce(
				(sum, pair) =>
					sum + (1 + Math.sign(valueOf(pair)) * Math.sign(pair.lengthA - pair.lengthB)) / 2,
				0
			),
			apart.length
		);
	return {
		pearson: pearson(rewards, lengths),
		spearman: spearman(rewards, lengths),
		prefersLonger: longer(({ lead }) => lead),
		answersPreferLonger: longer(({ y }) => y - 0.5)
	};
}
