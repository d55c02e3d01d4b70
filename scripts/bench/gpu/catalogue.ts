/** Rows of `npm run bench:gpu`: three sizes of model on a real graphics card. */
import { parityRows, row, steadinessRows } from '../catalogue';
import type { RowSpec } from '../rows';
import { SHAPE_10M, SHAPE_135M, SHAPE_1M, type Shape } from '../shapes';

export interface SizeSpec {
	name: string;
	shape: Shape;
	/** Rows of a rollout. */
	rolloutRows: number;
	/** Most milliseconds of the card for one training step; null: only to be looked at. */
	stepTargetMs: number | null;
	rows: readonly RowSpec[];
}

function size(
	name: string,
	shape: Shape,
	rolloutRows: number,
	stepTargetMs: number | null
): SizeSpec {
	const target = stepTargetMs === null ? null : ({ is: '<=', value: stepTargetMs } as const);
	return {
		name,
		shape,
		rolloutRows,
		stepTargetMs,
		rows: [
			row(`${name} step: GPU time`, 'ms', target),
			row(`${name} step: from call to answer`, 'ms'),
			row(`${name} step: speed`, 'tokens/s'),
			row(`${name} step: share of the float32 peak`, '%'),
			row(`${name} step: dispatches`, 'per step'),
			row(`${name} rollout: speed`, 'tokens/s')
		]
	};
}

export const SIZES: readonly SizeSpec[] = [
	size('1M', SHAPE_1M, 32, 1),
	size('10M', SHAPE_10M, 32, 30),
	size('135M', SHAPE_135M, 16, null)
];

export const PEAK_ROW = row('float32 peak of the card', 'TFLOP/s');

export interface SharedSpec {
	/** Name of a section of the browser's benchmark. */
	name: string;
	rows: readonly RowSpec[];
}

/** The rows stand beside the browser's, which are measured on whatever adapter the browser has. */
export const onThisCard = (name: string): string => `on this card, ${name}`;

const moved = (rows: readonly RowSpec[]) =>
	rows.map((spec) => ({ ...spec, name: onThisCard(spec.name) }));

/** Sections of the browser's benchmark that are run on the real card as well. */
export const SHARED: readonly SharedSpec[] = [
	{ name: 'webgpu-parity', rows: moved(parityRows('webgpu')) },
	{ name: 'webgpu-steadiness', rows: moved(steadinessRows('webgpu')) }
];
