/**
 * How token losses of a batch become one number (TRL grpo_trainer.py:3124-3141). `sequence-mean` gives every completion the same
 * say (GRPO as published), `token-mean` every token (DAPO, arXiv 2503.14476), `constant` divides by completions times the
 * longest one allowed, so that a token counts the same whatever the batch is like (Dr. GRPO, arXiv 2503.20783).
 */
import type { Batch, F } from './loss';
import { responseLengths, responseMask } from './response';
import { spreadToTokens } from './preference-pairs';

export type Aggregation = 'sequence-mean' | 'token-mean' | 'constant';

/**
 * [B*T], the share of each response token; loss = sum of share * token loss. Empty completions have no say, and no share is
 * kept for them. maxLength: most new tokens, read by `constant` alone.
 */
export function tokenShares(batch: Batch, aggregation: Aggregation, maxLength: number): F {
	const lengths = responseLengths(batch);
	const rows = lengths.filter((n) => n > 0).length;
	const tokens = lengths.reduce((sum, n) => sum + n, 0);
	switch (aggregation) {
		case 'sequence-mean':
			return spreadToTokens(
				batch,
				lengths.map((n) => (n > 0 ? 1 / (rows * n) : 0))
			);
		case 'token-mean':
			return Float64Array.from(responseMask(batch), (bit) => bit / Math.max(1, tokens));
		case 'constant':
			if (!(maxLength >= Math.max(0, ...lengths)) || maxLength < 1) {
				throw new RangeError(`completions of more than ${maxLength} tokens`);
			}
			return Float64Array.from(responseMask(batch), (bit) => bit / (batch.B * maxLength));
	}
}
