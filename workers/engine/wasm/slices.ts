/**
 * How a batch is divided. Into at most eight slices, whose gradients are summed apart and then in a tree, and those into parts, one
 * pass each. Both are functions of the batch and the model alone: the same seed gives the same bits on one shard or eight.
 */
import type { Batch } from '../language-model';
import type { Rows } from './shard-protocol';

const MOST_SLICES = 8;
/** Fewer positions are not worth a slice: packing weights and zeroing a pool would show. */
const SLICE_POSITIONS = 192;
/** Positions times parameters of one part: either half of a pass stays near 100 ms where the thread that computes must also answer. */
const PART_WORK = 6e8;

export interface Part extends Rows {
	/** Row of the batch at which it starts. */
	firstRow: number;
	index: number;
	slice: number;
	isLastOfSlice: boolean;
}

export interface Plan {
	parts: Part[];
	slices: number;
}

/**
 * @param parameters Of the model.
 * @param microTokens Most positions in a part, where one row alone has no more.
 */
export function planBatch(batch: Batch, parameters: number, microTokens: number): Plan {
	const total = batch.length.reduce((sum, n) => sum + n, 0);
	// A power of two, which two, four or eight shards divide evenly.
	const doublings = Math.round(Math.log2(Math.max(1, total / SLICE_POSITIONS)));
	const wanted = Math.min(MOST_SLICES, 2 ** doublings);
	const most = Math.max(1, Math.min(microTokens, Math.floor(PART_WORK / parameters)));
	const parts: Part[] = [];
	let slices = 0;
	let row = 0;
	let seen = 0;
	for (let i = 1; i <= wanted && row < batch.B; i++) {
		const first = row;
		while (row < batch.B && (i === wanted || seen < (total * i) / wanted)) {
			seen += batch.length[row++] ?? 0;
		}
		if (row > first) {
			addParts(parts, batch, first, row, slices++, most);
		}
	}
	return { parts, slices };
}

function addParts(
	parts: Part[],
	batch: Batch,
	first: number,
	end: number,
	slice: number,
	most: number
): void {
	for (let row = first; row < end;) {
		const firstRow = row;
		let positions = batch.length[row++] ?? 0;
		while (row < end && positions + (batch.length[row] ?? 0) <= most) {
			positions += batch.length[row++] ?? 0;
		}
		const rows = rowsOf(batch, firstRow, row);
		parts.push({ ...rows, firstRow, index: parts.length, slice, isLastOfSlice: row === end });
	}
}

function rowsOf(batch: Batch, first: number, end: number): Rows {
	const lengths = batch.length.slice(first, end);
	const ids = new Int32Array(lengths.reduce((sum, n) => sum + n, 0));
	let at = 0;
	lengths.forEach((length, i) => {
		const start = (first + i) * batch.T;
		ids.set(batch.ids.subarray(start, start + length), at);
		at += length;
	});
	return { ids, lengths };
}

/** @throws Error for an id that no row of the embedding has: kernels read memory, not arrays. */
export function assertTokens(ids: Int32Array, vocabSize: number): void {
	const wrong = ids.find((id) => !(id >= 0 && id < vocabSize));
	if (wrong !== undefined) {
		throw new Error(`Token ${wrong} of a vocabulary of ${vocabSize}`);
	}
}

/** The slices of shard `shard` of `shards`: neighbours, so that it can sum them itself. */
export function slicesOf(plan: Plan, shard: number, shards: number): Part[] {
	const from = Math.floor((shard * plan.slices) / shards);
	const to = Math.floor(((shard + 1) * plan.slices) / shards);
	return plan.parts.filter(({ slice }) => slice >= from && slice < to);
}
