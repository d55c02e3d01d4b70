/** What a training job stores while it runs, and reads to go on. With `db.ts` the only storage that workers use. */
import type {
	Checkpoint,
	MetricRow,
	PolicyRecord,
	RewardModelRecord,
	Run,
	SampleRow
} from '../core/records';
import { read, write, type StudioDb } from './db';

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
}

const lastStep = (rows: readonly { step: number }[]) =>
	rows.reduce((latest, row) => Math.max(latest, row.step), -Infinity);

/** Keys of a run's rows after `step`; [runId, []] sorts after every [runId, number]. */
const after = (runId: string, step: number) => IDBKeyRange.bound([runId, step], [runId, []], true);

/** Stores where a run stands in one transaction: all of it or, on a full disk, nothing, and the last state stays. */
export async function commitStep(db: StudioDb, commit: StepCommit): Promise<void> {
	const { run, metrics, samples, checkpoint } = commit;
	await write(db, ['runs', 'metrics', 'samples', 'checkpoints'], async (tx) => {
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
		}
	});
}

export function readCheckpoint(db: StudioDb, runId: string): Promise<Checkpoint | undefined> {
	return read(() => db.get('checkpoints', runId));
}

export interface FinishedRun {
	run: Run;
	rewardModel?: { record: RewardModelRecord; weights: ArrayBuffer };
	policy?: { record: PolicyRecord; weights: ArrayBuffer };
}

/** Stores a run's end with what it made. A finished run needs its checkpoint no more; a stopped one may go on. */
export async function finishRun(db: StudioDb, finished: FinishedRun): Promise<void> {
	const { run, rewardModel, policy } = finished;
	await write(db, ['runs', 'rewardModels', 'policies', 'weights', 'checkpoints'], async (tx) => {
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
		if (run.status === 'done') {
			await tx.objectStore('checkpoints').delete(run.id);
		}
	});
}
