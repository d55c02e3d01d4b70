/** Kernels that go by rows of hidden states: embedding and its gradient, scalar heads, last states; and the sum of partial gradients. */
import type { DecoderShape } from './decoder-shape';
import type { KernelSource } from '../kernel';
import { PASS } from './linear-operands';
import { stripsInPass } from './norm';
import { PASS_STRUCT } from './pass-uniform';
import {
	LINEAR_GROUP,
	f32,
	groupsOf4,
	kernelSource,
	loadFunction,
	read,
	storeFunction,
	unrolled,
	write,
	type Binding,
	type Matrix
} from './wgsl';

/** Threads of the kernels that take a group of four columns each. */
export const ROW_THREADS = 64;

const matrix = (name: string, columns: number): Matrix => ({ name, columns });

/** Workgroups for the kernels below that give a thread four columns of a row. */
export const rowGroups = (rows: number, columns: number): number =>
	Math.ceil((rows * groupsOf4(columns)) / ROW_THREADS);

/** ids, embedding, x, pass */
export function embeddingRows({ hidden }: DecoderShape): KernelSource {
	return kernelSource(
		'embedding',
		[
			{ name: 'ids', access: 'read', type: 'array<u32>' },
			read(matrix('embedding', hidden)),
			write(matrix('x', hidden)),
			PASS
		],
		`${PASS_STRUCT}
${loadFunction('load', matrix('embedding', hidden))}
${storeFunction('store', matrix('x', hidden))}
@compute @workgroup_size(${ROW_THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
	let i = (${LINEAR_GROUP}) * ${ROW_THREADS}u + lane;
	let row = i / ${groupsOf4(hidden)}u;
	if (row < numbers.positions) {
		let c4 = i % ${groupsOf4(hidden)}u;
		store(row, c4, load(ids[row], c4));
	}
}`
	);
}

/**
 * Adds to the embedding's gradient. The host has sorted the positions by token; a workgroup has one token and adds up its positions in
 * their order: no two threads ever add to the same number. tokens (id, begin, end), order, dx, gradient, pass
 */
export function embeddingGradient({ hidden }: DecoderShape): KernelSource {
	return kernelSource(
		'embedding gradient',
		[
			{ name: 'tokens', access: 'read', type: 'array<vec4u>' },
			{ name: 'order', access: 'read', type: 'array<u32>' },
			read(matrix('dx', hidden)),
			write(matrix('gradient', hidden)),
			PASS
		],
		`${PASS_STRUCT}
${loadFunction('load', matrix('dx', hidden))}
${loadFunction('before', matrix('gradient', hidden))}
${storeFunction('store', matrix('gradient', hidden))}
@compute @workgroup_size(${ROW_THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
	let which = ${LINEAR_GROUP};
	if (which >= numbers.tokens) { return; }
	let token = tokens[which];
	for (var c4 = lane; c4 < ${groupsOf4(hidden)}u; c4 += ${ROW_THREADS}u) {
		var sum = before(token.x, c4);
		for (var i = token.y; i < token.z; i++) { sum += load(order[i], c4); }
		store(token.x, c4, sum);
	}
}`
	);
}

const sumOfRow = `var<workgroup> spare: array<f32, ${ROW_THREADS}>;
fn sumOf(lane: u32, mine: f32) -> f32 {
	spare[lane] = mine;
	workgroupBarrier();
	var sum = 0.0;
	for (var i = 0u; i < ${ROW_THREADS}u; i++) { sum += spare[i]; }
	workgroupBarrier();
	return sum;
}`;

const inverseRms: Binding = { name: 'inverseRms', access: 'write', type: 'array<f32>' };

/** Scalar heads on the normalised last states. x, gain, heads, inverseRms, values, pass. A workgroup for each position. */
export function scalarHeads({ hidden, eps }: DecoderShape, count: number): KernelSource {
	const each = (line: (k: number) => string) => unrolled(count, line);
	return kernelSource(
		'scalar heads',
		[
			read(matrix('x', hidden)),
			read(matrix('gain', hidden)),
			read(matrix('heads', hidden)),
			inverseRms,
			{ name: 'values', access: 'write', type: 'array<f32>' },
			PASS
		],
		`${PASS_STRUCT}
${loadFunction('loadX', matrix('x', hidden))}
${loadFunction('loadGain', matrix('gain', hidden))}
${loadFunction('loadHead', matrix('heads', hidden))}
${sumOfRow}
@compute @workgroup_size(${ROW_THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
	let row = ${LINEAR_GROUP};
	if (row >= numbers.positions) { return; }
	var squares = 0.0;
	${each((k) => `var value${k} = 0.0;`)}
	for (var c4 = lane; c4 < ${groupsOf4(hidden)}u; c4 += ${ROW_THREADS}u) {
		let x = loadX(row, c4);
		squares += dot(x, x);
		let scaled = x * loadGain(0u, c4);
		${each((k) => `value${k} += dot(scaled, loadHead(${k}u, c4));`)}
	}
	let r = 1.0 / sqrt(sumOf(lane, squares) / ${f32(hidden)} + ${f32(eps)});
	if (lane == 0u) { inverseRms[row] = r; }
	${each(
		(k) => `let sum${k} = sumOf(lane, value${k});
	if (lane == 0u) { values[row * ${count}u + ${k}u] = sum${k} * r; }`
	)}
}`
	);
}

/** Gathers the last position of each row, normalised if the pass says so. x, gain, lastPositions, lastX, pass. A workgroup for each row. */
export function lastRows({ hidden, eps }: DecoderShape): KernelSource {
	return kernelSource(
		'last rows',
		[
			read(matrix('x', hidden)),
			read(matrix('gain', hidden)),
			{ name: 'lastPositions', access: 'read', type: 'array<u32>' },
			write(matrix('lastX', hidden)),
			PASS
		],
		`${PASS_STRUCT}
${loadFunction('loadX', matrix('x', hidden))}
${loadFunction('loadGain', matrix('gain', hidden))}
${storeFunction('store', matrix('lastX', hidden))}
${sumOfRow}
@compute @workgroup_size(${ROW_THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
	let row = ${LINEAR_GROUP};
	if (row >= numbers.rows) { return; }
	let position = lastPositions[row];
	var squares = 0.0;
	for (var c4 = lane; c4 < ${groupsOf4(hidden)}u; c4 += ${ROW_THREADS}u) {
		let x = loadX(position, c4);
		squares += dot(x, x);
	}
	let r = 1.0 / sqrt(sumOf(lane, squares) / ${f32(hidden)} + ${f32(eps)});
	for (var c4 = lane; c4 < ${groupsOf4(hidden)}u; c4 += ${ROW_THREADS}u) {
		let x = loadX(position, c4);
		store(row, c4, select(x, x * r * loadGain(0u, c4), numbers.isNormalised != 0u));
	}
}`
	);
}

const REDUCE_THREADS = 256;

export const reduceGroups = (floats: number): number => Math.ceil(floats / 4 / REDUCE_THREADS);

/**
 * Adds up what the pass has left in parts: matrices split over positions, vectors and heads over strips; always in the same order.
 * gradient (all), matrixParts (if split), vectorParts, pass
 */
export function sumOfParts({ hidden, matrixFloats }: DecoderShape, split: number): KernelSource {
	const parts = (name: string): Binding => ({ name, access: 'read', type: 'array<vec4f>' });
	return kernelSource(
		'sum of parts',
		[
			{ name: 'gradient', access: 'write', type: 'array<vec4f>' },
			...(split > 1 ? [parts('matrixParts')] : []),
			parts('vectorParts'),
			PASS
		],
		`${PASS_STRUCT}
@compute @workgroup_size(${REDUCE_THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
	let i = (${LINEAR_GROUP}) * ${REDUCE_THREADS}u + lane;
	let vectors = numbers.vectorEnd - numbers.vectorBegin;
	if (i < vectors) {
		let at = numbers.vectorBegin + i;
		var sum = gradient[at];
		let strips = ${stripsInPass(hidden)};
		for (var part = 0u; part < strips; part++) {
			sum += vectorParts[part * (numbers.vectorStride / 4u) + at - ${matrixFloats / 4}u];
		}
		gradient[at] = sum;
		return;
	}
	${
		split > 1
			? `let at = numbers.matrixBegin + i - vectors;
	if (at < numbers.matrixEnd) {
		var sum = gradient[at];
		for (var part = 0u; part < ${split}u; part++) { sum += matrixParts[part * ${matrixFloats / 4}u + at]; }
		gradient[at] = sum;
	}`
			: ''
	}
}`
	);
}
