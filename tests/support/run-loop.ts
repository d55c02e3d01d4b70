/** A run loop over a real store (fake-indexeddb) for tests of jobs, with the events it sent. */
import 'fake-indexeddb/auto';
import type { RewardConfig, TuneConfig } from '../../src/core/config';
import type { JobKind, Run } from '../../src/core/records';
import type { TrainerEvent } from '../../src/protocol/trainer';
import { openStudio, type StudioDb } from '../../src/storage/db';
import { putRun } from '../../src/storage/runs';
import { JobControl, RunLoop } from '../../workers/run-loop';
import { testRun } from './records-of-jobs';

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
	config: TuneConfig | RewardConfig,
	o: { run?: Run; db?: StudioDb; totalSteps?: number; keepsSnapshots?: boolean } = {}
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
		emit: (event) => events.push(event),
		keepsSnapshots: o.keepsSnapshots ?? false
	});
	return { loop, control, controller, events, db, run };
}
