/**
 * GRPO (Shao et al. 2024, arXiv 2402.03300) and Dr. GRPO (Liu et al. 2025, arXiv 2503.20783): completions of one prompt are
 * compared with each other, no critic. Advantages: GRPO (r - mean) / (sd + 1e-4), sd unbiased (TRL grpo_trainer.py:2681-2708);
 * Dr. GRPO r - mean. Each token of a completion has its advantage; the policy loss is PPO's, summed as `aggregation` says.
 * The price of drifting is in the reward (`sequenceRewards`: right gradient), or in the loss as k2 (right gradient on the
 * policy's own tokens) or k3 (as published; that is the gradient of the forward KL, arXiv 2510.01555).
 * Deviations: a group of equal rewards gives advantages of exactly 0.
 */
import { type Aggregation, tokenShares } from './aggregation';
import { isConstant, mapGroups } from './groups';
import { klLoss, type LossKlEstimator } from './kl-loss';
import type { F, Loss } from './loss';
import { at, mean, populationVariance, selectMasked } from './math';
import { policyLoss } from './ppo';
import { spreadToTokens } from './preference-pairs';
import { responseMask } from './response';
import type { SequenceTargets } from './rloo';

const SD_EPSILON = 1e-4;

/** [B], from rewards of whole completions, group after group; `scale` divides by the group's spread. */
export function grpoAdvantages(rewards: F, groupSize: number, { scale }: { scale: boolean }): F {
	return mapGroups(rewards, groupSize, (group) => {
		if (isConstant(group)) {
			return group.map(() => 0);
		}
		const center = mean(group);
		const sd = Math.sqrt((populationVariance(group) * groupSize) / (groupSize - 1));
		return group.map((r) => (r - center) / (scale ? sd + SD_EPSILON : 1));
	});
}

export interface GrpoTargets extends SequenceTargets {
	/** [B*T], of the frozen reference; needed where the loss has a price of drifting. */
	refLogProb?: F;
}

export interface GrpoOptions {
	clipRange: number;
	/** Upper clip where it differs (DAPO: 0.28). */
	clipRangeHigh?: number;
	aggregation: Aggregation;
	/** Most new tokens; read by the aggregation `constant`. */
	maxLength: number;
	/** Price of drifting in the loss, per nat; 0 = off. */
	klLossCoef?: number;
	klLoss?: LossKlEstimator;
	entropyCoef?: number;
}

/** The loss of one minibatch; skipped without a response token. */
export function grpoLoss(targets: GrpoTargets, options: GrpoOptions): Loss {
	const { klLossCoef = 0, klLoss: estimator = 'k2', entropyCoef = 0, clipRange } = options;
	const { refLogProb } = targets;
	if (klLossCoef !== 0 && !refLogProb) {
		throw new RangeError(
			'a price of drifting in the loss needs the log-probabilities of the reference'
		);
	}
	return (scores, batch) => {
		const mask = responseMask(batch);
		if (!mask.includes(1)) {
			return { loss: 0, metrics: {}, skip: 'the minibatch has no response token' };
		}
		const weights = tokenShares(batch, options.aggregation, options.maxLength);
		const policy = policyLoss({
			logProb: scores.logProb,
			oldLogProb: targets.oldLogProb,
			advantages: spreadToTokens(batch, targets.advantages),
			mask,
			clipLow: clipRange,
			clipHigh: options.clipRangeHigh ?? clipRange,
			dualClip: 0,
			weights
		});
		const drift = klLoss(
			scores.logProb,
			refLogProb,
			weights.map((w) => klLossCoef * w),
			estimator
		);
		const entropy = mean(selectMasked(scores.entropy, mask));
		const bonus = weights.reduce((sum, w, i) => sum + w * at(scores.entropy, i), 0);
		return {
			loss: policy.loss + drift.loss - entropyCoef * bonus,
			dLogProb: policy.dLogProb.map((d, i) => d + at(drift.dLogProb, i)),
			...(entropyCoef !== 0 && { dEntropy: weights.map((w) => -w * entropyCoef) }),
			metrics: {
				'policy/approxkl_avg': policy.approxKl.k2,
				'policy/policykl': policy.approxKl.k1,
				'policy/clipfrac_avg': policy.clipFraction,
				'policy/entropy_avg': entropy,
				'loss/policy_avg': policy.loss,
				...(klLossCoef !== 0 && { 'loss/kl_avg': drift.loss }),
				'val/ratio': policy.ratioMean,
				'val/ratio_var': policy.ratioVariance
			},
			trace: { ratio: policy.ratio, clipped: policy.clipped }
		};
	};
}
