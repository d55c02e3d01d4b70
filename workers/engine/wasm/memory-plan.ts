/** What a pass or a rollout will take of a shard's memory, reckoned before anything is allocated. */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { StudioError } from '../../../src/protocol/errors';
import { backwardFloats } from './backward';
import { decodeRowBytes } from './decode-session';
import { activationFloats } from './forward';
import { chunkRows, logitStride } from './vocabulary-head';

/** Kernels' constants, index arrays and the rounding of blocks. */
const SLACK = 2 ** 18;

/** One pass over `positions` positions in rows of at most `longest`. */
export function passBytes(
	config: ModelConfig,
	positions: number,
	longest: number,
	isBackward: boolean
): number {
	const model = { config };
	const { hiddenSize: d, intermediateSize: F, headDim: hd, vocabSize: V } = config;
	const perPosition =
		activationFloats(model, isBackward) + d + F + (isBackward ? backwardFloats(model) : 0);
	const width = Math.ceil(longest / 8) * 8;
	const attention = isBackward ? width * (2 * longest + 8 * hd + 40) : width * (2 * hd + 8);
	const head = chunkRows(V) * (2 * d + logitStride(V) / 4) + (isBackward ? V * (d + 8) : 0);
	return 4 * (positions * perPosition + attention + head) + SLACK;
}

export function rolloutBytes(config: ModelConfig, rows: number, capacity: number): number {
	return rows * decodeRowBytes({ config }, capacity) + SLACK;
}

/** Weights in a shard: the pool and, for each matrix, its panels. */
export function weightBytes(poolFloats: number): number {
	return 2 * poolFloats * 4;
}

/**
 * Refuses what does not fit.
 * @param fixed Bytes that are taken whatever the batch.
 * @param bytesOf What a batch of so many rows takes besides.
 * @throws StudioError 'out-of-memory' with the bytes, the limit and the largest batch that fits
 */
export function assertFits(
	rows: number,
	fixed: number,
	bytesOf: (rows: number) => number,
	limit: number
): void {
	const bytes = fixed + bytesOf(rows);
	if (bytes <= limit) {
		return;
	}
	let [fits, tooMany] = [0, rows];
	while (tooMany - fits > 1) {
		const middle = Math.floor((fits + tooMany) / 2);
		if (fixed + bytesOf(middle) <= limit) {
			fits = middle;
		} else {
			tooMany = middle;
		}
	}
	throw new StudioError(
		'out-of-memory',
		`A batch of ${rows} rows needs ${bytes} bytes of memory, and ${limit} can be had; the largest batch that fits has ${fits} rows.`,
		{ detail: { bytes, limit, largestBatch: fits } }
	);
}
