/** JSON Lines: one row a line, LF or CRLF. Empty lines are no rows. A bad line costs itself alone. */
import { RowError } from '../problems';
import {
	byteLimit,
	CR,
	handOn,
	isSpace,
	joined,
	LF,
	withoutBom,
	type RecordHandler,
	type Splitter
} from './splitter';

const NOTHING = new Uint8Array();

export class LineSplitter implements Splitter {
	readonly #handler: RecordHandler;
	/** The line begun in pieces before this one. */
	#rest: Uint8Array = NOTHING;
	#line = 1;
	/** The line was too long and has been reported: its end is awaited. */
	#isSkipping = false;

	constructor(handler: RecordHandler) {
		this.#handler = handler;
	}

	push(bytes: Uint8Array): void {
		let at = 0;
		for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, at)) {
			if (this.#isSkipping) {
				this.#isSkipping = false;
			} else {
				this.#finish(joined(this.#rest, bytes.subarray(at, end)));
			}
			this.#rest = NOTHING;
			this.#line++;
			at = end + 1;
		}
		if (at < bytes.length && !this.#isSkipping) {
			this.#keep(bytes.subarray(at));
		}
	}

	end(): void {
		if (!this.#isSkipping && this.#rest.length > 0) {
			this.#finish(this.#rest);
		}
		this.#rest = NOTHING;
	}

	#keep(bytes: Uint8Array): void {
		// A copy: the caller's array may be reused.
		this.#rest = this.#rest.length === 0 ? bytes.slice() : joined(this.#rest, bytes);
		if (this.#isTooLong(this.#rest)) {
			this.#rest = NOTHING;
			this.#isSkipping = true;
		}
	}

	#isTooLong(line: Uint8Array): boolean {
		if (line.length <= byteLimit(withoutBom(line))) {
			return false;
		}
		this.#handler.problem(new RowError('line-too-long'), this.#line);
		return true;
	}

	#finish(line: Uint8Array): void {
		// Files that were put together may have a mark at the start of any line.
		const whole = withoutBom(line.at(-1) === CR ? line.subarray(0, -1) : line);
		if (!whole.every(isSpace) && !this.#isTooLong(whole)) {
			handOn(whole, this.#line, this.#handler);
		}
	}
}
