/** Rows of a Parquet file, one row group in memory at a time, read with `hyparquet` after `parquet-guard.ts` has checked them. */
import { parquetMetadata, parquetReadObjects, type AsyncBuffer } from 'hyparquet';
import { FormatError } from '../../format-error';
import { isObject, type Json, type JsonObject } from '../json';
import { checkKey, checkText, checkValue, isDeeperThan } from '../json-guard';
import { MAX_DEPTH, MAX_RECORD_BYTES } from '../limits';
import { RowError } from '../problems';
import type { FeedbackSource } from '../source';
import { checkMetadata, metadataBytes, type GuardedGroup } from './parquet-guard';
import { checkChunk, newBudget } from './parquet-pages';
import { decodeUtf8 } from './splitter';
import type { RowHandler } from './text-rows';

const FOOTER_BYTES = 8;
/** Rows handed on before the next question whether to go on. */
const ROWS_AT_ONCE = 1024;

type Slice = (start: number, end: number) => Promise<ArrayBuffer>;

/** A cell that cannot be read. The row it stands in is the problem, not the column. */
class BadCell {
	readonly error: RowError;

	constructor(error: RowError) {
		this.error = error;
	}
}

function orBadCell<T>(read: () => T): T | BadCell {
	try {
		return read();
	} catch (error) {
		return new BadCell(error instanceof RowError ? error : new RowError('not-json'));
	}
}

function cellText(bytes: Uint8Array): string {
	if (bytes.length > MAX_RECORD_BYTES) {
		throw new RowError('line-too-long');
	}
	return decodeUtf8(bytes);
}

/** How the library turns bytes into values; it would put U+FFFD where bytes are no text, and stop the whole file at bad JSON. */
const parsers = {
	stringFromBytes: (bytes: Uint8Array | undefined) => bytes && orBadCell(() => cellText(bytes)),
	jsonFromBytes: (bytes: Uint8Array | undefined) =>
		bytes &&
		orBadCell(() => {
			const text = cellText(bytes);
			if (isDeeperThan(text, MAX_DEPTH)) {
				throw new RowError('too-deep');
			}
			return JSON.parse(text) as Json; // JSON.parse gives nothing else
		})
};

/** A cell as JSON would hold it. @throws RowError */
function toJson(value: unknown, depth = 0): Json {
	if (depth > MAX_DEPTH) {
		throw new RowError('too-deep');
	}
	if (value instanceof BadCell) {
		throw value.error;
	}
	if (value === undefined || value === null || typeof value === 'boolean') {
		return value ?? null;
	}
	if (typeof value === 'string') {
		checkText(value);
		return value;
	}
	if (typeof value === 'number' || typeof value === 'bigint') {
		const number = Number(value);
		checkValue(number);
		return number;
	}
	if (value instanceof Date && !Number.isNaN(value.getTime())) {
		return value.toISOString();
	}
	if (Array.isArray(value)) {
		return value.map((item) => toJson(item, depth + 1));
	}
	if (isObject(value) && !ArrayBuffer.isView(value) && !(value instanceof Date)) {
		return toJsonObject(value, depth + 1);
	}
	throw new RowError('wrong-type', undefined, Object.prototype.toString.call(value));
}

function toJsonObject(value: object, depth: number): JsonObject {
	return Object.fromEntries(
		Object.entries(value).map(([key, member]) => {
			checkKey(key);
			return [key, toJson(member, depth)];
		})
	);
}

async function readMetadata(slice: Slice, size: number) {
	const footer = new Uint8Array(await slice(Math.max(0, size - FOOTER_BYTES), size));
	const length = metadataBytes(footer, size);
	const bytes = new Uint8Array(await slice(size - FOOTER_BYTES - length, size));
	const groups = checkMetadata(bytes.subarray(0, length), size);
	try {
		return { groups, metadata: parquetMetadata(bytes, { geoparquet: false }) };
	} catch (cause) {
		throw unreadable(cause);
	}
}

const unreadable = (cause: unknown) =>
	cause instanceof FormatError
		? cause
		: new FormatError('corrupt-file', 'The Parquet file cannot be read.', {}, cause);

async function checkGroup(slice: Slice, { chunks }: GuardedGroup): Promise<void> {
	const budget = newBudget();
	for (const chunk of chunks) {
		checkChunk(new Uint8Array(await slice(chunk.start, chunk.end)), chunk, budget);
	}
}

/**
 * Hands on the rows in order, numbered from 1. `goOn` is awaited often, and says whether to; false if it said no.
 * @throws FormatError 'corrupt-file' | 'too-large'
 */
export async function readParquet(
	source: FeedbackSource,
	handler: RowHandler,
	goOn: () => Promise<boolean>
): Promise<boolean> {
	const { size, slice } = source;
	if (size === null || !slice) {
		throw new FormatError('corrupt-file', 'A Parquet file must be at hand as a whole.');
	}
	const { groups, metadata } = await readMetadata(slice, size);
	const file: AsyncBuffer = { byteLength: size, slice: (start, end) => slice(start, end ?? size) };
	let first = 0;
	for (const group of groups) {
		await checkGroup(slice, group);
		let rows: object[];
		try {
			rows = await parquetReadObjects({
				file,
				metadata,
				rowStart: first,
				rowEnd: first + group.rows,
				parsers,
				geoparquet: false
			});
		} catch (cause) {
			throw unreadable(cause);
		}
		for (const [i, row] of rows.entries()) {
			handOn(row, first + i + 1, handler);
			if (i % ROWS_AT_ONCE === ROWS_AT_ONCE - 1 && !(await goOn())) {
				return false;
			}
		}
		first += group.rows;
		if (!(await goOn())) {
			return false;
		}
	}
	return true;
}

function handOn(row: object, number: number, handler: RowHandler): void {
	let json: JsonObject;
	try {
		json = toJsonObject(row, 1);
	} catch (error) {
		if (!(error instanceof RowError)) {
			throw error;
		}
		handler.problem(error, number);
		return;
	}
	handler.row(json, number);
}
