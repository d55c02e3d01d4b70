/** A run's record at the start and at an unhappy end of its job. */
import type { Run } from '../../src/core/records';
import { StudioError } from '../../src/protocol/errors';
import { commitStep, getRun } from '../../src/storage/checkpoints';
import type { StudioDb } from '../../src/storage/db';

/** The page stored the record before it called; `totalSteps` is known only here. */
export async function openRun(
	db: StudioDb,
	{ runId, resume }: { runId: string; resume: boolean },
	totalSteps: number
): Promise<Run> {
	const run = await getRun(db, runId);
	if (!run) {
		throw new StudioError('internal', `No run ${runId} is stored.`);
	}
	// A resumed run goes on from its last commit; whatever was shown after it was never stored.
	return { ...run, status: 'running', totalSteps, ...(resume ? {} : { step: 0, elapsedMs: 0 }) };
}

/** Stop is an end like any other and keeps everything; a failure also keeps its reason. */
export async function settleFailed(db: StudioDb, runId: string, error: StudioError): Promise<void> {
	const stored = await getRun(db, runId);
	if (!stored) {
		return;
	}
	const isStop = error.code === 'aborted';
	const run: Run = {
		...stored,
		status: isStop ? 'stopped' : 'failed',
		updatedAt: Date.now(),
		...(isStop ? {} : { error: { code: error.code, message: error.message } })
	};
	await commitStep(db, { run, metrics: [], samples: [], checkpoint: null });
}
