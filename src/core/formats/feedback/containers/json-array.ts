/**
 * A JSON file that is one array of rows, as Arena battles come. Elements are cut out by their brackets and parsed one by one, so
 * that a file of any size fits, and a bad element costs itself alone unless its brackets or quotes do not close.
 */
import { RowError } from '../problems';
import {
	byteLimit,
	handOn,
	isSpace,
	joined,
	LF,
	QUOTE,
	withoutBom,
	type RecordHandler,
	type Splitter
} from './splitter';

const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const NOTHING = new Uint8Array();

/** `ended`: what follows is no array, has been reported, and is read over. */
type Place = 'before' | 'between' | 'element' | 'after' | 'ended';

export class JsonArraySplitter implements Splitter {
	readonly #handler: RecordHandler;
	/** The element begun in pieces before this one. */
	#rest: Uint8Array = NOTHING;
	#place: Place = 'before';
	/** Open brackets within the element. */
	#depth = 0;
	#inString = false;
	#isEscaped = false;
	#line = 1;
	#startLine = 1;
	/** The element was too long and has been reported: its end is awaited. */
	#isSkipping = false;
	#isFirst = true;

	constructor(handler: RecordHandler) {
		this.#handler = handler;
	}

	push(piece: Uint8Array): void {
		const bytes = this.#isFirst ? withoutBom(piece) : piece;
		this.#isFirst = false;
		let start = 0;
		for (let i = 0; i < bytes.length; i++) {
			const byte = bytes[i] as number; // i is within the array
			if (this.#place === 'element') {
				if (this.#isEnd(byte)) {
					this.#finish(bytes.subarray(start, i));
					start = i;
				}
			}
			if (this.#place !== 'element') {
				start = i;
				this.#step(byte);
			} else {
				this.#follow(byte);
			}
			if (byte === LF) {
				this.#line++;
			}
		}
		if (this.#place === 'element' && !this.#isSkipping) {
			this.#keep(bytes.subarray(start));
		}
	}

	end(): void {
		if (this.#place === 'between' || (this.#place === 'element' && !this.#isSkipping)) {
			const line = this.#place === 'element' ? this.#startLine : this.#line;
			this.#handler.problem(new RowError('cut-short'), line);
		}
		this.#rest = NOTHING;
	}

	/** A comma or the array's bracket, outside of strings and brackets of the element. */
	#isEnd(byte: number): boolean {
		return !this.#inString && this.#depth === 0 && (byte === COMMA || byte === CLOSE_ARRAY);
	}

	/** A byte that is not within an element. */
	#step(byte: number): void {
		if (isSpace(byte)) {
			return;
		}
		if (this.#place === 'between') {
			if (byte === CLOSE_ARRAY) {
				this.#place = 'after';
			} else if (byte !== COMMA) {
				this.#place = 'element';
				this.#startLine = this.#line;
				this.#follow(byte);
			}
		} else if (this.#place === 'before' && byte === OPEN_ARRAY) {
			this.#place = 'between';
		} else if (this.#place !== 'ended') {
			this.#handler.problem(new RowError('not-json'), this.#line);
			this.#place = 'ended';
		}
	}

	/** A byte of an element. */
	#follow(byte: number): void {
		if (this.#inString) {
			if (this.#isEscaped) {
				this.#isEscaped = false;
			} else if (byte === BACKSLASH) {
				this.#isEscaped = true;
			} else if (byte === QUOTE) {
				this.#inString = false;
			}
		} else if (byte === QUOTE) {
			this.#inString = true;
		} else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
			this.#depth++;
		} else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
			this.#depth = Math.max(0, this.#depth - 1);
		}
	}

	#keep(bytes: Uint8Array): void {
		this.#rest = this.#rest.length === 0 ? bytes.slice() : joined(this.#rest, bytes);
		if (this.#rest.length > byteLimit(this.#rest)) {
			this.#handler.problem(new RowError('line-too-long'), this.#startLine);
			this.#rest = NOTHING;
			this.#isSkipping = true;
		}
	}

	#finish(bytes: Uint8Array): void {
		const whole = joined(this.#rest, bytes);
		if (!this.#isSkipping) {
			if (whole.length > byteLimit(whole)) {
				this.#handler.problem(new RowError('line-too-long'), this.#startLine);
			} else {
				handOn(whole, this.#startLine, this.#handler);
			}
		}
		this.#rest = NOTHING;
		this.#isSkipping = false;
		this.#place = 'between';
	}
}
