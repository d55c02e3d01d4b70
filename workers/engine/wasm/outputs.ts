/** Between the interface's columns and the positions of a part: statistics of position t belong to token t + 1. */
import type { Batch, Coefficients, Output, Scores } from '../language-model';
import type { PassCoefficients, PassOutputs } from './shard-protocol';
import type { Part } from './slices';

export function emptyScores(
	batch: Batch,
	valueHeads: number,
	hiddenSize: number,
	want: readonly Output[]
): Scores {
	const size = batch.B * batch.T;
	const scores: Scores = {
		logProb: new Float64Array(size),
		entropy: new Float64Array(size),
		value: Array.from({ length: valueHeads }, () => new Float64Array(size))
	};
	return want.includes('hidden')
		? { ...scores, hidden: new Float64Array(batch.B * hiddenSize) }
		: scores;
}

export function fillScores(
	scores: Scores,
	batch: Batch,
	part: Part,
	outputs: PassOutputs,
	want: readonly Output[]
): void {
	const statistics = [
		['logProb', outputs.logProb, scores.logProb],
		['entropy', outputs.entropy, scores.entropy]
	] as const;
	let start = 0;
	part.lengths.forEach((length, i) => {
		const row = (part.firstRow + i) * batch.T;
		for (const [name, from, to] of statistics) {
			if (from && want.includes(name) && length > 1) {
				to.set(from.subarray(start, start + length - 1), row + 1);
			}
		}
		const K = scores.value.length;
		scores.value.forEach((head, k) => {
			for (let t = 0; outputs.values && t < length; t++) {
				head[row + t] = outputs.values[(start + t) * K + k] ?? NaN;
			}
		});
		start += length;
	});
	if (outputs.hidden && scores.hidden) {
		scores.hidden.set(outputs.hidden, (part.firstRow * scores.hidden.length) / batch.B);
	}
}

/** The part of a loss's gradient that the pass is asked for. */
export function partCoefficients(
	c: Coefficients,
	batch: Batch,
	part: Part,
	valueHeads: number,
	want: readonly Output[]
): PassCoefficients {
	const P = part.ids.length;
	const byPosition = (name: Output, from: Float64Array | undefined): Float32Array | null => {
		if (!from || !want.includes(name)) {
			return null;
		}
		const to = new Float32Array(P);
		let start = 0;
		part.lengths.forEach((length, i) => {
			const row = (part.firstRow + i) * batch.T;
			if (length > 1) {
				to.set(from.subarray(row + 1, row + length), start);
			}
			start += length;
		});
		return to;
	};
	let dValues: Float32Array | null = null;
	if (c.dValue && valueHeads > 0 && want.includes('value')) {
		dValues = new Float32Array(P * valueHeads);
		let start = 0;
		for (const [i, length] of part.lengths.entries()) {
			const row = (part.firstRow + i) * batch.T;
			for (let t = 0; t < length; t++) {
				for (let k = 0; k < valueHeads; k++) {
					dValues[(start + t) * valueHeads + k] = c.dValue[k]?.[row + t] ?? 0;
				}
			}
			start += length;
		}
	}
	return {
		dLogProb: byPosition('logProb', c.dLogProb),
		dEntropy: byPosition('entropy', c.dEntropy),
		dValues
	};
}
