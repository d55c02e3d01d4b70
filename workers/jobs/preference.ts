/**
 * DPO and its relatives (DPO, cDPO, robust DPO, hinge, IPO, SimPO, ORPO): one loop over compared pairs, whose loss is the
 * method's `PairObjective`. The reference's log-probabilities are taken once, before the first step.
 * Formulas: `core/methods/{dpo,ipo,simpo,orpo}.ts`. Ties stay in as label 0.5.
 */
import type { OfflineConfig, PairMethodName, TuneConfigs } from '../../src/core/config';
import { dpoObjective } from '../../src/core/methods/dpo';
import { ipoObjective } from '../../src/core/methods/ipo';
import { orpoObjective } from '../../src/core/methods/orpo';
import {
	pairwiseLoss,
	type PairObjective,
	type PairTargets
} from '../../src/core/methods/preference-pairs';
import { simpoObjective } from '../../src/core/methods/simpo';
import type { PreferencePair } from '../../src/core/feedback/comparison';
import type { Batch } from '../engine/language-model';
import { batchOf } from '../engine/micro-batches';
import type { JobFrame } from '../run-loop';
import { assertCompared } from './bad-data';
import {
	completionLogProbs,
	referenceLogProbs,
	runOffline,
	type OfflineJob,
	type OfflineState
} from './offline';

/** A method with its settings. */
export type PairMethod = {
	[M in PairMethodName]: { method: M; config: TuneConfigs[M] };
}[PairMethodName];

function objectiveOf(m: PairMethod): PairObjective {
	switch (m.method) {
		case 'dpo':
			return dpoObjective({ kind: m.config.loss, beta: m.config.beta, flip: m.config.flip });
		case 'ipo':
			return ipoObjective(m.config);
		case 'simpo':
			return simpoObjective(m.config);
		case 'orpo':
			return orpoObjective({ lambda: m.config.oddsWeight });
	}
}

/** Rows a_0, b_0, a_1, b_1, … */
export function pairBatch(
	pairs: readonly Pick<PreferencePair, 'promptIds' | 'aIds' | 'bIds'>[]
): Batch {
	return batchOf(
		pairs.flatMap(({ promptIds, aIds, bIds }) => [
			{ promptIds, ids: aIds },
			{ promptIds, ids: bIds }
		])
	);
}

export async function runPreference(
	method: PairMethod,
	job: OfflineJob<OfflineConfig>,
	pairs: readonly PreferencePair[],
	loop: JobFrame
): Promise<OfflineState> {
	const { policy, reference, config } = job;
	assertCompared(pairs);
	const objective = objectiveOf(method);
	const needsReference = method.method === 'dpo' || method.method === 'ipo';
	let known = new Map<PreferencePair, Float64Array>();
	const targets = (rows: readonly PreferencePair[]): PairTargets => ({
		y: Float64Array.from(rows, ({ y }) => y),
		...(needsReference && {
			refLogProb: Float64Array.from(rows.flatMap((row) => Array.from(known.get(row) ?? [])))
		})
	});
	const pass = {
		temperature: config.temperature,
		microTokens: config.microTokens,
		want: ['logProb'] as const,
		signal: loop.signal
	};
	return runOffline(job, pairs, loop, {
		leastRows: 1,
		...(needsReference && { zeroAtStart: 'rewards/margins' }),
		async prepare() {
			known = needsReference
				? await referenceLogProbs(pairs, pairBatch, (batch) =>
						completionLogProbs(reference, batch, config, loop.signal)
					)
				: known;
		},
		backward: (rows) =>
			policy.backward(pairBatch(rows), pairwiseLoss(targets(rows), objective), pass),
		async judge(rows) {
			const batch = pairBatch(rows);
			const scores = await policy.score(batch, pass);
			const { metrics } = pairwiseLoss(targets(rows), objective)(scores, batch);
			const loss = metrics['loss/preference'];
			const accuracy = metrics['rewards/accuracies'];
			return {
				...(loss !== undefined && { 'eval/preference_loss': loss }),
				...(accuracy !== undefined && { 'eval/rewards_accuracies': accuracy })
			};
		}
	});
}
