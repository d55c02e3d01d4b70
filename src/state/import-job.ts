/** One import, from the first byte to the report: files read, merged where there are several, and stored batch by batch. */
import type { ImportProgress } from '../core/formats/feedback/import-feedback';
import { mergeFeedback, type MergePart } from '../core/formats/feedback/merge';
import type { ProblemEntry, RowProblem } from '../core/formats/feedback/problems';
import type { FeedbackRow, SchemaName } from '../core/formats/feedback/row';
import type { LeftOutReason } from '../core/formats/feedback/study-records';
import { RECORD_VERSION, type ImportRecord, type Study } from '../core/records';
import { StudioError, toStudioError } from '../protocol/errors';
import type { Inspection } from '../protocol/import';
import { newId } from '../storage/ids';
import {
	MOST_IN_STUDY,
	PromptSink,
	putImport,
	StudySink,
	type RecordSink
} from '../storage/imports';
import type { Desk } from './desk';
import type { ImportFiles } from './import-files';
import { prepareRows } from './row-preparer';
import type { TrainerState } from './trainer.svelte';

/** Rows of merged files are handed on in pieces as large as a file's own. */
const BATCH_ROWS = 256;

/** This study, a new one, or only the prompts of the rows, as a set of prompts of this study. */
export type Destination = 'this' | 'new' | 'prompts';

export interface ChosenFile {
	file: File;
	/** null: by what the first rows look like. */
	schema: SchemaName | null;
	/** Who answered, where the rows do not say. */
	annotator: string;
	/** null until it was looked at. */
	inspection: Inspection | null;
	error: StudioError | null;
}

export interface Counts {
	bytes: number;
	totalBytes: number;
	/** Rows read. */
	rows: number;
	/** Rows that are in the study now and were not before. */
	kept: number;
	duplicates: number;
	/** Rows that could not be read. */
	failed: number;
	leftOut: Partial<Record<LeftOutReason, number>>;
}

export interface FileProblems {
	name: string;
	counts: Partial<Record<RowProblem, number>>;
	list: ProblemEntry[];
	isParquet: boolean;
}

export interface ImportOutcome extends Counts {
	destination: Destination;
	study: Study;
	ms: number;
	/** Every file was read to its end. */
	isWhole: boolean;
	/** Why not; null also where a person stopped it. */
	error: StudioError | null;
	problems: FileProblems[];
	/** Of several files: ids under which they held different things. */
	conflicts: number;
}

export interface JobDependencies {
	trainer: TrainerState;
	now: () => number;
}

export const stemOf = (name: string): string => name.replace(/\.gz$/i, '').replace(/\.[^.]+$/, '');

export const emptyCounts = (totalBytes: number): Counts => ({
	...{ bytes: 0, totalBytes, rows: 0, kept: 0, duplicates: 0, failed: 0, leftOut: {} }
});

export interface JobOptions {
	desk: Desk;
	files: readonly ChosenFile[];
	destination: Destination;
	signal: AbortSignal;
	onCounts: (counts: Counts) => void;
}

/** One import, from the first byte to the report. */
export class ImportJob {
	readonly #dependencies: JobDependencies;
	readonly #reader: ImportFiles;
	readonly #options: JobOptions;
	readonly #sink: RecordSink;
	readonly #record: ImportRecord;
	readonly #problems: FileProblems[] = [];
	#counts: Counts;
	/** The batch that is being stored: an import ends only after it. */
	#storing: Promise<unknown> = Promise.resolve();
	#conflicts = 0;

	constructor(dependencies: JobDependencies, reader: ImportFiles, options: JobOptions) {
		const { desk, files, destination } = options;
		const now = dependencies.now();
		this.#dependencies = dependencies;
		this.#reader = reader;
		this.#options = options;
		this.#counts = emptyCounts(files.reduce((sum, { file }) => sum + file.size, 0));
		this.#record = {
			id: newId(),
			studyId: desk.study.id,
			version: RECORD_VERSION,
			createdAt: now,
			files: [],
			...{ rows: 0, kept: 0, duplicates: 0, leftOut: {}, isWhole: false }
		};
		const target = { studyId: desk.study.id, importId: this.#record.id, now };
		this.#sink =
			destination === 'prompts'
				? new PromptSink(desk.db, target, stemOf(files[0]?.file.name ?? ''))
				: new StudySink(desk.db, target);
	}

	async run(): Promise<Omit<ImportOutcome, 'ms'>> {
		const { desk, files, destination, signal } = this.#options;
		await putImport(desk.db, this.#record);
		let error: StudioError | null = null;
		let isWhole = true;
		try {
			await (files.length > 1 ? this.#merge(files) : this.#stream(files));
		} catch (cause) {
			isWhole = false;
			const found = toStudioError(cause);
			error = signal.aborted && found.code === 'aborted' ? null : found;
		}
		await this.#storing.catch(() => undefined);
		const counts = this.#counts;
		const { rows, kept, duplicates, leftOut } = counts;
		const left: Record<string, number> = {};
		for (const reasons of [...this.#problems.map((file) => file.counts), leftOut]) {
			for (const [reason, n] of Object.entries(reasons)) {
				left[reason] = (left[reason] ?? 0) + n;
			}
		}
		await putImport(desk.db, {
			...this.#record,
			...{ rows, kept, duplicates, leftOut: left, isWhole }
		});
		return {
			...counts,
			...{ destination, study: desk.study, isWhole, error, problems: this.#problems },
			conflicts: this.#conflicts
		};
	}

	async #stream(files: readonly ChosenFile[]): Promise<void> {
		for (const one of files) {
			await this.#read(one, (rows) => this.#store(rows, one.annotator));
		}
	}

	/** A classroom's files: small enough to be held, as all that a study holds is. */
	async #merge(files: readonly ChosenFile[]): Promise<void> {
		const { signal } = this.#options;
		const parts: (MergePart & { rows: FeedbackRow[] })[] = [];
		let held = 0;
		for (const one of files) {
			const part = { annotator: { name: one.annotator }, rows: [] as FeedbackRow[] };
			parts.push(part);
			await this.#read(one, async (rows) => {
				held += rows.length;
				if (held > MOST_IN_STUDY) {
					throw new StudioError('too-large', 'The files hold more rows than a study can', {
						detail: { rows: held, most: MOST_IN_STUDY }
					});
				}
				part.rows.push(...rows);
				return { duplicates: 0 };
			});
		}
		const merged = mergeFeedback(parts);
		this.#conflicts = merged.conflicts.length;
		this.#count({ duplicates: this.#counts.duplicates + merged.duplicates });
		for (let at = 0; at < merged.rows.length; at += BATCH_ROWS) {
			signal.throwIfAborted();
			await this.#store(merged.rows.slice(at, at + BATCH_ROWS), '');
		}
	}

	async #read(
		{ file, schema }: ChosenFile,
		take: (rows: FeedbackRow[]) => Promise<{ duplicates: number }>
	): Promise<void> {
		const before = this.#counts;
		const onProgress = ({ bytesRead, rows, failed }: ImportProgress) =>
			this.#count({
				bytes: before.bytes + bytesRead,
				rows: before.rows + rows + failed,
				failed: before.failed + failed
			});
		const { name } = file;
		const report = await this.#reader.read(
			{ file, name, schema },
			{ take, onProgress },
			this.#options.signal
		);
		this.#count({
			bytes: before.bytes + file.size,
			rows: before.rows + report.rows + report.failed,
			failed: before.failed + report.failed
		});
		this.#problems.push({
			name,
			counts: report.problems,
			list: report.problemList,
			isParquet: report.container === 'parquet'
		});
		const { sha256, bytes, container } = report;
		this.#record.files.push({ name, sha256, bytes, schema: report.schema, container });
	}

	#store(rows: FeedbackRow[], annotator: string): Promise<{ duplicates: number }> {
		const storing = this.#storeNow(rows, annotator);
		this.#storing = storing;
		return storing;
	}

	async #storeNow(rows: FeedbackRow[], name: string): Promise<{ duplicates: number }> {
		const { destination, signal } = this.#options;
		const { trainer } = this.#dependencies;
		const prepared =
			destination === 'prompts'
				? rows.map((row) => ({ row, tokens: null, annotator: { name } }))
				: await prepareRows(trainer, rows, { name }, signal);
		signal.throwIfAborted();
		const { kept, duplicates, leftOut } = await this.#sink.write(prepared);
		const sums = { ...this.#counts.leftOut };
		for (const [reason, n] of Object.entries(leftOut) as [LeftOutReason, number][]) {
			sums[reason] = (sums[reason] ?? 0) + n;
		}
		this.#count({
			kept: this.#counts.kept + kept,
			duplicates: this.#counts.duplicates + duplicates,
			leftOut: sums
		});
		if (leftOut['study-full'] === rows.length) {
			// Nothing of what follows would be kept either.
			throw new StudioError('too-large', 'The study is full', { detail: { most: MOST_IN_STUDY } });
		}
		return { duplicates };
	}

	#count(changes: Partial<Counts>): void {
		this.#counts = { ...this.#counts, ...changes };
		this.#options.onCounts(this.#counts);
	}
}
