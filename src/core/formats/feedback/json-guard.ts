/** From the text of one row to a value that is safe to handle: limits are checked before anything is built. */
import { hasLoneSurrogate, isObject, type Json, type JsonObject } from './json';
import { MAX_DEPTH, NATIVE_EXTRA_DEPTH, NATIVE_START } from './limits';
import { RowError } from './problems';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Keys that mean something to JavaScript objects; a merge or a lookup by such a key could change every object. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor']);

/** Place of the quote that ends the string begun at `start`; -1 if none does. */
function endOfString(text: string, start: number): number {
	let end = text.indexOf('"', start + 1);
	while (end !== -1) {
		let backslashes = 0;
		while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) {
			backslashes++;
		}
		if (backslashes % 2 === 0) {
			return end;
		}
		end = text.indexOf('"', end + 1);
	}
	return -1;
}

/** Whether objects and arrays stand more than `limit` deep in JSON text. Text that is no JSON may be called either. */
export function isDeeperThan(text: string, limit: number): boolean {
	let depth = 0;
	for (let i = 0; i < text.length; i++) {
		const unit = text.charCodeAt(i);
		if (unit === QUOTE) {
			const end = endOfString(text, i);
			if (end === -1) {
				return false;
			}
			i = end;
		} else if (unit === OPEN_OBJECT || unit === OPEN_ARRAY) {
			if (++depth > limit) {
				return true;
			}
		} else if (unit === CLOSE_OBJECT || unit === CLOSE_ARRAY) {
			depth--;
		}
	}
	return false;
}

/** @throws RowError for text with a NUL or half a character */
export function checkText(text: string): void {
	if (text.includes('\0')) {
		throw new RowError('nul');
	}
	if (hasLoneSurrogate(text)) {
		throw new RowError('lone-surrogate');
	}
}

/** @throws RowError 'forbidden-key' */
export function checkKey(key: string): void {
	if (FORBIDDEN_KEYS.has(key)) {
		throw new RowError('forbidden-key', key);
	}
	checkText(key);
}

/**
 * @throws RowError for a forbidden key, a number that does not survive (1e999, or a whole number beyond 2^53, of which the last
 * digits would be lost), a NUL or half a character anywhere in the value
 */
export function checkValue(value: Json): void {
	if (typeof value === 'string') {
		checkText(value);
	} else if (typeof value === 'number') {
		if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
			throw new RowError('number-too-large', undefined, String(value));
		}
	} else if (Array.isArray(value)) {
		value.forEach(checkValue);
	} else if (value !== null && typeof value === 'object') {
		for (const [key, member] of Object.entries(value)) {
			checkKey(key);
			checkValue(member);
		}
	}
}

/** @throws RowError: what the text is not */
export function parseRow(text: string): JsonObject {
	if (text.includes('\0')) {
		throw new RowError('nul');
	}
	const extra = text.startsWith(NATIVE_START) ? NATIVE_EXTRA_DEPTH : 0;
	if (isDeeperThan(text, MAX_DEPTH + extra)) {
		throw new RowError('too-deep');
	}
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw new RowError('not-json', undefined, text);
	}
	if (!isObject(value)) {
		throw new RowError('not-an-object', undefined, value);
	}
	checkValue(value);
	return value;
}
