/**
 * Log-probability, entropy and sampling of one row of vocabulary logits at a temperature.
 * Logits are divided by the temperature before the log-softmax, in rollouts, in the reference and in updates alike
 * (openai/lm-human-preferences policy.py:114-126). Everything is summed in float64, whatever the logits are stored in.
 *
 * Written for speed (it runs on [32 x 2048] logits at every token): plain loops; `as number` because every index is
 * offset + i with i < size, checked once per row.
 */

export type Logits = Float32Array | Float64Array;

export interface TokenScore {
	/** ln p(id), nats. */
	logProb: number;
	/** -sum p ln p over the vocabulary, nats. */
	entropy: number;
}

export interface Draw {
	id: number;
	/** Under the full distribution at the temperature, before top-k and top-p, nats. */
	logProb: number;
}

function assertRow(logits: Logits, offset: number, size: number): void {
	if (size < 1 || offset < 0 || offset + size > logits.length) {
		throw new RangeError(`row ${offset}..${offset + size} of ${logits.length} logits`);
	}
}

/** NaN if any logit is NaN; -Infinity is allowed (a token that cannot occur). */
function largest(logits: Logits, offset: number, size: number): number {
	let max = -Infinity;
	for (let i = 0; i < size; i++) {
		const x = logits[offset + i] as number;
		if (!(x <= max)) {
			max = x;
		}
		if (x !== x) {
			return NaN;
		}
	}
	return max;
}

/** Log-probability of `id` and entropy of the row logits[offset .. offset + size - 1] at a temperature above 0. */
export function tokenScore(
	logits: Logits,
	offset: number,
	size: number,
	temperature: number,
	id: number
): TokenScore {
	assertRow(logits, offset, size);
	if (!(id >= 0 && id < size)) {
		throw new RangeError(`token ${id} of a vocabulary of ${size}`);
	}
	const max = largest(logits, offset, size);
	let sum = 0;
	let weighted = 0;
	for (let i = 0; i < size; i++) {
		const z = ((logits[offset + i] as number) - max) / temperature;
		const e = Math.exp(z);
		sum += e;
		if (e > 0) {
			weighted += e * z;
		}
	}
	const logSum = Math.log(sum);
	return {
		logProb: ((logits[offset + id] as number) - max) / temperature - logSum,
		// Mathematically never negative; rounding could leave -1e-17.
		entropy: Math.max(0, logSum - weighted / sum)
	};
}

export interface SampleOptions {
	/** 0 takes the most likely token (the lowest id among equals), whose log-probability is then 0. */
	temperature: number;
	/** Keep the k most likely tokens; 0 = off. */
	topK?: number;
	/** Keep the fewest most likely tokens whose probabilities reach this sum; 1 = off. */
	topP?: number;
}

/**
 * Draws a token by inverse CDF in id order from a uniform u in (0, 1).
 * Throws if a logit is NaN or +Infinity, or if none is finite.
 */
export function sampleRow(
	logits: Logits,
	offset: number,
	size: number,
	u: number,
	{ temperature, topK = 0, topP = 1 }: SampleOptions
): Draw {
	assertRow(logits, offset, size);
	const max = largest(logits, offset, size);
	if (!Number.isFinite(max)) {
		throw new Error('the logits are not finite');
	}
	if (temperature === 0) {
		for (let i = 0; i < size; i++) {
			if (logits[offset + i] === max) {
				return { id: i, logProb: 0 };
			}
		}
	}
	let total = 0;
	for (let i = 0; i < size; i++) {
		total += Math.exp(((logits[offset + i] as number) - max) / temperature);
	}
	const isCut = (topK > 0 && topK < size) || topP < 1;
	const kept = isCut ? keptTokens(logits, offset, size, { temperature, topK, topP }) : null;
	const mass = kept === null ? total : keptMass(logits, offset, kept, max, temperature);
	const target = u * mass;
	const count = kept === null ? size : kept.length;
	let cumulative = 0;
	let last = -1;
	for (let k = 0; k < count; k++) {
		const i = kept === null ? k : (kept[k] as number);
		const e = Math.exp(((logits[offset + i] as number) - max) / temperature);
		if (e === 0) {
			continue;
		}
		last = i;
		cumulative += e;
		if (cumulative > target) {
			break;
		}
	}
	const z = ((logits[offset + last] as number) - max) / temperature;
	return { id: last, logProb: z - Math.log(total) };
}

function keptMass(
	logits: Logits,
	offset: number,
	kept: Int32Array,
	max: number,
	temperature: number
): number {
	let mass = 0;
	for (let k = 0; k < kept.length; k++) {
		mass += Math.exp(((logits[offset + (kept[k] as number)] as number) - max) / temperature);
	}
	return mass;
}

/** Ids left by top-k, then by top-p of what top-k left, in ascending order. Among equal logits lower ids stay. */
function keptTokens(
	logits: Logits,
	offset: number,
	size: number,
	{ temperature, topK, topP }: Required<SampleOptions>
): Int32Array {
	const logit = (i: number): number => logits[offset + i] as number;
	const order = Int32Array.from({ length: size }, (_, i) => i);
	order.sort((i, j) => logit(j) - logit(i) || i - j);
	let count = topK > 0 ? Math.min(topK, size) : size;
	if (topP < 1) {
		const top = logit(order[0] as number);
		const weights = Float64Array.from(order.subarray(0, count), (i) =>
			Math.exp((logit(i) - top) / temperature)
		);
		const needed = topP * weights.reduce((a, b) => a + b, 0);
		let cumulative = 0;
		let keep = 0;
		while (keep < count && (keep === 0 || cumulative < needed)) {
			cumulative += weights[keep++] as number;
		}
		count = keep;
	}
	return order.slice(0, count).sort();
}
