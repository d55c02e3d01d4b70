/** From a rollout to one reward a completion: what the methods without a critic compare. */
import type { OnPolicyConfig } from '../../src/core/config';
import { assembleRewards } from '../../src/core/methods/reward-assembly';
import { sequenceRewards } from '../../src/core/methods/sequence-reward';
import type { F } from '../engine/language-model';
import type { Rollout } from './on-policy';

export interface SequenceOutcome {
	/** [B], score less the price of drifting. */
	rewards: F;
	/** [B], after clipping and the missing-end rule. */
	scores: F;
	/** Keys of the catalogue. */
	metrics: Record<string, number>;
}

export function sequenceOutcome(
	{ sampled, batch, old, refLogProb, scores: raw }: Rollout,
	beta: number,
	config: Pick<OnPolicyConfig, 'missingEos' | 'missingEosPenalty' | 'scoreClip'>
): SequenceOutcome {
	const { missingEos, missingEosPenalty, scoreClip } = config;
	const { logProb } = old;
	const { scores, metrics } = assembleRewards({
		batch,
		scores: raw,
		logProb,
		refLogProb,
		beta,
		stopped: sampled.stopped,
		missingEos,
		missingEosPenalty,
		scoreClip
	});
	return {
		rewards: sequenceRewards(batch, { scores, logProb, refLogProb, beta }),
		scores,
		metrics
	};
}

/** The same rows of a [B] array. */
export function pickRows(values: F, rows: readonly number[]): F {
	return Float64Array.from(rows, (b) => values[b] ?? NaN);
}
