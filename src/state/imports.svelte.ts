/**
 * Feedback files on their way into the studio: chosen, looked at, read, and reported on. Rows go from the worker to storage batch by
 * batch and are not collected, but for several files at once: those are merged first, so that their order makes no difference.
 */
import type { SchemaName } from '../core/formats/feedback/row';
import type { ImportRecord, Study } from '../core/records';
import { toStudioError } from '../protocol/errors';
import type { Inspection } from '../protocol/import';
import { listImports } from '../storage/imports';
import { createStudy } from '../storage/studies';
import type { ConnectImporter } from './connect-importer';
import type { Desk, OpenDesk } from './desk';
import { ImportFiles } from './import-files';
import {
	emptyCounts,
	ImportJob,
	stemOf,
	type ChosenFile,
	type Counts,
	type Destination,
	type ImportOutcome,
	type JobDependencies
} from './import-job';
import type { Problems } from './problems.svelte';

/** Shown as they will appear. */
const PREVIEW_ROWS = 3;
export interface ImportsDependencies extends JobDependencies {
	openDesk: OpenDesk;
	connect: ConnectImporter;
	problems: Problems;
	/** Name of a study made for an import. */
	studyName: (file: string) => string;
	/** Records of a study have changed in storage. */
	onStored: (study: Study) => Promise<void>;
	/** It has ended while nobody was looking. */
	onUnseen: (outcome: ImportOutcome) => void;
	/** Nothing may change under a job or a simulated annotator at work. */
	isLocked: () => boolean;
}

export class ImportsState {
	readonly #dependencies: ImportsDependencies;
	readonly #files: ImportFiles;
	#isOpen = $state(false);
	#chosen = $state.raw<readonly ChosenFile[]>([]);
	#destination = $state<Destination>('this');
	#counts = $state.raw<Counts | null>(null);
	#isSettling = $state(false);
	#startedAt = $state(0);
	#outcome = $state.raw<ImportOutcome | null>(null);
	#records = $state.raw<readonly ImportRecord[]>([]);
	#abort: AbortController | null = null;

	constructor(dependencies: ImportsDependencies) {
		this.#dependencies = dependencies;
		this.#files = new ImportFiles(dependencies.connect);
	}

	/** While the page loads: nothing is to be fetched later. */
	prefetch(): Promise<void> {
		return this.#files.prefetch();
	}

	get isOpen(): boolean {
		return this.#isOpen;
	}

	get chosen(): readonly ChosenFile[] {
		return this.#chosen;
	}

	/** Files that can be read. */
	get readable(): number {
		return this.#chosen.filter(({ inspection }) => inspection).length;
	}

	get destination(): Destination {
		return this.#destination;
	}

	/** What was read so far; null while nothing is being read. */
	get counts(): Counts | null {
		return this.#counts;
	}

	get isWorking(): boolean {
		return this.#counts !== null;
	}

	/** Rows are stored, and the page is about to show them. */
	get isSettling(): boolean {
		return this.#isSettling;
	}

	get startedAt(): number {
		return this.#startedAt;
	}

	get outcome(): ImportOutcome | null {
		return this.#outcome;
	}

	/** Imports of the open study, oldest first. */
	get records(): readonly ImportRecord[] {
		return this.#records;
	}

	get isLocked(): boolean {
		return this.#dependencies.isLocked();
	}

	/** Every chosen file was looked at, and at least one can be read. */
	get canStart(): boolean {
		const isLooked = this.#chosen.every(({ inspection, error }) => inspection || error);
		const isBlocked = this.isLocked && this.#destination !== 'prompts';
		const isFree = !this.isWorking && !this.#isSettling && !isBlocked;
		return isLooked && isFree && this.#chosen.some((one) => one.inspection);
	}

	async openStudy({ db, study }: Desk): Promise<void> {
		this.#records = await listImports(db, study.id);
	}

	open(): void {
		this.#isOpen = true;
	}

	/** Closes and forgets. An import under way goes on; its report waits to be opened. */
	close(): void {
		this.#isOpen = false;
		if (this.isWorking) {
			return;
		}
		this.#chosen = [];
		this.#outcome = null;
		this.#destination = 'this';
		this.#files.close();
	}

	/** Back to the choice of files, for another import. */
	again(): void {
		this.#chosen = [];
		this.#outcome = null;
		this.#destination = 'this';
	}

	setDestination(destination: Destination): void {
		this.#destination = destination;
	}

	/** Adds files to those that are chosen, and looks at them. A file with the same name and size is the same file. */
	async choose(files: readonly File[]): Promise<void> {
		if (this.isWorking) {
			return;
		}
		this.#isOpen = true;
		this.#outcome = null;
		const known = new Set(this.#chosen.map(({ file }) => `${file.name} ${file.size}`));
		const added = files
			.filter((file) => !known.has(`${file.name} ${file.size}`))
			.map((file): ChosenFile => ({
				...{ file, schema: null, annotator: stemOf(file.name), inspection: null, error: null }
			}));
		this.#chosen = [...this.#chosen, ...added];
		for (const { file } of added) {
			await this.#look(file);
		}
		if (this.#chosen.every(({ inspection }) => inspection && holdsOnlyPrompts(inspection))) {
			this.#destination = 'prompts';
		}
	}

	remove(file: File): void {
		this.#chosen = this.#chosen.filter((one) => one.file !== file);
	}

	async setSchema(file: File, schema: SchemaName | null): Promise<void> {
		this.#update(file, { schema, inspection: null, error: null });
		await this.#look(file);
	}

	setAnnotator(file: File, annotator: string): void {
		this.#update(file, { annotator });
	}

	stop(): void {
		this.#abort?.abort();
	}

	/** Reads the chosen files into where they go. */
	async start(): Promise<void> {
		if (!this.canStart) {
			return;
		}
		const files = this.#chosen.filter(({ inspection }) => inspection);
		const abort = new AbortController();
		this.#abort = abort;
		this.#startedAt = performance.now();
		this.#counts = emptyCounts(files.reduce((sum, { file }) => sum + file.size, 0));
		try {
			const desk = await this.#dependencies.openDesk();
			const study = await this.#studyFor(desk, files);
			const job = new ImportJob(this.#dependencies, this.#files, {
				...{ desk: { db: desk.db, study }, files, destination: this.#destination },
				signal: abort.signal,
				onCounts: (counts) => (this.#counts = counts)
			});
			const outcome = await job.run();
			this.#outcome = { ...outcome, ms: performance.now() - this.#startedAt };
			// The report is there at once; the study may take a moment to be read anew.
			this.#counts = null;
			this.#isSettling = true;
			await this.#dependencies.onStored(study);
			if (!this.#isOpen) {
				this.#dependencies.onUnseen(this.#outcome);
			}
		} catch (cause) {
			this.#dependencies.problems.report(cause);
		} finally {
			this.#counts = null;
			this.#isSettling = false;
			this.#abort = null;
		}
	}

	async #studyFor({ db, study }: Desk, [first]: readonly ChosenFile[]): Promise<Study> {
		return this.#destination === 'new'
			? createStudy(db, this.#dependencies.studyName(stemOf(first?.file.name ?? '')))
			: study;
	}

	#update(file: File, changes: Partial<ChosenFile>): void {
		this.#chosen = this.#chosen.map((one) => (one.file === file ? { ...one, ...changes } : one));
	}

	async #look(file: File): Promise<void> {
		const schema = this.#chosen.find((one) => one.file === file)?.schema ?? null;
		try {
			const args = { file, name: file.name, schema };
			this.#update(file, { inspection: await this.#files.inspect(args, PREVIEW_ROWS) });
		} catch (cause) {
			this.#update(file, { error: toStudioError(cause) });
		}
	}
}

const holdsOnlyPrompts = ({ preview }: Inspection): boolean =>
	preview.length > 0 && preview.every(({ kind }) => kind === 'prompt');
