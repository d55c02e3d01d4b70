/**
 * Where a reward is read from the values of head 0: at the last real token (Ziegler et al. 2019; Hugging Face's sequence
 * classifiers), or as the mean over the response's tokens. The mean is the studio's default: from a hundred comparisons a model of
 * a million parameters learns it markedly better (each token's state says something about the text, the last one's little), and it
 * splits into a share per token that can be shown.
 */
import type { RewardPooling } from '../config';
import type { Batch, F } from './loss';
import { at } from './math';
import { responseSpan } from './response';

/** [B], rewards of a batch from value[0], [B*T]. A row without a response is read at its last token. */
export function readRewards(batch: Batch, value: F, pooling: RewardPooling): F {
	return Float64Array.from({ length: batch.B }, (_, b) => {
		const { start, end } = span(batch, b, pooling);
		let sum = 0;
		for (let t = start; t < end; t++) {
			sum += at(value, b * batch.T + t);
		}
		return sum / (end - start);
	});
}

/** The transpose of `readRewards`: gradient by value[0], [B*T], from the gradient by each reward, [B]. */
export function spreadRewards(batch: Batch, dReward: F, pooling: RewardPooling): F {
	const dValue = new Float64Array(batch.B * batch.T);
	for (let b = 0; b < batch.B; b++) {
		const { start, end } = span(batch, b, pooling);
		dValue.fill(at(dReward, b) / (end - start), b * batch.T + start, b * batch.T + end);
	}
	return dValue;
}

function span(batch: Batch, b: number, pooling: RewardPooling): { start: number; end: number } {
	const { start, end } = responseSpan(batch, b);
	if (end < 1) {
		throw new RangeError(`row ${b} has no token to read a reward at`);
	}
	return pooling === 'last' || start >= end ? { start: end - 1, end } : { start, end };
}
