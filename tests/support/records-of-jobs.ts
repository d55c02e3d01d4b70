/** Run records for tests of jobs, in Node and in the browser. */
import type { RewardConfig, TuneConfig } from '../../src/core/config';
import { RECORD_VERSION, type JobKind, type Run } from '../../src/core/records';

let count = 0;

export function testRun(kind: JobKind, config: TuneConfig | RewardConfig, totalSteps: number): Run {
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
