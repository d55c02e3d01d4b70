/**
 * Which columns of a batch are the response, and arrays that follow rows.
 * Response tokens of row b are the columns promptLength[b] .. length[b] - 1, and never column 0: nothing precedes it, so
 * it has neither a log-probability nor a value before it. A row may have no response token at all.
 */
import type { Batch, F } from './loss';
import { at } from './math';

/** Columns start .. end - 1; start >= end for a row without a response. */
export interface Span {
	start: number;
	end: number;
}

export function responseSpan(batch: Batch, row: number): Span {
	return { start: Math.max(1, at(batch.promptLength, row)), end: at(batch.length, row) };
}

/** [B*T], 1 at response tokens. */
export function responseMask(batch: Batch): Uint8Array {
	const mask = new Uint8Array(batch.B * batch.T);
	for (let b = 0; b < batch.B; b++) {
		const { start, end } = responseSpan(batch, b);
		if (start < end) {
			mask.fill(1, b * batch.T + start, b * batch.T + end);
		}
	}
	return mask;
}

/** [B], response tokens of each row. */
export function responseLengths(batch: Batch): F {
	return Float64Array.from({ length: batch.B }, (_, b) => {
		const { start, end } = responseSpan(batch, b);
		return Math.max(0, end - start);
	});
}

/** [B], sum over each row's response tokens of a [B*T] array. */
export function responseSums(batch: Batch, perToken: F): F {
	return Float64Array.from({ length: batch.B }, (_, b) => {
		const { start, end } = responseSpan(batch, b);
		let sum = 0;
		for (let t = start; t < end; t++) {
			sum += at(perToken, b * batch.T + t);
		}
		return sum;
	});
}

/**
 * From values read AFTER each token (`Scores.value[k]`) to V before each response token: [B*T], at response column t the
 * value of column t - 1, elsewhere 0.
 */
export function valuesBefore(batch: Batch, value: F): F {
	const before = new Float64Array(batch.B * batch.T);
	for (let b = 0; b < batch.B; b++) {
		const { start, end } = responseSpan(batch, b);
		for (let t = start; t < end; t++) {
			before[b * batch.T + t] = at(value, b * batch.T + t - 1);
		}
	}
	return before;
}

/** The transpose of `valuesBefore`: a gradient by V before response token t goes to column t - 1. */
export function gradientAfter(batch: Batch, dBefore: F): F {
	const after = new Float64Array(batch.B * batch.T);
	for (let b = 0; b < batch.B; b++) {
		const { start, end } = responseSpan(batch, b);
		for (let t = start; t < end; t++) {
			after[b * batch.T + t - 1] = at(dBefore, b * batch.T + t);
		}
	}
	return after;
}

/** Rows of a batch in the given order, at the same T: a minibatch. */
export function selectRows(batch: Batch, rows: readonly number[]): Batch {
	const ids = new Int32Array(rows.length * batch.T);
	rows.forEach((b, i) => ids.set(batch.ids.subarray(b * batch.T, (b + 1) * batch.T), i * batch.T));
	return {
		B: rows.length,
		T: batch.T,
		ids,
		promptLength: Int32Array.from(rows, (b) => at(batch.promptLength, b)),
		length: Int32Array.from(rows, (b) => at(batch.length, b))
	};
}

/** The same rows of a [B*T] array. */
export function selectTokens(perToken: F, T: number, rows: readonly number[]): F {
	const selected = new Float64Array(rows.length * T);
	rows.forEach((b, i) => selected.set(perToken.subarray(b * T, (b + 1) * T), i * T));
	return selected;
}
