import { RECORD_VERSION, type Run } from '../core/records';
import type { LoadedModel } from '../protocol/trainer';
import { newId } from '../storage/ids';

type Given = Pick<
	Run,
	| 'kind'
	| 'name'
	| 'seed'
	| 'config'
	| 'parents'
	| 'start'
	| 'reference'
	| 'rewardRule'
	| 'gold'
	| 'totalSteps'
	| 'studyId'
	| 'prompts'
>;

/** The record of a job that is about to start. */
export function newRun(given: Given, loaded: LoadedModel, model: string, nowMs: number): Run {
	return {
		...given,
		id: newId(),
		version: RECORD_VERSION,
		createdAt: nowMs,
		updatedAt: nowMs,
		status: 'running',
		model,
		backend: loaded.backend,
		backendReason: loaded.backendReason,
		step: 0,
		elapsedMs: 0
	};
}

/** A paused, stopped or failed run about to go on. */
export function goingOn(run: Run, loaded: LoadedModel, nowMs: number): Run {
	const { error: _error, ...rest } = run;
	return { ...rest, status: 'running', backend: loaded.backend, updatedAt: nowMs };
}
