/** Training jobs that an evaluation starts by itself, one after the other: stored runs like any other, on a line of their own. */
import type { RewardConfig, TuneConfigs, TuneMethod } from '../core/config';
import { datasetHash } from '../core/feedback/dataset-hash';
import type { PreferencePair } from '../core/feedback/comparison';
import type { GoldJudge, Run } from '../core/records';
import { StudioError, toStudioError } from '../protocol/errors';
import type { JobResult } from '../protocol/trainer';
import type { OpenDesk } from './desk';
import { JobState, type JobDependencies } from './job.svelte';
import { goingOn, newRun } from './new-run';
import type { PromptsState } from './prompts.svelte';
import { spread } from './reward.svelte';
import type { TrainerState } from './trainer.svelte';
import { plannedSteps, tuneArgs } from './tune-args';
import { materialHash, materialOf, type TuneMaterial } from './tune-material';

const FIXED_PROMPTS = 3;

export interface EvaluationJobsDependencies {
	trainer: TrainerState;
	prompts: PromptsState;
	openDesk: OpenDesk;
	now: () => number;
	job: Omit<JobDependencies, 'onSettled'>;
	/** Runs and models have changed in storage. */
	onChange: (job: JobState, result: JobResult | null) => Promise<void>;
}

export interface RewardTask {
	name: string;
	model: string;
	pairs: readonly PreferencePair[];
	config: RewardConfig;
	seed: number;
}

export interface TuneTask<M extends TuneMethod = TuneMethod> {
	method: M;
	config: TuneConfigs[M];
	name: string;
	model: string;
	seed: number;
	rewardModelId: string;
	gold: GoldJudge;
	/** What a method that learns from answers learns from; none for the others. */
	pairs?: readonly PreferencePair[];
}

export class EvaluationJobs {
	readonly job: JobState;
	readonly #dependencies: EvaluationJobsDependencies;

	constructor(dependencies: EvaluationJobsDependencies) {
		this.#dependencies = dependencies;
		this.job = new JobState({ ...dependencies.job, onSettled: dependencies.onChange });
	}

	/** Its id; throws 'aborted' when the job was stopped, and what went wrong when it failed. */
	async trainReward(task: RewardTask): Promise<string> {
		const { trainer, prompts, openDesk, now } = this.#dependencies;
		const { study } = await openDesk();
		const loaded = await trainer.ready();
		const pairs = [...task.pairs];
		const hash = datasetHash(pairs);
		const run = newRun(
			{
				kind: 'reward',
				name: task.name,
				seed: task.seed,
				config: task.config,
				parents: { datasetHash: hash },
				prompts: prompts.use,
				totalSteps: task.config.epochs,
				studyId: study.id
			},
			loaded,
			task.model,
			now()
		);
		const result = await this.#settle(run, (signal) =>
			trainer.call(
				'trainReward',
				{
					...{ runId: run.id, studyId: study.id, name: run.name, model: task.model },
					...{ pairs, datasetHash: hash, prompts: [...prompts.texts] },
					...{ config: task.config, seed: task.seed, resume: false, startPaused: false }
				},
				signal
			)
		);
		return finished(result);
	}

	/** Tells the run's id before the job begins. Throws as `trainReward` does. */
	async tune(task: TuneTask, onRun: (run: Run) => Promise<void>): Promise<string> {
		const { trainer, prompts, openDesk, now } = this.#dependencies;
		const { study } = await openDesk();
		const loaded = await trainer.ready();
		const material = materialOf(task.pairs ?? [], [], true);
		const hash = materialHash(task.method, material);
		const run = newRun(
			{
				kind: task.method,
				name: task.name,
				seed: task.seed,
				config: task.config,
				parents: {
					rewardModelId: task.rewardModelId,
					...(hash !== null && { datasetHash: hash })
				},
				gold: task.gold,
				prompts: prompts.use,
				totalSteps: plannedSteps(task.method, task.config, material),
				studyId: study.id
			},
			loaded,
			task.model,
			now()
		);
		await onRun(run);
		return this.#tune(task.method, run, material, false);
	}

	/** Goes on with a run of `tune` that was stopped or cut short. */
	async resume(method: TuneMethod, run: Run, pairs: readonly PreferencePair[]): Promise<string> {
		const { trainer, now } = this.#dependencies;
		const loaded = await trainer.ready();
		return this.#tune(
			method,
			goingOn(run, loaded, now()),
			materialOf(pairs, [], true),
			run.step > 0
		);
	}

	async #tune(
		method: TuneMethod,
		run: Run,
		material: TuneMaterial,
		resume: boolean
	): Promise<string> {
		const { trainer, prompts } = this.#dependencies;
		const args = tuneArgs(method, run, {
			prompts: [...prompts.texts],
			fixedPrompts: spread(prompts.builtIn, FIXED_PROMPTS),
			resume,
			material
		});
		return finished(await this.#settle(run, (signal) => trainer.call('tune', args, signal)));
	}

	/** The job tells the page what went wrong by itself; here it is thrown for whoever goes on after it. */
	async #settle(run: Run, work: (signal: AbortSignal) => Promise<JobResult>): Promise<JobResult> {
		let outcome: { result: JobResult } | { error: StudioError } | null = null;
		await this.job.start(run, async (signal) => {
			try {
				const result = await work(signal);
				outcome = { result };
				return result;
			} catch (cause) {
				outcome = { error: toStudioError(cause) };
				throw cause;
			}
		});
		const settled = outcome as { result: JobResult } | { error: StudioError } | null; // set inside the callback
		if (settled && 'result' in settled) {
			return settled.result;
		}
		throw settled?.error ?? new StudioError('aborted', 'The job did not begin');
	}
}

function finished({ status, resultId }: JobResult): string {
	if (status === 'stopped' || resultId === null) {
		throw new StudioError('aborted', 'Stopped');
	}
	return resultId;
}
