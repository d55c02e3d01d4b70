/** A run's record at the start and at an unhappy end of its job. */
import type { Run, RunEngine } from '../../src/core/records';
import { StudioError } from '../../src/protocol/errors';
import { commitStep, getRun } from '../../src/storage/checkpoints';
import type { StudioDb } from '../../src/storage/db';
import type { ComputeDevice } from '../engine/device';

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

/**
 * The run with what computes it. A resumed run gets the kernels it was recorded with, so that it ends where it would have, to the last
 * bit; where the device cannot (another machine, another backend), it goes on with its own and says that it is not exact.
 * Call it before the first pass. A run that was stored before engines were recorded gets today's, and makes no claim.
 */
export function recordEngine(run: Run, device: ComputeDevice, resume: boolean): Run {
	const { engine: began } = run;
	if (!resume || !began) {
		return { ...run, engine: engineOf(device) };
	}
	// The CPU engine's numbers are its kernels' alone; elsewhere an adapter or TensorFlow.js' build computes.
	const isSamePlace = device.backend === 'wasm' || began.device === device.device;
	if (began.backend === device.backend && isSamePlace && device.useKernels(began.kernels)) {
		return run;
	}
	return { ...run, engine: { ...engineOf(device), exact: false } };
}

function engineOf(device: ComputeDevice): RunEngine {
	const { backend, kernels } = device.statistics();
	return { backend, device: device.device, kernels: { ...kernels } };
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
