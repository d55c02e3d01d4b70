/** Splits a batch by rows so that each device pass holds at most a number of positions. */
import type { Batch } from './language-model';

export interface MicroBatch extends Batch {
	/** Row of the whole batch at which this part starts. */
	firstRow: number;
}

export const DEFAULT_MICRO_TOKENS = 2048;

/**
 * Parts of at most `microTokens` positions (always at least one row), each trimmed to its longest row and padded up to a multiple of
 * `columnMultiple` (GPU backends compile and pool buffers by shape, so few shapes are better than tight ones).
 */
export function microBatches(
	batch: Batch,
	microTokens: number,
	columnMultiple: number
): MicroBatch[] {
	const parts: MicroBatch[] = [];
	const rowsPerPart = Math.max(1, Math.floor(microTokens / Math.max(1, batch.T)));
	for (let firstRow = 0; firstRow < batch.B; firstRow += rowsPerPart) {
		const B = Math.min(rowsPerPart, batch.B - firstRow);
		const promptLength = batch.promptLength.slice(firstRow, firstRow + B);
		const length = batch.length.slice(firstRow, firstRow + B);
		const longest = Math.max(1, ...length);
		const T = Math.ceil(longest / columnMultiple) * columnMultiple;
		const ids = new Int32Array(B * T);
		for (let b = 0; b < B; b++) {
			const start = (firstRow + b) * batch.T;
			ids.set(batch.ids.subarray(start, start + Math.min(T, batch.T, length[b] ?? 0)), b * T);
		}
		parts.push({ B, T, ids, promptLength, length, firstRow });
	}
	return parts;
}

/** The part's slice of a whole batch's per-token array, as float32 [B*T]. */
export function gatherColumns(part: MicroBatch, from: Float64Array, T: number): Float32Array {
	const out = new Float32Array(part.B * part.T);
	for (let b = 0; b < part.B; b++) {
		const columns = part.length[b] ?? 0;
		for (let t = 0; t < columns; t++) {
			out[b * part.T + t] = from[(part.firstRow + b) * T + t] ?? 0;
		}
	}
	return out;
}

/** Rows of token ids as a right-padded batch. Pads are id 0; only lengths say what is real. */
export function batchOf(
	rows: readonly { promptIds: ArrayLike<number>; ids: ArrayLike<number> }[]
): Batch {
	const B = rows.length;
	const promptLength = Int32Array.from(rows, (r) => r.promptIds.length);
	const length = Int32Array.from(rows, (r) => r.promptIds.length + r.ids.length);
	const T = Math.max(1, ...length);
	const ids = new Int32Array(B * T);
	rows.forEach((row, b) => {
		ids.set(Array.from(row.promptIds), b * T);
		ids.set(Array.from(row.ids), b * T + row.promptIds.length);
	});
	return { B, T, ids, promptLength, length };
}
