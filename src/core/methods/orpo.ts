/**
 * ORPO (Hong et al. 2024, arXiv 2403.07691; TRL orpo_trainer.py:693-700): imitation of the better completion and a penalty on
 * the odds of the worse in one loss, without a reference: -m_a + lambda softplus(-(logit(m_a) - logit(m_b))), where m is
 * the mean log-probability a token and logit(m) = m - ln(1 - e^m).
 * Deviation: m is held to -1e-6 at most, because a completion that is certain has infinite odds.
 */
import type { Loss } from './loss';
import { sigmoid, softplus } from './math';
import {
	type PairObjective,
	type PairTargets,
	pairwiseLoss,
	type SequenceScore
} from './preference-pairs';

const MOST_LOG_PROB = -1e-6;

export interface OrpoOptions {
	/** Weight of the odds beside imitation; 0.1 in the paper. */
	lambda: number;
}

const meanOf = ({ policy, length }: SequenceScore): number =>
	Math.min(policy / length, MOST_LOG_PROB);

/** ln of the odds of a mean log-probability, and its derivative, 1 / (1 - e^m). */
function logOdds(m: number): [number, number] {
	const miss = -Math.expm1(m);
	return [m - Math.log(miss), 1 / miss];
}

/** Throws RangeError unless lambda >= 0. */
export function orpoObjective({ lambda }: OrpoOptions): PairObjective {
	if (!(lambda >= 0)) {
		throw new RangeError(`ORPO with lambda ${lambda}`);
	}
	return {
		termOf: (better, worse) => {
			const [up, dUp] = logOdds(meanOf(better));
			const [down, dDown] = logOdds(meanOf(worse));
			const slope = -lambda * sigmoid(down - up);
			return {
				loss: -meanOf(better) + lambda * softplus(down - up),
				dBetter: (slope * dUp - 1) / better.length,
				dWorse: (-slope * dDown) / worse.length
			};
		},
		implicitReward: (s) => lambda * meanOf(s)
	};
}

/** The loss of a batch whose rows are a_0, b_0, a_1, b_1, …. */
export function orpoLoss(targets: Pick<PairTargets, 'y'>, options: OrpoOptions): Loss {
	return pairwiseLoss({ y: targets.y }, orpoObjective(options));
}
