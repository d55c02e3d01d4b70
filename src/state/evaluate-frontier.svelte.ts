/** The same answers through every method, one after the other and unattended; stored after each, so that it can go on. */
import { DEFAULT_SAMPLING, DEFAULT_TUNE, type TuneConfigs, type TuneMethod } from '../core/config';
import {
	bestOfNStanding,
	standingOf,
	type Measured,
	type Standing
} from '../core/evaluation/measured';
import { datasetHash } from '../core/feedback/dataset-hash';
import { applyTunePreset, TUNE_PRESETS, type Preset } from '../core/presets';
import { deriveSeed } from '../core/random';
import {
	RECORD_VERSION,
	type FrontierEntry,
	type FrontierRecord,
	type GoldJudge,
	type WeightsRef
} from '../core/records';
import { StudioError, toStudioError } from '../protocol/errors';
import { listMeasurements, putMeasurement } from '../storage/evaluations';
import { newId } from '../storage/ids';
import { getRun } from '../storage/runs';
import type { EvaluationJobs } from './evaluate-jobs.svelte';
import type { JudgesState } from './evaluate-judges.svelte';
import type { OpenDesk } from './desk';
import type { Problems } from './problems.svelte';
import type { PromptsState } from './prompts.svelte';
import { LEAST_ANSWERS, spread, type RewardState } from './reward.svelte';
import type { TrainerState } from './trainer.svelte';

export const FRONTIER_METHODS = [
	'best-of-n',
	'ppo',
	'rloo',
	'dpo',
	'ipo',
	'kto'
] as const satisfies readonly TuneMethod[];
export type FrontierSize = FrontierRecord['size'];

/** Completions by which each method is measured. */
const COMPLETIONS: Record<FrontierSize, number> = { quick: 64, standard: 192 };
/** Best of so many: about as much drift as the methods reach. */
const BEST_OF: Record<FrontierSize, number> = { quick: 8, standard: 16 };

export interface FrontierDependencies {
	trainer: TrainerState;
	reward: RewardState;
	prompts: PromptsState;
	judges: JudgesState;
	jobs: EvaluationJobs;
	problems: Problems;
	openDesk: OpenDesk;
	now: () => number;
	randomSeed: () => number;
	recordName: (n: number) => string;
	runName: (method: TuneMethod) => string;
}

export class FrontierState {
	readonly #dependencies: FrontierDependencies;
	#records = $state.raw<readonly FrontierRecord[]>([]);
	#selectedId = $state<string | null>(null);
	#activeId = $state<string | null>(null);
	#size = $state<FrontierSize>('quick');
	#isStopping = false;
	#measuring: AbortController | null = null;

	constructor(dependencies: FrontierDependencies) {
		this.#dependencies = dependencies;
	}

	get records(): readonly FrontierRecord[] {
		return this.#records;
	}

	/** The comparison on show. */
	get record(): FrontierRecord | null {
		return this.#records.find(({ id }) => id === this.#selectedId) ?? this.#records.at(-1) ?? null;
	}

	get isWorking(): boolean {
		return this.#activeId !== null;
	}

	/** The comparison on show was cut short and its answers are still those of today. */
	get canResume(): boolean {
		const { record } = this;
		return (
			!this.isWorking &&
			record !== null &&
			record.finishedAt === undefined &&
			record.datasetHash === datasetHash([...this.#dependencies.reward.pairs])
		);
	}

	get size(): FrontierSize {
		return this.#size;
	}

	setSize(size: FrontierSize): void {
		this.#size = size;
	}

	/** Answers that every method would learn from. */
	get pairs(): number {
		return this.#dependencies.reward.pairs.length;
	}

	get isReady(): boolean {
		return this.#dependencies.reward.model !== null && this.pairs >= LEAST_ANSWERS;
	}

	select(id: string): void {
		this.#selectedId = id;
	}

	async reload(): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		this.#records = await listMeasurements(db, study.id, 'frontier');
	}

	clear(): void {
		this.#records = [];
		this.#selectedId = null;
	}

	stop(): void {
		this.#isStopping = true;
		this.#measuring?.abort();
		this.#dependencies.jobs.job.stop();
	}

	async start(): Promise<void> {
		const { reward, trainer, judges, problems, openDesk, now, randomSeed, recordName } =
			this.#dependencies;
		try {
			const rewardModel = reward.model;
			if (!rewardModel || !this.isReady) {
				throw new StudioError('not-enough-data', 'A comparison needs answers and a reward model', {
					detail: { pairs: this.pairs, needed: LEAST_ANSWERS }
				});
			}
			await trainer.ready();
			const gold = await judges.judge(rewardModel.model);
			if (!gold) {
				throw new StudioError('bad-settings', 'A comparison needs a judge.');
			}
			const { study } = await openDesk();
			const record: FrontierRecord = {
				...{ id: newId(), studyId: study.id, version: RECORD_VERSION, createdAt: now() },
				kind: 'frontier',
				name: recordName(this.#records.length + 1),
				model: rewardModel.model,
				seed: randomSeed(),
				size: this.#size,
				rewardModelId: rewardModel.id,
				gold,
				datasetHash: datasetHash([...reward.pairs]),
				pairs: reward.pairs.length,
				completions: COMPLETIONS[this.#size],
				entries: FRONTIER_METHODS.map((method) => ({ method, status: 'waiting' }))
			};
			await this.#store(record);
			this.#selectedId = record.id;
			await this.#work(record);
		} catch (cause) {
			problems.report(cause);
		}
	}

	/** Goes on with the comparison on show: finished methods stay, the one that was cut short goes on from where it was. */
	async resume(): Promise<void> {
		const { record } = this;
		if (record && this.canResume) {
			await this.#work(record).catch((cause: unknown) => this.#dependencies.problems.report(cause));
		}
	}

	async #work(begun: FrontierRecord): Promise<void> {
		if (this.isWorking) {
			return;
		}
		this.#activeId = begun.id;
		this.#isStopping = false;
		let record = begun;
		try {
			const base = await this.#measure(record, { kind: 'base' }, 'single', 1);
			for (const { method, status } of begun.entries) {
				if (status === 'done' || this.#isStopping) {
					continue;
				}
				record = await this.#one(record, method, base);
			}
			if (record.entries.every((entry) => entry.status === 'done' || entry.status === 'failed')) {
				record = { ...record, finishedAt: this.#dependencies.now() };
				await this.#store(record);
			}
		} finally {
			this.#activeId = null;
		}
	}

	/** One method: trained, measured, stored. A method that fails does not keep the others from their turn. */
	async #one(before: FrontierRecord, method: TuneMethod, base: Measured): Promise<FrontierRecord> {
		let record = before;
		const change = async (changes: Partial<FrontierEntry>) => {
			const entries = record.entries.map((entry) =>
				entry.method === method ? { ...entry, ...changes } : entry
			);
			record = { ...record, entries };
			await this.#store(record);
		};
		await change({ status: 'running' });
		try {
			const standing =
				method === 'best-of-n'
					? await this.#bestOfN(record, base)
					: await this.#trained(record, method, base, change);
			await change({ status: 'done', standing });
		} catch (cause) {
			const error = toStudioError(cause);
			const isStop = error.code === 'aborted';
			await change(isStop ? { status: 'waiting' } : { status: 'failed', reason: error.message });
			this.#isStopping ||= isStop;
		}
		return record;
	}

	async #bestOfN(record: FrontierRecord, base: Measured): Promise<Standing> {
		const n = BEST_OF[record.size];
		return bestOfNStanding(await this.#measure(record, { kind: 'base' }, 'pool', n), n, base);
	}

	async #trained(
		record: FrontierRecord,
		method: TuneMethod,
		base: Measured,
		change: (changes: Partial<FrontierEntry>) => Promise<void>
	): Promise<Standing> {
		const { jobs, reward, openDesk, runName } = this.#dependencies;
		const entry = record.entries.find((one) => one.method === method);
		const pairs = reward.pairs;
		const { db } = await openDesk();
		const run = entry?.runId === undefined ? undefined : await getRun(db, entry.runId);
		const policyId =
			run?.status === 'done' && run.resultId !== undefined
				? run.resultId
				: run && run.status !== 'failed'
					? await jobs.resume(method, run, pairs)
					: await jobs.tune(
							{
								...{ method, model: record.model, pairs, gold: record.gold },
								config: configOf(method, record.size),
								name: runName(method),
								seed: record.seed,
								rewardModelId: record.rewardModelId
							},
							({ id }) => change({ runId: id })
						);
		await change({ policyId });
		return standingOf(await this.#measure(record, { kind: 'policy', policyId }, 'single', 1), base);
	}

	/** The same prompts and seed for all, so that completion i of one stands against completion i of another. */
	async #measure(
		{ model, seed, completions, rewardModelId, gold }: MeasuredFor,
		writer: WeightsRef,
		draw: 'single' | 'pool',
		perPrompt: number
	): Promise<Measured> {
		const { trainer, prompts } = this.#dependencies;
		const texts = spread(prompts.texts, completions);
		const asked = Array.from({ length: completions }, (_, i) => texts[i % texts.length] ?? '');
		this.#measuring = new AbortController();
		return trainer.call(
			'measure',
			{
				...{ model, writer, perPrompt, rewardModelId, gold, prompts: asked },
				sampling: DEFAULT_SAMPLING,
				seed: deriveSeed(seed, `frontier ${draw}`)
			},
			this.#measuring.signal
		);
	}

	async #store(record: FrontierRecord): Promise<void> {
		const { db } = await this.#dependencies.openDesk();
		await putMeasurement(db, record);
		const isKnown = this.#records.some(({ id }) => id === record.id);
		this.#records = isKnown
			? this.#records.map((one) => (one.id === record.id ? record : one))
			: [...this.#records, record];
	}
}

type MeasuredFor = Pick<FrontierRecord, 'model' | 'seed' | 'completions' | 'rewardModelId'> & {
	gold: GoldJudge;
};

function configOf<M extends TuneMethod>(method: M, size: FrontierSize): TuneConfigs[M] {
	const presets: readonly Preset<TuneConfigs[M]>[] = TUNE_PRESETS[method];
	const quick = size === 'quick' ? presets.find(({ id }) => id === 'quick') : undefined;
	return quick ? applyTunePreset(method, quick) : DEFAULT_TUNE[method];
}
