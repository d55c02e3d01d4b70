/**
 * The matrix products of a decoder, with their neighbours fused in: RMSNorm before, rotary positions, residual, SwiGLU and its gradient
 * after. Activations are [positions, columns]; weights lie as Hugging Face stores them, [out, in].
 *
 * RMSNorm costs nothing extra: the gain is multiplied into the weights as they are loaded, the sum of squares is taken along, and
 * 1/rms scales the finished row.
 */
import type { Grid } from '../gpu-runtime';
import type { KernelSource } from '../kernel';
import type { DecoderShape } from './decoder-shape';
import type { MatmulSpec } from './matmul';
import { f32, loadFunction, storeFunction, type Binding, type Matrix } from './wgsl';

export interface LinearKernel {
	source: KernelSource;
	/** Workgroups for so many positions. */
	grid(positions: number): Grid;
}

export const PASS: Binding = { name: 'numbers', access: 'uniform', type: 'Pass' };

/** Parts of the sum over the vocabulary in the gradient by the last hidden states, which has few results for its length. */
export const vocabularySplits = ({ vocab }: DecoderShape): number =>
	Math.min(8, Math.max(1, Math.round(vocab / 1024)));

export const SILU =
	'fn sigmoid(g: vec4f) -> vec4f { return 1.0 / (1.0 + exp(min(-g, vec4f(80.0)))); }';

/** `base` plus a row's place, counting the padding between tensors of one span. */
export const gapped =
	(columns: number, gaps: readonly { row: number; gap: number }[]) =>
	(row: string, unit: number): string =>
		[
			`${row} * ${columns / unit}u`,
			...gaps.map(({ row: first, gap }) => `select(0u, ${gap / unit}u, ${row} >= ${first}u)`)
		].join(' + ');

export const qkvWeights = (s: DecoderShape, name: string): Matrix => ({
	name,
	columns: s.hidden,
	rowStart: gapped(s.hidden, [
		{ row: s.queryColumns, gap: s.gaps.k },
		{ row: s.queryColumns + s.keyColumns, gap: s.gaps.v }
	])
});

export const gateUpWeights = (s: DecoderShape, name: string): Matrix => ({
	name,
	columns: s.hidden,
	rowStart: gapped(s.hidden, [{ row: s.intermediate, gap: s.gaps.up }])
});

/** Gate and up lie side by side, [positions, 2 * intermediate]. */
export const gateOrUp = (s: DecoderShape, which: 0 | 1): Matrix => ({
	name: 'gateUp',
	columns: s.intermediate,
	rowStart: (row, unit) =>
		`${row} * ${(2 * s.intermediate) / unit}u + ${(which * s.intermediate) / unit}u`
});

/** silu(gate) * up, as an operand. */
export const swiGluLoad = (s: DecoderShape, name: string): string => `${SILU}
${loadFunction('loadGate', gateOrUp(s, 0))}
${loadFunction('loadUp', gateOrUp(s, 1))}
fn ${name}(row: u32, c4: u32) -> vec4f {
	let g = loadGate(row, c4);
	return g * sigmoid(g) * loadUp(row, c4);
}`;

/** Rows of a part of the vocabulary head are numbered from its first position. */
export const shifted = (m: Matrix): Matrix => ({
	...m,
	rowStart: (row, unit) => `(numbers.first + ${row}) * ${m.columns / unit}u`
});

export const gainMatrix = (columns: number): Matrix => ({
	name: 'gain',
	columns,
	rowStart: () => '0u'
});

/** 1/rms of every position. */
export const INVERSE_RMS: Binding = { name: 'inverseRms', access: 'write', type: 'array<f32>' };

/** Weights times gain as an operand, and the rule for the row's scale. */
export const normFunctions = (
	s: DecoderShape,
	weights: Matrix,
	rowOfScale: string,
	load = 'loadB'
): string =>
	`${loadFunction('loadWeight', weights)}
${loadFunction('loadGain', gainMatrix(s.hidden))}
fn ${load}(row: u32, c4: u32) -> vec4f { return loadWeight(row, c4) * loadGain(0u, c4); }
fn scale(row: u32, sum: f32, isFirst: bool) -> f32 {
	let r = 1.0 / sqrt(sum / ${f32(s.hidden)} + ${f32(s.eps)});
	if (isFirst) { inverseRms[${rowOfScale}] = r; }
	return r;
}`;

export const plainStore = (m: Matrix): string => `${storeFunction('storeOut', m)}
fn store(row: u32, column: u32, v: vec4f, split: u32) { storeOut(row, column / 4u, v); }`;

export type Rest = Omit<MatmulSpec, 'label' | 'kind' | 'tile'>;
