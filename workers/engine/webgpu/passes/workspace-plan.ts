/** How many bytes each buffer of a workspace needs, and whether the device can be asked for them. */
import { StudioError } from '../../../../src/protocol/errors';
import { attentionTile } from '../kernels/attention';
import type { DecoderShape } from '../kernels/decoder-shape';
import { vocabularySplits } from '../kernels/linear-operands';
import { STRIPS } from '../kernels/norm';
import { coefficientSections, tokenSections } from './packed-batch';

/** What a workspace must have room for. */
export interface Capacity {
	positions: number;
	rows: number;
	/** Of the longest row. */
	columns: number;
	valueHeads: number;
	/** Floats of vectors and heads in a pool. */
	vectorFloats: number;
	isTraining: boolean;
	/** Parts of the weight gradients' sums. */
	split: number;
}

export type LayerBuffer =
	| 'attentionInput'
	| 'attentionScale'
	| 'qkv'
	| 'mixed'
	| 'logSum'
	| 'mlpInput'
	| 'mlpScale'
	| 'gateUp';

export type SharedBuffer =
	| 'last'
	| 'lastScale'
	| 'logits'
	| 'tables'
	| 'coefficients'
	| 'statistics'
	| 'values'
	| 'rope'
	| 'lastRows'
	| 'lastRowsScale'
	| 'dx'
	| 'dy'
	| 'dMixed'
	| 'dQkv'
	| 'delta'
	| 'matrixParts'
	| 'vectorParts';

/**
 * WebGPU tells no memory size. A device that gives so much in one piece is trusted with three times that in all; beyond it, drivers swap
 * or kill the page.
 */
const MEMORY_IN_PIECES = 3;

/** Capacities grow in steps, so that batches of nearly one size share one workspace. */
export const POSITION_STEP = 256;
export const ROW_STEP = 16;

export const roundUp = (n: number, step: number): number => Math.ceil(n / step) * step;

export interface Plan {
	layer: Record<LayerBuffer, number>;
	shared: Partial<Record<SharedBuffer, number>>;
	layers: number;
	partPositions: number;
}

/** Bytes of every buffer. */
export function planFor(s: DecoderShape, c: Capacity, logitsBytes: number): Plan {
	const n = c.positions;
	const partPositions = Math.min(
		Math.max(n, c.rows),
		Math.max(1, Math.floor(logitsBytes / (4 * s.vocab)))
	);
	const floats = (count: number) => 4 * count;
	return {
		layer: {
			attentionInput: floats(n * s.hidden),
			attentionScale: floats(n),
			qkv: floats(n * s.qkvColumns),
			mixed: floats(n * s.queryColumns),
			logSum: floats(n * s.heads),
			mlpInput: floats(n * s.hidden),
			mlpScale: floats(n),
			gateUp: floats(n * 2 * s.intermediate)
		},
		shared: {
			last: floats(n * s.hidden),
			lastScale: floats(n),
			logits: floats(partPositions * s.vocab),
			tables: floats(tokenSections(n, c.rows, attentionTile(s)).length),
			coefficients: floats(coefficientSections(n, c.valueHeads).length),
			statistics: floats(2 * roundUp(n, 64)),
			values: floats(n * Math.max(1, c.valueHeads)),
			rope: floats(c.columns * s.headDim),
			lastRows: floats(c.rows * s.hidden),
			lastRowsScale: floats(c.rows),
			...(c.isTraining && {
				dx: floats(n * s.hidden),
				dy: floats(n * s.hidden * vocabularySplits(s)),
				dMixed: floats(n * s.queryColumns),
				dQkv: floats(n * s.qkvColumns),
				delta: floats(n * s.heads),
				vectorParts: floats(STRIPS * c.vectorFloats),
				...(c.split > 1 && { matrixParts: floats(c.split * s.matrixFloats) })
			})
		},
		layers: c.isTraining ? s.layers : 1,
		partPositions
	};
}

const planBytes = ({ layer, shared, layers }: Plan): number =>
	layers * Object.values(layer).reduce((a, b) => a + b, 0) +
	Object.values(shared).reduce((a, b) => a + b, 0);

const planLargest = ({ layer, shared }: Plan): number =>
	Math.max(...Object.values(layer), ...Object.values(shared));

export const NO_CAPACITY: Capacity = {
	positions: 0,
	rows: 0,
	columns: 0,
	valueHeads: 0,
	vectorFloats: 0,
	isTraining: false,
	split: 1
};

export interface Means {
	/** Bytes on the device beside this workspace, those about to be allocated included. */
	otherBytes: number;
	largestBinding: number;
	maxBufferSize: number;
	logitsBytes: number;
}

/**
 * @param target The workspace to be made for a pass that needs `need`.
 * @throws StudioError 'out-of-memory' with the bytes, the limit and the largest batch of such rows that fits
 */
export function assertFits(s: DecoderShape, target: Capacity, need: Capacity, means: Means): void {
	const { largestBinding } = means;
	const memory = MEMORY_IN_PIECES * means.maxBufferSize;
	const measure = (c: Capacity) => {
		const plan = planFor(s, c, means.logitsBytes);
		return { bytes: means.otherBytes + planBytes(plan), piece: planLargest(plan) };
	};
	const fits = (c: Capacity) => {
		const { bytes, piece } = measure(c);
		return bytes <= memory && piece <= largestBinding;
	};
	if (fits(target)) {
		return;
	}
	const withRows = (rows: number): Capacity => ({
		...target,
		rows: roundUp(rows, ROW_STEP),
		positions: roundUp(rows * need.columns, POSITION_STEP)
	});
	let largestBatch = 0;
	for (let step = 2 ** 20; step >= 1; step /= 2) {
		largestBatch += fits(withRows(largestBatch + step)) ? step : 0;
	}
	const { bytes, piece } = measure(target);
	const isPiece = piece > largestBinding;
	const why = isPiece
		? `one piece of it ${piece} bytes, and this graphics device allows ${largestBinding} in one piece`
		: `and this graphics device is trusted with ${memory}`;
	throw new StudioError(
		'out-of-memory',
		`A pass over ${need.positions} tokens needs ${bytes} bytes, ${why}. The largest batch of rows of ${need.columns} tokens that fits has ${largestBatch} rows.`,
		{ detail: { bytes, limit: isPiece ? largestBinding : memory, largestBatch } }
	);
}
