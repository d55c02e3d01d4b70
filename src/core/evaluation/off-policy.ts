/**
 * What another policy would have earned, from feedback to completions that this one wrote: w = pi(y | x) / mu(y | x), with mu the
 * logged probability. IPS mean of w r (Horvitz & Thompson 1952); SNIPS sum w r / sum w (Swaminathan & Joachims 2015); DR
 * mean of q(x, pi) + w (r - q(x, y)) (Dudik et al. 2011). Effective sample size (sum w)^2 / sum w^2 (Kish 1965).
 * Refused below an effective size of 10, where one lucky completion decides.
 * Deviations: for whole sequences the log-ratio of each token can be held to a limit, which trades bias for variance and is
 * reported as such. Intervals are normal, from the spread of the terms (SNIPS: linearised).
 */
import type { Batch, F } from '../methods/loss';
import { at, clamp } from '../methods/math';
import { responseSpan } from '../methods/response';
import { type Missing, missing } from '../feedback/figure';
import { type Interval, meanInterval } from './intervals';

export const LEAST_EFFECTIVE_SIZE = 10;
/** e^700 is near the largest number there is. */
const MOST_LOG_WEIGHT = 700;

/** [B], ln w of each completion; tokenLimit: nats that one token may add or take, Infinity = exact. */
export function sequenceLogWeights(
	batch: Batch,
	targetLogProb: F,
	behaviourLogProb: F,
	tokenLimit = Infinity
): F {
	return Float64Array.from({ length: batch.B }, (_, b) => {
		const { start, end } = responseSpan(batch, b);
		let sum = 0;
		for (let i = b * batch.T + start; i < b * batch.T + end; i++) {
			sum += clamp(at(targetLogProb, i) - at(behaviourLogProb, i), -tokenLimit, tokenLimit);
		}
		return sum;
	});
}

/** Of weights given as logarithms; 0 for none. */
export function effectiveSampleSize(logWeights: ArrayLike<number>): number {
	const logs = Array.from(logWeights);
	const top = Math.max(...logs);
	if (!Number.isFinite(top)) {
		return 0;
	}
	const weights = logs.map((l) => Math.exp(l - top));
	const sum = weights.reduce((total, w) => total + w, 0);
	return sum ** 2 / weights.reduce((total, w) => total + w * w, 0);
}

export interface LoggedFeedback {
	/** [n], ln w. */
	logWeights: ArrayLike<number>;
	/** [n], what the completion earned. */
	rewards: ArrayLike<number>;
	/** For DR, [n] each: predicted reward of the logged completion, and of the target policy on the same prompt. */
	predicted?: { logged: ArrayLike<number>; target: ArrayLike<number> };
}

export interface OffPolicyValue {
	ips: Interval;
	snips: Interval;
	/** null without predictions. */
	dr: Interval | null;
	effectiveSize: number;
	n: number;
	/** Largest share that one completion has of all weight. */
	largestShare: number;
}

type Refusal = Missing<'no-feedback' | 'effective-size-too-small' | 'not-finite'> & {
	effectiveSize: number;
	n: number;
};

/** Estimates with 95 % intervals, or why there are none. Throws RangeError on lengths that differ. */
export function offPolicyValue({
	logWeights,
	rewards,
	predicted
}: LoggedFeedback): OffPolicyValue | Refusal {
	const n = rewards.length;
	const arrays = [logWeights, ...(predicted ? [predicted.logged, predicted.target] : [])];
	if (arrays.some((array) => array.length !== n)) {
		throw new RangeError(`${n} rewards with weights or predictions of another length`);
	}
	const effectiveSize = effectiveSampleSize(logWeights);
	const isFinite = [rewards, ...arrays.slice(1)].every((array) =>
		Array.from(array).every(Number.isFinite)
	);
	if (n === 0 || !isFinite || Array.from(logWeights).some((l) => !(l <= MOST_LOG_WEIGHT))) {
		return { ...missing(n === 0 ? 'no-feedback' : 'not-finite'), effectiveSize: 0, n };
	}
	if (!(effectiveSize >= LEAST_EFFECTIVE_SIZE)) {
		return { ...missing('effective-size-too-small'), effectiveSize, n };
	}
	const w = Float64Array.from(logWeights, Math.exp);
	const total = w.reduce((sum, x) => sum + x, 0);
	const snips = w.reduce((sum, x, i) => sum + x * at(rewards, i), 0) / total;
	const scale = n / total;
	const spread = meanInterval(w.map((x, i) => scale * x * (at(rewards, i) - snips)));
	return {
		ips: meanInterval(w.map((x, i) => x * at(rewards, i))),
		snips: { estimate: snips, low: snips + spread.low, high: snips + spread.high },
		dr: predicted
			? meanInterval(
					w.map((x, i) => at(predicted.target, i) + x * (at(rewards, i) - at(predicted.logged, i)))
				)
			: null,
		effectiveSize,
		n,
		largestShare: Math.max(...w) / total
	};
}
