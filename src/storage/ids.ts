let lastMs = 0;
let counter = 0;

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/**
 * A new id that sorts after every id made before it in this tab: 48 bits of time, 16 of counter, 64 random.
 * Works where `crypto.randomUUID` is hidden (pages that are not on localhost or HTTPS).
 */
export function newId(): string {
	const now = Date.now();
	counter = now > lastMs ? 0 : counter + 1;
	lastMs = Math.max(now, lastMs) + (counter > 0xffff ? 1 : 0);
	counter = counter > 0xffff ? 0 : counter;
	const random = crypto.getRandomValues(new Uint32Array(2));
	return hex(lastMs, 12) + hex(counter, 4) + [...random].map((part) => hex(part, 8)).join('');
}

/** 128 random bits as 32 hexadecimal digits: the salt of a commitment. */
export function newSalt(): string {
	const random = crypto.getRandomValues(new Uint32Array(4));
	return [...random].map((part) => hex(part, 8)).join('');
}
