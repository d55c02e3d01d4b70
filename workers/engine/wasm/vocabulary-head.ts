/**
 * Log-probability, entropy and logits from last hidden states, some rows at a time: the logits of all positions are never in memory
 * together. The gradient computes its logits again and turns them into their own gradient in place.
 */
import { EMBEDDING, LM_HEAD } from '../decoder-parameters';
import { linear } from './forward';
import { withScope } from './heap';
import { inputGradient, weightGradient } from './linear-gradient';
import type { ShardModel } from './shard-model';

/** Logits in memory at one time: about the second-level cache. */
const CHUNK_FLOATS = 196_608;
const MOST_ROWS = 252;

export function headName(model: ShardModel): string {
	return model.config.tiedEmbeddings ? EMBEDDING : LM_HEAD;
}

/** Rows of logits at one time: whole tiles of six, at least one. */
export function chunkRows(vocabSize: number): number {
	const rows = Math.floor(CHUNK_FLOATS / vocabSize / 6) * 6;
	return Math.min(MOST_ROWS, Math.max(6, rows));
}

/** Bytes between two rows of logits: whole blocks of eight. */
export function logitStride(vocabSize: number): number {
	return Math.ceil(vocabSize / 8) * 32;
}

/** z[rows,V] = hidden[rows,d] W^T, `logitStride` apart. */
export function vocabularyLogits(model: ShardModel, rows: number, hidden: number, z: number): void {
	const { vocabSize: V, hiddenSize: d } = model.config;
	const panels = model.panels(headName(model));
	model.kernels.run.gemm(
		...([rows, V, d, hidden, d * 4, panels, d, z, logitStride(V), 0] as const)
	);
}

/** Of the token after each of `positions` (targets[i] after positions[i]), both float64. */
export function nextTokenStatistics(
	model: ShardModel,
	hidden: number,
	positions: Int32Array,
	targets: Int32Array,
	temperature: number
): { logProb: Float64Array; entropy: Float64Array } {
	const { run, heap } = model.kernels;
	const { vocabSize: V, hiddenSize: d } = model.config;
	const count = positions.length;
	const step = chunkRows(V);
	const ld = logitStride(V);
	return withScope(heap, (work) => {
		const rows = work.ints(positions);
		const ids = work.ints(targets);
		const some = work.floats(step * d);
		const z = work.floats((step * ld) / 4);
		const [logProb, entropy] = [work.doubles(count), work.doubles(count)];
		for (let first = 0; first < count; first += step) {
			const n = Math.min(step, count - first);
			run.gatherRows(n, d, hidden, rows + first * 4, some);
			vocabularyLogits(model, n, some, z);
			run.tokenStatistics(
				...([n, V, z, ld, ids + first * 4, 1 / temperature] as const),
				...([logProb + first * 8, entropy + first * 8] as const)
			);
		}
		return {
			logProb: heap.doubles(logProb, count).slice(),
			entropy: heap.doubles(entropy, count).slice()
		};
	});
}

export interface HeadGradient {
	positions: Int32Array;
	targets: Int32Array;
	/** By position in the list. */
	dLogProb: Float32Array;
	dEntropy: Float32Array | null;
	temperature: number;
	/** [P,d], added to. */
	dHidden: number;
	/** [V,d], added to; null: frozen. */
	dWeight: number | null;
}

/** Adds the gradients of sum_i (dLogProb[i] logProb[i] + dEntropy[i] entropy[i]). */
export function nextTokenGradient(model: ShardModel, hidden: number, g: HeadGradient): void {
	const { run, heap } = model.kernels;
	const { vocabSize: V, hiddenSize: d } = model.config;
	const count = g.positions.length;
	const step = chunkRows(V);
	const ld = logitStride(V);
	if (count === 0) {
		return;
	}
	withScope(heap, (work) => {
		const rows = work.ints(g.positions);
		const ids = work.ints(g.targets);
		const dLogProb = work.copyOf(g.dLogProb);
		const dEntropy = g.dEntropy ? work.copyOf(g.dEntropy) : null;
		const some = work.floats(step * d);
		const dSome = work.floats(step * d);
		const z = work.floats((step * ld) / 4);
		const columns = work.floats(V * Math.ceil(d / 8) * 8);
		run.packColumns(V, d, model.weight(headName(model)), d * 4, columns, V);
		for (let first = 0; first < count; first += step) {
			const n = Math.min(step, count - first);
			const at = first * 4;
			run.gatherRows(n, d, hidden, rows + at, some);
			vocabularyLogits(model, n, some, z);
			run.tokenGradient(
				...([n, V, z, ld, ids + at, 1 / g.temperature, dLogProb + at] as const),
				dEntropy === null ? 0 : dEntropy + at
			);
			run.gemm(n, d, V, z, ld, columns, V, dSome, d * 4, 0);
			run.scatterAddRows(n, d, dSome, rows + at, g.dHidden);
			if (g.dWeight !== null) {
				weightGradient(
					model.kernels,
					{ rows: n, out: V, width: d, dy: z, ldy: ld },
					some,
					g.dWeight
				);
			}
		}
	});
}

/** [P, heads] float32. */
export function scalarValues(
	model: ShardModel,
	name: string,
	P: number,
	hidden: number
): Float32Array {
	const { heap } = model.kernels;
	const { valueHeads } = model.config;
	return withScope(heap, (work) => {
		const out = work.floats(P * valueHeads);
		linear(model, name, P, hidden, out);
		return heap.floats(out, P * valueHeads).slice();
	});
}

/** Adds the gradients of sum dValues * values; either target may be null. */
export function scalarGradient(
	model: ShardModel,
	name: string,
	P: number,
	hidden: number,
	dValues: Float32Array,
	dHidden: number | null,
	dWeight: number | null
): void {
	const { valueHeads: out, hiddenSize: width } = model.config;
	withScope(model.kernels.heap, (work) => {
		const dy = work.copyOf(dValues);
		const product = { rows: P, out, width, dy, ldy: out * 4 };
		if (dHidden !== null) {
			inputGradient(model.kernels, product, model.weight(name), dHidden, 1);
		}
		if (dWeight !== null) {
			weightGradient(model.kernels, product, hidden, dWeight);
		}
	});
}
