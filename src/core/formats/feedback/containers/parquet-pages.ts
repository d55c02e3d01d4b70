/** Checks the pages of one column of a Parquet file before `hyparquet` reads them; see `parquet-guard.ts`. */
import { snappyUncompress } from 'hyparquet';
import { FormatError } from '../../format-error';
import { damaged, guarded, numberIn, structIn, tooLarge } from './parquet-fields';
import { MAX_GROUP_UNPACKED_BYTES, MAX_GROUP_VALUES, type GuardedChunk } from './parquet-guard';
import { ThriftReader, type ThriftStruct } from './thrift';

const PAGE = { data: 0, index: 1, dictionary: 2, dataV2: 3 };
const ENCODING = {
	plain: 0,
	plainDictionary: 2,
	rle: 3,
	deltaLength: 6,
	rleDictionary: 8,
	split: 9
};
/** The other encodings can ask for more memory than their bytes account for. */
const ENCODINGS: readonly number[] = Object.values(ENCODING);
/** Before runs that say how long they are. */
const LENGTH_BYTES = 4;
const MAX_INDEX_BITS = 32;
/** Snappy makes 64 bytes of three at most. */
const SNAPPY_RATIO = 22;

/**
 * Reads over runs of `bits`-wide numbers, of which `count` are wanted: no run may repeat one number more often than that. Packed
 * numbers take their bytes, so the library comes to an end with them by itself.
 */
function checkRuns(bytes: Uint8Array, from: number, bits: number, count: number): void {
	const reader = new ThriftReader(bytes, from);
	let seen = 0;
	while (seen < count && reader.at < bytes.length) {
		const header = reader.varint();
		const isPacked = header % 2 === 1;
		const run = Math.floor(header / 2) * (isPacked ? 8 : 1);
		if (!isPacked && run > count - seen) {
			throw damaged('a run is longer than its page');
		}
		reader.at += isPacked ? (run / 8) * bits : Math.ceil(bits / 8);
		seen += run;
	}
}

interface PageFacts {
	values: number;
	encoding: number;
}

/** What is counted in a row group as its pages are read over. */
export interface GroupBudget {
	unpacked: number;
	values: number;
}

export const newBudget = (): GroupBudget => ({
	unpacked: MAX_GROUP_UNPACKED_BYTES,
	values: MAX_GROUP_VALUES
});

function spend(budget: GroupBudget, unpacked: number, values: number): void {
	budget.unpacked -= unpacked;
	budget.values -= values;
	if (budget.unpacked < 0 || budget.values < 0) {
		throw tooLarge('row groups that are too large; write it with smaller ones');
	}
}

/** Reads over every page of a column. @throws FormatError */
export function checkChunk(bytes: Uint8Array, chunk: GuardedChunk, budget: GroupBudget): void {
	guarded(() => {
		let at = 0;
		// The library stops one byte before the end, too.
		while (at < bytes.length - 1) {
			const reader = new ThriftReader(bytes, at);
			const header = reader.struct();
			const packed = numberIn(header, 3);
			const page = bytes.subarray(reader.at, reader.at + packed);
			if (page.length < packed) {
				throw damaged('a page is cut short');
			}
			checkPage(header, page, chunk, budget);
			at = reader.at + packed;
		}
	});
}

function checkPage(
	header: ThriftStruct,
	page: Uint8Array,
	chunk: GuardedChunk,
	budget: GroupBudget
): void {
	const unpackedBytes = numberIn(header, 2);
	const type = header.get(1);
	const facts = structIn(header, type === PAGE.data ? 5 : type === PAGE.dictionary ? 7 : 8);
	const values = numberIn(facts, 1);
	spend(budget, unpackedBytes, values);
	const unpack = (packed: Uint8Array, length: number) => {
		if (!chunk.isSnappy) {
			return packed;
		}
		if (length > SNAPPY_RATIO * (packed.length + 1)) {
			throw damaged('a page is said to be larger than it can be');
		}
		const output = new Uint8Array(length);
		snappyUncompress(packed, output);
		return output;
	};
	if (type === PAGE.dictionary) {
		unpack(page, unpackedBytes);
		return;
	}
	if (type === PAGE.data) {
		const encoding = numberIn(facts, 2);
		const whole = unpack(page, unpackedBytes);
		let at = 0;
		for (const bits of [chunk.repetitionBits, chunk.definitionBits]) {
			if (bits > 0) {
				const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
				const length = view.getUint32(at, true);
				const start = at + LENGTH_BYTES;
				at = start + length;
				checkRuns(whole.subarray(0, at), start, bits, values);
			}
		}
		checkValues(whole, at, { values, encoding }, chunk);
		return;
	}
	if (type !== PAGE.dataV2) {
		throw damaged('it has pages of an unknown kind');
	}
	const [nulls, rows, encoding] = [numberIn(facts, 2), numberIn(facts, 3), numberIn(facts, 4)];
	const [definitionBytes, repetitionBytes] = [numberIn(facts, 5), numberIn(facts, 6)];
	const levels = definitionBytes + repetitionBytes;
	if (nulls > values || rows > values || levels > unpackedBytes || levels > page.length) {
		throw damaged('the counts of a page do not add up');
	}
	if (chunk.repetitionBits > 0) {
		checkRuns(page.subarray(0, repetitionBytes), 0, chunk.repetitionBits, values);
	}
	if (chunk.definitionBits > 0) {
		checkRuns(page.subarray(0, levels), repetitionBytes, chunk.definitionBits, values);
	}
	const isPacked = facts.get(7) !== false;
	const rest = page.subarray(levels);
	const body = isPacked ? unpack(rest, unpackedBytes - levels) : rest;
	checkValues(body, 0, { values: values - nulls, encoding }, chunk);
}

/** `values`: the most there can be; nulls of a first-version page are counted only by its levels. */
function checkValues(
	body: Uint8Array,
	at: number,
	{ values, encoding }: PageFacts,
	{ isBoolean }: GuardedChunk
): void {
	if (!ENCODINGS.includes(encoding)) {
		throw new FormatError(
			'corrupt-file',
			`The Parquet file uses encoding ${encoding}, which cannot be read here. Write it with PLAIN or dictionary encoding.`
		);
	}
	if (encoding === ENCODING.split && values > body.length) {
		throw damaged('a page holds fewer values than it says');
	}
	if (encoding === ENCODING.rle) {
		if (!isBoolean) {
			throw damaged('a page is encoded as its type cannot be');
		}
		checkRuns(body, at + LENGTH_BYTES, 1, values);
	} else if (encoding === ENCODING.plainDictionary || encoding === ENCODING.rleDictionary) {
		const bits = body[at] ?? 0;
		if (isBoolean || bits > MAX_INDEX_BITS) {
			throw damaged('a page is encoded as its type cannot be');
		}
		if (bits > 0) {
			checkRuns(body, at + 1, bits, values);
		}
	}
}
