/** What scores completions while a policy learns: the reward it is given, and a judge that it never learns from. */
import { mean } from '../../src/core/methods/math';
import type { Batch, F } from '../engine/language-model';

export interface ScoredRows {
	/** [B] */
	scores: F;
	/** [B], how unsure the reward model is of each. */
	uncertainty?: F;
}

/** [B], normalised: mean 0 and standard deviation 1 on the base model's samples. */
export type RewardFunction = (batch: Batch, signal: AbortSignal) => Promise<F | ScoredRows>;

export async function scoreRows(
	reward: RewardFunction,
	batch: Batch,
	signal: AbortSignal
): Promise<ScoredRows> {
	const scored = await reward(batch, signal);
	return scored instanceof Float64Array ? { scores: scored } : scored;
}

/** Metrics of a rollout that only the judges know. */
export async function judgeMetrics(
	{ uncertainty }: ScoredRows,
	gold: RewardFunction | undefined,
	batch: Batch,
	signal: AbortSignal
): Promise<Record<string, number>> {
	const judged = gold ? await scoreRows(gold, batch, signal) : null;
	return {
		...(judged && { 'objective/gold': mean(judged.scores) }),
		...(uncertainty && { 'rm/uncertainty': mean(uncertainty) })
	};
}
