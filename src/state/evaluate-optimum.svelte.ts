/** Over-optimisation: judged runs, the curve of the one on show, its kept steps, and the demonstration. */
import {
	DEFAULT_BEST_OF_N,
	DEFAULT_REWARD,
	DEFAULT_SAMPLING,
	DEFAULT_TUNE,
	type BestOfNConfig
} from '../core/config';
import type { OverOptimisationFit } from '../core/evaluation/over-optimisation';
import { fitRun } from '../core/evaluation/run-fit';
import { nearestKept, runCurve, type RunCurve } from '../core/evaluation/run-points';
import { stepToKeep, type StepAdvice } from '../core/evaluation/step-to-keep';
import type { PreferencePair } from '../core/feedback/comparison';
import { simulatedAnswer } from '../core/feedback/simulated-annotator';
import { TUNE_PRESETS } from '../core/presets';
import { deriveSeed } from '../core/random';
import type {
	BestOfNRecord,
	GoldJudge,
	PolicyRecord,
	Run,
	SimulatedAnnotatorConfig
} from '../core/records';
import { Series } from '../core/series';
import { StudioError } from '../protocol/errors';
import { listReports, snapshotSteps } from '../storage/checkpoints';
import { keepSnapshot } from '../storage/evaluations';
import { listMetrics, listRuns } from '../storage/runs';
import type { EvaluationJobs } from './evaluate-jobs.svelte';
import type { JudgesState } from './evaluate-judges.svelte';
import type { JobState } from './job.svelte';
import type { OpenDesk } from './desk';
import type { Problems } from './problems.svelte';
import type { PromptsState } from './prompts.svelte';
import type { RewardState } from './reward.svelte';
import type { TrainerState } from './trainer.svelte';
import type { TuneState } from './tune.svelte';

/** Few answers make the weak reward model that the demonstration is about. */
const DEMO_ANSWERS = 40;
const DEMO_ANNOTATOR = { rule: 'happier', lapse: 0.1 } as const;
/** Rounds in which pairs are drawn anew that the annotator finds alike. */
const DEMO_ROUNDS = 20;
const BEST_OF_N: BestOfNConfig = { ...DEFAULT_BEST_OF_N, samples: 64, prompts: 12 };

export interface OptimumDependencies {
	trainer: TrainerState;
	tune: TuneState;
	reward: RewardState;
	prompts: PromptsState;
	judges: JudgesState;
	jobs: EvaluationJobs;
	problems: Problems;
	openDesk: OpenDesk;
	now: () => number;
	randomSeed: () => number;
	keptName: (run: string, step: number) => string;
	demoName: string;
	bestOfNName: (rewardModel: string) => string;
}

export class OptimumState {
	readonly #dependencies: OptimumDependencies;
	#runs = $state.raw<readonly Run[]>([]);
	#reports = $state.raw<readonly BestOfNRecord[]>([]);
	#selectedId = $state<string | null>(null);
	#stored = $state.raw<Series>(new Series());
	#keptSteps = $state.raw<readonly number[]>([]);
	#kept = $state.raw<PolicyRecord | null>(null);
	#rollsBack = $state(true);
	#demo = $state<'idle' | 'answers' | 'reward' | 'tune'>('idle');
	#isCounting = $state(false);
	/** The run that was on show last: the newest live one takes its place. */
	readonly #curve: RunCurve = $derived.by(() => {
		const job = this.#live;
		const series = job ? job.series : this.#stored;
		void job?.version;
		return runCurve({
			steps: series.steps,
			kl: series.values('objective/kl'),
			gold: series.values('objective/gold'),
			proxy: series.values('objective/scores')
		});
	});
	readonly #fit = $derived(fitRun(this.#curve.points));
	readonly #advice = $derived(stepToKeep(this.#curve.points));

	constructor(dependencies: OptimumDependencies) {
		this.#dependencies = dependencies;
	}

	/** Runs with a judge, in the order of their start. */
	get runs(): readonly Run[] {
		return this.#runs;
	}

	/** The run that is working, or the chosen one, or else the newest. */
	get run(): Run | null {
		const live = [this.#dependencies.jobs.job, this.#dependencies.tune.job].find(
			({ run, isActive }) => isActive && run !== null && isJudged(run)
		)?.run;
		return (
			live ?? this.#runs.find(({ id }) => id === this.#selectedId) ?? this.#runs.at(-1) ?? null
		);
	}

	/** The job whose run is on show; null for a stored one. */
	get #live(): JobState | null {
		const { jobs, tune } = this.#dependencies;
		const id = this.run?.id;
		return [jobs.job, tune.job].find(({ run }) => run?.id === id && id !== undefined) ?? null;
	}

	get isLive(): boolean {
		return this.#live?.isActive ?? false;
	}

	get job(): JobState | null {
		return this.#live;
	}

	/** The line on which evaluations do their own training. */
	get ownJob(): JobState {
		return this.#dependencies.jobs.job;
	}

	get curve(): RunCurve {
		return this.#curve;
	}

	get fit(): OverOptimisationFit | null {
		return 'form' in this.#fit ? this.#fit : null;
	}

	get advice(): StepAdvice {
		return this.#advice;
	}

	/** Best of n of the same reward model before the same judge; the newest. */
	get bestOfN(): BestOfNRecord | null {
		const { run } = this;
		return (
			this.#reports.findLast(
				({ rewardModelId, gold }) =>
					rewardModelId === run?.parents.rewardModelId && isSameJudge(gold, run.gold)
			) ?? null
		);
	}

	/** Steps whose weights are stored. */
	get keptSteps(): readonly number[] {
		return this.#keptSteps;
	}

	/** The step that "keep" goes back to; null where there is nothing better to go back to. */
	get stepToGoTo(): number | null {
		return this.#advice.kind === 'keep' ? nearestKept(this.#keptSteps, this.#advice.step) : null;
	}

	/** Made of a kept step of the run on show. */
	get kept(): PolicyRecord | null {
		return this.#kept?.runId === this.run?.id ? this.#kept : null;
	}

	/** When a judged run ends past its peak, the step at the peak becomes a model by itself. */
	get rollsBack(): boolean {
		return this.#rollsBack;
	}

	setRollsBack(rollsBack: boolean): void {
		this.#rollsBack = rollsBack;
	}

	get demo(): 'idle' | 'answers' | 'reward' | 'tune' {
		return this.#demo;
	}

	/** The best-of-n curve is being measured. */
	get isCounting(): boolean {
		return this.#isCounting;
	}

	async select(runId: string): Promise<void> {
		this.#selectedId = runId;
		await this.#readRun();
	}

	async reload(): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		const [runs, reports] = await Promise.all([listRuns(db, study.id), listReports(db, study.id)]);
		this.#runs = runs.filter(isJudged);
		this.#reports = reports;
		await this.#readRun();
	}

	clear(): void {
		this.#runs = [];
		this.#reports = [];
		this.#selectedId = null;
		this.#stored = new Series();
		this.#keptSteps = [];
		this.#kept = null;
	}

	async #readRun(): Promise<void> {
		const { run } = this;
		if (!run) {
			return;
		}
		const { db } = await this.#dependencies.openDesk();
		const [rows, kept] = await Promise.all([listMetrics(db, run.id), snapshotSteps(db, run.id)]);
		if (this.run?.id === run.id) {
			const series = new Series();
			rows.forEach(({ step, values }) => series.append(step, values));
			this.#stored = series;
			this.#keptSteps = kept;
		}
	}

	/** After any judged run: reads it back and, if asked to, goes back to its peak. */
	async settled(run: Run | null): Promise<void> {
		if (!run || !isJudged(run)) {
			return;
		}
		this.#selectedId = run.id;
		await this.reload();
		if (this.#rollsBack && this.stepToGoTo !== null && run.status !== 'failed') {
			await this.keep();
		}
	}

	/** The kept step nearest to the peak, or another that is kept, becomes a tuned model. */
	async keep(step = this.stepToGoTo): Promise<void> {
		const { openDesk, problems, tune, now, keptName } = this.#dependencies;
		const { run } = this;
		if (!run || step === null) {
			return;
		}
		try {
			const { db } = await openDesk();
			const name = keptName(run.name, step);
			this.#kept = await keepSnapshot(db, { runId: run.id, step, name, now: now() });
			await tune.reload();
		} catch (cause) {
			problems.report(cause);
		}
	}

	/** Measures what the best of n completions by the run's reward model would be worth before its judge. */
	async countBestOfN(): Promise<void> {
		const { jobs, problems, reward, bestOfNName } = this.#dependencies;
		const { run } = this;
		const rewardModelId = run?.parents.rewardModelId;
		if (!run?.gold || rewardModelId === undefined) {
			return;
		}
		this.#isCounting = true;
		try {
			const name = reward.models.find(({ id }) => id === rewardModelId)?.name ?? '';
			const task = { method: 'best-of-n' as const, config: BEST_OF_N, seed: run.seed };
			const given = { model: run.model, rewardModelId, gold: run.gold };
			await jobs.tune({ ...task, ...given, name: bestOfNName(name) }, () => Promise.resolve());
			this.#selectedId = run.id;
			await this.reload();
		} catch (cause) {
			problems.report(cause);
		} finally {
			this.#isCounting = false;
		}
	}

	/** A weak reward model from few simulated answers, then PPO with no price for drifting, before a judge who knows better. */
	async demonstrate(): Promise<void> {
		const { trainer, jobs, judges, problems, randomSeed, reward, demoName } = this.#dependencies;
		if (this.#demo !== 'idle' || trainer.activeRunId !== null) {
			return;
		}
		const own = reward.model?.id;
		try {
			this.#demo = 'answers';
			const seed = randomSeed();
			const { model } = await trainer.ready();
			const gold = await judges.judge(model, { kind: 'capped-happiness' });
			const pairs = await this.#demoPairs(model, seed);
			this.#demo = 'reward';
			const rewardModelId = await jobs.trainReward({
				...{ name: demoName, model, pairs, seed },
				config: DEFAULT_REWARD
			});
			await reward.reload();
			if (own !== undefined) {
				reward.select(own);
			}
			this.#demo = 'tune';
			const preset = TUNE_PRESETS.ppo.find(({ id }) => id === 'goodhart');
			if (!gold || !preset) {
				throw new StudioError('internal', 'The demonstration lacks its judge or its preset');
			}
			const config = { ...DEFAULT_TUNE.ppo, ...preset.changes };
			const task = { method: 'ppo' as const, config, name: demoName, model, seed };
			await jobs.tune({ ...task, rewardModelId, gold }, async (run) => {
				this.#selectedId = run.id;
				this.#runs = [...this.#runs, run];
				return Promise.resolve();
			});
		} catch (cause) {
			problems.report(cause);
		} finally {
			this.#demo = 'idle';
		}
	}

	/** Answers that are no part of the study: a person's own data stays their own. */
	async #demoPairs(model: string, seed: number): Promise<PreferencePair[]> {
		const { trainer, prompts } = this.#dependencies;
		const annotator: SimulatedAnnotatorConfig = { ...DEMO_ANNOTATOR, seed };
		const texts = prompts.builtIn;
		const pairs: PreferencePair[] = [];
		for (let round = 0; pairs.length < DEMO_ANSWERS && round < DEMO_ROUNDS; round++) {
			const asked = Array.from(
				{ length: DEMO_ANSWERS - pairs.length },
				(_, i) => texts[(pairs.length + i) % texts.length] ?? ''
			);
			const completions = await trainer.call('sample', {
				writer: { model, policyId: null },
				...{ prompts: asked, perPrompt: 2, sampling: DEFAULT_SAMPLING, first: 0 },
				seed: deriveSeed(seed, `demonstration ${round}`)
			});
			asked.forEach((prompt, i) => {
				const [a, b] = completions.slice(2 * i);
				const id = `demonstration ${round} ${i}`;
				const answer = a && b && simulatedAnswer(annotator, id, a.text, b.text);
				if (answer) {
					pairs.push({
						...{ presentationId: id, promptId: prompt, promptIds: a.promptIds },
						...{ aIds: a.ids, bIds: b.ids, simulated: true },
						y: answer.outcome === 'a' ? 1 : 0
					});
				}
			});
		}
		return pairs;
	}
}

const isJudged = ({ kind, gold }: Run): boolean =>
	gold !== undefined && kind !== 'reward' && kind !== 'best-of-n';

const isSameJudge = (x: GoldJudge | undefined, y: GoldJudge | undefined): boolean =>
	JSON.stringify(x) === JSON.stringify(y);
