/** The studio of one page: every state class, built from its dependencies and wired together. */
import { isTuneMethod } from '../core/config';
import type { AnswerEvent, PolicyRef, Study } from '../core/records';
import { en } from '../i18n/en';
import { StudioError, toStudioError } from '../protocol/errors';
import { listAnswers, listCompletionSets, listPresentations } from '../storage/comparisons';
import type { OpenOptions, StudioDb } from '../storage/db';
import type { Persisted } from '../storage/preferences';
import { listRuns, markInterruptedRuns } from '../storage/runs';
import { ensureStudy, listStudies } from '../storage/studies';
import { AnnotatorsState } from './annotators.svelte';
import { Announcer } from './announcer.svelte';
import { CompletionSetsState } from './completion-sets.svelte';
import { ComparisonState, promptsAsked } from './comparison.svelte';
import type { ConnectImporter } from './connect-importer';
import type { ConnectTrainer } from './connect-trainer';
import { DemoState } from './demo.svelte';
import type { Desk, OpenDesk } from './desk';
import { EvaluateState } from './evaluate.svelte';
import { FrontierState } from './evaluate-frontier.svelte';
import { EvaluationJobs } from './evaluate-jobs.svelte';
import { JudgesState } from './evaluate-judges.svelte';
import { MonitorsState } from './evaluate-monitors.svelte';
import { RedTeamState } from './evaluate-red-team.svelte';
import { OptimumState } from './evaluate-optimum.svelte';
import { ExperimentLink } from './experiment-link.svelte';
import { ExportsState } from './exports.svelte';
import { FeedbackLog } from './feedback-log.svelte';
import { ImportsState } from './imports.svelte';
import type { JobDependencies, JobState } from './job.svelte';
import { LibraryState } from './library.svelte';
import { PairWriter } from './pair-writer';
import { PlaygroundState } from './playground.svelte';
import { Preferences } from './preferences.svelte';
import { Problems } from './problems.svelte';
import { PromptsState } from './prompts.svelte';
import { QuestionPlanner } from './question-planner';
import { ReliabilityState } from './reliability.svelte';
import { RequestCount } from './request-count.svelte';
import { RewardFeatures } from './reward-features';
import { RewardState } from './reward.svelte';
import { RoundsState } from './rounds.svelte';
import { Route } from './route.svelte';
import { RunCurves } from './run-curves.svelte';
import { SampleState } from './sample.svelte';
import { SetWriter } from './set-writer';
import { Shortcuts } from './shortcuts.svelte';
import { SimulatedAnnotator } from './simulated-annotator.svelte';
import { StepThroughState } from './step-through.svelte';
import { StorageHealth } from './storage-health.svelte';
import { rewardSummary, tuneSummary } from './summaries';
import { Theme } from './theme.svelte';
import { Toasts } from './toasts.svelte';
import { TrainerState } from './trainer.svelte';
import { TuneState } from './tune.svelte';
import { VersionsState } from './versions.svelte';
import { WakeLock } from './wake-lock';

/** Ask the browser to keep the data once there is something worth keeping. */
const PERSIST_AFTER_ANSWERS = 10;

export interface StudioDependencies {
	openDb: (options: OpenOptions) => Promise<StudioDb>;
	connect: ConnectTrainer;
	connectImporter: ConnectImporter;
	persisted: Persisted;
	/** Reads a text file that is served beside the page. */
	readText: (path: string) => Promise<string>;
	now: () => number;
	/** A fresh seed, an integer below 2^32. */
	randomSeed: () => number;
	isSecure: boolean;
	hasGpu: boolean;
}

export class Studio {
	readonly now: () => number;
	readonly randomSeed: () => number;
	readonly isSecure: boolean;
	readonly preferences: Preferences;
	readonly route = new Route();
	readonly theme: Theme;
	readonly announcer: Announcer;
	readonly toasts: Toasts;
	readonly problems: Problems;
	readonly shortcuts: Shortcuts;
	readonly storage = new StorageHealth();
	readonly requests = new RequestCount();
	readonly trainer: TrainerState;
	readonly demo: DemoState;
	readonly prompts: PromptsState;
	readonly annotators: AnnotatorsState;
	readonly sample: SampleState;
	/** Judgements of every kind that are not part of an evaluation. */
	readonly log: FeedbackLog;
	readonly comparisons: ComparisonState;
	readonly sets: CompletionSetsState;
	readonly robot: SimulatedAnnotator;
	readonly reward: RewardState;
	readonly reliability: ReliabilityState;
	readonly tune: TuneState;
	readonly stepThrough: StepThroughState;
	readonly playground: PlaygroundState;
	readonly rounds: RoundsState;
	readonly evaluate: EvaluateState;
	readonly judges: JudgesState;
	readonly optimum: OptimumState;
	readonly frontier: FrontierState;
	readonly monitors: MonitorsState;
	readonly redTeam: RedTeamState;
	readonly library: LibraryState;
	/** Of the runs that are side by side in the Library. */
	readonly curves: RunCurves;
	readonly link: ExperimentLink;
	readonly imports: ImportsState;
	readonly exports: ExportsState;
	readonly versions: VersionsState;
	readonly #dependencies: StudioDependencies;
	readonly #planner: QuestionPlanner;
	#study = $state.raw<Study | null>(null);
	#desk: Promise<Desk> | null = null;
	#db: StudioDb | null = null;

	constructor(dependencies: StudioDependencies) {
		const { now, randomSeed, connect, persisted, readText, hasGpu } = dependencies;
		this.#dependencies = dependencies;
		this.now = now;
		this.randomSeed = randomSeed;
		this.isSecure = dependencies.isSecure;
		this.preferences = new Preferences(persisted);
		this.theme = new Theme(this.preferences);
		this.announcer = new Announcer(now);
		this.toasts = new Toasts(this.announcer);
		this.problems = new Problems(this.announcer, describeProblem);
		this.shortcuts = new Shortcuts(this.preferences);
		const { preferences, problems, announcer } = this;
		this.trainer = new TrainerState({ connect, preferences, problems, hasGpu });
		this.demo = new DemoState(readText);
		this.prompts = new PromptsState(readText, () => this.#openDesk());
		const { trainer, prompts } = this;
		const openDesk = () => this.#openDesk();
		this.annotators = new AnnotatorsState({
			openDesk,
			preferences,
			firstName: en.compare.annotators.first
		});
		this.sample = new SampleState({
			trainer,
			problems,
			randomSeed,
			onPrompt: async (text) => {
				const { db, study } = await openDesk();
				await prompts.keep(db, study.id, text);
			}
		});
		const writer = new PairWriter({ trainer, prompts, now });
		const asking = {
			openDesk,
			writer,
			problems,
			randomSeed
		};
		const logging = {
			openDesk,
			now,
			isOwn: (event: AnswerEvent) => this.annotators.isOwn(event),
			onAnswer: (answers: number) => this.#answered(answers)
		};
		this.log = new FeedbackLog(logging);
		const policy = async (): Promise<PolicyRef> => {
			const { model } = await trainer.ready();
			const { writer } = this.rounds;
			return writer?.model === model ? writer : { model, policyId: null };
		};
		const sampling = () => this.sample.sampling;
		const used = () => promptsAsked([...this.comparisons.presentations, ...this.sets.sets]);
		this.#planner = this.#makePlanner(writer);
		this.comparisons = new ComparisonState(
			asking,
			{
				purpose: 'feedback',
				writers: async () => {
					const writer = await policy();
					return [writer, writer] as const;
				},
				sampling,
				used,
				plan: async (desk, n) => {
					const { presentations, answers } = this.comparisons;
					const request = { n, sampling: sampling(), used, presentations, answers };
					return this.#planner.plan(desk, { ...request, policy: await policy() });
				}
			},
			this.log
		);
		this.sets = new CompletionSetsState(
			{
				openDesk,
				writer: new SetWriter({ trainer, prompts, now }),
				problems,
				randomSeed,
				policy,
				sampling,
				used,
				rankingSize: () => preferences.values.rankingSize
			},
			this.log
		);
		this.robot = new SimulatedAnnotator(openDesk, problems);
		const job: Omit<JobDependencies, 'onSettled' | 'summary'> = {
			trainer,
			problems,
			announcer,
			wakeLock: new WakeLock(),
			openDesk
		};
		const onChange = (job: JobState) => this.#jobSettled(job);
		this.versions = new VersionsState({
			...{ openDesk, trainer, problems, now },
			comparisons: this.comparisons,
			sets: this.sets,
			annotators: this.annotators,
			trainingName: en.data.versions.training
		});
		this.reward = new RewardState({
			keepVersion: (config, seed) => this.versions.keepForTraining(config, seed),
			trainer,
			comparisons: this.comparisons,
			sets: this.sets,
			prompts,
			problems,
			openDesk,
			now,
			randomSeed,
			job: { ...job, summary: rewardSummary },
			modelName: en.reward.modelName,
			onChange
		});
		this.reliability = new ReliabilityState(this.comparisons, this.annotators, this.reward);
		const jobs = new EvaluationJobs({
			...{ trainer, prompts, openDesk, now },
			onChange: async (job) => {
				await Promise.all([this.reward.reload(), this.tune.reload()]);
				await this.#jobSettled(job);
			},
			job: { ...job, summary: tuneSummary }
		});
		this.judges = new JudgesState({
			...{ trainer, prompts, problems, jobs, randomSeed },
			reward: this.reward,
			halfName: en.evaluate.judges.halfName
		});
		this.tune = new TuneState({
			judge: (model) => this.judges.judge(model),
			trainer,
			reward: this.reward,
			sets: this.sets,
			prompts,
			problems,
			openDesk,
			now,
			randomSeed,
			job: { ...job, summary: tuneSummary },
			runName: en.tune.runName,
			onChange
		});
		this.rounds = new RoundsState({
			...{ trainer, prompts, problems, randomSeed },
			comparisons: () => this.comparisons,
			reward: this.reward,
			tune: this.tune
		});
		this.playground = new PlaygroundState({ trainer, problems, randomSeed });
		this.stepThrough = new StepThroughState({
			...{ trainer, prompts, problems },
			tune: this.tune,
			reward: this.reward
		});
		this.evaluate = new EvaluateState({
			...asking,
			...logging,
			trainer,
			tune: this.tune,
			testName: en.evaluate.testName
		});
		const measuring = {
			...{ trainer, prompts, problems, openDesk, now, randomSeed, jobs },
			reward: this.reward,
			judges: this.judges,
			tune: this.tune
		};
		this.optimum = new OptimumState({ ...measuring, ...en.evaluate.optimum.names });
		this.frontier = new FrontierState({ ...measuring, ...en.evaluate.frontier.names });
		this.redTeam = new RedTeamState({ trainer, problems, openDesk, now });
		this.monitors = new MonitorsState({ ...measuring, ...en.evaluate.monitors.records });
		this.curves = new RunCurves(openDesk, problems);
		this.link = new ExperimentLink({
			...{ route: this.route, reward: this.reward, tune: this.tune, openDesk },
			onSame: () => this.toasts.show(en.link.same)
		});
		this.library = new LibraryState({
			openDesk,
			problems,
			now,
			rows: () => this.versions.rows(trainer.loaded?.config.maxPositions),
			openStudy: (study) => this.#openStudy(study),
			onModels: async () => {
				await Promise.all([this.reward.reload(), this.tune.reload()]);
			}
		});
		this.imports = this.#makeImports(openDesk);
		this.exports = new ExportsState({
			...{ openDesk, problems },
			annotators: this.annotators,
			versions: this.versions,
			reward: this.reward
		});
	}

	#makeImports(openDesk: OpenDesk): ImportsState {
		const { trainer, problems, now, library } = this;
		return new ImportsState({
			...{ openDesk, trainer, problems, now },
			connect: this.#dependencies.connectImporter,
			studyName: en.data.studyName,
			onUnseen: ({ kept }) => this.toasts.show(en.data.imports.done(kept)),
			isLocked: () => trainer.activeRunId !== null || this.robot.isWorking,
			onStored: async (study) => {
				const desk = await openDesk();
				if (study.id === desk.study.id) {
					await this.#showFeedback(desk);
				} else {
					await library.openStudy(study);
				}
				await Promise.all([library.reload(), this.storage.refresh()]);
			}
		});
	}

	#makePlanner(writer: PairWriter): QuestionPlanner {
		const { trainer, annotators, randomSeed } = this;
		return new QuestionPlanner({
			trainer,
			writer,
			features: new RewardFeatures(trainer),
			randomSeed,
			isBusy: () => trainer.isBusy,
			includeSimulated: () => this.reward.config.includeSimulated,
			asking: () => this.preferences.values.asking,
			keyOf: (answer) => annotators.keyOf(answer),
			current: () => annotators.current?.id ?? '',
			rewardModel: () => (this.reward.model?.model === trainer.model ? this.reward.model : null)
		});
	}

	/** The study on the desk; null until the database is open. */
	get study(): Study | null {
		return this.#study;
	}

	/** Everything there is to read, most useful first; each part may fail without the others. */
	async boot(): Promise<void> {
		const reported = (work: Promise<void>) =>
			work.catch((cause: unknown) => this.problems.report(cause));
		await Promise.all([
			this.demo.load(),
			reported(this.prompts.loadBuiltIn()),
			reported(this.#openDesk().then(() => undefined)),
			this.storage.refresh(),
			this.imports.prefetch()
		]);
		// A model that cannot load says so itself.
		await this.trainer.ready().catch(() => undefined);
		this.requests.start();
	}

	#openDesk(): Promise<Desk> {
		this.#desk ??= this.#openDatabase();
		return this.#desk;
	}

	async #openDatabase(): Promise<Desk> {
		try {
			const reload = (code: 'newer-version' | 'storage-failed') => () =>
				this.problems.report(new StudioError(code, 'The database was closed'));
			const db = await this.#dependencies.openDb({
				onBlocked: reload('storage-failed'),
				onBlocking: reload('newer-version'),
				onTerminated: reload('storage-failed')
			});
			this.#db = db;
			const first = await ensureStudy(db);
			const { activeStudyId } = this.preferences.values;
			const study = (await listStudies(db)).find(({ id }) => id === activeStudyId) ?? first;
			await this.#fill({ db, study });
			return { db, study };
		} catch (cause) {
			this.storage.markBroken();
			throw toStudioError(cause);
		}
	}

	async #openStudy(study: Study): Promise<void> {
		const db = this.#db ?? (await this.#openDesk()).db;
		const desk = { db, study };
		const isSame = study.id === this.#study?.id;
		this.#desk = Promise.resolve(desk);
		if (isSame) {
			this.#study = study;
		} else {
			await this.#fill(desk);
		}
	}

	/** Reads a study into every state class. */
	async #fill(desk: Desk): Promise<void> {
		const { db, study } = desk;
		this.#desk = Promise.resolve(desk);
		this.preferences.set({ activeStudyId: study.id });
		await markInterruptedRuns(db, study.id);
		const runs = await listRuns(db, study.id);
		this.#planner.clear();
		this.sample.clear();
		this.reward.clear();
		this.tune.clear();
		this.stepThrough.close();
		this.rounds.clear();
		this.evaluate.clear();
		this.optimum.clear();
		this.frontier.clear();
		this.monitors.clear();
		this.redTeam.clear();
		this.#study = study;
		this.tune.countRuns(runs.filter(({ kind }) => isTuneMethod(kind)).length);
		await Promise.all([
			this.#showFeedback(desk),
			this.annotators.openStudy(desk),
			this.versions.openStudy(desk),
			this.reward.reload(),
			this.tune.reload(),
			this.evaluate.reload(),
			this.optimum.reload(),
			this.frontier.reload(),
			this.monitors.reload(),
			this.redTeam.reload(),
			this.library.reload(),
			this.reward.show(runs.findLast((run) => run.kind === 'reward') ?? null),
			this.tune.show(runs.findLast(({ kind }) => isTuneMethod(kind)) ?? null)
		]);
	}

	/** Reads what was asked and answered: all that an import changes. */
	async #showFeedback(desk: Desk): Promise<void> {
		const { db, study } = desk;
		const [presentations, sets, answers] = await Promise.all([
			listPresentations(db, study.id),
			listCompletionSets(db, study.id),
			listAnswers(db, study.id)
		]);
		const evaluated = new Set(
			presentations.filter((pair) => pair.purpose === 'evaluation').map(({ id }) => id)
		);
		this.log.show(answers.filter((event) => !evaluated.has(event.presentationId)));
		this.comparisons.show(presentations.filter((pair) => pair.purpose === 'feedback'));
		this.sets.show(sets);
		await Promise.all([this.prompts.openStudy(db, study.id), this.imports.openStudy(desk)]);
	}

	async #jobSettled({ run }: JobState): Promise<void> {
		await this.library.reload();
		this.tune.countRuns(this.library.runs.filter(({ kind }) => isTuneMethod(kind)).length);
		if (run) {
			this.#tell(run.name, run.status, run.step);
		}
		// A comparison of all methods takes each as it ends.
		if (!this.frontier.isWorking) {
			await this.optimum.settled(run);
		}
		await this.monitors.reload();
		await this.storage.refresh();
	}

	#tell(name: string, status: string, step: number): void {
		if (status === 'done') {
			this.toasts.show(en.training.finished(name));
		} else if (status === 'stopped') {
			this.toasts.show(en.training.stoppedAt(name, step));
		}
	}

	#answered(answers: number): void {
		if (answers >= PERSIST_AFTER_ANSWERS) {
			void this.storage.ask();
		}
	}
}

function describeProblem(error: StudioError): string {
	const text = en.errors[error.code](error.detail);
	return `${text.title}. ${text.next}`;
}
