/** Reads files through the import worker, batch by batch, at the pace of whoever takes the rows. */
import type { ImportProgress, ImportReport } from '../core/formats/feedback/import-feedback';
import type { FeedbackRow, SchemaName } from '../core/formats/feedback/row';
import { toStudioError } from '../protocol/errors';
import type { ImportEvent, Inspection } from '../protocol/import';
import { newId } from '../storage/ids';
import type { ConnectImporter, ImportClient } from './connect-importer';

/** Takes a batch; the next one is sent when it resolves. Gives the rows that were there already. */
type TakeRows = (rows: FeedbackRow[]) => Promise<{ duplicates: number }>;

interface Reading {
	take: TakeRows;
	onProgress: (progress: ImportProgress) => void;
	fail: (cause: unknown) => void;
}

export interface FileToRead {
	file: Blob;
	name: string;
	/** null: by what the first rows look like. */
	schema: SchemaName | null;
}

export class ImportFiles {
	readonly #connect: ConnectImporter;
	readonly #readings = new Map<string, Reading>();
	#client: ImportClient | null = null;

	constructor(connect: ConnectImporter) {
		this.#connect = connect;
	}

	/** What the first rows look like. @throws StudioError 'corrupt-file' | 'unknown-format' | 'too-large' */
	inspect(file: FileToRead, rows: number): Promise<Inspection> {
		return this.#connected().call('inspect', { ...file, rows });
	}

	/** Reads a file to its end. @throws StudioError 'aborted' when stopped, or whatever `take` threw */
	async read(
		file: FileToRead,
		{ take, onProgress }: Omit<Reading, 'fail'>,
		signal: AbortSignal
	): Promise<ImportReport> {
		const importId = newId();
		const stop = new AbortController();
		let failure: unknown = null;
		const fail = (cause: unknown) => {
			failure ??= cause;
			stop.abort();
		};
		const either = AbortSignal.any([signal, stop.signal]);
		this.#readings.set(importId, { take, onProgress, fail });
		try {
			return await this.#connected().call('importFile', { ...file, importId }, { signal: either });
		} catch (cause) {
			throw toStudioError(failure ?? cause);
		} finally {
			this.#readings.delete(importId);
		}
	}

	/**
	 * Fetches the worker's code into the browser's cache, while the page loads anyway: nothing is to be fetched later.
	 * It is asked something, because an answer tells that all of it has come.
	 */
	async prefetch(): Promise<void> {
		const probe = { file: new Blob(['{}']), name: 'probe.jsonl', schema: null };
		await this.inspect(probe, 1).catch(() => undefined); // where it cannot start, the first import says so
		this.close();
	}

	/** Lets go of the worker; the next call starts another one. */
	close(): void {
		this.#client?.close();
		this.#client = null;
	}

	#connected(): ImportClient {
		if (!this.#client || this.#client.isClosed) {
			this.#client = this.#connect({ onEvent: (event) => void this.#hear(event) });
		}
		return this.#client;
	}

	async #hear(event: ImportEvent): Promise<void> {
		const reading = this.#readings.get(event.importId);
		if (!reading) {
			return;
		}
		if (event.type === 'progress') {
			reading.onProgress(event.progress);
			return;
		}
		const { importId, batch, rows } = event;
		try {
			const { duplicates } = await reading.take(rows);
			await this.#client?.call('acknowledge', { importId, batch, duplicates });
		} catch (cause) {
			reading.fail(cause);
		}
	}
}
