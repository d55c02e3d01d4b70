/** Monitors of a run: lights over its curves while it works, tests on fresh completions when asked, and the lab that tries them. */
import { DEFAULT_SAMPLING, isTuneMethod } from '../core/config';
import { monitorInputs } from '../core/evaluation/measured';
import { anchorDrift, ANCHORS, type AnchorDrift } from '../core/evaluation/monitors/anchor-drift';
import { cusumLight, type CusumLight } from '../core/evaluation/monitors/cusum';
import { alarmsOf, readMonitors } from '../core/evaluation/monitors/monitors';
import { labReport, type LabReport } from '../core/evaluation/planted';
import {
	RECORD_VERSION,
	type MonitorRecord,
	type RewardModelRecord,
	type Run,
	type WeightsRef
} from '../core/records';
import { Series } from '../core/series';
import { StudioError } from '../protocol/errors';
import { snapshotSteps } from '../storage/checkpoints';
import { listMeasurements, putMeasurement } from '../storage/evaluations';
import { newId } from '../storage/ids';
import { listMetrics, listRuns } from '../storage/runs';
import type { OpenDesk } from './desk';
import type { EvaluationJobs } from './evaluate-jobs.svelte';
import type { JobState } from './job.svelte';
import type { Problems } from './problems.svelte';
import type { PromptsState } from './prompts.svelte';
import { spread, type RewardState } from './reward.svelte';
import type { TrainerState } from './trainer.svelte';
import type { TuneState } from './tune.svelte';

/** Curves that a light watches, by their keys in the catalogue of metrics. */
export const WATCHED = [
	'objective/gold',
	'tokens/responses_len_mean',
	'val/repetition_rate',
	'val/distinct_2',
	'objective/entropy',
	'val/eos_rate',
	'rm/uncertainty'
] as const;

/** Completions at the start and now that the tests read. */
const COMPLETIONS = 128;
export const LAB_RUNS = 100;

export interface MonitorsDependencies {
	trainer: TrainerState;
	tune: TuneState;
	reward: RewardState;
	prompts: PromptsState;
	jobs: EvaluationJobs;
	problems: Problems;
	openDesk: OpenDesk;
	now: () => number;
	randomSeed: () => number;
	checkName: (run: string, step: number) => string;
}

export interface Light {
	key: string;
	light: CusumLight | null;
	/** Steps at which it went on, and after which the shift began. */
	at: number | null;
	since: number | null;
}

export interface RewardDrift {
	before: RewardModelRecord;
	after: RewardModelRecord;
	drift: AnchorDrift | null;
}

export class MonitorsState {
	readonly #dependencies: MonitorsDependencies;
	#runs = $state.raw<readonly Run[]>([]);
	#selectedId = $state<string | null>(null);
	#stored = $state.raw<Series>(new Series());
	#checks = $state.raw<readonly MonitorRecord[]>([]);
	#isChecking = $state(false);
	#drift = $state.raw<RewardDrift | null>(null);
	#lab = $state.raw<(LabReport & { strength: number }) | null>(null);
	#isInLab = $state(false);
	readonly #lights: readonly Light[] = $derived.by(() => {
		const job = this.#live;
		void job?.version;
		return lightsOf(job ? job.series : this.#stored);
	});

	constructor(dependencies: MonitorsDependencies) {
		this.#dependencies = dependencies;
	}

	get runs(): readonly Run[] {
		return this.#runs;
	}

	get run(): Run | null {
		const { tune, jobs } = this.#dependencies;
		const live = [jobs.job, tune.job].find(({ isActive, run }) => isActive && isTuned(run))?.run;
		return (
			live ?? this.#runs.find(({ id }) => id === this.#selectedId) ?? this.#runs.at(-1) ?? null
		);
	}

	get #live(): JobState | null {
		const { tune, jobs } = this.#dependencies;
		const id = this.run?.id;
		return [jobs.job, tune.job].find(({ run }) => id !== undefined && run?.id === id) ?? null;
	}

	/** Of the curves that the run on show has. */
	get lights(): readonly Light[] {
		return this.#lights;
	}

	/** The newest tests of the run on show. */
	get check(): MonitorRecord | null {
		return this.#checks.findLast(({ runId }) => runId === this.run?.id) ?? null;
	}

	get isChecking(): boolean {
		return this.#isChecking;
	}

	get drift(): RewardDrift | null {
		return this.#drift;
	}

	get lab(): (LabReport & { strength: number }) | null {
		return this.#lab;
	}

	get isInLab(): boolean {
		return this.#isInLab;
	}

	async select(runId: string): Promise<void> {
		this.#selectedId = runId;
		await this.#readRun();
	}

	async reload(): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		const [runs, checks] = await Promise.all([
			listRuns(db, study.id),
			listMeasurements(db, study.id, 'monitors')
		]);
		this.#runs = runs.filter((run) => isTuned(run));
		this.#checks = checks;
		await this.#readRun();
	}

	clear(): void {
		this.#runs = [];
		this.#checks = [];
		this.#selectedId = null;
		this.#stored = new Series();
		this.#drift = null;
	}

	async #readRun(): Promise<void> {
		const { run } = this;
		if (!run) {
			return;
		}
		const { db } = await this.#dependencies.openDesk();
		const rows = await listMetrics(db, run.id);
		if (this.run?.id === run.id) {
			const series = new Series();
			rows.forEach(({ step, values }) => series.append(step, values));
			this.#stored = series;
		}
	}

	/** Has the run's start and its newest stored weights answer the same prompts, and tests what changed. */
	async test(): Promise<void> {
		const { trainer, prompts, problems, openDesk, now, randomSeed, checkName } = this.#dependencies;
		const { run } = this;
		if (!run || this.#isChecking) {
			return;
		}
		this.#isChecking = true;
		try {
			const { db, study } = await openDesk();
			const kept = await snapshotSteps(db, run.id);
			const { writer, step } = newestWeights(run, kept);
			const texts = spread(prompts.texts, COMPLETIONS);
			const seed = randomSeed();
			const { rewardModelId } = run.parents;
			const shared = {
				model: run.model,
				...(run.reference && { reference: run.reference }),
				prompts: Array.from({ length: COMPLETIONS }, (_, i) => texts[i % texts.length] ?? ''),
				...{ perPrompt: 1, sampling: DEFAULT_SAMPLING, seed },
				...(rewardModelId !== undefined && { rewardModelId }),
				...(run.gold && { gold: run.gold })
			};
			const start = run.start ?? { kind: 'base' as const };
			const before = await trainer.call('measure', { ...shared, writer: start });
			// Another seed: the tests are of two independent samples.
			const after = await trainer.call('measure', { ...shared, writer, seed: seed ^ 1 });
			const looks = this.#checks.filter(({ runId }) => runId === run.id).length + 1;
			const readings = readMonitors(monitorInputs(before, after), looks);
			const record: MonitorRecord = {
				...{ id: newId(), studyId: study.id, version: RECORD_VERSION, createdAt: now() },
				...{ kind: 'monitors', name: checkName(run.name, step), model: run.model },
				...{ runId: run.id, step, seed, completions: COMPLETIONS },
				readings: readings.flatMap((reading) => ('isAlarm' in reading ? [reading] : []))
			};
			await putMeasurement(db, record);
			this.#checks = [...this.#checks, record];
		} catch (cause) {
			problems.report(cause);
		} finally {
			this.#isChecking = false;
		}
	}

	/** How two versions of the reward model rank the same 64 completions of the base model. */
	async compareVersions(): Promise<void> {
		const { trainer, prompts, problems, reward } = this.#dependencies;
		const after = reward.model;
		const before = reward.models.findLast(
			({ id, model, createdAt }) =>
				id !== after?.id && model === after?.model && createdAt < after.createdAt
		);
		if (!after || !before || this.#isChecking) {
			return;
		}
		this.#isChecking = true;
		try {
			const texts = spread(prompts.builtIn, ANCHORS);
			const completions = await trainer.call('sample', {
				writer: { model: after.model, policyId: null },
				prompts: Array.from({ length: ANCHORS }, (_, i) => texts[i % texts.length] ?? ''),
				// One seed for ever: the set is fixed.
				...{ perPrompt: 1, sampling: DEFAULT_SAMPLING, seed: 64, first: 0 }
			});
			const items = completions.map(({ promptIds, ids }) => ({ promptIds, ids }));
			const scored = (rewardModelId: string) =>
				trainer.call('scoreCompletions', { rewardModelId, items });
			const drift = anchorDrift((await scored(before.id)).scores, (await scored(after.id)).scores);
			this.#drift = { before, after, drift: 'verdict' in drift ? drift : null };
		} catch (cause) {
			problems.report(cause);
		} finally {
			this.#isChecking = false;
		}
	}

	/** A hundred clean and a hundred planted runs. */
	async enterLab(strength: number): Promise<void> {
		const { trainer, problems } = this.#dependencies;
		if (this.#isInLab) {
			return;
		}
		this.#isInLab = true;
		try {
			const runs = await trainer.call('plantedLab', { runs: LAB_RUNS, strength, seed: 1 });
			this.#lab = { ...labReport(runs), strength };
		} catch (cause) {
			problems.report(cause);
		} finally {
			this.#isInLab = false;
		}
	}

	/** Alarms of the newest tests, most alarming first. */
	get alarms() {
		return alarmsOf(this.check?.readings ?? []);
	}
}

const isTuned = (run: Run | null): run is Run =>
	run !== null && isTuneMethod(run.kind) && run.kind !== 'best-of-n';

function lightsOf(series: Series): Light[] {
	return WATCHED.flatMap((key): Light[] => {
		const { x, y } = series.points(key);
		if (y.length === 0) {
			return [];
		}
		const found = cusumLight(Array.from(y));
		if (!('light' in found)) {
			return [{ key, light: null, at: null, since: null }];
		}
		const stepOf = (index: number | null) => (index === null ? null : (x[index] ?? null));
		return [{ key, light: found, at: stepOf(found.at), since: stepOf(found.since) }];
	});
}

function newestWeights(run: Run, kept: readonly number[]): { writer: WeightsRef; step: number } {
	if (run.resultId !== undefined) {
		return { writer: { kind: 'policy', policyId: run.resultId }, step: run.step };
	}
	const step = kept.at(-1);
	if (step === undefined) {
		throw new StudioError('missing-file', 'No weights of this run are stored yet.', {
			detail: { runId: run.id }
		});
	}
	return { writer: { kind: 'snapshot', runId: run.id, step }, step };
}
