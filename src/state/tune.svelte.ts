/** Tuning: settings, estimate, the live run, and the policies that came of it. */
import { DEFAULT_PPO, type PpoConfig } from '../core/config';
import type { PolicyRecord, Run } from '../core/records';
import { toStudioError } from '../protocol/errors';
import type { TuneEstimate } from '../protocol/trainer';
import { validatePpo } from '../core/settings';
import { listPolicies } from '../storage/models';
import type { OpenDesk } from './desk';
import { JobState, type JobDependencies } from './job.svelte';
import { goingOn, newRun } from './new-run';
import type { Problems } from './problems.svelte';
import type { PromptsState } from './prompts.svelte';
import { spread, type RewardState } from './reward.svelte';
import type { TrainerState } from './trainer.svelte';

/** Prompts whose text is shown before and after at every step. */
const FIXED_PROMPTS = 3;

export interface TuneDependencies {
	trainer: TrainerState;
	reward: RewardState;
	prompts: PromptsState;
	problems: Problems;
	openDesk: OpenDesk;
	now: () => number;
	randomSeed: () => number;
	job: Omit<JobDependencies, 'onSettled'>;
	runName: (n: number) => string;
	onChange: (job: JobState) => Promise<void>;
}

export class TuneState {
	readonly job: JobState;
	readonly #dependencies: TuneDependencies;
	#config = $state.raw<PpoConfig>(DEFAULT_PPO);
	#policies = $state.raw<readonly PolicyRecord[]>([]);
	#runCount = 0;
	#seed = $state(0);
	#estimate = $state.raw<TuneEstimate | null>(null);
	#estimating = $state.raw<AbortController | null>(null);

	constructor(dependencies: TuneDependencies) {
		this.#dependencies = dependencies;
		this.#seed = dependencies.randomSeed();
		this.job = new JobState('ppo', {
			...dependencies.job,
			onSettled: async (job) => {
				await this.reload();
				await dependencies.onChange(job);
			}
		});
	}

	get config(): PpoConfig {
		return this.#config;
	}

	get policies(): readonly PolicyRecord[] {
		return this.#policies;
	}

	/** Seed of the next run; Restart keeps it. */
	get seed(): number {
		return this.#seed;
	}

	/** Of the settings as they are; null until measured. */
	get estimate(): TuneEstimate | null {
		return this.#estimate;
	}

	get isEstimating(): boolean {
		return this.#estimating !== null;
	}

	setConfig(changes: Partial<PpoConfig>): void {
		this.#config = { ...this.#config, ...changes };
		this.#estimating?.abort();
		this.#estimate = null;
	}

	drawSeed(): void {
		this.#seed = this.#dependencies.randomSeed();
	}

	async reload(): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		this.#policies = await listPolicies(db, study.id);
	}

	clear(): void {
		this.#policies = [];
		this.#estimate = null;
	}

	/** Shows a stored run; its settings and seed are those of the next one, so that Restart repeats it. */
	async show(run: Run | null): Promise<void> {
		if (run) {
			this.#config = validatePpo(run.config).config;
			this.#seed = run.seed;
			this.#estimate = null;
			if (run.parents.rewardModelId) {
				this.#dependencies.reward.select(run.parents.rewardModelId);
			}
		}
		await this.job.open(run);
	}

	/** How many runs the study has, for the next one's name. */
	countRuns(n: number): void {
		this.#runCount = n;
	}

	/** Measures a short rollout with the settings as they are. */
	async measure(): Promise<void> {
		const { trainer, prompts, problems } = this.#dependencies;
		if (this.#estimating || trainer.isBusy) {
			return;
		}
		const controller = new AbortController();
		this.#estimating = controller;
		try {
			const loaded = await trainer.ready();
			const model = this.#dependencies.reward.model?.model ?? loaded.model;
			const estimate = await trainer.call(
				'estimateTune',
				{ method: 'ppo', model, prompts: [...prompts.texts], config: this.#config },
				controller.signal
			);
			if (!controller.signal.aborted) {
				this.#estimate = estimate;
			}
		} catch (cause) {
			problems.report(toStudioError(cause));
		} finally {
			this.#estimating = null;
		}
	}

	async start(): Promise<void> {
		const { trainer, openDesk, problems, now, runName, reward, prompts } = this.#dependencies;
		const rewardModel = reward.model;
		this.#estimating?.abort();
		try {
			const { study } = await openDesk();
			const loaded = await trainer.ready();
			if (!rewardModel) {
				return;
			}
			const run = newRun(
				{
					kind: 'ppo',
					name: runName(this.#runCount + 1),
					seed: this.#seed,
					config: this.#config,
					parents: { rewardModelId: rewardModel.id, datasetHash: rewardModel.datasetHash },
					prompts: prompts.use,
					totalSteps: this.#config.iterations,
					studyId: study.id
				},
				loaded,
				rewardModel.model,
				now()
			);
			await this.#work(run, false);
		} catch (cause) {
			problems.report(cause);
		}
	}

	async resume(): Promise<void> {
		const { trainer, problems, now } = this.#dependencies;
		const run = this.job.run;
		try {
			const loaded = await trainer.ready();
			if (run) {
				await this.#work(goingOn(run, loaded, now()), true);
			}
		} catch (cause) {
			problems.report(cause);
		}
	}

	#work(run: Run, resume: boolean): Promise<void> {
		const { trainer, prompts } = this.#dependencies;
		const config = run.config as PpoConfig; // `kind` is 'ppo'
		return this.job.start(run, (signal) =>
			trainer.call(
				'tune',
				{
					method: 'ppo',
					runId: run.id,
					studyId: run.studyId,
					name: run.name,
					model: run.model,
					rewardModelId: run.parents.rewardModelId ?? '',
					prompts: [...prompts.texts],
					fixedPrompts: spread(prompts.builtIn, FIXED_PROMPTS),
					config,
					seed: run.seed,
					resume,
					startPaused: false
				},
				signal
			)
		);
	}
}
