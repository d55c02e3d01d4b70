/**
 * KTO (Ethayarajh et al. 2024): single completions called good or bad. z, the drift that any completion shows, is taken anew for
 * every step from prompts with the completions of their neighbours. Formulas: `core/methods/kto.ts`.
 */
import type { KtoConfig } from '../../src/core/config';
import type { LabelledCompletion } from '../../src/core/feedback/labelled';
import {
	ktoLoss,
	ktoReference,
	ktoWeights,
	mismatchedBatch,
	type KtoWeights
} from '../../src/core/methods/kto';
import { StudioError } from '../../src/protocol/errors';
import type { Batch } from '../engine/language-model';
import { batchOf } from '../engine/micro-batches';
import type { RunLoop } from '../run-loop';
import {
	completionLogProbs,
	referenceLogProbs,
	runOffline,
	type OfflineJob,
	type OfflineState
} from './offline';

/** z is a mean over neighbours: one row has none. */
const LEAST_ROWS = 2;

const batchOfRows = (rows: readonly LabelledCompletion[]): Batch => batchOf(rows);

function weightsOf(rows: readonly LabelledCompletion[], config: KtoConfig): KtoWeights {
	const good = rows.filter(({ isGood }) => isGood).length;
	const balanced = ktoWeights(good, rows.length - good);
	return {
		desirable: config.desirableWeight || balanced.desirable,
		undesirable: config.undesirableWeight || balanced.undesirable
	};
}

export async function runKto(
	job: OfflineJob<KtoConfig>,
	rows: readonly LabelledCompletion[],
	loop: RunLoop
): Promise<OfflineState> {
	const { policy, reference, config } = job;
	if (rows.length > 0 && rows.every(({ ids }) => ids.length === 0)) {
		throw new StudioError('not-enough-data', 'Every completion is empty.', {
			detail: { pairs: 0, needed: LEAST_ROWS }
		});
	}
	const options = { beta: config.beta, weights: weightsOf(rows, config) };
	let known = new Map<LabelledCompletion, Float64Array>();
	const logProbs = (model: typeof policy, batch: Batch) =>
		completionLogProbs(model, batch, config, loop.signal);
	/** The loss of some rows with z under the policy as it is now. */
	const lossOf = async (part: readonly LabelledCompletion[], batch: Batch) => {
		const other = part.length < LEAST_ROWS ? null : mismatchedBatch(batch);
		const z = other
			? ktoReference(await logProbs(policy, other), await logProbs(reference, other))
			: 0;
		return ktoLoss(
			{
				desirable: part.map(({ isGood }) => isGood),
				refLogProb: Float64Array.from(part, (row) => known.get(row)?.[0] ?? NaN),
				z
			},
			options
		);
	};
	const pass = {
		temperature: config.temperature,
		microTokens: config.microTokens,
		want: ['logProb'] as const,
		signal: loop.signal
	};
	return runOffline(job, rows, loop, {
		leastRows: LEAST_ROWS,
		zeroAtStart: 'kto/kl',
		async prepare() {
			known = await referenceLogProbs(rows, batchOfRows, (batch) => logProbs(reference, batch));
		},
		async backward(part) {
			const batch = batchOfRows(part);
			return policy.backward(batch, await lossOf(part, batch), pass);
		},
		async judge(part) {
			const batch = batchOfRows(part);
			const loss = await lossOf(part, batch);
			const { metrics } = loss(await policy.score(batch, pass), batch);
			const value = metrics['loss/preference'];
			return value === undefined ? {} : { 'eval/preference_loss': value };
		}
	});
}
