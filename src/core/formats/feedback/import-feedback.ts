/**
 * Reads a feedback file of any format, row by row, into native rows for a sink. Nothing is collected: the file is read as fast
 * as the sink takes rows, and what stays is the report. A bad row costs that row; a bad file ends the import with an error.
 */
import { FormatError } from '../format-error';
import { readCells } from './cells';
import { readParquet } from './containers/parquet-rows';
import {
	createRowReader,
	textContainer,
	type Container,
	type RowHandler
} from './containers/text-rows';
import { detectSchema, type Detection } from './detect';
import { nameRow } from './identity';
import type { JsonObject } from './json';
import { ProblemLog, RowError, type ProblemEntry, type RowProblem } from './problems';
import type { FeedbackRow, SchemaName } from './row';
import { SCHEMAS } from './schemas/catalogue';
import { readNative } from './schemas/native';
import { isParquet, SourceReader, type FeedbackSource, type FileFacts } from './source';

/** Takes the rows of an import, in the order of the file. */
export interface ImportSink {
	/**
	 * Resolves when the rows are kept; the next ones are not read before. A row whose id is already there is a duplicate: it is
	 * kept once. Rows of an import that fails or is stopped stay for the caller to discard.
	 */
	write(rows: FeedbackRow[]): Promise<{ duplicates: number }>;
}

export interface ImportProgress {
	/** Of the file as it is, packed or not. */
	bytesRead: number;
	/** null: not known before the end. */
	totalBytes: number | null;
	rows: number;
	failed: number;
}

export interface ImportOptions {
	/** null: what the first rows look like. */
	schema: SchemaName | null;
	/** To look at a file and no more: reading ends soon after so many rows. */
	maxRows?: number;
	signal?: AbortSignal;
	/** After every batch and every piece read. */
	onProgress?: (progress: ImportProgress) => void;
	/** Awaited between pieces, so that a worker sees its messages. */
	pause?: () => Promise<void>;
}

export interface ImportReport extends Omit<FileFacts, 'sha256'> {
	/** Of the file as it is; null where it was not read to its end. */
	sha256: string | null;
	/** The file was read to its end. */
	isWhole: boolean;
	name: string;
	container: Container;
	schema: SchemaName;
	/** null where the format was given. */
	detection: Detection | null;
	/** Rows handed to the sink. */
	rows: number;
	/** Of those, rows that were there already. */
	duplicates: number;
	failed: number;
	/** Counts by reason. */
	problems: Partial<Record<RowProblem, number>>;
	/** The first thousand, with their lines. */
	problemList: ProblemEntry[];
}

/** Rows that decide the format. */
const SAMPLE_ROWS = 50;
/** Rows handed on at once. */
const BATCH_ROWS = 256;
/** Rows of so many bytes of the file are handed on, however few they are. */
const BATCH_BYTES = 256 * 1024;

/** One import under way. */
class Import implements RowHandler {
	readonly log = new ProblemLog();
	rows = 0;
	duplicates = 0;
	detection: Detection | null = null;
	schema: SchemaName | null;
	readonly #container: Container;
	readonly #sink: ImportSink;
	/** Rows that came before the format was known. */
	#waiting: { row: JsonObject; line: number }[] = [];
	#batch: FeedbackRow[] = [];

	constructor(container: Container, sink: ImportSink, schema: SchemaName | null) {
		this.#container = container;
		this.#sink = sink;
		this.schema = schema;
	}

	row(row: JsonObject, line: number): void {
		if (this.schema === null) {
			this.#waiting.push({ row, line });
			if (this.#waiting.length >= SAMPLE_ROWS) {
				this.#decide();
			}
			return;
		}
		try {
			this.#batch.push(this.#read(row, this.schema));
		} catch (error) {
			if (!(error instanceof RowError)) {
				throw error;
			}
			this.problem(error, line);
		}
	}

	problem(error: RowError, line: number): void {
		this.log.add(line, error);
	}

	/** Rows read, handed on or not. */
	get seen(): number {
		return this.rows + this.#batch.length;
	}

	/** Enough has been read since rows were handed on last; pieces of a file may be tiny. */
	isFull(bytes: number): boolean {
		return this.#batch.length >= BATCH_ROWS || bytes >= BATCH_BYTES;
	}

	/** Hands on what has been read. */
	async flush(): Promise<void> {
		const batch = this.#batch;
		this.#batch = [];
		for (let at = 0; at < batch.length; at += BATCH_ROWS) {
			const rows = batch.slice(at, at + BATCH_ROWS);
			this.duplicates += (await this.#sink.write(rows)).duplicates;
			this.rows += rows.length;
		}
	}

	outcome() {
		const { detection, rows, duplicates, log } = this;
		const { total: failed, counts: problems } = log;
		// Rows that waited for the format were read after later lines had been cut.
		const problemList = log.entries.toSorted((x, y) => x.line - y.line);
		return { detection, rows, duplicates, failed, problems, problemList };
	}

	/** No more rows come: the format is decided on what there is. */
	async finish(): Promise<SchemaName> {
		const schema = this.schema ?? this.#decide();
		await this.flush();
		return schema;
	}

	#decide(): SchemaName {
		const waiting = this.#waiting;
		this.#waiting = [];
		this.detection = detectSchema(
			waiting.map(({ row }) => row),
			this.#container === 'csv'
		);
		if (!this.detection) {
			throw new FormatError(
				'unknown-format',
				waiting.length === 0
					? 'The file holds no row that can be read.'
					: 'The rows are of no format that is known here.',
				{ columns: Object.keys(waiting[0]?.row ?? {}).slice(0, 20), ...this.log.counts }
			);
		}
		this.schema = this.detection.schema;
		for (const { row, line } of waiting) {
			this.row(row, line);
		}
		return this.schema;
	}

	#read(row: JsonObject, name: SchemaName): FeedbackRow {
		if (name === 'native') {
			return readNative(row);
		}
		const schema = SCHEMAS[name];
		const cells = this.#container === 'csv' ? readCells(row, schema.columns) : row;
		return nameRow(schema.read(cells));
	}
}

/**
 * Reads `source` to its end.
 * @throws FormatError 'corrupt-file' | 'too-large' | 'unknown-format'; DOMException 'AbortError' when stopped; what the sink throws
 */
export async function importFeedback(
	source: FeedbackSource,
	sink: ImportSink,
	options: ImportOptions
): Promise<ImportReport> {
	const { signal, onProgress, pause, maxRows = Infinity } = options;
	let bytesRead = 0;
	let unpacked = 0;
	const reader = new SourceReader(source, { signal, onBytes: (bytes) => (bytesRead = bytes) });
	const pieces = reader.pieces();
	try {
		let piece = await pieces.next();
		// Only an empty file has no first piece, and that was refused.
		const start = piece.done ? new Uint8Array() : piece.value;
		const container: Container = isParquet(start) ? 'parquet' : textContainer(start);
		const job = new Import(container, sink, options.schema);
		const report = () =>
			onProgress?.({ bytesRead, totalBytes: source.size, rows: job.rows, failed: job.log.total });
		let flushedAt = 0;
		/** False once there are rows enough. */
		const goOn = async () => {
			if (job.isFull(unpacked - flushedAt)) {
				await job.flush();
				flushedAt = unpacked;
				report();
			}
			await pause?.();
			signal?.throwIfAborted();
			return job.seen < maxRows;
		};
		const splitter = container === 'parquet' ? null : createRowReader(container, start, job);
		let isWhole = true;
		// A Parquet file is read from its end; before that, only its hash is wanted.
		while (!piece.done && (splitter !== null || maxRows === Infinity)) {
			splitter?.push(piece.value);
			unpacked += piece.value.length;
			isWhole = await goOn();
			if (!isWhole) {
				break;
			}
			piece = await pieces.next();
		}
		if (!splitter) {
			isWhole = await readParquet(source, job, goOn);
		} else if (isWhole) {
			splitter.end();
		}
		const schema = await job.finish();
		report();
		const facts = piece.done ? piece.value : { sha256: null, ...reader.progress };
		return { ...facts, ...job.outcome(), name: source.name, container, schema, isWhole };
	} finally {
		// Lets go of the file when it was not read to its end.
		await pieces.return({ sha256: '', bytes: 0, isGzip: false });
	}
}
