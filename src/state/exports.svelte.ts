/** Feedback on its way out: what would be in the file, counted before it is saved, and the file itself, piece by piece. */
import { currentAnswers } from '../core/feedback/comparison';
import { datasetRows } from '../core/feedback/dataset-rows';
import { makeVersion, type DatasetVersion } from '../core/feedback/dataset-version';
import { datasheet } from '../core/feedback/datasheet';
import { answeredByPeople, betweenAnnotators, reliability } from '../core/feedback/reliability';
import type { Container } from '../core/formats/feedback/containers/text-rows';
import {
	containersOf,
	FeedbackExport,
	type ExportReport
} from '../core/formats/feedback/export-feedback';
import type { SchemaName } from '../core/formats/feedback/row';
import { SCHEMAS } from '../core/formats/feedback/schemas/catalogue';
import { StudyRows, type RowFilter, type StudyFeedback } from '../core/formats/feedback/study-rows';
import type { AnswerEvent } from '../core/records';
import { listAnswers, listCompletionSets, listPresentations } from '../storage/comparisons';
import { listPrompts } from '../storage/prompts';
import type { AnnotatorsState } from './annotators.svelte';
import type { OpenDesk } from './desk';
import type { Problems } from './problems.svelte';
import type { RewardState } from './reward.svelte';
import { transformOf, type VersionsState } from './versions.svelte';

export interface ExportChoice {
	schema: SchemaName;
	container: Container;
	/** Facts that the format has no column for, in columns of their own. */
	withMeta: boolean;
	who: RowFilter['who'];
	annotator: string | null;
	/** Of a stored version's record. */
	versionId: string | null;
}

export interface ExportPreview extends ExportReport {
	/** Answers that the filters leave out. */
	filtered: number;
	bytes: number;
	/** Rows in the file that are of simulated annotators. */
	simulated: number;
}

export interface ExportsDependencies {
	openDesk: OpenDesk;
	annotators: AnnotatorsState;
	versions: VersionsState;
	reward: RewardState;
	problems: Problems;
}

/** Between counting a hundred pieces others get their turn. */
const PIECES_PER_TURN = 100;
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
const EXTENSION: Record<Container, string> = {
	jsonl: 'jsonl',
	json: 'json',
	csv: 'csv',
	parquet: 'parquet'
};

export class ExportsState {
	readonly #dependencies: ExportsDependencies;
	#choice = $state.raw<ExportChoice>({
		...{ schema: 'native', container: 'jsonl', withMeta: true },
		...{ who: 'all', annotator: null, versionId: null }
	});
	#preview = $state.raw<ExportPreview | null>(null);
	#asked = 0;

	constructor(dependencies: ExportsDependencies) {
		this.#dependencies = dependencies;
	}

	get choice(): ExportChoice {
		return this.#choice;
	}

	/** What saving now would write; null while it is being counted. */
	get preview(): ExportPreview | null {
		return this.#preview;
	}

	get containers(): readonly Container[] {
		return containersOf(this.#choice.schema);
	}

	get extension(): string {
		return EXTENSION[this.#choice.container];
	}

	/** Changes what is exported, and counts it anew. */
	async choose(changes: Partial<ExportChoice>): Promise<void> {
		const next = { ...this.#choice, ...changes };
		const [first = 'jsonl'] = containersOf(next.schema);
		const isWritable = containersOf(next.schema).includes(next.container);
		this.#choice = { ...next, container: isWritable ? next.container : first };
		await this.count();
	}

	async count(): Promise<void> {
		const asked = ++this.#asked;
		this.#preview = null;
		try {
			const { rows, job } = await this.#job();
			let bytes = 0;
			let pieces = 0;
			for await (const piece of job.chunks()) {
				bytes += piece.length;
				if (++pieces % PIECES_PER_TURN === 0) {
					await turn();
					if (asked !== this.#asked) {
						return;
					}
				}
			}
			let simulated = 0;
			for (const { source } of rows.rows()) {
				simulated += source === 'simulated' || source === 'rule' ? 1 : 0;
			}
			if (asked === this.#asked) {
				this.#preview = { ...job.report, filtered: rows.leftOut, bytes, simulated };
			}
		} catch (cause) {
			this.#dependencies.problems.report(cause);
		}
	}

	/** The file in pieces. */
	async *pieces(): AsyncGenerator<string | Uint8Array<ArrayBuffer>> {
		const { job } = await this.#job();
		yield* job.chunks();
	}

	/** The card of what is exported, for a file README.md beside the data at `path`. */
	async datasheet(path: string, name: string): Promise<string> {
		const { annotators } = this.#dependencies;
		const feedback = await this.#read();
		const version = this.#version ?? this.#versionOf(feedback, name);
		const events = feedback.events;
		const people = answeredByPeople(feedback.presentations, currentAnswers(events), events);
		const keyOf = (answer: AnswerEvent) => annotators.keyOf(answer);
		const all = reliability(people);
		const { job } = await this.#job();
		for await (const _ of job.chunks()) {
			// Only what the report says is wanted.
		}
		const writers = feedback.presentations.flatMap(({ a, b }) => [a.writer.model, b.writer.model]);
		return datasheet(version, {
			language: 'en',
			licence: 'other',
			files: [{ split: 'train', path, rows: job.report.written }],
			features: this.#features(),
			writers: [...new Set(writers)].sort(),
			rates: all.rates,
			left: all.left,
			noise: all.noise,
			selfAgreement: all.selfKappa,
			alpha: betweenAnnotators(people, keyOf).alpha,
			uses: '',
			limitations: ''
		});
	}

	/** Columns that the format knows, in the hub's words. */
	#features(): { name: string; dtype: string }[] {
		const { schema, withMeta } = this.#choice;
		if (schema === 'native') {
			return [];
		}
		return Object.entries(SCHEMAS[schema].columns)
			.filter(([name]) => withMeta || !name.startsWith('meta_'))
			.map(([name, type]) => ({
				name,
				dtype: type === 'number' ? 'float64' : type === 'boolean' ? 'bool' : 'string'
			}));
	}

	get #version(): DatasetVersion | null {
		const { records } = this.#dependencies.versions;
		return records.find(({ id }) => id === this.#choice.versionId)?.dataset ?? null;
	}

	#versionOf({ presentations, sets, events }: StudyFeedback, name: string): DatasetVersion {
		const { annotators, reward } = this.#dependencies;
		const { who, annotator } = this.#choice;
		const keyOf = (answer: AnswerEvent) => annotators.keyOf(answer);
		const rows = datasetRows(presentations, sets, currentAnswers(events), keyOf).filter(
			(row) =>
				(who === 'all' || row.source === (who === 'people' ? 'human' : 'simulated')) &&
				(annotator === null || row.annotatorId === annotator)
		);
		const transform = { ...transformOf(reward.config, reward.seed), ties: 'half' as const };
		return makeVersion(rows, { name, transform, parent: null });
	}

	async #read(): Promise<StudyFeedback> {
		const { db, study } = await this.#dependencies.openDesk();
		const [presentations, sets, events, prompts] = await Promise.all([
			listPresentations(db, study.id),
			listCompletionSets(db, study.id),
			listAnswers(db, study.id),
			listPrompts(db, study.id)
		]);
		return { presentations, sets, events, prompts };
	}

	async #job(): Promise<{ rows: StudyRows; job: FeedbackExport }> {
		const { annotators } = this.#dependencies;
		const { schema, container, withMeta, who, annotator } = this.#choice;
		// Other formats hold judgements and nothing else.
		const isWhole = schema === 'native' || schema === 'trl-prompt-only';
		const filter = { who, annotator, version: this.#version, isWhole };
		const rows = new StudyRows(await this.#read(), filter, (event) => annotators.keyOf(event));
		const options = { schema, container, withMeta, includeSimulated: who !== 'people' };
		return { rows, job: new FeedbackExport(() => rows.rows(), options) };
	}
}
