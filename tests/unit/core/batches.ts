/** Small batches with rows of different shape, as the methods see them. */
import type { Batch } from '../../../src/core/methods/loss';

/** Rows given as [promptLength, length]; ids are their own index. */
export function batchOf(T: number, rows: readonly (readonly [number, number])[]): Batch {
	return {
		B: rows.length,
		T,
		ids: Int32Array.from({ length: rows.length * T }, (_, i) => i),
		promptLength: Int32Array.from(rows, ([promptLength]) => promptLength),
		length: Int32Array.from(rows, ([, length]) => length)
	};
}

/** A batch in which every row has one prompt token, and the responses of golden values follow at columns 1 and up. */
export function batchOfResponses(lengths: readonly number[]): Batch {
	return batchOf(
		Math.max(...lengths) + 1,
		lengths.map((n) => [1, n + 1])
	);
}

/** Golden rows (response tokens from column 0) at the response columns of `batchOfResponses`: [B*T]. */
export function afterPrompt(rows: readonly (readonly number[])[]): Float64Array {
	return Float64Array.from(rows.flatMap((row) => [0, ...row]));
}

/** Golden values V_0, V_1, … (before each response token) in the layout of `Scores.value`: V_t stands at column t. */
export function readAfter(rows: readonly (readonly number[])[]): Float64Array {
	return Float64Array.from(rows.flatMap((row) => [...row, 0]));
}
