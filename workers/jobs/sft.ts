/**
 * Supervised fine-tuning on demonstrations, chosen completions or any text: what a person wants, shown. Formulas:
 * `core/methods/sft.ts`.
 */
import type { SftConfig } from '../../src/core/config';
import { sftLoss } from '../../src/core/methods/sft';
import { StudioError } from '../../src/protocol/errors';
import type { TrainingText } from '../../src/core/feedback/labelled';
import { batchOf } from '../engine/micro-batches';
import type { RunLoop } from '../run-loop';
import { runOffline, type OfflineJob, type OfflineState } from './offline';

export async function runSft(
	job: OfflineJob<SftConfig>,
	texts: readonly TrainingText[],
	loop: RunLoop
): Promise<OfflineState> {
	const { policy, config } = job;
	if (texts.length > 0 && texts.every(({ ids }) => ids.length === 0)) {
		throw new StudioError('not-enough-data', 'Every text is empty.', {
			detail: { pairs: 0, needed: 1 }
		});
	}
	const loss = sftLoss(config.tokens);
	const pass = {
		temperature: config.temperature,
		microTokens: config.microTokens,
		want: ['logProb'] as const,
		signal: loop.signal
	};
	return runOffline(job, texts, loop, {
		leastRows: 1,
		backward: (rows) => policy.backward(batchOf(rows), loss, pass),
		async judge(rows) {
			const batch = batchOf(rows);
			const { metrics } = loss(await policy.score(batch, pass), batch);
			const value = metrics['sft/loss'];
			return value === undefined ? {} : { 'eval/sft_loss': value };
		}
	});
}
