/**
 * SimPO (Meng et al. 2024, arXiv 2405.14734; TRL cpo_trainer.py:714-721): softplus(-(beta (m_a - m_b) - gamma)) for a better
 * than b, where m is the mean log-probability a token. No reference: nothing but few steps keeps the policy near where it was.
 * Deviations: none. gamma is the margin itself; the paper tunes gamma / beta, 0.3 to 0.8 with beta 2 to 2.5.
 */
import type { Loss } from './loss';
import { sigmoid, softplus } from './math';
import {
	type PairObjective,
	type PairTargets,
	pairwiseLoss,
	type SequenceScore
} from './preference-pairs';

export interface SimpoOptions {
	/** Reward per nat a token. */
	beta: number;
	/** By how much the better side should lead. */
	gamma: number;
}

/** Throws RangeError unless beta > 0 and gamma is a number of 0 or more. */
export function simpoObjective({ beta, gamma }: SimpoOptions): PairObjective {
	if (!(beta > 0) || !(gamma >= 0)) {
		throw new RangeError(`SimPO with beta ${beta} and gamma ${gamma}`);
	}
	const rewardOf = ({ policy, length }: SequenceScore): number => (beta * policy) / length;
	return {
		termOf: (better, worse) => {
			const x = rewardOf(better) - rewardOf(worse) - gamma;
			const slope = -sigmoid(-x);
			return {
				loss: softplus(-x),
				dBetter: (slope * beta) / better.length,
				dWorse: (-slope * beta) / worse.length
			};
		},
		implicitReward: rewardOf
	};
}

/** The loss of a batch whose rows are a_0, b_0, a_1, b_1, …. */
export function simpoLoss(targets: Pick<PairTargets, 'y'>, options: SimpoOptions): Loss {
	return pairwiseLoss({ y: targets.y }, simpoObjective(options));
}
