/**
 * From a scored rollout to what PPO learns from, in one pure step: rewards per token, whitened or not, GAE, advantages,
 * whitened or not (Ziegler et al. 2019; openai/lm-human-preferences train_policy.py:320-341). The same function serves the
 * training and the page that takes a step apart. No deviations beyond those of its parts; returns are never whitened.
 */
import type { PpoConfig } from '../config';
import { ppoAdvantages } from './gae';
import type { Batch, F, Scores } from './loss';
import { responseMask } from './response';
import { type AssembledRewards, assembleRewards } from './reward-assembly';
import { whiten } from './whiten';

export interface ScoredRollout {
	batch: Batch;
	/** [B], normalised scores. */
	scores: F;
	/** Of the policy as it was when it wrote: log-probabilities and values by the training kernels. */
	old: Pick<Scores, 'logProb' | 'value'>;
	/** [B*T] */
	refLogProb: F;
	/** [B], 1 where the completion reached its end token. */
	stopped: Uint8Array;
}

export type TargetOptions = Pick<
	PpoConfig,
	| 'missingEos'
	| 'missingEosPenalty'
	| 'scoreClip'
	| 'whitenRewards'
	| 'whitenAdvantages'
	| 'gamma'
	| 'lambda'
>;

export interface PpoStep extends AssembledRewards {
	/** [B*T] at the response columns, as the loss takes them. */
	advantages: F;
	/** Before whitening. */
	rawAdvantages: F;
	returns: F;
}

/** beta: the KL coefficient now. `rewards` are those that GAE saw. Throws RangeError without a value head. */
export function ppoTargets(
	{ batch, scores, old, refLogProb, stopped }: ScoredRollout,
	beta: number,
	options: TargetOptions
): PpoStep {
	const [value] = old.value;
	if (!value) {
		throw new RangeError('PPO needs the values of a policy with a value head');
	}
	const assembled = assembleRewards({
		batch,
		scores,
		logProb: old.logProb,
		refLogProb,
		beta,
		stopped,
		missingEos: options.missingEos,
		missingEosPenalty: options.missingEosPenalty,
		scoreClip: options.scoreClip
	});
	const mask = responseMask(batch);
	const rewards = options.whitenRewards
		? whiten(assembled.rewards, mask, { shiftMean: false })
		: assembled.rewards;
	const { advantages, returns } = ppoAdvantages(batch, rewards, value, options);
	return {
		...assembled,
		rewards,
		advantages: options.whitenAdvantages
			? whiten(advantages, mask, { shiftMean: true })
			: advantages,
		rawAdvantages: advantages,
		returns
	};
}
