/**
 * Philox4x32-10, a counter-based PRNG (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011; Random123).
 * Draw n of a stream is a pure function of (seed, stream, n): nothing to carry along, the same whatever the batch split.
 * `uniform` serves samplers that address draws by row and column; `Random` serves code that wants a sequence. Their
 * counters never meet, even under one seed.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
/** Key schedule: golden ratio and sqrt(3) - 1, as 32-bit fractions. */
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;
const TWO_32 = 2 ** 32;
/** Sets `Random` apart from `uniform`: words of numbers below 2^53 never reach this bit. */
const SEQUENCE_BIT = 0x80000000;

export type Words = readonly [number, number, number, number];

/** High 32 bits of the 64-bit product of two 32-bit words. */
function mulHigh(a: number, b: number): number {
	const low = (a & 0xffff) * b; // < 2^48, exact
	const high = (a >>> 16) * b;
	return Math.floor((high + Math.floor(low / 0x10000)) / 0x10000);
}

/** The bijection itself: a block of four 32-bit words from a counter of four words and a key of two. */
export function philoxBlock(counter: Words, key: readonly [number, number]): Words {
	let [c0, c1, c2, c3] = counter;
	let [k0, k1] = key;
	for (let round = 0; round < ROUNDS; round++) {
		const high0 = mulHigh(MULTIPLIER_0, c0);
		const low0 = Math.imul(MULTIPLIER_0, c0);
		const high1 = mulHigh(MULTIPLIER_1, c2);
		const low1 = Math.imul(MULTIPLIER_1, c2);
		c0 = (high1 ^ c1 ^ k0) >>> 0;
		c1 = low1 >>> 0;
		c2 = (high0 ^ c3 ^ k1) >>> 0;
		c3 = low0 >>> 0;
		k0 = (k0 + WEYL_0) >>> 0;
		k1 = (k1 + WEYL_1) >>> 0;
	}
	return [c0, c1, c2, c3];
}

function assertNatural(value: number, name: string): void {
	if (!Number.isSafeInteger(value) || value < 0) {
		throw new RangeError(`${name} must be an integer from 0 to 2^53 - 1, got ${value}`);
	}
}

const lowWord = (value: number): number => value % TWO_32;
const highWord = (value: number): number => Math.floor(value / TWO_32);

/** Four random 32-bit words for a place (a, b) under a seed; all three are integers from 0 to 2^53 - 1. */
export function philox(seed: number, a: number, b: number): Words {
	assertNatural(seed, 'seed');
	assertNatural(a, 'a');
	assertNatural(b, 'b');
	return philoxBlock(
		[lowWord(b), highWord(b), lowWord(a), highWord(a)],
		[lowWord(seed), highWord(seed)]
	);
}

/** 53 random bits of two words as a number strictly between 0 and 1. */
function toUnit(high: number, low: number): number {
	const bits = (high >>> 5) * 2 ** 26 + (low >>> 6);
	return bits === 0 ? 2 ** -54 : bits * 2 ** -53;
}

/** The uniform draw in (0, 1) of row `row` at column `t`. */
export function uniform(seed: number, row: number, t: number): number {
	const [high, low] = philox(seed, row, t);
	return toUnit(high, low);
}

/** FNV-1a over UTF-16 code units, 32 bits. Not cryptographic. */
export function hashText(text: string, basis = 0x811c9dc5): number {
	let hash = basis;
	for (let i = 0; i < text.length; i++) {
		const unit = text.charCodeAt(i);
		hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
		hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
	}
	return hash >>> 0;
}

/** A seed for one purpose ('rollout', 'shuffle', …), independent of the seeds of other labels; an integer below 2^53. */
export function deriveSeed(seed: number, label: string): number {
	const first = hashText(label);
	const [high, low] = philox(seed, first, hashText(label, first ^ 0x5bd1e995));
	return (high >>> 11) * TWO_32 + low;
}

/** Plain data: what `Random.from` needs to go on with the next draw. */
export interface RandomState {
	seed: number;
	stream: number;
	counter: number;
}

/** A sequence of draws whose place can be saved and restored. */
export class Random {
	readonly #seed: number;
	readonly #stream: number;
	#counter: number;

	constructor(seed: number, stream = 0, counter = 0) {
		assertNatural(seed, 'seed');
		assertNatural(stream, 'stream');
		assertNatural(counter, 'counter');
		this.#seed = seed;
		this.#stream = stream;
		this.#counter = counter;
	}

	static from(state: RandomState): Random {
		return new Random(state.seed, state.stream, state.counter);
	}

	state(): RandomState {
		return { seed: this.#seed, stream: this.#stream, counter: this.#counter };
	}

	/** Uniform in (0, 1). */
	next(): number {
		const [high, low] = this.#words();
		return toUnit(high, low);
	}

	/** Uniform integer from 0 to n - 1. The bias, below n / 2^53, is out of reach of any use here. */
	int(n: number): number {
		if (!Number.isSafeInteger(n) || n < 1) {
			throw new RangeError(`n must be at least 1, got ${n}`);
		}
		return Math.floor(this.next() * n);
	}

	/** Standard normal (Box-Muller; both uniforms come from one block, so one draw is one count). */
	normal(): number {
		const [a, b, c, d] = this.#words();
		return Math.sqrt(-2 * Math.log(toUnit(a, b))) * Math.cos(2 * Math.PI * toUnit(c, d));
	}

	/** A shuffled copy (Fisher-Yates); the argument stays as it is. */
	shuffle<T>(items: readonly T[]): T[] {
		const result = [...items];
		for (let i = result.length - 1; i > 0; i--) {
			const j = this.int(i + 1);
			// Both indices are below the length, so neither element is missing.
			[result[i], result[j]] = [result[j] as T, result[i] as T];
		}
		return result;
	}

	#words(): Words {
		const counter = this.#counter++;
		return philoxBlock(
			[
				lowWord(counter),
				highWord(counter),
				lowWord(this.#stream),
				(highWord(this.#stream) | SEQUENCE_BIT) >>> 0
			],
			[lowWord(this.#seed), highWord(this.#seed)]
		);
	}
}
