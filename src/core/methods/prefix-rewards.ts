/**
 * What a reward model would say if the completion ended at each of its tokens: the same reading as the whole completion's
 * (`reward-reading.ts`), prefix by prefix. For display; tuning is given the last one alone.
 */
import type { RewardPooling } from '../config';
import type { Batch, F } from './loss';
import { at } from './math';
import { responseSpan } from './response';
import type { Normalisation } from './reward-normalisation';

/** [B*T] at the response columns, normalised, from value[0]; the last of each row is the reward of the completion. */
export function prefixRewards(
	batch: Batch,
	value: F,
	pooling: RewardPooling,
	{ gain, bias }: Normalisation
): F {
	const rewards = new Float64Array(batch.B * batch.T);
	for (let b = 0; b < batch.B; b++) {
		const { start, end } = responseSpan(batch, b);
		let sum = 0;
		for (let t = start; t < end; t++) {
			const i = b * batch.T + t;
			sum += at(value, i);
			rewards[i] = gain * (pooling === 'last' ? at(value, i) : sum / (t - start + 1)) + bias;
		}
	}
	return rewards;
}
