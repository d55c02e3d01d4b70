/** What cuts a stream of bytes into records: lines, elements of an array, records of a table. */
import { MAX_NATIVE_RECORD_BYTES, MAX_RECORD_BYTES, NATIVE_START } from '../limits';
import { RowError } from '../problems';

export interface RecordHandler {
	/** The text of one record. `line`: the line it begins on, from 1. */
	record(text: string, line: number): void;
	/** A record that cannot be handed on. */
	problem(error: RowError, line: number): void;
}

export interface Splitter {
	/** The next bytes of the file; the array may be reused by the caller afterwards. */
	push(bytes: Uint8Array): void;
	/** No more bytes come. */
	end(): void;
}

export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const TAB = 0x09;
export const QUOTE = 0x22;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const NATIVE_BYTES = new TextEncoder().encode(NATIVE_START);
const BOM = [0xef, 0xbb, 0xbf];

/** @throws RowError 'not-utf8' */
export function decodeUtf8(bytes: Uint8Array): string {
	try {
		return decoder.decode(bytes);
	} catch {
		throw new RowError('not-utf8');
	}
}

/** Without the mark that some programs write before UTF-8. */
export function withoutBom(bytes: Uint8Array): Uint8Array {
	return BOM.every((byte, i) => bytes[i] === byte) ? bytes.subarray(BOM.length) : bytes;
}

/** How long a record that begins with these bytes may be. */
export function byteLimit(bytes: Uint8Array): number {
	return NATIVE_BYTES.every((byte, i) => bytes[i] === byte)
		? MAX_NATIVE_RECORD_BYTES
		: MAX_RECORD_BYTES;
}

export function isSpace(byte: number | undefined): boolean {
	return byte === SPACE || byte === LF || byte === CR || byte === TAB;
}

/** What is left of the last piece, and the next one, as one array. */
export function joined(rest: Uint8Array, bytes: Uint8Array): Uint8Array {
	if (rest.length === 0) {
		return bytes;
	}
	const all = new Uint8Array(rest.length + bytes.length);
	all.set(rest);
	all.set(bytes, rest.length);
	return all;
}

/** Decodes one record and hands it on, or its problem. */
export function handOn(bytes: Uint8Array, line: number, handler: RecordHandler): void {
	let text: string;
	try {
		text = decodeUtf8(bytes);
	} catch (error) {
		handler.problem(error as RowError, line); // decodeUtf8 throws nothing else
		return;
	}
	handler.record(text, line);
}
