/**
 * CSV (RFC 4180) cut into records: a record ends at a line end outside quotes. A quote that is never closed would swallow the
 * rest of the file, or close where the next one should open; such a record is given up after its first line, and reading goes
 * on with the second.
 */
import { MAX_RECORD_BYTES } from '../limits';
import { RowError } from '../problems';
import {
	CR,
	handOn,
	isSpace,
	joined,
	LF,
	QUOTE,
	withoutBom,
	type RecordHandler,
	type Splitter
} from './splitter';

const NOTHING = new Uint8Array();
/** Bytes that may be read a second time in all; beyond it a bad record costs all its lines, so that time stays linear. */
const REREAD_BYTES = 64 * 2 ** 20;

type Place = 'cell-start' | 'plain' | 'quoted' | 'quote-in-quoted';

/** Where a record starts and where to read on. */
type Position = [start: number, at: number];

export class CsvSplitter implements Splitter {
	readonly #handler: RecordHandler;
	readonly #delimiter: number;
	/** The record begun in pieces before this one, all of it read. */
	#rest: Uint8Array = NOTHING;
	#place: Place = 'cell-start';
	#line = 1;
	#startLine = 1;
	/** Text stands behind a closing quote of the record. */
	#isBroken = false;
	/** The record has been reported: the end of the line is awaited. */
	#isSkipping = false;
	#isFirst = true;
	#reread = REREAD_BYTES;

	/** `delimiter`: the byte between cells. */
	constructor(handler: RecordHandler, delimiter: number) {
		this.#handler = handler;
		this.#delimiter = delimiter;
	}

	push(piece: Uint8Array): void {
		const bytes = this.#isFirst ? withoutBom(piece) : piece;
		this.#isFirst = false;
		this.#scan(joined(this.#rest, bytes), this.#rest.length);
	}

	end(): void {
		while (this.#rest.length > 0) {
			const rest = this.#rest;
			this.#rest = NOTHING;
			if (this.#place === 'quoted' || this.#isBroken) {
				const [start] = this.#giveUp(rest, 0, rest.length);
				if (this.#isSkipping) {
					return;
				}
				this.#scan(rest.subarray(start), 0);
			} else {
				this.#finish(rest);
			}
		}
	}

	#scan(bytes: Uint8Array, from: number): void {
		let start = 0;
		let i = from;
		while (i < bytes.length) {
			const byte = bytes[i++] as number; // i was within the array
			if (byte === LF) {
				this.#line++;
			}
			if (this.#isSkipping) {
				if (byte === LF) {
					this.#begin();
				}
				start = i;
			} else if (byte === LF && this.#place !== 'quoted') {
				[start, i] = this.#endRecord(bytes, start, i);
			} else {
				this.#follow(byte);
				if (i - start > MAX_RECORD_BYTES) {
					[start, i] = this.#endOverlong(bytes, start, i);
				}
			}
		}
		// A copy: the caller's array may be reused.
		this.#rest = bytes.slice(start);
	}

	#follow(byte: number): void {
		switch (this.#place) {
			case 'quoted':
				this.#place = byte === QUOTE ? 'quote-in-quoted' : 'quoted';
				break;
			case 'quote-in-quoted':
				if (byte === QUOTE) {
					this.#place = 'quoted';
				} else if (byte === this.#delimiter) {
					this.#place = 'cell-start';
				} else if (byte !== CR) {
					this.#isBroken = true;
					this.#place = 'plain';
				}
				break;
			case 'cell-start':
				this.#place = byte === QUOTE ? 'quoted' : byte === this.#delimiter ? 'cell-start' : 'plain';
				break;
			case 'plain':
				this.#place = byte === this.#delimiter ? 'cell-start' : 'plain';
				break;
			default:
				this.#place satisfies never;
		}
	}

	/** The next byte is the first of a record. */
	#begin(): void {
		this.#startLine = this.#line;
		this.#place = 'cell-start';
		this.#isBroken = false;
		this.#isSkipping = false;
	}

	#endRecord(bytes: Uint8Array, start: number, end: number): Position {
		if (this.#isBroken) {
			return this.#giveUp(bytes, start, end);
		}
		this.#finish(bytes.subarray(start, end - 1));
		return [end, end];
	}

	#endOverlong(bytes: Uint8Array, start: number, end: number): Position {
		if (this.#place === 'quoted' || this.#isBroken) {
			return this.#giveUp(bytes, start, end);
		}
		this.#handler.problem(new RowError('line-too-long'), this.#startLine);
		this.#isSkipping = true;
		return [end, end];
	}

	/** Reports the record from `start`, read as far as `end`, and goes back to its second line if it has one. */
	#giveUp(bytes: Uint8Array, start: number, end: number): Position {
		this.#handler.problem(new RowError('bad-csv'), this.#startLine);
		const second = bytes.indexOf(LF, start) + 1;
		if (second > 0 && second < end && end - second <= this.#reread) {
			this.#reread -= end - second;
			this.#line = this.#startLine + 1;
			this.#begin();
			return [second, second];
		}
		if (bytes[end - 1] === LF && this.#place !== 'quoted') {
			this.#begin();
		} else {
			this.#isSkipping = true;
		}
		return [end, end];
	}

	#finish(record: Uint8Array): void {
		const whole = record.at(-1) === CR ? record.subarray(0, -1) : record;
		const line = this.#startLine;
		this.#begin();
		if (!whole.every(isSpace)) {
			handOn(whole, line, this.#handler);
		}
	}
}
