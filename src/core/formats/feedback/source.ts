/**
 * A file as a stream of bytes: hashed as it is read, unpacked if it is gzip, in pieces small enough to stay responsive. The next
 * piece is read only when it is asked for, so that a slow reader holds up the file and not the memory.
 */
import { Sha256 } from '../../sha256';
import { FormatError } from '../format-error';
import { joined } from './containers/splitter';
import { MAX_FILE_BYTES } from './limits';

/** A file to read: from the start as often as need be, and anywhere in it where it is at hand. */
export interface FeedbackSource {
	name: string;
	/** null: not known before the end. */
	size: number | null;
	stream: () => ReadableStream<Uint8Array>;
	/** Bytes from `start` up to `end`; absent for a source that can only be read from the start. */
	slice?: (start: number, end: number) => Promise<ArrayBuffer>;
}

export function blobSource(blob: Blob, name: string): FeedbackSource {
	return {
		name,
		size: blob.size,
		stream: () => blob.stream(),
		slice: (start, end) => blob.slice(start, end).arrayBuffer()
	};
}

/** Bytes handed on at once. */
const PIECE_BYTES = 256 * 1024;
/** Given to the unpacker at once: up to a thousand times as much comes out before it can be asked to wait. */
const PACKED_PIECE_BYTES = 8 * 1024;

const MAGIC = {
	gzip: [0x1f, 0x8b],
	parquet: [0x50, 0x41, 0x52, 0x31],
	zip: [0x50, 0x4b, 0x03, 0x04],
	utf16le: [0xff, 0xfe],
	utf16be: [0xfe, 0xff],
	zstd: [0x28, 0xb5, 0x2f, 0xfd]
};

const LONGEST_MAGIC = 4;

const startsWith = (bytes: Uint8Array, magic: readonly number[]) =>
	magic.every((byte, i) => bytes[i] === byte);

export interface ReadOptions {
	signal?: AbortSignal | undefined;
	/** Bytes of the file read so far, before unpacking. */
	onBytes?: ((bytes: number) => void) | undefined;
}

export interface FileFacts {
	/** Of the file as it is, packed or not. */
	sha256: string;
	/** Of the file as it is. */
	bytes: number;
	isGzip: boolean;
}

/** The file's bytes, unpacked, in pieces of at most 256 KiB; `facts` once the last one is read. */
export class SourceReader {
	readonly #source: FeedbackSource;
	readonly #options: ReadOptions;
	readonly #hash = new Sha256();
	#bytes = 0;
	#isGzip = false;

	constructor(source: FeedbackSource, options: ReadOptions = {}) {
		this.#source = source;
		this.#options = options;
	}

	/** What has been read so far. */
	get progress(): Omit<FileFacts, 'sha256'> {
		return { bytes: this.#bytes, isGzip: this.#isGzip };
	}

	/** @throws FormatError 'corrupt-file' | 'too-large', DOMException 'AbortError' */
	async *pieces(): AsyncGenerator<Uint8Array, FileFacts> {
		let unpacked = 0;
		for await (const bytes of this.#unpacked()) {
			for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
				const piece = bytes.subarray(at, at + PIECE_BYTES);
				unpacked += piece.length;
				if (unpacked > MAX_FILE_BYTES) {
					throw new FormatError('too-large', 'The file is larger than any feedback.');
				}
				yield piece;
			}
		}
		return { sha256: this.#hash.digest(), ...this.progress };
	}

	async *#unpacked(): AsyncGenerator<Uint8Array, void> {
		const raw = this.#raw();
		const start = await readStart(raw);
		if (start.length === 0) {
			throw new FormatError('corrupt-file', 'The file is empty.');
		}
		refuse(start);
		this.#isGzip = startsWith(start, MAGIC.gzip);
		const all = concatenated(start, raw);
		yield* this.#isGzip ? gunzip(all) : all;
	}

	/** Counted and hashed. */
	async *#raw(): AsyncGenerator<Uint8Array, void> {
		const { signal, onBytes } = this.#options;
		const chunks = readChunks(this.#source.stream());
		try {
			for (;;) {
				signal?.throwIfAborted();
				const next = await chunks.next();
				if (next.done) {
					return;
				}
				for (let at = 0; at < next.value.length; at += PIECE_BYTES) {
					signal?.throwIfAborted();
					const piece = next.value.subarray(at, at + PIECE_BYTES);
					this.#hash.update(piece);
					this.#bytes += piece.length;
					onBytes?.(this.#bytes);
					yield piece;
				}
			}
		} finally {
			await chunks.return();
		}
	}
}

/** A reader that fills the same buffer again and again; null where the stream cannot do that. */
function bufferReader(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
	try {
		return stream.getReader({ mode: 'byob' });
	} catch {
		return null;
	}
}

/**
 * What a stream gives; an array may be overwritten once the next one is asked for. Files are streams of bytes, and are read
 * into one buffer: a new one for every piece would be thrown away by the gigabyte, faster than it is collected.
 */
async function* readChunks(
	stream: ReadableStream<Uint8Array>
): AsyncGenerator<Uint8Array, void, undefined> {
	const byob = bufferReader(stream);
	const reader = byob ?? stream.getReader();
	let buffer = new ArrayBuffer(PIECE_BYTES);
	try {
		for (;;) {
			const next: ReadableStreamReadResult<Uint8Array<ArrayBuffer>> = byob
				? await byob.read(new Uint8Array(buffer))
				: await (reader as ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>).read(); // it is no other
			if (next.done) {
				return;
			}
			if (byob) {
				buffer = next.value.buffer;
			}
			yield next.value;
		}
	} finally {
		// Also when the caller stops early; a file that cannot be closed is of no concern then.
		await reader.cancel().catch(() => undefined);
	}
}

/** Enough bytes to tell what they are, unless the file ends before. */
async function readStart(bytes: AsyncGenerator<Uint8Array, void>): Promise<Uint8Array> {
	let start: Uint8Array = new Uint8Array();
	while (start.length < LONGEST_MAGIC) {
		const next = await bytes.next();
		if (next.done) {
			break;
		}
		const { value } = next;
		// Asking for more may overwrite what there is.
		start = joined(start, value.length < LONGEST_MAGIC ? value.slice() : value);
	}
	return start;
}

/** @throws FormatError for files that are no text and known by their first bytes */
function refuse(start: Uint8Array): void {
	if (startsWith(start, MAGIC.utf16le) || startsWith(start, MAGIC.utf16be)) {
		throw new FormatError('corrupt-file', 'The file is UTF-16 text. Save it as UTF-8.');
	}
	if (startsWith(start, MAGIC.zip) || startsWith(start, MAGIC.zstd)) {
		throw new FormatError('corrupt-file', 'The file is an archive. Unpack it first.');
	}
}

export const isParquet = (start: Uint8Array): boolean => startsWith(start, MAGIC.parquet);

async function* concatenated(
	first: Uint8Array,
	rest: AsyncIterable<Uint8Array>
): AsyncGenerator<Uint8Array, void> {
	yield first;
	yield* rest;
}

async function* gunzip(packed: AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array, void> {
	let failure: Error | null = null;
	const small = smallPieces(packed);
	const input = new ReadableStream<BufferSource>(
		{
			pull: async (controller) => {
				try {
					const next = await small.next();
					if (next.done) {
						controller.close();
					} else {
						controller.enqueue(next.value);
					}
				} catch (cause) {
					failure = cause instanceof Error ? cause : new Error(String(cause));
					controller.error(cause);
				}
			},
			cancel: async () => {
				await small.return(undefined);
			}
		},
		{ highWaterMark: 0 }
	);
	const reader = input.pipeThrough(new DecompressionStream('gzip')).getReader();
	try {
		for (;;) {
			const next: ReadableStreamReadResult<Uint8Array> = await reader.read();
			if (next.done) {
				return;
			}
			yield next.value;
		}
	} catch (cause) {
		// Where the reading of the file failed, or was stopped, that is the reason, and not the packing.
		const unpacking = new FormatError(
			'corrupt-file',
			'The gzip file is damaged or cut short.',
			{},
			cause
		);
		throw failure ?? unpacking;
	} finally {
		await reader.cancel().catch(() => undefined);
		await packed.return(undefined);
	}
}

async function* smallPieces(
	bytes: AsyncIterable<Uint8Array>
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
	for await (const piece of bytes) {
		for (let at = 0; at < piece.length; at += PACKED_PIECE_BYTES) {
			yield piece.slice(at, at + PACKED_PIECE_BYTES);
		}
	}
}
