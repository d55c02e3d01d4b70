/**
 * Supervised fine-tuning: the mean negative log-probability of the tokens of given texts, over all counted tokens of the
 * batch together (Ouyang et al. 2022; TRL SFTTrainer). `response` counts the completion alone, `all` the prompt too, except
 * the first token of a row, which nothing precedes.
 * Deviations: none. The gradient does not depend on the scores, so that one pass is enough: `sftCoefficients`.
 */
import type { Batch, Coefficients, F, Loss } from './loss';
import { at } from './math';
import { responseMask } from './response';

export type SftTokens = 'response' | 'all';

/** [B*T], 1 at the tokens that count. */
export function sftMask(batch: Batch, tokens: SftTokens): Uint8Array {
	const from = tokens === 'all' ? new Int32Array(batch.B).fill(1) : batch.promptLength;
	return responseMask({ ...batch, promptLength: from });
}

/** -1 / N at each of the N tokens that count, as a gradient by the log-probabilities; all 0 where none counts. */
export function sftCoefficients(
	batch: Batch,
	tokens: SftTokens
): Required<Pick<Coefficients, 'dLogProb'>> {
	const mask = sftMask(batch, tokens);
	const n = mask.reduce((sum, bit) => sum + bit, 0);
	return { dLogProb: Float64Array.from(mask, (bit) => -bit / Math.max(1, n)) };
}

/** Mean negative log-probability of the tokens that count, nats; NaN where none does. */
export function meanNll(batch: Batch, logProb: F, tokens: SftTokens): number {
	const mask = sftMask(batch, tokens);
	let sum = 0;
	let n = 0;
	mask.forEach((bit, i) => {
		sum -= bit === 1 ? at(logProb, i) : 0;
		n += bit;
	});
	return sum / n;
}

/** The loss with its metrics; skipped where no token counts. */
export function sftLoss(tokens: SftTokens): Loss {
	return (scores, batch) => {
		const loss = meanNll(batch, scores.logProb, tokens);
		const coefficients = sftCoefficients(batch, tokens);
		if (Number.isNaN(loss) && !coefficients.dLogProb.some((d) => d !== 0)) {
			return { loss: 0, ...coefficients, metrics: {}, skip: 'the texts have no token to learn' };
		}
		return {
			loss,
			...coefficients,
			metrics: { 'sft/loss': loss, 'sft/perplexity': Math.exp(loss) }
		};
	};
}
