/**
 * Whitening over a mask: (x - mean) / sqrt(variance + 1e-8), as openai/lm-human-preferences utils/core.py:336-341.
 * Population variance (OpenAI, summarize_from_feedback_details); `unbiased` gives TRL's (ppo_trainer.py:264-270).
 */
import type { F } from './loss';
import { at, mean, populationVariance, selectMasked } from './math';

const VARIANCE_EPSILON = 1e-8;

export interface WhitenOptions {
	/** false keeps the mean and changes the scale only: rewards. true: advantages. */
	shiftMean: boolean;
	unbiased?: boolean;
}

/** A copy with the masked-in values whitened together and 0 elsewhere. One value, or equal ones, give no NaN. */
export function whiten(x: F, mask: Uint8Array, { shiftMean, unbiased = false }: WhitenOptions): F {
	const values = selectMasked(x, mask);
	const n = values.length;
	const center = mean(values);
	// The unbiased variance of a single value is undefined; 0 leaves it at its mean, as for equal values.
	const variance = populationVariance(values) * (unbiased ? n / Math.max(1, n - 1) : 1);
	const scale = 1 / Math.sqrt(variance + VARIANCE_EPSILON);
	const keep = shiftMean ? 0 : center;
	return Float64Array.from(x, (_, i) => (mask[i] === 1 ? (at(x, i) - center) * scale + keep : 0));
}
