/** Refuses a loss that must not reach the weights. */
import { StudioError } from '../../src/protocol/errors';
import type { Batch, LossResult } from './language-model';

/** @throws StudioError 'not-finite' for NaN or infinity; Error for a coefficient on padding (a programmer's mistake). */
export function assertUsable(result: LossResult, batch: Batch): void {
	if (!Number.isFinite(result.loss)) {
		throw new StudioError('not-finite', `The loss is ${result.loss}.`, {
			detail: { metrics: result.metrics }
		});
	}
	for (const values of [result.dLogProb, result.dEntropy, ...(result.dValue ?? [])]) {
		for (let b = 0; values && b < batch.B; b++) {
			for (let t = 0; t < batch.T; t++) {
				const c = values[b * batch.T + t] ?? 0;
				if (!Number.isFinite(c)) {
					throw new StudioError('not-finite', `A gradient of the loss is ${c}.`, {
						detail: { row: b, column: t }
					});
				}
				if (c !== 0 && t >= (batch.length[b] ?? 0)) {
					throw new Error(`Coefficient ${c} on padding at row ${b}, column ${t}`);
				}
			}
		}
	}
}
