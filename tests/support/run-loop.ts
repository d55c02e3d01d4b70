/** A run loop over a real store (fake-indexeddb) for tests of jobs, with the events it sent. */
import 'fake-indexeddb/auto';
import type { PpoConfig, RewardConfig } from '../../src/core/config';
import { RECORD_VERSION, type JobKind, type Run } from '../../src/core/records';
import type { TrainerEvent } from '../../src/protocol/trainer';
import { openStudio, type StudioDb } from '../../src/storage/db';
import { putRun } from '../../src/storage/runs';
import { JobControl, RunLoop } from '../../workers/run-loop';

let count = 0;

export interface TestLoop {
	loop: RunLoop;
	control: JobControl;
	controller: AbortController;
	events: TrainerEvent[];
	db: StudioDb;
	run: Run;
}

export async function startTestLoop(
	kind: JobKind,
	config: PpoConfig | RewardConfig,
	o: { run?: Run; db?: StudioDb; totalSteps?: number } = {}
): Promise<TestLoop> {
	const db = o.db ?? (await openStudio({ name: `jobs ${++count}` }));
	const run = o.run ?? testRun(kind, config, o.totalSteps ?? 1);
	await putRun(db, run);
	const events: TrainerEvent[] = [];
	const control = new JobControl(false, () => undefined);
	const controller = new AbortController();
	const loop = new RunLoop({
		run,
		control,
		signal: controller.signal,
		db,
		emit: (event) => events.push(event)
	});
	return { loop, control, controller, events, db, run };
}

function testRun(kind: JobKind, config: PpoConfig | RewardConfig, totalSteps: number): Run {
	return {
		id: `run ${++count}`,
		studyId: 'study',
		version: RECORD_VERSION,
		createdAt: 0,
		kind,
		name: 'A test run',
		status: 'running',
		seed: 1,
		config,
		model: 'stories-1m',
		backend: 'cpu',
		backendReason: '',
		parents: {},
		step: 0,
		totalSteps,
		updatedAt: 0,
		elapsedMs: 0
	};
}
