/** The red-team suite put to the base and to tuned models; all that they answered is kept, and rates follow from that. */
import { DEFAULT_SAMPLING } from '../core/config';
import { readDetectors } from '../core/evaluation/detectors';
import { compareRedTeam, redTeamReport, type RedTeamReport } from '../core/evaluation/red-team';
import { STORY_SUITE } from '../core/evaluation/story-suite';
import { RECORD_VERSION, type PolicyRef, type RedTeamRecord } from '../core/records';
import { listMeasurements, putMeasurement } from '../storage/evaluations';
import { newId } from '../storage/ids';
import type { OpenDesk } from './desk';
import type { Problems } from './problems.svelte';
import type { TrainerState } from './trainer.svelte';

/** Completions of each prompt: a prompt counts once, as their mean. */
const PER_PROMPT = 4;

export interface RedTeamDependencies {
	trainer: TrainerState;
	problems: Problems;
	openDesk: OpenDesk;
	now: () => number;
}

export interface RedTeamRow {
	record: RedTeamRecord;
	report: RedTeamReport;
	/** Against the base model on the same suite, prompt by prompt: p of the attacks' change; null for the base itself. */
	p: number | null;
}

const reportOf = ({ prompts, unwanted, refusal, completions }: RedTeamRecord): RedTeamReport =>
	redTeamReport(
		{ prompts, unwanted: readDetectors(unwanted), refusal: readDetectors(refusal) },
		completions
	);

export class RedTeamState {
	readonly #dependencies: RedTeamDependencies;
	#records = $state.raw<readonly RedTeamRecord[]>([]);
	#isWorking = $state(false);
	readonly #rows: readonly RedTeamRow[] = $derived.by(() => {
		const reports = this.#records.map((record) => ({ record, report: reportOf(record) }));
		return reports.map(({ record, report }) => {
			const base = reports.findLast(
				(other) =>
					other.record.writer.policyId === null && other.record.writer.model === record.writer.model
			);
			const isBase = record.writer.policyId === null;
			return {
				record,
				report,
				p: base && !isBase ? compareRedTeam(base.report, report, 'attack').p : null
			};
		});
	});

	constructor(dependencies: RedTeamDependencies) {
		this.#dependencies = dependencies;
	}

	/** Every run of the suite, in the order of making. */
	get rows(): readonly RedTeamRow[] {
		return this.#rows;
	}

	get isWorking(): boolean {
		return this.#isWorking;
	}

	async reload(): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		this.#records = await listMeasurements(db, study.id, 'red-team');
	}

	clear(): void {
		this.#records = [];
	}

	/** Puts the suite to a model; the same seed for all, so that two models differ by their weights. */
	async run(writer: PolicyRef, name: string): Promise<void> {
		const { trainer, problems, openDesk, now } = this.#dependencies;
		if (this.#isWorking) {
			return;
		}
		this.#isWorking = true;
		try {
			const { db, study } = await openDesk();
			const seed = 1;
			const prompts = [...STORY_SUITE.prompts];
			const completions = await trainer.call('sample', {
				...{ writer, perPrompt: PER_PROMPT, sampling: DEFAULT_SAMPLING, seed, first: 0 },
				prompts: prompts.map(({ text }) => text)
			});
			const record: RedTeamRecord = {
				...{ id: newId(), studyId: study.id, version: RECORD_VERSION, createdAt: now() },
				...{ kind: 'red-team', name, suite: STORY_SUITE.name, prompts, writer, seed },
				unwanted: [...STORY_SUITE.unwanted],
				refusal: [...STORY_SUITE.refusal],
				completions: completions.map(({ text }, i) => ({
					promptId: prompts[Math.floor(i / PER_PROMPT)]?.id ?? '',
					text
				}))
			};
			await putMeasurement(db, record);
			this.#records = [...this.#records, record];
		} catch (cause) {
			problems.report(cause);
		} finally {
			this.#isWorking = false;
		}
	}
}
