/**
 * Checks a Parquet file before `hyparquet` reads it. The library believes what headers say of sizes and counts, so that a file of a
 * hundred bytes could ask for all memory there is. Here, and in `parquet-pages.ts`, every claim is held against the bytes that are
 * there, and against limits.
 *
 * Layout: https://parquet.apache.org/docs/file-format/ (thrift definitions: parquet.thrift; the numbers below are its field ids).
 */
import { FormatError } from '../../format-error';
import { checkKey } from '../json-guard';
import { MAX_DEPTH } from '../limits';
import {
	damaged,
	guarded,
	listIn,
	numberIn,
	structIn,
	structsIn,
	tooLarge
} from './parquet-fields';
import { decodeUtf8 } from './splitter';
import { ThriftReader, type ThriftStruct, type ThriftValue } from './thrift';

const MAX_METADATA_BYTES = 32 * 2 ** 20;
const MAX_SCHEMA_ELEMENTS = 2000;
const MAX_GROUP_ROWS = 2 ** 20;
/** Of a row group, which is held in memory at once, packed and unpacked. */
const MAX_GROUP_BYTES = 64 * 2 ** 20;
export const MAX_GROUP_UNPACKED_BYTES = 256 * 2 ** 20;
export const MAX_GROUP_VALUES = 8 * 2 ** 20;
/** A constant column takes no room, so that a small file can hold rows without end. */
const MAX_ROWS = 20_000_000;

const FOOTER_BYTES = 8;
const CODECS = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZO', 'BROTLI', 'LZ4', 'ZSTD', 'LZ4_RAW'];
const SNAPPY = 1;
const BOOLEAN = 0;
const REQUIRED = 0;
const REPEATED = 2;

export interface GuardedChunk {
	start: number;
	end: number;
	isSnappy: boolean;
	isBoolean: boolean;
	/** Bits of a repetition level and of a definition level; 0 where there is none. */
	repetitionBits: number;
	definitionBits: number;
}

export interface GuardedGroup {
	rows: number;
	chunks: GuardedChunk[];
}

function nameOf(value: ThriftValue | undefined): string {
	if (!(value instanceof Uint8Array)) {
		throw damaged('a column has no name');
	}
	return decodeUtf8(value);
}

interface Leaf {
	repetitionBits: number;
	definitionBits: number;
}

const bitsFor = (level: number) => 32 - Math.clz32(level);

/** Columns by their path, with the levels that their place in the tree gives them. */
function readSchema(elements: readonly ThriftStruct[]): Map<string, Leaf> {
	if (elements.length > MAX_SCHEMA_ELEMENTS) {
		throw tooLarge('too many columns');
	}
	const leaves = new Map<string, Leaf>();
	let next = 0;
	const walk = (path: string[], repetition: number, definition: number) => {
		const element = elements[next++];
		if (!element || path.length > MAX_DEPTH) {
			throw damaged('its columns do not add up');
		}
		const name = nameOf(element.get(4));
		checkKey(name);
		const isRoot = next === 1;
		const kind = isRoot ? REQUIRED : (element.get(3) ?? REQUIRED);
		const levels = [repetition + Number(kind === REPEATED), definition + Number(kind !== REQUIRED)];
		const [repetitions = 0, definitions = 0] = levels;
		const here = isRoot ? [] : [...path, name];
		const children = element.has(5) ? numberIn(element, 5) : 0;
		for (let i = 0; i < children; i++) {
			walk(here, repetitions, definitions);
		}
		if (children === 0) {
			leaves.set(JSON.stringify(here), {
				repetitionBits: bitsFor(repetitions),
				definitionBits: bitsFor(definitions)
			});
		}
	};
	walk([], 0, 0);
	if (next !== elements.length) {
		throw damaged('its columns do not add up');
	}
	return leaves;
}

function readChunk(
	chunk: ThriftStruct,
	leaves: Map<string, Leaf>,
	fileBytes: number
): GuardedChunk {
	const meta = structIn(chunk, 3);
	const leaf = leaves.get(JSON.stringify(listIn(meta, 3).map(nameOf)));
	const codec = numberIn(meta, 4);
	if (codec > SNAPPY) {
		throw new FormatError(
			'corrupt-file',
			`The Parquet file is packed with ${CODECS[codec] ?? 'an unknown method'}. Save it with Snappy.`
		);
	}
	// As hyparquet takes it: a dictionary at 0 is none.
	const start = (meta.has(11) ? numberIn(meta, 11) : 0) || numberIn(meta, 9);
	const end = start + numberIn(meta, 7);
	if (!leaf || end > fileBytes || numberIn(meta, 5) > MAX_GROUP_VALUES) {
		throw damaged('a column lies outside the file');
	}
	const isBoolean = numberIn(meta, 1) === BOOLEAN;
	return { start, end, isSnappy: codec === SNAPPY, isBoolean, ...leaf };
}

/** How long the file's description of itself is, from its last eight bytes. @throws FormatError */
export function metadataBytes(footer: Uint8Array, fileBytes: number): number {
	const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
	const isWhole =
		footer.length === FOOTER_BYTES && String.fromCharCode(...footer.subarray(4)) === 'PAR1';
	const length = isWhole ? view.getUint32(0, true) : 0;
	if (!isWhole || length + FOOTER_BYTES > fileBytes) {
		throw damaged('it is cut short');
	}
	if (length > MAX_METADATA_BYTES) {
		throw tooLarge('too long a description');
	}
	return length;
}

/** Row groups of a file by its description of itself. @throws FormatError */
export function checkMetadata(metadata: Uint8Array, fileBytes: number): GuardedGroup[] {
	return guarded(() => {
		const file = new ThriftReader(metadata).struct();
		const leaves = readSchema(structsIn(file, 2));
		let total = 0;
		return structsIn(file, 4).map((group) => {
			const rows = numberIn(group, 3);
			const chunks = structsIn(group, 1).map((chunk) => readChunk(chunk, leaves, fileBytes));
			const bytes = chunks.reduce((sum, { start, end }) => sum + end - start, 0);
			total += rows;
			if (rows > MAX_GROUP_ROWS || bytes > MAX_GROUP_BYTES || total > MAX_ROWS) {
				throw tooLarge('row groups that are too large; write it with smaller ones');
			}
			return { rows, chunks };
		});
	});
}
