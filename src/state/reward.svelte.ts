/** Reward models: what they learn from, how they learn, and what they have learned to like. */
import { DEFAULT_REWARD, type RewardConfig } from '../core/config';
import { preferencePairs, type PreferencePair } from '../core/feedback/comparison';
import { datasetHash } from '../core/feedback/dataset-hash';
import { setPairs } from '../core/feedback/set-pairs';
import { DEFAULT_SAMPLING } from '../core/config';
import { readablePairs, readableSets } from '../core/feedback/readable';
import { validateReward } from '../core/settings';
import type { DatasetVersionRecord, RewardModelRecord, Run } from '../core/records';
import { StudioError, toStudioError } from '../protocol/errors';
import { listRewardModels } from '../storage/models';
import type { CompletionSetsState } from './completion-sets.svelte';
import type { ComparisonState } from './comparison.svelte';
import type { OpenDesk } from './desk';
import { JobState, type JobDependencies } from './job.svelte';
import { goingOn, newRun } from './new-run';
import type { Problems } from './problems.svelte';
import type { PromptsState } from './prompts.svelte';
import type { TrainerState } from './trainer.svelte';

/** Fewer answers than this teach little more than luck. */
export const FEW_ANSWERS = 40;
/** Without this many there is nothing to fit and hold out. */
export const LEAST_ANSWERS = 4;
const HASH_AFTER_MS = 250;
const SCORED_PROMPTS = 6;
const SCORED_PER_PROMPT = 2;

export interface ScoredText {
	prompt: string;
	text: string;
	score: number;
}

export interface RewardDependencies {
	trainer: TrainerState;
	comparisons: ComparisonState;
	sets: CompletionSetsState;
	prompts: PromptsState;
	problems: Problems;
	openDesk: OpenDesk;
	now: () => number;
	randomSeed: () => number;
	job: Omit<JobDependencies, 'onSettled'>;
	modelName: (n: number) => string;
	/** Fixes what a run is about to learn from. */
	keepVersion: (config: RewardConfig, seed: number) => Promise<DatasetVersionRecord>;
	/** Runs have changed in storage. */
	onChange: (job: JobState) => Promise<void>;
}

export class RewardState {
	readonly job: JobState;
	readonly #dependencies: RewardDependencies;
	#config = $state.raw<RewardConfig>(DEFAULT_REWARD);
	#models = $state.raw<readonly RewardModelRecord[]>([]);
	#selectedId = $state<string | null>(null);
	#scores = $state.raw<readonly ScoredText[]>([]);
	#scoredBy = $state<string | null>(null);
	#isScoring = $state(false);
	#seed = $state(0);
	readonly #pairs: readonly PreferencePair[] = $derived.by(() => {
		const { comparisons, sets } = this.#dependencies;
		const { answers } = sets.log;
		return [
			...preferencePairs(
				readablePairs(comparisons.presentations, this.#most),
				comparisons.answers,
				this.#config
			),
			...setPairs(readableSets(sets.sets, answers, this.#most), answers, this.#config)
		];
	});
	readonly #hash = $derived(datasetHash(this.#pairs));
	/** The hash a moment after the last change; empty until it is known. */
	#settledHash = $state('');

	constructor(dependencies: RewardDependencies) {
		this.#dependencies = dependencies;
		this.#seed = dependencies.randomSeed();
		this.job = new JobState({
			...dependencies.job,
			onSettled: async (job, result) => {
				await this.reload();
				await dependencies.onChange(job);
				if (result?.resultId) {
					this.select(result.resultId);
					await this.score();
				}
			}
		});
		this.#followAnswers();
	}

	/** Hashing thousands of answers must not stand between an answer and the next pair. */
	#followAnswers(): void {
		const { comparisons, sets } = this.#dependencies;
		$effect.root(() => {
			$effect(() => {
				void [comparisons.presentations, sets.log.events, sets.sets, this.#config];
				const settle = () => (this.#settledHash = this.#hash);
				const timer = setTimeout(settle, HASH_AFTER_MS);
				return () => clearTimeout(timer);
			});
		});
	}

	get config(): RewardConfig {
		return this.#config;
	}

	get seed(): number {
		return this.#seed;
	}

	get models(): readonly RewardModelRecord[] {
		return this.#models;
	}

	/** The chosen reward model, or else the newest. */
	get model(): RewardModelRecord | null {
		return (
			this.#models.find((model) => model.id === this.#selectedId) ?? this.#models.at(-1) ?? null
		);
	}

	/** Tokens that the model reads at once, prompt included. */
	get #most(): number {
		return this.#dependencies.trainer.loaded?.config.maxPositions ?? Infinity;
	}

	/** Answered pairs that no model here learns from, because they are longer than it can read. */
	get tooLong(): number {
		const { comparisons } = this.#dependencies;
		const isAnswered = ({ id }: { id: string }) => comparisons.answers.has(id);
		const answered = comparisons.presentations.filter(isAnswered);
		return answered.length - readablePairs(answered, this.#most).length;
	}

	/** What a reward model trained now would learn from. */
	get pairs(): readonly PreferencePair[] {
		return this.#pairs;
	}

	/** Scored texts, best first; of the model on show. */
	get scores(): readonly ScoredText[] {
		return this.#scoredBy === this.model?.id ? this.#scores : [];
	}

	get isScoring(): boolean {
		return this.#isScoring;
	}

	/** The answers have changed since this model was trained; known a moment after they did. */
	isStale(model: RewardModelRecord): boolean {
		return this.#settledHash !== '' && model.datasetHash !== this.#settledHash;
	}

	/** Whether a model learned from the answers as they are at this moment. */
	isOfToday(model: RewardModelRecord): boolean {
		return model.datasetHash === this.#hash;
	}

	setConfig(changes: Partial<RewardConfig>): void {
		this.#config = { ...this.#config, ...changes };
	}

	drawSeed(): void {
		this.#seed = this.#dependencies.randomSeed();
	}

	/** Of the next run: one that somebody else had. */
	setSeed(seed: number): void {
		this.#seed = seed;
	}

	select(id: string): void {
		this.#selectedId = id;
	}

	/** Shows a stored run; its settings and seed are those of the next one. */
	async show(run: Run | null): Promise<void> {
		if (run) {
			this.#config = validateReward(run.config).config;
			this.#seed = run.seed;
		}
		await this.job.open(run);
	}

	async reload(): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		this.#models = await listRewardModels(db, study.id);
	}

	/** Forgets what belonged to another study. */
	clear(): void {
		this.#models = [];
		this.#selectedId = null;
		this.#scores = [];
		this.#scoredBy = null;
	}

	async train(): Promise<void> {
		const { trainer, openDesk, problems, now, modelName, keepVersion } = this.#dependencies;
		try {
			if (this.#pairs.length < LEAST_ANSWERS) {
				throw new StudioError(
					'not-enough-data',
					`Only ${this.#pairs.length} answers to learn from`
				);
			}
			const { study } = await openDesk();
			const loaded = await trainer.ready();
			const { dataset } = await keepVersion(this.#config, this.#seed);
			const run = newRun(
				{
					kind: 'reward',
					name: modelName(this.#models.length + 1),
					seed: this.#seed,
					config: this.#config,
					parents: { datasetHash: this.#hash, datasetVersionId: dataset.id },
					prompts: this.#dependencies.prompts.use,
					totalSteps: this.#config.epochs,
					studyId: study.id
				},
				loaded,
				loaded.model,
				now()
			);
			await this.#work(run, false);
		} catch (cause) {
			problems.report(cause);
		}
	}

	/** Goes on with a run that was paused by a reload, stopped or failed. */
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
		const pairs = [...this.#pairs];
		const hash = this.#hash;
		const config = run.config as RewardConfig; // `kind` is 'reward'
		return this.job.start(run, (signal) =>
			trainer.call(
				'trainReward',
				{
					runId: run.id,
					studyId: run.studyId,
					name: run.name,
					model: run.model,
					pairs,
					datasetHash: hash,
					prompts: [...prompts.texts],
					config,
					seed: run.seed,
					resume,
					startPaused: false
				},
				signal
			)
		);
	}

	/** Has the base model write a few texts and scores them; the same texts for every reward model of a study's seed. */
	async score(seed = 1): Promise<void> {
		const { trainer, prompts, problems } = this.#dependencies;
		const { model } = this;
		if (!model || this.#isScoring || trainer.isBusy) {
			return;
		}
		this.#isScoring = true;
		try {
			const texts = spread(prompts.builtIn, SCORED_PROMPTS);
			const completions = await trainer.call('sample', {
				writer: { model: model.model, policyId: null },
				prompts: texts,
				perPrompt: SCORED_PER_PROMPT,
				sampling: DEFAULT_SAMPLING,
				seed,
				first: 0
			});
			const { scores } = await trainer.call('scoreCompletions', {
				rewardModelId: model.id,
				items: completions.map(({ promptIds, ids }) => ({ promptIds, ids }))
			});
			this.#scores = completions
				.map((completion, i) => ({
					prompt: texts[Math.floor(i / SCORED_PER_PROMPT)] ?? '',
					text: completion.text,
					score: scores[i] ?? NaN
				}))
				.sort((x, y) => y.score - x.score);
			this.#scoredBy = model.id;
		} catch (cause) {
			problems.report(toStudioError(cause));
		} finally {
			this.#isScoring = false;
		}
	}
}

/** n of the items, evenly spread. */
export function spread<T>(items: readonly T[], n: number): T[] {
	const step = Math.max(1, items.length / n);
	return Array.from(
		{ length: Math.min(n, items.length) },
		(_, i) => items[Math.floor(i * step)]
	).filter((item) => item !== undefined);
}
