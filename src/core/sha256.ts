/** SHA-256 (FIPS 180-4), synchronous and incremental. For content hashes of records and files read piece by piece. */

/** First 32 fractional bits of a root of each of the first primes. */
function primeRoots(count: number, power: number): Int32Array {
	const words = new Uint32Array(count);
	let found = 0;
	for (let n = 2; found < count; n++) {
		let isPrime = true;
		for (let d = 2; d * d <= n; d++) {
			if (n % d === 0) {
				isPrime = false;
			}
		}
		if (isPrime) {
			words[found++] = (n ** power % 1) * 2 ** 32;
		}
	}
	return new Int32Array(words.buffer);
}

const INITIAL = primeRoots(8, 1 / 2);
const ROUND = primeRoots(64, 1 / 3);
const BLOCK_BYTES = 64;
/** Where the length of the message stands in its last block. */
const LENGTH_OFFSET = 56;

/** One message after the other; hashing two at a time is safe, for nothing is awaited within a block. */
const schedule = new Int32Array(64);

/** The block of 64 bytes at `at` into the state of eight words. */
function compress(state: Int32Array, bytes: Uint8Array, at: number): void {
	// Every index below is within the 64 words of w and ROUND, the 8 of the state and the 64 bytes of the block.
	const w = schedule;
	for (let i = 0, j = at; i < 16; i++, j += 4) {
		w[i] =
			((bytes[j] as number) << 24) |
			((bytes[j + 1] as number) << 16) |
			((bytes[j + 2] as number) << 8) |
			(bytes[j + 3] as number);
	}
	for (let i = 16; i < 64; i++) {
		const x = w[i - 15] as number;
		const y = w[i - 2] as number;
		const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
		const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
		w[i] = ((w[i - 16] as number) + s0 + (w[i - 7] as number) + s1) | 0;
	}
	// Read one by one: taking the array apart as an iterable is much slower.
	let a = state[0] as number;
	let b = state[1] as number;
	let c = state[2] as number;
	let d = state[3] as number;
	let e = state[4] as number;
	let f = state[5] as number;
	let g = state[6] as number;
	let h = state[7] as number;
	for (let i = 0; i < 64; i++) {
		const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
		const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (ROUND[i] as number) + (w[i] as number)) | 0;
		const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
		const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
		h = g;
		g = f;
		f = e;
		e = (d + t1) | 0;
		d = c;
		c = b;
		b = a;
		a = (t1 + t2) | 0;
	}
	// Int32Array wraps the sums.
	state[0] = (state[0] as number) + a;
	state[1] = (state[1] as number) + b;
	state[2] = (state[2] as number) + c;
	state[3] = (state[3] as number) + d;
	state[4] = (state[4] as number) + e;
	state[5] = (state[5] as number) + f;
	state[6] = (state[6] as number) + g;
	state[7] = (state[7] as number) + h;
}

const encoder = new TextEncoder();

/** The digest of bytes that come in pieces; the cut between pieces makes no difference. */
export class Sha256 {
	readonly #state = INITIAL.slice();
	readonly #block = new Uint8Array(BLOCK_BYTES);
	#filled = 0;
	#length = 0;
	#isDone = false;

	/** @throws Error after `digest` */
	update(bytes: Uint8Array): this {
		if (this.#isDone) {
			throw new Error('this digest is finished');
		}
		this.#length += bytes.length;
		let at = 0;
		if (this.#filled > 0) {
			at = Math.min(BLOCK_BYTES - this.#filled, bytes.length);
			this.#block.set(bytes.subarray(0, at), this.#filled);
			this.#filled += at;
			if (this.#filled < BLOCK_BYTES) {
				return this;
			}
			compress(this.#state, this.#block, 0);
			this.#filled = 0;
		}
		for (; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) {
			compress(this.#state, bytes, at);
		}
		this.#block.set(bytes.subarray(at));
		this.#filled = bytes.length - at;
		return this;
	}

	/** 64 hexadecimal digits; nothing can be added afterwards. */
	digest(): string {
		if (!this.#isDone) {
			const length = this.#length;
			const padded = this.#filled < LENGTH_OFFSET ? LENGTH_OFFSET : LENGTH_OFFSET + BLOCK_BYTES;
			const end = new Uint8Array(padded + 8 - this.#filled);
			end[0] = 0x80;
			const view = new DataView(end.buffer);
			view.setUint32(end.length - 8, Math.floor(length / 2 ** 29));
			view.setUint32(end.length - 4, (length * 8) % 2 ** 32);
			this.update(end);
			this.#isDone = true;
		}
		return Array.from(this.#state, (x) => (x >>> 0).toString(16).padStart(8, '0')).join('');
	}
}

/** The digest of UTF-8 text as 64 hexadecimal digits. */
export function sha256(text: string): string {
	return new Sha256().update(encoder.encode(text)).digest();
}
