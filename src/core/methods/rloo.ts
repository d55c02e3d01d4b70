/**
 * RLOO: REINFORCE with the mean of the other completions of the same prompt as baseline (Kool et al. 2019; Ahmadian et al.
 * 2024, arXiv 2402.14740; TRL rloo_trainer.py:1525-1558). A_i = r_i - mean of r_j, j not i, with the KL (k1) inside r. No critic.
 * The loss treats a completion as one action: mean over completions of max(-A R, -A clip(R, 1 +- epsilon)), R the ratio of the
 * probabilities of the whole completion now and when it was written, so that a batch may be used more than once.
 * Deviations: a group of equal rewards gives advantages of exactly 0; empty completions take part in the baseline and have
 * no gradient of their own.
 */
import { constantGroups, isConstant, mapGroups } from './groups';
import type { F, Loss } from './loss';
import { mean, selectMasked } from './math';
import { policyLoss } from './ppo';
import { spreadToTokens } from './preference-pairs';
import { responseLengths, responseMask, responseSums } from './response';

/** [B], from rewards of whole completions, group after group. Throws RangeError unless groups are whole and of 2 or more. */
export function rlooAdvantages(rewards: F, groupSize: number): F {
	return mapGroups(rewards, groupSize, (group) => {
		if (isConstant(group)) {
			return group.map(() => 0);
		}
		const sum = mean(group) * groupSize;
		return group.map((r) => r - (sum - r) / (groupSize - 1));
	});
}

export interface SequenceTargets {
	/** [B*T], when the batch was scored. */
	oldLogProb: F;
	/** [B] */
	advantages: F;
}

export interface RlooOptions {
	clipRange: number;
	clipRangeHigh?: number;
	entropyCoef?: number;
}

/** Metrics that say how the groups of a rollout stand. */
export function groupMetrics(rewards: F, groupSize: number): Record<string, number> {
	return { 'val/frac_reward_zero_std': constantGroups(rewards, groupSize) };
}

/** The loss of one minibatch; skipped without a response token. */
export function rlooLoss({ oldLogProb, advantages }: SequenceTargets, options: RlooOptions): Loss {
	return (scores, batch) => {
		const used = Uint8Array.from(responseLengths(batch), (n) => (n > 0 ? 1 : 0));
		const policy = policyLoss({
			logProb: responseSums(batch, scores.logProb),
			oldLogProb: responseSums(batch, oldLogProb),
			advantages,
			mask: used,
			clipLow: options.clipRange,
			clipHigh: options.clipRangeHigh ?? options.clipRange,
			dualClip: 0
		});
		if (!used.includes(1)) {
			return { loss: 0, metrics: {}, skip: 'the minibatch has no response token' };
		}
		const mask = responseMask(batch);
		const entropies = selectMasked(scores.entropy, mask);
		const entropy = mean(entropies);
		const { entropyCoef = 0 } = options;
		return {
			loss: policy.loss - entropyCoef * entropy,
			dLogProb: spreadToTokens(batch, policy.dLogProb),
			...(entropyCoef !== 0 && {
				dEntropy: Float64Array.from(mask, (bit) => (-bit * entropyCoef) / entropies.length)
			}),
			metrics: {
				'policy/sequence_kl': policy.approxKl.k1,
				'policy/clipfrac_avg': policy.clipFraction,
				'policy/entropy_avg': entropy,
				'loss/policy_avg': policy.loss,
				'val/ratio': policy.ratioMean,
				'val/ratio_var': policy.ratioVariance
			},
			trace: {
				ratio: spreadToTokens(batch, policy.ratio),
				clipped: spreadToTokens(batch, policy.clipped)
			}
		};
	};
}
