/**
 * Identity preference optimisation (Azar et al. 2023, arXiv 2310.12036): (h - 1 / (2 tau))^2, with h as in DPO. Unlike DPO's,
 * its optimum stays finite where every label agrees.
 * Two conventions: `sum`, h from log-probabilities summed over the completion (direct-preference-optimization, OpenRLHF), and
 * `mean`, each side's log-ratio divided by its tokens (TRL dpo_trainer.py:1440-1451, which reports that the authors meant it).
 * Deviations: none; `mean` is the default, and a tie (label 0.5) pulls h to 0.
 */
import type { Loss } from './loss';
import {
	type PairObjective,
	type PairTargets,
	pairwiseLoss,
	type SequenceScore
} from './preference-pairs';

export interface IpoOptions {
	/** Strength of the pull to the reference: h is drawn to 1 / (2 tau), nats (a token, for `mean`). */
	tau: number;
	convention?: 'mean' | 'sum';
}

/** Throws RangeError unless tau > 0. */
export function ipoObjective({ tau, convention = 'mean' }: IpoOptions): PairObjective {
	if (!(tau > 0)) {
		throw new RangeError(`IPO with tau ${tau}`);
	}
	const sizeOf = ({ length }: SequenceScore): number => (convention === 'mean' ? length : 1);
	const ratioOf = (s: SequenceScore): number => (s.policy - s.reference) / sizeOf(s);
	return {
		termOf: (better, worse) => {
			const distance = ratioOf(better) - ratioOf(worse) - 1 / (2 * tau);
			return {
				loss: distance ** 2,
				dBetter: (2 * distance) / sizeOf(better),
				dWorse: (-2 * distance) / sizeOf(worse)
			};
		},
		implicitReward: (s) => tau * ratioOf(s)
	};
}

/** The loss of a batch whose rows are a_0, b_0, a_1, b_1, …; the reference's log-probabilities are needed. */
export function ipoLoss(targets: Required<PairTargets>, options: IpoOptions): Loss {
	return pairwiseLoss(targets, ipoObjective(options));
}
