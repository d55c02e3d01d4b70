/** The products that make the weight gradients of a decoder's linear layers. */
import type { DecoderShape } from './decoder-shape';
import {
	type LinearKernel,
	PASS,
	gapped,
	qkvWeights,
	gateUpWeights,
	gateOrUp,
	swiGluLoad,
	shifted,
	gainMatrix,
	INVERSE_RMS
} from './linear-operands';
import { matmulGrid, matmulKernel } from './matmul';
import { PASS_STRUCT } from './pass-uniform';
import type { MatmulChoice } from './tiles';
import {
	arrayType,
	isVector,
	loadFunction,
	read,
	storeFunction,
	type Binding,
	type Matrix
} from './wgsl';

export type WeightGradientChoice = Pick<MatmulChoice, 'tn' | 'split'>;

/** dx, gateUp, gradient, pass */
export function downWeightGradient(s: DecoderShape, choice: WeightGradientChoice): LinearKernel {
	const dx: Matrix = { name: 'dx', columns: s.hidden };
	return weightGradient(s, choice, 'down: weight gradient', s.hidden, {
		a: dx,
		b: gateOrUp(s, 0),
		loadB: swiGluLoad(s, 'loadB'),
		weights: { name: 'gradient', columns: s.intermediate }
	});
}

/** dGateUp, x, inverseRms, gain, gradient, pass */
export function gateUpWeightGradient(s: DecoderShape, choice: WeightGradientChoice): LinearKernel {
	return weightGradient(s, choice, 'gate, up: weight gradient', 2 * s.intermediate, {
		a: { name: 'dy', columns: 2 * s.intermediate },
		...normalised(s, { name: 'x', columns: s.hidden }, 'row'),
		weights: gateUpWeights(s, 'gradient')
	});
}

/** dx, mixed, gradient, pass */
export function attentionOutWeightGradient(
	s: DecoderShape,
	choice: WeightGradientChoice
): LinearKernel {
	const mixed: Matrix = { name: 'mixed', columns: s.queryColumns };
	return weightGradient(s, choice, 'output: weight gradient', s.hidden, {
		a: { name: 'dx', columns: s.hidden },
		b: mixed,
		loadB: loadFunction('loadB', mixed),
		weights: { name: 'gradient', columns: s.queryColumns }
	});
}

/** dQkv, x, inverseRms, gain, gradient, pass */
export function qkvWeightGradient(s: DecoderShape, choice: WeightGradientChoice): LinearKernel {
	return weightGradient(s, choice, 'qkv: weight gradient', s.qkvColumns, {
		a: { name: 'dy', columns: s.qkvColumns },
		...normalised(s, { name: 'x', columns: s.hidden }, 'row'),
		weights: qkvWeights(s, 'gradient')
	});
}

/** For a part of the positions. dLogits, x, inverseRms, gain, gradient, pass */
export function logitsWeightGradient(s: DecoderShape, choice: WeightGradientChoice): LinearKernel {
	return weightGradient(s, choice, 'logits: weight gradient', s.vocab, {
		a: { name: 'dy', columns: s.vocab },
		...normalised(s, shifted({ name: 'x', columns: s.hidden }), 'numbers.first + row'),
		weights: { name: 'gradient', columns: s.hidden },
		isInParts: true
	});
}

/** x/rms as an operand; the gain, alike in all rows, is multiplied into the sum. */
function normalised(s: DecoderShape, x: Matrix, position: string) {
	const gain = gainMatrix(s.hidden);
	return {
		b: x,
		loadB: `${loadFunction('loadX', x)}
${loadFunction('loadGain', gain)}
fn loadB(row: u32, c4: u32) -> vec4f { return loadX(row, c4) * inverseRms[${position}]; }`,
		norm: [{ ...INVERSE_RMS, access: 'read' as const }, read(gain)]
	};
}

/**
 * Adds to the gradient, or, where the sum is split, leaves each part in a pool of its own: their sum is taken at the end of the
 * pass for all weights at once, in a fixed order.
 */
function weightGradient(
	s: DecoderShape,
	{ tn: tile, split: splits }: WeightGradientChoice,
	label: string,
	rows: number,
	o: {
		a: Matrix;
		b: Matrix;
		loadB: string;
		norm?: readonly Binding[];
		weights: Matrix;
		isInParts?: boolean;
	}
): LinearKernel {
	const { columns } = o.weights;
	const isSplit = splits > 1;
	const unit = isVector(columns) ? 4 : 1;
	const rowStart = (o.weights.rowStart ?? gapped(columns, []))('row', unit);
	const start = isSplit ? `split * ${s.matrixFloats / unit}u + ${rowStart}` : rowStart;
	const target: Matrix = { ...o.weights, rowStart: (at) => at };
	const before = isSplit ? (o.isInParts ? 'numbers.first > 0u' : 'false') : 'true';
	const inner = o.isInParts ? 'numbers.count' : 'numbers.positions';
	return {
		source: matmulKernel({
			label,
			kind: 'tn',
			tile,
			bindings: [
				read(o.a),
				read(o.b),
				...(o.norm ?? []),
				{ name: o.weights.name, access: 'write', type: arrayType(columns) },
				PASS
			],
			rows: `${rows}u`,
			columns: `${columns}u`,
			inner,
			splits,
			functions: `${PASS_STRUCT}
${loadFunction('loadA', o.a)}
${o.loadB}
${loadFunction('loadBefore', target)}
${storeFunction('storeAfter', target)}
fn store(row: u32, column: u32, v: vec4f, split: u32) {
	let at = ${start};
	let c4 = column / 4u;
	var sum = v${o.norm ? ' * loadGain(0u, c4)' : ''};
	if (${before}) { sum += loadBefore(at, c4); }
	storeAfter(at, c4, sum);
}`
		}),
		grid: () => matmulGrid(tile, rows, columns, splits)
	};
}
