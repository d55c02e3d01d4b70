/** The forward products of a decoder. Bindings are named in their order above each kernel. */
import type { DecoderShape } from './decoder-shape';
import {
	type LinearKernel,
	PASS,
	qkvWeights,
	gateUpWeights,
	gateOrUp,
	swiGluLoad,
	shifted,
	gainMatrix,
	INVERSE_RMS,
	normFunctions,
	plainStore,
	type Rest
} from './linear-operands';
import { matmulGrid, matmulKernel } from './matmul';
import { PASS_STRUCT } from './pass-uniform';
import type { Tile } from './tiles';
import { loadFunction, read, storeFunction, write, type Matrix } from './wgsl';

/** RMSNorm, projections to queries, keys and values, rotation. x, gain, weights, out, inverseRms, rowInfo, rope, pass */
export function qkv(s: DecoderShape, tile: Tile): LinearKernel {
	const x: Matrix = { name: 'x', columns: s.hidden };
	const weights = qkvWeights(s, 'weights');
	const half = s.headDim / 2;
	const rotated = s.queryColumns + s.keyColumns;
	// Columns are made in the order 0, half, 1, half + 1, ... within a rotated head, so that a thread has whole pairs.
	const functions = `${PASS_STRUCT}
${loadFunction('loadA', x)}
${normFunctions(s, weights, 'row', 'loadInOrder')}
fn columnOf(c: u32) -> u32 {
	let i = c % ${s.headDim}u;
	return select(c, c - i + i / 2u + (i % 2u) * ${half}u, c < ${rotated}u);
}
fn loadB(row: u32, c4: u32) -> vec4f { return loadInOrder(columnOf(row), c4); }
fn storePair(row: u32, column: u32, a: f32, b: f32) {
	let at = row * ${s.qkvColumns}u + columnOf(column);
	if (column >= ${rotated}u) {
		out[at] = a;
		if (column + 1u < ${s.qkvColumns}u) { out[at + 1u] = b; }
		return;
	}
	let turn = rope[(row - rowInfo[row].x) * ${half}u + column % ${s.headDim}u / 2u];
	out[at] = a * turn.x - b * turn.y;
	out[at + ${half}u] = b * turn.x + a * turn.y;
}
fn store(row: u32, column: u32, v: vec4f, split: u32) {
	storePair(row, column, v.x, v.y);
	if (column + 2u < ${s.qkvColumns}u) { storePair(row, column + 2u, v.z, v.w); }
}`;
	return forward(tile, 'norm, qkv, rotation', s.qkvColumns, {
		bindings: [
			read(x),
			read(gainMatrix(s.hidden)),
			read(weights),
			{ name: 'out', access: 'write', type: 'array<f32>' },
			INVERSE_RMS,
			{ name: 'rowInfo', access: 'read', type: 'array<vec2u>' },
			{ name: 'rope', access: 'read', type: 'array<vec2f>' },
			PASS
		],
		rows: 'numbers.positions',
		columns: `${s.qkvColumns}u`,
		inner: `${s.hidden}u`,
		functions,
		hasRowScale: true
	});
}

/** Attention's output projection and the residual. mixed, weights, residual, out, pass */
export function attentionOut(s: DecoderShape, tile: Tile): LinearKernel {
	const mixed: Matrix = { name: 'mixed', columns: s.queryColumns };
	return projection(
		s,
		tile,
		'output, residual',
		mixed,
		loadFunction('loadA', mixed),
		s.queryColumns
	);
}

/** RMSNorm, gate and up. x, gain, weights, out, inverseRms, pass */
export function gateUp(s: DecoderShape, tile: Tile): LinearKernel {
	const x: Matrix = { name: 'x', columns: s.hidden };
	const weights = gateUpWeights(s, 'weights');
	const out: Matrix = { name: 'out', columns: 2 * s.intermediate };
	return forward(tile, 'norm, gate, up', out.columns, {
		bindings: [read(x), read(gainMatrix(s.hidden)), read(weights), write(out), INVERSE_RMS, PASS],
		rows: 'numbers.positions',
		columns: `${out.columns}u`,
		inner: `${s.hidden}u`,
		functions: [
			PASS_STRUCT,
			loadFunction('loadA', x),
			normFunctions(s, weights, 'row'),
			plainStore(out)
		].join('\n'),
		hasRowScale: true
	});
}

/** SwiGLU, down and the residual. gateUp, weights, residual, out, pass */
export function down(s: DecoderShape, tile: Tile): LinearKernel {
	return projection(
		s,
		tile,
		'SwiGLU, down, residual',
		gateOrUp(s, 0),
		swiGluLoad(s, 'loadA'),
		s.intermediate
	);
}

/** Final RMSNorm and the vocabulary's logits, for a part of the positions. x, gain, weights, logits, inverseRms, pass */
export function logits(s: DecoderShape, tile: Tile): LinearKernel {
	const x = shifted({ name: 'x', columns: s.hidden });
	const weights: Matrix = { name: 'weights', columns: s.hidden };
	const out: Matrix = { name: 'logits', columns: s.vocab };
	return forward(tile, 'norm, logits', s.vocab, {
		bindings: [read(x), read(gainMatrix(s.hidden)), read(weights), write(out), INVERSE_RMS, PASS],
		rows: 'numbers.count',
		columns: `${s.vocab}u`,
		inner: `${s.hidden}u`,
		functions: [
			PASS_STRUCT,
			loadFunction('loadA', x),
			normFunctions(s, weights, 'numbers.first + row'),
			plainStore(out)
		].join('\n'),
		hasRowScale: true
	});
}

function forward(tile: Tile, label: string, columns: number, rest: Rest): LinearKernel {
	return {
		source: matmulKernel({ label, kind: 'nt', tile, ...rest }),
		grid: (positions) => matmulGrid(tile, positions, columns)
	};
}

/** [positions, inner] -> hidden, added to the residual stream. */
function projection(
	s: DecoderShape,
	tile: Tile,
	label: string,
	a: Matrix,
	loadA: string,
	inner: number
): LinearKernel {
	const { hidden } = s;
	const weights: Matrix = { name: 'weights', columns: inner };
	const residual: Matrix = { name: 'residual', columns: hidden };
	const out: Matrix = { name: 'out', columns: hidden };
	return forward(tile, label, hidden, {
		bindings: [read(a), read(weights), read(residual), write(out), PASS],
		rows: 'numbers.positions',
		columns: `${hidden}u`,
		inner: `${inner}u`,
		functions: `${PASS_STRUCT}
${loadA}
${loadFunction('loadB', weights)}
${loadFunction('loadResidual', residual)}
${storeFunction('storeOut', out)}
fn store(row: u32, column: u32, v: vec4f, split: u32) {
	storeOut(row, column / 4u, v + loadResidual(row, column / 4u));
}`
	});
}
