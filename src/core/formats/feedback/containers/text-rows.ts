/** Rows of text files: JSON Lines, an array of JSON, CSV. Told apart by how they begin. */
import { FormatError } from '../../format-error';
import type { JsonObject } from '../json';
import { checkKey, checkText, parseRow } from '../json-guard';
import { RowError } from '../problems';
import { findDelimiter, parseCells, type Delimiter } from './csv-cells';
import { CsvSplitter } from './csv-records';
import { JsonArraySplitter } from './json-array';
import { LineSplitter } from './lines';
import { isSpace, LF, withoutBom, type RecordHandler, type Splitter } from './splitter';

export const CONTAINERS = ['jsonl', 'json', 'csv', 'parquet'] as const;
export type Container = (typeof CONTAINERS)[number];
export type TextContainer = Exclude<Container, 'parquet'>;

export interface RowHandler {
	/** `row`: values of a JSON row; text alone in one of CSV. `line`: where it begins, from 1. */
	row(row: JsonObject, line: number): void;
	problem(error: RowError, line: number): void;
}

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
/** A header longer than this is none. */
const MAX_COLUMNS = 1000;

/** What the file is, by its first character that is no space; the name decides nothing. */
export function textContainer(start: Uint8Array): TextContainer {
	const first = withoutBom(start).find((byte) => !isSpace(byte));
	return first === OPEN_OBJECT ? 'jsonl' : first === OPEN_ARRAY ? 'json' : 'csv';
}

/** Cuts the file's bytes into rows. `start`: its first piece, which is not read here but only looked at. */
export function createRowReader(
	container: TextContainer,
	start: Uint8Array,
	handler: RowHandler
): Splitter {
	switch (container) {
		case 'jsonl':
			return new LineSplitter(jsonRecords(handler));
		case 'json':
			return new JsonArraySplitter(jsonRecords(handler));
		case 'csv': {
			const bytes = withoutBom(start);
			const lineEnd = bytes.indexOf(LF);
			// A piece may end within a character.
			const header = new TextDecoder().decode(lineEnd === -1 ? bytes : bytes.subarray(0, lineEnd));
			const delimiter = findDelimiter(header);
			return new CsvSplitter(csvRecords(handler, delimiter), delimiter.charCodeAt(0));
		}
		default:
			return container satisfies never;
	}
}

/** Runs `action`, handing what is wrong with the row to the handler. */
function guarded(handler: RowHandler, line: number, action: () => void): void {
	try {
		action();
	} catch (error) {
		if (!(error instanceof RowError)) {
			throw error;
		}
		handler.problem(error, line);
	}
}

function jsonRecords(handler: RowHandler): RecordHandler {
	return {
		record: (text, line) => guarded(handler, line, () => handler.row(parseRow(text), line)),
		problem: (error, line) => handler.problem(error, line)
	};
}

/** The first record names the columns. */
function csvRecords(handler: RowHandler, delimiter: Delimiter): RecordHandler {
	let columns: string[] | null = null;
	return {
		record: (text, line) =>
			guarded(handler, line, () => {
				if (columns === null) {
					columns = readHeader(text, delimiter);
				} else {
					handler.row(toRow(columns, parseCells(text, delimiter)), line);
				}
			}),
		problem: (error, line) => {
			if (columns === null) {
				throw new FormatError('corrupt-file', 'The first line of the table cannot be read.');
			}
			handler.problem(error, line);
		}
	};
}

/** @throws FormatError where there are no usable column names */
function readHeader(text: string, delimiter: Delimiter): string[] {
	try {
		const columns = parseCells(text, delimiter).map((name) => name.trim());
		columns.forEach(checkKey);
		if (columns.length <= MAX_COLUMNS && new Set(columns).size === columns.length) {
			return columns;
		}
	} catch (cause) {
		if (!(cause instanceof RowError)) {
			throw cause;
		}
	}
	throw new FormatError(
		'corrupt-file',
		'The first line of the table does not name its columns, each once.'
	);
}

function toRow(columns: readonly string[], cells: readonly string[]): JsonObject {
	if (cells.length !== columns.length) {
		throw new RowError('wrong-columns', undefined, String(cells.length));
	}
	cells.forEach(checkText);
	return Object.fromEntries(columns.map((name, i) => [name, cells[i] ?? '']));
}
