/**
 * Direct preference optimisation (Rafailov et al. 2023, arXiv 2305.18290): softplus(-beta h) with
 * h = (ln pi_a - ln rho_a) - (ln pi_b - ln rho_b) for a better than b, log-probabilities summed over the completion.
 * `conservative` (cDPO, Mitchell 2023; direct-preference-optimization trainers.py:45-88) takes a share `flip` of the labels
 * for turned round: (1 - flip) softplus(-beta h) + flip softplus(beta h). `robust` (Chowdhury et al. 2024, arXiv 2403.00409)
 * undoes such turned labels in expectation: [(1 - flip) softplus(-beta h) - flip softplus(beta h)] / (1 - 2 flip).
 * `hinge` is SLiC's max(0, 1 - beta h) (Zhao et al. 2023, arXiv 2305.10425).
 * Deviations: ties stay in as label 0.5. At its optimum DPO on Bradley-Terry data has the policy of PPO with the same beta.
 * That the log-probability of chosen completions falls while the margin grows is usual, and no sign of a fault.
 */
import type { Loss } from './loss';
import { sigmoid, softplus } from './math';
import { type PairObjective, type PairTargets, pairwiseLoss } from './preference-pairs';

export type DpoKind = 'plain' | 'conservative' | 'robust' | 'hinge';

export interface DpoOptions {
	kind?: DpoKind;
	/** Reward per nat: the higher, the closer to the reference the optimum stays. */
	beta: number;
	/** Share of labels taken for turned round, 0 to below 0.5; read by `conservative` and `robust` alone. */
	flip?: number;
}

/** Loss and slope of a lead x = beta h. */
function leadTerm(kind: DpoKind, flip: number, x: number): [number, number] {
	switch (kind) {
		case 'plain':
			return [softplus(-x), -sigmoid(-x)];
		case 'conservative':
			return [
				(1 - flip) * softplus(-x) + flip * softplus(x),
				-(1 - flip) * sigmoid(-x) + flip * sigmoid(x)
			];
		case 'robust':
			return [
				((1 - flip) * softplus(-x) - flip * softplus(x)) / (1 - 2 * flip),
				(-(1 - flip) * sigmoid(-x) - flip * sigmoid(x)) / (1 - 2 * flip)
			];
		case 'hinge':
			return x < 1 ? [1 - x, -1] : [0, 0];
	}
}

/** Throws RangeError unless beta > 0 and 0 <= flip < 0.5: at one half the labels say nothing. */
export function dpoObjective({ kind = 'plain', beta, flip = 0 }: DpoOptions): PairObjective {
	if (!(beta > 0) || !(flip >= 0 && flip < 0.5)) {
		throw new RangeError(`DPO with beta ${beta} and ${flip} of the labels turned round`);
	}
	return {
		termOf: (better, worse) => {
			const h = better.policy - better.reference - (worse.policy - worse.reference);
			const [loss, slope] = leadTerm(kind, flip, beta * h);
			return { loss, dBetter: beta * slope, dWorse: -beta * slope };
		},
		implicitReward: ({ policy, reference }) => beta * (policy - reference)
	};
}

/** The loss of a batch whose rows are a_0, b_0, a_1, b_1, …; the reference's log-probabilities are needed. */
export function dpoLoss(targets: Required<PairTargets>, options: DpoOptions): Loss {
	return pairwiseLoss(targets, dpoObjective(options));
}
