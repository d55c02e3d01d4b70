/**
 * The compact protocol of Thrift, in which Parquet writes its headers, read without trusting it: no list is made longer than the
 * bytes that are left could fill, nothing is nested without end. Used to check a file before the library reads it.
 */

export type ThriftValue = boolean | number | Uint8Array | ThriftValue[] | ThriftStruct;

/** Fields by number. */
export type ThriftStruct = Map<number, ThriftValue>;

const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

const MAX_NESTING = 16;
/** Of a list that has its length behind its type. */
const LONG_LIST = 15;
const DOUBLE_BYTES = 8;
/** Bytes of the longest 64-bit number, seven bits a byte. */
const MAX_VARINT_BYTES = 10;

export class ThriftReader {
	readonly #bytes: Uint8Array;
	/** Of the next byte. */
	at: number;

	constructor(bytes: Uint8Array, at = 0) {
		this.#bytes = bytes;
		this.at = at;
	}

	/** @throws Error where the bytes end, or say what no header says */
	struct(nesting = 0): ThriftStruct {
		if (nesting > MAX_NESTING) {
			throw new Error('a header is nested too deep');
		}
		const fields: ThriftStruct = new Map();
		let id = 0;
		for (;;) {
			const byte = this.#byte();
			const type = byte & 0x0f;
			if (type === STOP) {
				return fields;
			}
			const step = byte >> 4;
			id = step === 0 ? this.#zigzag() : id + step;
			fields.set(id, this.#value(type, nesting));
		}
	}

	/** A number of seven bits a byte, lowest first; exact up to 2^53. */
	varint(): number {
		let value = 0;
		let scale = 1;
		for (let i = 0; i < MAX_VARINT_BYTES; i++) {
			const byte = this.#byte();
			value += (byte & 0x7f) * scale;
			if (byte < 0x80) {
				return value;
			}
			scale *= 128;
		}
		throw new Error('a number is too long');
	}

	#byte(): number {
		const byte = this.#bytes[this.at++];
		if (byte === undefined) {
			throw new Error('a header is cut short');
		}
		return byte;
	}

	#zigzag(): number {
		const value = this.varint();
		return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
	}

	#skip(length: number): Uint8Array {
		const end = this.at + length;
		if (end > this.#bytes.length) {
			throw new Error('a header is cut short');
		}
		const bytes = this.#bytes.subarray(this.at, end);
		this.at = end;
		return bytes;
	}

	#value(type: number, nesting: number): ThriftValue {
		switch (type) {
			case TRUE:
				return true;
			case FALSE:
				return false;
			case BYTE:
				return this.#byte();
			case I16:
			case I32:
			case I64:
				return this.#zigzag();
			case DOUBLE:
				return this.#skip(DOUBLE_BYTES);
			case BINARY:
				return this.#skip(this.varint());
			case LIST:
				return this.#list(nesting);
			case STRUCT:
				return this.struct(nesting + 1);
			default:
				throw new Error(`a header has a value of type ${type}`);
		}
	}

	#list(nesting: number): ThriftValue[] {
		if (nesting > MAX_NESTING) {
			throw new Error('a header is nested too deep');
		}
		const byte = this.#byte();
		const type = byte & 0x0f;
		const length = byte >> 4 === LONG_LIST ? this.varint() : byte >> 4;
		// Every element takes a byte at least.
		if (length > this.#bytes.length - this.at) {
			throw new Error('a list is longer than its file');
		}
		// In lists a truth value takes a byte of its own.
		const isTruth = type === TRUE || type === FALSE;
		return Array.from({ length }, () =>
			isTruth ? this.#byte() === 1 : this.#value(type, nesting + 1)
		);
	}
}
