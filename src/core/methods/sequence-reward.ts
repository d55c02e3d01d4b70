/**
 * The reward of a whole completion: its score less the price of drifting, r - beta * sum of k1 over its tokens. What RLOO,
 * REINFORCE and GRPO compare (TRL rloo_trainer.py:1525-1552); k1 in the reward has the gradient of the KL (arXiv 2510.01555).
 * A completion without a token keeps its score.
 */
import { sequenceKl } from './kl';
import type { Batch, F } from './loss';
import { at } from './math';

export interface SequenceRewardInput {
	/** [B], by the reward model, normalised, after clipping and the missing-end rule. */
	scores: F;
	/** [B*T], of the rollout as the training kernels score it, and of the frozen reference. */
	logProb: F;
	refLogProb: F;
	/** Reward per nat. */
	beta: number;
}

/** [B] */
export function sequenceRewards(
	batch: Batch,
	{ scores, logProb, refLogProb, beta }: SequenceRewardInput
): F {
	if (scores.length !== batch.B) {
		throw new RangeError(`${scores.length} scores for ${batch.B} rows`);
	}
	const kl = sequenceKl(batch, logProb, refLogProb, 'k1');
	return scores.map((score, b) => score - beta * at(kl, b));
}
