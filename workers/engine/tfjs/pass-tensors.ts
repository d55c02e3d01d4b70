/** Between the interface's columns and a device pass's positions: what goes in, what comes out, what flows back. */
import type { Batch, Coefficients, Output, Scores } from '../language-model';
import { gatherColumns, type MicroBatch } from '../micro-batches';
import * as tf from './tf';

/** Outputs of one device pass: statistics [2,N] (log-probability and entropy of the NEXT token), values [N,K], hidden [N,d]. */
export interface PassTensors {
	statistics: tf.Tensor2D | null;
	values: tf.Tensor2D | null;
	hidden: tf.Tensor2D;
}

/** The token that each position predicts; the last column of a row has none and is given 0. */
export function nextTokens(part: MicroBatch): tf.Tensor1D {
	const next = new Int32Array(part.B * part.T);
	for (let b = 0; b < part.B; b++) {
		next.set(part.ids.subarray(b * part.T + 1, (b + 1) * part.T), b * part.T);
	}
	return tf.tensor1d(next, 'int32');
}

export interface DeviceOutputs {
	scores: Scores;
	part: MicroBatch;
	batch: Batch;
	want: readonly Output[];
	/** [2,N], [N,K] and [N,d] of the part; null where not computed. */
	statistics: Float32Array | null;
	values: Float32Array | null;
	hidden: Float32Array | null;
}

/** Device order to interface order: statistics of position t belong to token t + 1. */
export function fillScores({
	scores,
	part,
	batch,
	want,
	statistics,
	values,
	hidden
}: DeviceOutputs): void {
	const N = part.B * part.T;
	const K = scores.value.length;
	for (let b = 0; b < part.B; b++) {
		const length = part.length[b] ?? 0;
		const row = (part.firstRow + b) * batch.T;
		for (let t = 0; t < length; t++) {
			const n = b * part.T + t;
			if (statistics && t + 1 < length) {
				scores.logProb[row + t + 1] = want.includes('logProb') ? (statistics[n] ?? 0) : 0;
				scores.entropy[row + t + 1] = want.includes('entropy') ? (statistics[N + n] ?? 0) : 0;
			}
			for (let k = 0; values && k < K; k++) {
				const head = scores.value[k];
				if (head) {
					head[row + t] = values[n * K + k] ?? 0;
				}
			}
		}
		if (hidden && scores.hidden && length > 0) {
			const d = scores.hidden.length / batch.B;
			const from = (b * part.T + length - 1) * d;
			scores.hidden.set(hidden.subarray(from, from + d), (part.firstRow + b) * d);
		}
	}
}

/** Coefficients of one part, in device order, for the outputs that the pass computed. */
export function coefficientTensors(
	part: MicroBatch,
	c: Coefficients,
	batch: Batch,
	pass: PassTensors
): tf.Tensor[] {
	const tensors: tf.Tensor[] = [];
	const N = part.B * part.T;
	if (pass.statistics) {
		const data = new Float32Array(2 * N);
		[c.dLogProb, c.dEntropy].forEach((from, which) => {
			if (from) {
				const columns = gatherColumns(part, from, batch.T);
				for (let b = 0; b < part.B; b++) {
					data.set(columns.subarray(b * part.T + 1, (b + 1) * part.T), which * N + b * part.T);
				}
			}
		});
		tensors.push(tf.tensor2d(data, [2, N]));
	}
	if (pass.values) {
		const K = pass.values.shape[1];
		const data = new Float32Array(N * K);
		c.dValue?.forEach((from, k) => {
			const columns = gatherColumns(part, from, batch.T);
			for (let n = 0; n < N; n++) {
				data[n * K + k] = columns[n] ?? 0;
			}
		});
		tensors.push(tf.tensor2d(data, [N, K]));
	}
	return tensors;
}
