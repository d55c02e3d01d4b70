/**
 * How much an answer to a pair could teach, from what is believed of its lead (a Gaussian over log-odds).
 * BALD: mutual information of answer and head, H(mean p) - mean H(p) (Houlsby et al. 2011, arXiv 1112.5745).
 * D-optimal: p (1 - p) x^T A^-1 x, the gain of Fisher information (Das et al. 2025, arXiv 2502.04354), p at the mean.
 * Disagreement: variance of p over the posterior.
 * All three are 0 for identical completions. Uncertainty alone, H(mean p), and volume removal are largest there; they are not
 * offered. Integrals: the trapezoid rule over the Gaussian, whose error falls exponentially with its step; weights are
 * positive and sum to 1, so that BALD is never below 0.
 */
import { sigmoid, softplus } from '../methods/math';
import type { Lead } from './reward-posterior';

export type ActivePolicy = 'bald' | 'd-optimal' | 'disagreement';

/** Standard deviations on either side beyond which a Gaussian has less than 1e-16 of its mass. */
const REACH = 8.3;
/** Steps in units of one standard deviation, and of log-odds, at which the rule is exact to about 1e-9. */
const MOST_STEP = 0.5;
const MOST_LOGIT_STEP = 0.8;
/** Beyond a spread of 80 the integrands are steps, and finer points change nothing that matters for a choice. */
const MOST_POINTS = 2000;

/** Mean of each function over f ~ N(mean, variance). */
function gaussianMeans(
	{ mean, variance }: Lead,
	functions: readonly ((f: number) => number)[]
): number[] {
	const sd = Math.sqrt(variance);
	const step = Math.min(MOST_STEP, MOST_LOGIT_STEP / sd);
	const half = Math.min(Math.ceil(REACH / step), MOST_POINTS / 2);
	const sums = functions.map(() => 0);
	let total = 0;
	for (let i = -half; i <= half; i++) {
		const z = (i / half) * REACH;
		const weight = Math.exp((-z * z) / 2);
		total += weight;
		functions.forEach((f, k) => (sums[k] = (sums[k] ?? 0) + weight * f(mean + sd * z)));
	}
	return sums.map((sum) => sum / total);
}

/** Entropy in bits of an answer with these log-odds; exact at both ends. */
function logitEntropy(f: number): number {
	const distance = Math.abs(f);
	return (softplus(-distance) + distance * sigmoid(-distance)) / Math.LN2;
}

function entropy(p: number): number {
	const term = (q: number): number => (q > 0 ? -q * Math.log2(q) : 0);
	return term(p) + term(1 - p);
}

/** Bits that an answer is expected to tell about the head: 0 to 1. */
export function bald(lead: Lead): number {
	if (lead.variance === 0) {
		return 0;
	}
	const [p = 0.5, within = 1] = gaussianMeans(lead, [sigmoid, logitEntropy]);
	return Math.max(0, entropy(p) - within);
}

/** Gain of ln det of the inverse covariance, to first order; 0 or more. */
export function dOptimal({ mean, variance }: Lead): number {
	const p = sigmoid(mean);
	return p * (1 - p) * variance;
}

/** Variance over the posterior of the probability that a is better: 0 to 1/4. */
export function disagreement(lead: Lead): number {
	if (lead.variance === 0) {
		return 0;
	}
	const [p = 0.5, square = 0.25] = gaussianMeans(lead, [sigmoid, (f) => sigmoid(f) ** 2]);
	return Math.max(0, square - p * p);
}

const SCORES: Readonly<Record<ActivePolicy, (lead: Lead) => number>> = {
	bald,
	'd-optimal': dOptimal,
	disagreement
};

export function acquisitionScore(policy: ActivePolicy, lead: Lead): number {
	return SCORES[policy](lead);
}
