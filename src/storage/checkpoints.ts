/** What a training job stores while it runs, and reads to go on. With `db.ts` the only storage that workers use. */
import type {
	Checkpoint,
	MetricRow,
	PolicyRecord,
	ReportRecord,
	RewardModelRecord,
	Run,
	SampleRow,
	Snapshot
} from '../core/records';
import { read, startingWith, write, type StudioDb } from './db';

export { getPolicy, getRewardModel, readWeights } from './models';
export { newId } from './ids';
export { getRun, listMetrics } from './runs';

export interface StepCommit {
	run: Run;
	/** One row per step; rows beyond the last step given here are leftovers of a run that went back, and are removed. */
	metrics: MetricRow[];
	samples: SampleRow[];
	/** null: the run keeps the checkpoint it has. */
	checkpoint: Checkpoint | null;
	/** Kept beside the newest state, for going back; those of later steps are removed like their metrics. */
	snapshot?: Snapshot;
}

const lastStep = (rows: readonly { step: number }[]) =>
	rows.reduce((latest, row) => Math.max(latest, row.step), -Infinity);

/** Keys of a run's rows after `step`; [runId, []] sorts after every [runId, number]. */
const after = (runId: string, step: number) => IDBKeyRange.bound([runId, step], [runId, []], true);

/** Stores where a run stands in one transaction: all of it or, on a full disk, nothing, and the last state stays. */
export async function commitStep(db: StudioDb, commit: StepCommit): Promise<void> {
	const { run, metrics, samples, checkpoint, snapshot } = commit;
	const stores = ['runs', 'metrics', 'samples', 'checkpoints', 'snapshots'] as const;
	await write(db, stores, async (tx) => {
		await tx.objectStore('runs').put(run);
		for (const row of metrics) {
			await tx.objectStore('metrics').put(row);
		}
		if (metrics.length > 0) {
			await tx.objectStore('metrics').delete(after(run.id, lastStep(metrics)));
		}
		for (const row of samples) {
			await tx.objectStore('samples').put(row);
		}
		if (samples.length > 0) {
			await tx.objectStore('samples').delete(after(run.id, lastStep(samples)));
		}
		if (checkpoint) {
			await tx.objectStore('checkpoints').put(checkpoint);
			await tx.objectStore('snapshots').delete(after(run.id, checkpoint.step));
		}
		if (snapshot) {
			await tx.objectStore('snapshots').put(snapshot);
		}
	});
}

export function readCheckpoint(db: StudioDb, runId: string): Promise<Checkpoint | undefined> {
	return read(() => db.get('checkpoints', runId));
}

/** Steps of a run whose weights are kept, in order. */
export async function snapshotSteps(db: StudioDb, runId: string): Promise<number[]> {
	const keys = await read(() => db.getAllKeys('snapshots', startingWith(runId)));
	return keys.map(([, step]) => step);
}

export function readSnapshot(
	db: StudioDb,
	runId: string,
	step: number
): Promise<Snapshot | undefined> {
	return read(() => db.get('snapshots', [runId, step]));
}

/** What runs have measured, in the order of making. */
export async function listReports(db: StudioDb, studyId: string): Promise<ReportRecord[]> {
	const all = await read(() => db.getAllFromIndex('reports', 'byStudy', startingWith(studyId)));
	return all.flatMap((report) => (report.kind === 'best-of-n' ? [report] : []));
}

export interface FinishedRun {
	run: Run;
	rewardModel?: { record: RewardModelRecord; weights: ArrayBuffer };
	policy?: { record: PolicyRecord; weights: ArrayBuffer };
	report?: ReportRecord;
}

/** Stores a run's end with what it made. A finished run needs its checkpoint no more; a stopped one may go on. */
export async function finishRun(db: StudioDb, finished: FinishedRun): Promise<void> {
	const { run, rewardModel, policy, report } = finished;
	const stores = ['runs', 'rewardModels', 'policies', 'weights', 'checkpoints', 'reports'] as const;
	await write(db, stores, async (tx) => {
		const weights = tx.objectStore('weights');
		const keep = (record: { id: string; studyId: string }, bytes: ArrayBuffer) =>
			weights.put({ id: record.id, studyId: record.studyId, bytes });
		await tx.objectStore('runs').put(run);
		if (rewardModel) {
			await tx.objectStore('rewardModels').put(rewardModel.record);
			await keep(rewardModel.record, rewardModel.weights);
		}
		if (policy) {
			await tx.objectStore('policies').put(policy.record);
			await keep(policy.record, policy.weights);
		}
		if (report) {
			await tx.objectStore('reports').put(report);
		}
		if (run.status === 'done') {
			await tx.objectStore('checkpoints').delete(run.id);
		}
	});
}
