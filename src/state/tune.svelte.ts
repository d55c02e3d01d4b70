/** Tuning: method, settings, estimate, the live run, and the policies that came of it. */
import {
	DEFAULT_TUNE,
	isTuneMethod,
	type TuneConfig,
	type TuneConfigs,
	type TuneMethod
} from '../core/config';
import { readableSets } from '../core/feedback/readable';
import { thumbLabels } from '../core/feedback/thumbs';
import { validateTune } from '../core/method-settings';
import type { GoldJudge, PolicyRecord, RewardRule, Run, WeightsRef } from '../core/records';
import { entryOf, methodEntry } from '../learn/methods/catalogue';
import type { MethodEntry, MethodId } from '../learn/methods/method-entry';
import { StudioError, toStudioError } from '../protocol/errors';
import type { JobResult, TuneEstimate } from '../protocol/trainer';
import { snapshotSteps } from '../storage/checkpoints';
import { listPolicies } from '../storage/models';
import type { CompletionSetsState } from './completion-sets.svelte';
import type { OpenDesk } from './desk';
import { JobState, type JobDependencies } from './job.svelte';
import { goingOn, newRun } from './new-run';
import type { Problems } from './problems.svelte';
import type { PromptsState } from './prompts.svelte';
import { spread, type RewardState } from './reward.svelte';
import type { TrainerState } from './trainer.svelte';
import { estimateArgs, plannedSteps, tuneArgs } from './tune-args';
import {
	materialHash,
	materialOf,
	needState,
	type NeedState,
	type TuneMaterial
} from './tune-material';

/** Prompts whose text is shown before and after at every step. */
const FIXED_PROMPTS = 3;
const BASE: WeightsRef = { kind: 'base' };

export interface TuneDependencies {
	trainer: TrainerState;
	reward: RewardState;
	sets: CompletionSetsState;
	prompts: PromptsState;
	problems: Problems;
	openDesk: OpenDesk;
	now: () => number;
	randomSeed: () => number;
	/** Who judges a run that nothing learns from; null: nobody. */
	judge: (model: string) => Promise<GoldJudge | null>;
	job: Omit<JobDependencies, 'onSettled'>;
	runName: (n: number) => string;
	onChange: (job: JobState, result: JobResult | null) => Promise<void>;
}

export class TuneState {
	readonly job: JobState;
	readonly #dependencies: TuneDependencies;
	#method = $state<TuneMethod>('ppo');
	/** Each method keeps its own settings while others are looked at. */
	#configs = $state.raw<TuneConfigs>(DEFAULT_TUNE);
	#policies = $state.raw<readonly PolicyRecord[]>([]);
	#runCount = 0;
	#seed = $state(0);
	#estimate = $state.raw<TuneEstimate | null>(null);
	#estimating = $state.raw<AbortController | null>(null);
	#from = $state.raw<WeightsRef>(BASE);
	#isReferenceLast = $state(false);
	#rewardRule = $state.raw<RewardRule | null>(null);
	#keptSteps = $state.raw<readonly number[]>([]);
	readonly #material: TuneMaterial = $derived.by(() => {
		const { reward, sets, trainer } = this.#dependencies;
		const { answers } = sets.log;
		const most = trainer.loaded?.config.maxPositions ?? Infinity;
		const thumbs = thumbLabels(readableSets(sets.sets, answers, most), answers, reward.config);
		return materialOf(reward.pairs, thumbs, reward.model !== null);
	});

	constructor(dependencies: TuneDependencies) {
		this.#dependencies = dependencies;
		this.#seed = dependencies.randomSeed();
		this.job = new JobState({
			...dependencies.job,
			onSettled: async (job, result) => {
				await this.reload();
				await this.#readKeptSteps();
				await dependencies.onChange(job, result);
			}
		});
	}

	get method(): TuneMethod {
		return this.#method;
	}

	/** Of the chosen method. */
	get config(): TuneConfig {
		return this.#configs[this.#method];
	}

	/** Of a method, chosen or not. */
	configOf<M extends TuneMethod>(method: M): TuneConfigs[M] {
		return this.#configs[method];
	}

	/** The chosen method, or the variant of it that its settings make. */
	get entry(): MethodEntry {
		return entryOf(this.#method, this.config);
	}

	/** What there is to learn from now. */
	get material(): TuneMaterial {
		return this.#material;
	}

	/** Whether a method has what it needs; the chosen one unless told otherwise. */
	need(entry: MethodEntry = this.entry): NeedState {
		return needState(entry.need, this.#material);
	}

	get policies(): readonly PolicyRecord[] {
		return this.#policies;
	}

	/** Seed of the next run; Restart keeps it. */
	get seed(): number {
		return this.#seed;
	}

	/** Weights that the next run starts from. */
	get from(): WeightsRef {
		return this.#from;
	}

	/** The next run's drift is measured from where it starts, not from the base model. */
	get isReferenceLast(): boolean {
		return this.#isReferenceLast;
	}

	/** How the reward model's ensemble becomes one reward; null: its own head alone. */
	get rewardRule(): RewardRule | null {
		return this.#rewardRule;
	}

	/** Steps of the run on show whose weights are kept. */
	get keptSteps(): readonly number[] {
		return this.#keptSteps;
	}

	/** Of the settings as they are; null until measured. */
	get estimate(): TuneEstimate | null {
		return this.#estimate;
	}

	get isEstimating(): boolean {
		return this.#estimating !== null;
	}

	/** Takes a method, with the settings it had; a variant sets what makes it one. */
	choose(id: MethodId): void {
		const entry = methodEntry(id);
		if (entry) {
			this.#method = entry.method;
			this.setConfig(entry.variant ?? {});
		}
	}

	/** Fields of the chosen method's settings. */
	setConfig(changes: Partial<TuneConfig>): void {
		this.#configs = {
			...this.#configs,
			[this.#method]: { ...this.config, ...changes }
		};
		this.#forgetEstimate();
	}

	startFrom(from: WeightsRef, isReferenceLast = this.#isReferenceLast): void {
		this.#from = from;
		this.#isReferenceLast = isReferenceLast && from.kind !== 'base';
	}

	setRewardRule(rule: RewardRule | null): void {
		this.#rewardRule = rule;
	}

	#forgetEstimate(): void {
		this.#estimating?.abort();
		this.#estimate = null;
	}

	drawSeed(): void {
		this.#seed = this.#dependencies.randomSeed();
	}

	/** Of the next run: one that somebody else had. */
	setSeed(seed: number): void {
		this.#seed = seed;
	}

	async reload(): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		this.#policies = await listPolicies(db, study.id);
	}

	clear(): void {
		this.#policies = [];
		this.#estimate = null;
		this.#keptSteps = [];
		this.#from = BASE;
		this.#rewardRule = null;
	}

	/** Shows a stored run; its method, settings and seed are those of the next one, so that Restart repeats it. */
	async show(run: Run | null): Promise<void> {
		if (run && isTuneMethod(run.kind)) {
			this.#method = run.kind;
			this.#configs = {
				...this.#configs,
				[run.kind]: validateTune(run.kind, run.config).config
			};
			this.#seed = run.seed;
			this.#estimate = null;
			this.#rewardRule = run.rewardRule ?? null;
			this.startFrom(run.start ?? BASE, (run.reference ?? BASE).kind !== 'base');
			if (run.parents.rewardModelId) {
				this.#dependencies.reward.select(run.parents.rewardModelId);
			}
		}
		await this.job.open(run);
		await this.#readKeptSteps();
	}

	async #readKeptSteps(): Promise<void> {
		const { run } = this.job;
		const { db } = await this.#dependencies.openDesk();
		this.#keptSteps = run ? await snapshotSteps(db, run.id) : [];
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
			const estimate = await trainer.call(
				'estimateTune',
				estimateArgs(this.#method, this.#configs, {
					model: await this.#model(),
					prompts: [...prompts.texts],
					material: this.#material
				}),
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

	/** Whose weights are tuned: those of the policy it starts from, else of the reward model's, else the loaded ones. */
	async #model(): Promise<string> {
		const { trainer, reward } = this.#dependencies;
		const loaded = await trainer.ready();
		const from = this.#from;
		if (from.kind === 'policy') {
			return this.#policies.find(({ id }) => id === from.policyId)?.model ?? loaded.model;
		}
		if (from.kind === 'snapshot') {
			return this.job.run?.model ?? loaded.model;
		}
		return (this.entry.need === 'reward-model' ? reward.model?.model : undefined) ?? loaded.model;
	}

	async start(): Promise<void> {
		const { trainer, openDesk, problems, now, runName, reward, prompts, judge } =
			this.#dependencies;
		this.#estimating?.abort();
		try {
			const { study } = await openDesk();
			const loaded = await trainer.ready();
			const model = await this.#model();
			if (!this.need().isMet) {
				return;
			}
			const rewardModel = reward.model?.model === model ? reward.model : null;
			const hash = materialHash(this.#method, this.#material) ?? rewardModel?.datasetHash;
			const isFork = this.#from.kind !== 'base';
			const gold = await judge(model);
			const run = newRun(
				{
					kind: this.#method,
					name: runName(this.#runCount + 1),
					seed: this.#seed,
					config: this.config,
					parents: {
						...(rewardModel && { rewardModelId: rewardModel.id }),
						...(hash !== undefined && { datasetHash: hash }),
						...(this.#from.kind === 'snapshot' && { runId: this.#from.runId })
					},
					...(isFork && { start: this.#from }),
					...(isFork && this.#isReferenceLast && { reference: this.#from }),
					...(this.#rewardRule && { rewardRule: this.#rewardRule }),
					...(gold && { gold }),
					prompts: prompts.use,
					totalSteps: plannedSteps(this.#method, this.config, this.#material),
					studyId: study.id
				},
				loaded,
				model,
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
				this.#assertSameMaterial(run);
				await this.#work(goingOn(run, loaded, now()), true);
			}
		} catch (cause) {
			problems.report(cause);
		}
	}

	/** A run over answers goes on with the answers it began with, or not at all: another split would follow. */
	#assertSameMaterial(run: Run): void {
		const hash = isTuneMethod(run.kind) ? materialHash(run.kind, this.#material) : null;
		if (hash !== null && run.parents.datasetHash !== hash) {
			throw new StudioError('answers-changed', 'The answers are not those that the run began with');
		}
	}

	async #work(run: Run, resume: boolean): Promise<void> {
		const { trainer, prompts } = this.#dependencies;
		const { kind } = run;
		if (!isTuneMethod(kind)) {
			throw new StudioError('internal', `A run of kind ${kind} tunes nothing`);
		}
		const args = tuneArgs(kind, run, {
			prompts: [...prompts.texts],
			fixedPrompts: spread(prompts.builtIn, FIXED_PROMPTS),
			resume,
			material: this.#material
		});
		await this.job.start(run, (signal) => trainer.call('tune', args, signal));
	}
}
