/** Training jobs and their curves. The worker writes them while a job runs (`checkpoints.ts`). */
import type { MetricRow, Run, SampleRow } from '../core/records';
import { read, startingWith, write, type StudioDb } from './db';

export async function putRun(db: StudioDb, run: Run): Promise<void> {
	await write(db, ['runs'], (tx) => tx.objectStore('runs').put(run));
}

export function getRun(db: StudioDb, id: string): Promise<Run | undefined> {
	return read(() => db.get('runs', id));
}

/** In the order of their start. */
export function listRuns(db: StudioDb, studyId: string): Promise<Run[]> {
	return read(() => db.getAllFromIndex('runs', 'byStudy', startingWith(studyId)));
}

/** By step. */
export function listMetrics(db: StudioDb, runId: string): Promise<MetricRow[]> {
	return read(() => db.getAll('metrics', startingWith(runId)));
}

/** By step. */
export function listSamples(db: StudioDb, runId: string): Promise<SampleRow[]> {
	return read(() => db.getAll('samples', startingWith(runId)));
}

/** Removes a run with its curves, samples and checkpoint; what it made stays. */
export async function deleteRun(db: StudioDb, id: string): Promise<void> {
	await write(db, ['runs', 'metrics', 'samples', 'checkpoints', 'snapshots'], async (tx) => {
		await tx.objectStore('runs').delete(id);
		await tx.objectStore('metrics').delete(startingWith(id));
		await tx.objectStore('samples').delete(startingWith(id));
		await tx.objectStore('checkpoints').delete(id);
		await tx.objectStore('snapshots').delete(startingWith(id));
	});
}

/** At boot: jobs that a reload or crash cut short are paused, ready to go on from their checkpoint. Gives those. */
export function markInterruptedRuns(db: StudioDb, studyId: string): Promise<Run[]> {
	return write(db, ['runs'], async (tx) => {
		const store = tx.objectStore('runs');
		const runs = await store.index('byStudy').getAll(startingWith(studyId));
		const paused = runs
			.filter((run) => run.status === 'running')
			.map((run): Run => ({ ...run, status: 'paused' }));
		for (const run of paused) {
			await store.put(run);
		}
		return paused;
	});
}
