/** The products that carry gradients back to the inputs of a decoder's linear layers. */
import type { DecoderShape } from './decoder-shape';
import {
	type LinearKernel,
	PASS,
	vocabularySplits,
	SILU,
	qkvWeights,
	gateUpWeights,
	gateOrUp,
	plainStore,
	type Rest
} from './linear-operands';
import { matmulGrid, matmulKernel } from './matmul';
import { PASS_STRUCT } from './pass-uniform';
import type { Tile } from './tiles';
import { loadFunction, read, storeFunction, write, type Matrix } from './wgsl';

/** Gradient by gate and up, in place of them. dx, weights of down, gateUp, pass */
export function gateUpGradient(s: DecoderShape, tile: Tile): LinearKernel {
	const dx: Matrix = { name: 'dx', columns: s.hidden };
	const weights: Matrix = { name: 'weights', columns: s.intermediate };
	return inputGradient(tile, 'SwiGLU gradient', s.intermediate, {
		bindings: [read(dx), read(weights), write(gateOrUp(s, 0)), PASS],
		rows: 'numbers.positions',
		columns: `${s.intermediate}u`,
		inner: `${s.hidden}u`,
		functions: `${PASS_STRUCT}
${SILU}
${loadFunction('loadA', dx)}
${loadFunction('loadB', weights)}
${loadFunction('loadGate', gateOrUp(s, 0))}
${loadFunction('loadUp', gateOrUp(s, 1))}
${storeFunction('storeGate', gateOrUp(s, 0))}
${storeFunction('storeUp', gateOrUp(s, 1))}
fn store(row: u32, column: u32, v: vec4f, split: u32) {
	let g = loadGate(row, column / 4u);
	let up = loadUp(row, column / 4u);
	let s = sigmoid(g);
	let silu = g * s;
	// d silu = s + silu * (1 - s)
	storeGate(row, column / 4u, v * up * (s + silu * (1.0 - s)));
	storeUp(row, column / 4u, v * silu);
}`
	});
}

/** Gradient by the normalised input of gate and up. dGateUp, weights, out, pass */
export function gateUpInputGradient(s: DecoderShape, tile: Tile): LinearKernel {
	return plainInputGradient(
		tile,
		'gate, up: input gradient',
		{ name: 'dy', columns: 2 * s.intermediate },
		gateUpWeights(s, 'weights'),
		s.hidden
	);
}

/** Gradient by what attention gave. dx, weights, out, pass */
export function mixedGradient(s: DecoderShape, tile: Tile): LinearKernel {
	return plainInputGradient(
		tile,
		'output: input gradient',
		{ name: 'dy', columns: s.hidden },
		{ name: 'weights', columns: s.queryColumns },
		s.queryColumns
	);
}

/** Gradient by the normalised input of queries, keys and values. dQkv, weights, out, pass */
export function qkvInputGradient(s: DecoderShape, tile: Tile): LinearKernel {
	return plainInputGradient(
		tile,
		'qkv: input gradient',
		{ name: 'dy', columns: s.qkvColumns },
		qkvWeights(s, 'weights'),
		s.hidden
	);
}

/** Gradient by the normalised last states of a part of the positions, in `vocabularySplits` parts. dLogits, weights, out, pass */
export function logitsInputGradient(s: DecoderShape, tile: Tile): LinearKernel {
	const dy: Matrix = { name: 'dy', columns: s.vocab };
	const weights: Matrix = { name: 'weights', columns: s.hidden };
	const out: Matrix = {
		name: 'out',
		columns: s.hidden,
		rowStart: (row, unit) => `(numbers.first + ${row}) * ${s.hidden / unit}u`
	};
	return inputGradient(tile, 'logits: input gradient', s.hidden, {
		bindings: [read(dy), read(weights), write(out), PASS],
		rows: 'numbers.count',
		columns: `${s.hidden}u`,
		inner: `${s.vocab}u`,
		splits: vocabularySplits(s),
		functions: `${PASS_STRUCT}
${loadFunction('loadA', dy)}
${loadFunction('loadB', weights)}
${storeFunction('storeOut', out)}
fn store(row: u32, column: u32, v: vec4f, split: u32) {
	storeOut(split * numbers.positions + row, column / 4u, v);
}`
	});
}

function inputGradient(tile: Tile, label: string, columns: number, rest: Rest): LinearKernel {
	return {
		source: matmulKernel({ label, kind: 'nn', tile, ...rest }),
		grid: (positions) => matmulGrid(tile, positions, columns, rest.splits)
	};
}

function plainInputGradient(
	tile: Tile,
	label: string,
	dy: Matrix,
	weights: Matrix,
	columns: number
): LinearKernel {
	const out: Matrix = { name: 'out', columns };
	return inputGradient(tile, label, columns, {
		bindings: [read(dy), read(weights), write(out), PASS],
		rows: 'numbers.positions',
		columns: `${columns}u`,
		inner: `${dy.columns}u`,
		functions: [
			PASS_STRUCT,
			loadFunction('loadA', dy),
			loadFunction('loadB', weights),
			plainStore(out)
		].join('\n')
	});
}
