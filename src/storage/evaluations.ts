/** Blind tests, measurements, and going back to a kept state of a run. */
import {
	RECORD_VERSION,
	type EvaluationRecord,
	type MeasurementRecord,
	type PolicyRecord
} from '../core/records';
import { StudioError } from '../protocol/errors';
import { read, startingWith, write, type StudioDb } from './db';
import { newId } from './ids';

export async function putEvaluation(db: StudioDb, evaluation: EvaluationRecord): Promise<void> {
	await write(db, ['evaluations'], (tx) => tx.objectStore('evaluations').put(evaluation));
}

export function getEvaluation(db: StudioDb, id: string): Promise<EvaluationRecord | undefined> {
	return read(() => db.get('evaluations', id));
}

/** In the order of making. */
export function listEvaluations(db: StudioDb, studyId: string): Promise<EvaluationRecord[]> {
	return read(() => db.getAllFromIndex('evaluations', 'byStudy', startingWith(studyId)));
}

export async function putMeasurement(db: StudioDb, record: MeasurementRecord): Promise<void> {
	await write(db, ['reports'], (tx) => tx.objectStore('reports').put(record));
}

/** Of one kind, in the order of making. */
export async function listMeasurements<K extends MeasurementRecord['kind']>(
	db: StudioDb,
	studyId: string,
	kind: K
): Promise<Extract<MeasurementRecord, { kind: K }>[]> {
	const all = await read(() => db.getAllFromIndex('reports', 'byStudy', startingWith(studyId)));
	return all.filter((report) => report.kind === kind) as Extract<MeasurementRecord, { kind: K }>[]; // by their kind
}

/**
 * A run's kept state as a tuned model of its own, so that what came after it need not be lived with. The run's own model stays.
 * Asked for again, the same one is given.
 */
export function keepSnapshot(
	db: StudioDb,
	o: { runId: string; step: number; name: string; now: number }
): Promise<PolicyRecord> {
	const stores = ['runs', 'snapshots', 'metrics', 'policies', 'weights'] as const;
	return write(db, stores, async (tx) => {
		const run = await tx.objectStore('runs').get(o.runId);
		const snapshot = await tx.objectStore('snapshots').get([o.runId, o.step]);
		if (!run || !snapshot || run.kind === 'reward') {
			throw new StudioError('missing-file', 'This state of the run is no longer stored.', {
				detail: { runId: o.runId, step: o.step }
			});
		}
		const policies = tx.objectStore('policies');
		const existing = (await policies.index('byStudy').getAll(startingWith(run.studyId))).find(
			({ runId, step, start, id }) =>
				runId === o.runId && step === o.step && id !== run.resultId && start?.kind === 'snapshot'
		);
		if (existing) {
			return existing;
		}
		const row = await tx.objectStore('metrics').get([o.runId, o.step]);
		const { rewardModelId, datasetHash } = run.parents;
		const policy: PolicyRecord = {
			id: newId(),
			studyId: run.studyId,
			version: RECORD_VERSION,
			createdAt: o.now,
			name: o.name,
			model: run.model,
			runId: run.id,
			method: run.kind,
			start: { kind: 'snapshot', runId: run.id, step: o.step },
			...(run.reference && { reference: run.reference }),
			...(rewardModelId !== undefined && { rewardModelId }),
			...(datasetHash !== undefined && { datasetHash }),
			step: o.step,
			kl: row?.values['objective/kl'] ?? NaN,
			reward: row?.values['objective/scores'] ?? NaN,
			weightsBytes: snapshot.weights.byteLength
		};
		await policies.put(policy);
		await tx
			.objectStore('weights')
			.put({ id: policy.id, studyId: run.studyId, bytes: snapshot.weights });
		return policy;
	});
}
