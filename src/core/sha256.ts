/** SHA-256 (FIPS 180-4), synchronous. For content hashes of records; large weights are hashed by the platform. */

/** First 32 fractional bits of a root of each of the first primes. */
function primeRoots(count: number, power: number): Uint32Array {
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
	return words;
}

const INITIAL = primeRoots(8, 1 / 2);
const ROUND = primeRoots(64, 1 / 3);

const rotate = (x: number, bits: number): number => (x >>> bits) | (x << (32 - bits));

function compress(state: Uint32Array, block: DataView, offset: number, w: Uint32Array): void {
	// Every index below is within the 64 words of w and ROUND or the 8 of the state.
	const word = (i: number): number => w[i] as number;
	for (let i = 0; i < 16; i++) {
		w[i] = block.getUint32(offset + 4 * i);
	}
	for (let i = 16; i < 64; i++) {
		const x = word(i - 15);
		const y = word(i - 2);
		const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
		const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
		w[i] = word(i - 16) + s0 + word(i - 7) + s1;
	}
	let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
	for (let i = 0; i < 64; i++) {
		const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
		const t1 = h + s1 + ((e & f) ^ (~e & g)) + (ROUND[i] as number) + word(i);
		const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
		const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
		[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) >>> 0, c, b, a, (t1 + t2) >>> 0];
	}
	[a, b, c, d, e, f, g, h].forEach((x, i) => (state[i] = (state[i] as number) + x));
}

/** The digest of UTF-8 text as 64 hexadecimal digits. */
export function sha256(text: string): string {
	const bytes = new TextEncoder().encode(text);
	const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
	padded.set(bytes);
	padded[bytes.length] = 0x80;
	const view = new DataView(padded.buffer);
	view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
	view.setUint32(padded.length - 4, (bytes.length * 8) >>> 0);
	const state = INITIAL.slice();
	const w = new Uint32Array(64);
	for (let offset = 0; offset < padded.length; offset += 64) {
		compress(state, view, offset, w);
	}
	return Array.from(state, (x) => x.toString(16).padStart(8, '0')).join('');
}
