/**
 * Writes native rows as a file of any format. What the format cannot hold is counted by reason, rows and facts apart: an export
 * never leaves anything out unsaid. Rows are read twice, once for what the file as a whole must know (which answers are the
 * current ones, which columns there are) and once for writing; they need not be in memory.
 */
import { toCsvRecord } from '../../csv';
import { sha256 } from '../../sha256';
import { writeCell } from './cells';
import { ParquetColumns, writeParquet } from './containers/parquet-file';
import type { Container } from './containers/text-rows';
import { canonicalJson, type Json, type JsonObject } from './json';
import { checkValue } from './json-guard';
import { NATIVE_START } from './limits';
import type { DropReason, LostFact } from './losses';
import { RowError } from './problems';
import type { FeedbackRow, SchemaName } from './row';
import { SCHEMAS } from './schemas/catalogue';
import type { Written } from './schemas/schema';

export interface ExportOptions {
	schema: SchemaName;
	container: Container;
	/** Columns `meta_*` in TRL and hh-rlhf rows, for facts those formats do not know. */
	withMeta: boolean;
	/** Answers of simulated annotators too. A native file always holds them, marked. */
	includeSimulated: boolean;
}

export interface ExportReport {
	/** Native rows read. */
	rows: number;
	/** Native rows of which something is in the file. */
	kept: number;
	/** Rows of the file. */
	written: number;
	/** Native rows of which nothing is in the file, by reason; kept and dropped make up `rows`. */
	dropped: Partial<Record<DropReason, number>>;
	/** Kept rows that lost a fact, by fact. */
	lost: Partial<Record<LostFact, number>>;
}

export type RowsToExport = () => Iterable<FeedbackRow> | AsyncIterable<FeedbackRow>;

/** Containers that a format can be written in; rows of a native file are too deep for a table. */
export function containersOf(schema: SchemaName): Container[] {
	return schema === 'native' ? ['jsonl', 'json'] : ['jsonl', 'json', 'csv', 'parquet'];
}

function count<T extends string>(counts: Partial<Record<T, number>>, key: T): void {
	counts[key] = (counts[key] ?? 0) + 1;
}

interface Current {
	revision: number;
	createdAt: number;
	id: string;
}

/** Later of two events about the same thing: by revision, then by time, then by id, so that every order gives the same. */
const isLater = (x: Current, y: Current): boolean =>
	(x.revision - y.revision || x.createdAt - y.createdAt || (x.id > y.id ? 1 : -1)) > 0;

/** Ids of the latest event about each presentation. */
export class CurrentEvents {
	readonly #latest = new Map<string, Current>();

	add({ id, event, createdAt = 0 }: FeedbackRow): void {
		const about = event?.presentationId;
		if (about === undefined) {
			return;
		}
		const current = { id, createdAt, revision: event?.revision ?? 1 };
		const known = this.#latest.get(about);
		if (!known || isLater(current, known)) {
			this.#latest.set(about, current);
		}
	}

	/** A later event about the same thing counts instead. */
	isSuperseded({ id, event, presentation }: FeedbackRow): boolean {
		const about = event?.presentationId ?? presentation?.id;
		const latest = about === undefined ? undefined : this.#latest.get(about);
		return latest !== undefined && latest.id !== id;
	}
}

function nativeText(row: FeedbackRow): string {
	const { format: _format, version, ...rest } = row;
	const body = JSON.stringify({ version, ...rest });
	return `${NATIVE_START},${body.slice(1)}`;
}

export class FeedbackExport {
	readonly report: ExportReport = { rows: 0, kept: 0, written: 0, dropped: {}, lost: {} };
	readonly #rows: RowsToExport;
	readonly #options: ExportOptions;
	readonly #current = new CurrentEvents();
	#seenPrompts = new Set<string>();

	/** @throws RangeError for a format that cannot be written in the container */
	constructor(rows: RowsToExport, options: ExportOptions) {
		if (!containersOf(options.schema).includes(options.container)) {
			throw new RangeError(`${options.schema} cannot be written as ${options.container}`);
		}
		this.#rows = rows;
		this.#options = options;
	}

	/** The file in pieces, to be read once; `report` is complete after the last one. */
	async *chunks(): AsyncGenerator<string | Uint8Array<ArrayBuffer>> {
		for await (const row of this.#rows()) {
			this.#current.add(row);
		}
		switch (this.#options.container) {
			case 'jsonl':
				for await (const text of this.#texts()) {
					yield `${text}\n`;
				}
				return;
			case 'json': {
				let before = '[\n';
				for await (const text of this.#texts()) {
					yield before + text;
					before = ',\n';
				}
				yield before === '[\n' ? '[]\n' : '\n]\n';
				return;
			}
			case 'csv':
				yield* this.#csv();
				return;
			case 'parquet':
				yield* this.#parquet();
				return;
			default:
				this.#options.container satisfies never;
		}
	}

	async *#texts(): AsyncGenerator<string> {
		if (this.#options.schema !== 'native') {
			for await (const row of this.#foreign(true)) {
				yield JSON.stringify(row);
			}
			return;
		}
		for await (const row of this.#rows()) {
			this.report.rows++;
			if (isText(row)) {
				this.report.kept++;
				this.report.written++;
				yield nativeText(row);
			} else {
				count(this.report.dropped, 'not-text');
			}
		}
	}

	/** Columns in the order in which the format names them, then the others as they come. */
	async *#csv(): AsyncGenerator<string> {
		const known = this.#knownColumns();
		const present = new Set<string>();
		for await (const row of this.#foreign(false)) {
			Object.keys(row).forEach((name) => present.add(name));
		}
		const named = Object.keys(known);
		const columns =
			present.size === 0
				? named
				: [
						...named.filter((name) => present.has(name)),
						...[...present].filter((name) => !named.includes(name))
					];
		yield toCsvRecord(columns);
		for await (const row of this.#foreign(true)) {
			const isTyped = columns.some(
				(name) => !named.includes(name) && row[name] !== undefined && typeof row[name] !== 'string'
			);
			if (isTyped) {
				count(this.report.lost, 'column-types');
			}
			yield toCsvRecord(columns.map((name) => writeCell(row[name], known[name])));
		}
	}

	async *#parquet(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
		const columns = new ParquetColumns(this.#knownColumns());
		for await (const row of this.#foreign(false)) {
			columns.add(row);
		}
		yield new Uint8Array(await writeParquet(columns, this.#foreign(true)));
	}

	#knownColumns() {
		const { schema } = this.#options;
		return schema === 'native' ? {} : SCHEMAS[schema].columns;
	}

	/** Rows of the file. `isCounted`: they go into the report; the pass that looks for columns does not. */
	async *#foreign(isCounted: boolean): AsyncGenerator<JsonObject> {
		this.#seenPrompts = new Set();
		const { report } = this;
		for await (const row of this.#rows()) {
			const written = this.#write(row);
			if (isCounted) {
				report.rows++;
				if ('dropped' in written) {
					count(report.dropped, written.dropped);
				} else {
					report.kept++;
					report.written += written.rows.length;
					new Set(written.lost).forEach((fact) => count(report.lost, fact));
				}
			}
			if ('rows' in written) {
				yield* written.rows;
			}
		}
	}

	#write(row: FeedbackRow): Written {
		const { schema, withMeta, includeSimulated } = this.#options;
		if (schema === 'native') {
			return { rows: [], lost: [] };
		}
		if (!isText(row)) {
			return { dropped: 'not-text' };
		}
		if (schema === 'trl-prompt-only') {
			return this.#isNewPrompt(row.prompt)
				? SCHEMAS[schema].write(row, withMeta)
				: { dropped: 'same-prompt' };
		}
		if (this.#current.isSuperseded(row)) {
			return { dropped: 'superseded' };
		}
		if (row.presentation?.purpose === 'evaluation') {
			return { dropped: 'evaluation' };
		}
		if (row.source === 'simulated' && !includeSimulated) {
			return { dropped: 'simulated' };
		}
		return SCHEMAS[schema].write(row, withMeta);
	}

	#isNewPrompt(prompt: object): boolean {
		const { text, messages } = prompt as { text?: Json; messages?: Json };
		const key = sha256(canonicalJson({ text, messages }));
		const isNew = !this.#seenPrompts.has(key);
		this.#seenPrompts.add(key);
		return isNew;
	}
}

/** Text that every file can hold and every reader will take back. */
function isText(row: FeedbackRow): boolean {
	try {
		checkValue(row as unknown as JsonObject); // rows are plain JSON
		return true;
	} catch (error) {
		if (error instanceof RowError) {
			return false;
		}
		throw error;
	}
}
