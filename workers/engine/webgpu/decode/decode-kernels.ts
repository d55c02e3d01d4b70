/** The kernels of one decoding step for a model's dimensions. Five a layer, then logits, sampler and advance. */
import type { ModelConfig } from '../../../../src/core/formats/model-config';
import { layerNames } from '../../decoder-parameters';
import type { ParameterLayout } from '../../parameter-layout';
import type { Kernel, KernelCache, KernelSource } from '../kernel';
import { decodeAdvance, type DecodeGrids } from './advance';
import { decodeAttention } from './attention';
import { decodeSampler, paddedVocab } from './sampler';
import { columnTiles, skinnyMatmul, type SkinnyMatmul } from './skinny-matmul';

export type KernelName =
	| 'firstQkv'
	| 'qkv'
	| 'attention'
	| 'firstOutput'
	| 'output'
	| 'gateUp'
	| 'down'
	| 'logits'
	| 'sampler'
	| 'advance';

export type DecodeKernels = Record<KernelName, Kernel>;

/** How far each kernel's grid reaches besides the rows. */
export function decodeGrids(c: ModelConfig): DecodeGrids {
	return {
		layers: c.layers,
		qkv: columnTiles((c.heads + 2 * c.kvHeads) * c.headDim),
		attention: c.heads,
		output: columnTiles(c.hiddenSize),
		gateUp: columnTiles(2 * c.intermediateSize),
		down: columnTiles(c.hiddenSize),
		logits: columnTiles(c.vocabSize)
	};
}

/** @param layout Tells how far k, v and up lie behind q and gate; all layers are alike. */
function decodeSources(c: ModelConfig, layout: ParameterLayout): Record<KernelName, KernelSource> {
	const { hiddenSize: d, headDim: hd, heads, kvHeads } = c;
	const names = layerNames(0);
	const behind = (name: string, first: string) =>
		layout.slot(name).offset - layout.slot(first).offset;
	const residual = (inner: number, label: string, isFirst: boolean): KernelSource =>
		skinnyMatmul({
			label,
			inner,
			outer: d,
			rows: 'ACTIVE',
			from: 'row',
			normEps: null,
			...(isFirst
				? {
						store: `fn store(b: u32, c: u32, y: f32) { stream[b * ${d}u + c] = table[state[TOKEN + b] * ${d}u + c] + y; }`,
						bindings: [
							{ access: 'write', declaration: 'stream : array<f32>' },
							{ access: 'read', declaration: 'table : array<f32>' }
						]
					}
				: {
						store: `fn store(b: u32, c: u32, y: f32) { stream[b * ${d}u + c] += y; }`,
						bindings: [{ access: 'write', declaration: 'stream : array<f32>' }]
					})
		});

	const queryEnd = heads * hd;
	const keyEnd = queryEnd + kvHeads * hd;
	const qkv: Omit<SkinnyMatmul, 'label' | 'from'> = {
		inner: d,
		outer: keyEnd + kvHeads * hd,
		rows: 'ACTIVE',
		normEps: c.rmsNormEps,
		// Columns of a rotated head go 0, half, 1, half + 1, ...: a pair that turns together is stored together.
		weightStart: `
fn turned(c: u32) -> u32 { return c / ${hd}u * ${hd}u + c % ${hd}u / 2u + c % 2u * ${hd / 2}u; }
fn weightStart(c: u32) -> u32 {
	if (c < ${queryEnd}u) { return turned(c) * ${d}u; }
	if (c < ${keyEnd}u) { return ${behind(names.k, names.q)}u + turned(c - ${queryEnd}u) * ${d}u; }
	return ${behind(names.v, names.q)}u + (c - ${keyEnd}u) * ${d}u;
}`,
		pairs: true,
		store: `
fn turn(pair: vec2f, i: u32) -> vec2f {
	let angle = rotary[state[COLUMN] * ${hd / 2}u + i];
	return vec2f(pair.x * angle.x - pair.y * angle.y, pair.y * angle.x + pair.x * angle.y);
}
fn place(b: u32, head: u32, part: u32) -> u32 {
	return (((b * ${kvHeads}u + head) * 2u + part) * state[CAPACITY] + state[COLUMN]) * ${hd}u;
}
fn store(b: u32, c: u32, y: vec2f) {
	let i = c % ${hd}u / 2u;
	if (c < ${queryEnd}u) {
		let q = turn(y, i);
		let at = b * ${queryEnd}u + c / ${hd}u * ${hd}u + i;
		queries[at] = q.x;
		queries[at + ${hd / 2}u] = q.y;
	} else if (c < ${keyEnd}u) {
		let k = turn(y, i);
		let at = place(b, (c - ${queryEnd}u) / ${hd}u, 0u) + i;
		cache[at] = k.x;
		cache[at + ${hd / 2}u] = k.y;
	} else {
		let at = place(b, (c - ${keyEnd}u) / ${hd}u, 1u) + 2u * i;
		cache[at] = y.x;
		cache[at + 1u] = y.y;
	}
}`,
		bindings: [
			{ access: 'read', declaration: 'rotary : array<vec2f>' },
			{ access: 'write', declaration: 'queries : array<f32>' },
			{ access: 'write', declaration: 'cache : array<f32>' }
		]
	};
	return {
		firstQkv: skinnyMatmul({ ...qkv, label: 'decode first qkv', from: 'token' }),
		qkv: skinnyMatmul({ ...qkv, label: 'decode qkv', from: 'row' }),
		attention: decodeAttention(c),
		firstOutput: residual(heads * hd, 'decode first output', true),
		output: residual(heads * hd, 'decode output', false),
		gateUp: skinnyMatmul({
			label: 'decode gate and up',
			inner: d,
			outer: 2 * c.intermediateSize,
			rows: 'ACTIVE',
			from: 'row',
			normEps: c.rmsNormEps,
			// Gate and up of one unit are neighbours.
			weightStart: `fn weightStart(c: u32) -> u32 { return c / 2u * ${d}u + c % 2u * ${behind(names.up, names.gate)}u; }`,
			pairs: true,
			store: `
fn store(b: u32, c: u32, y: vec2f) {
	act[b * ${c.intermediateSize}u + c / 2u] = y.x / (1.0 + exp(min(-y.x, 80.0))) * y.y;
}`,
			bindings: [{ access: 'write', declaration: 'act : array<f32>' }]
		}),
		down: residual(c.intermediateSize, 'decode down', false),
		logits: skinnyMatmul({
			label: 'decode logits',
			inner: d,
			outer: c.vocabSize,
			rows: 'DRAW',
			from: 'row',
			normEps: c.rmsNormEps,
			store: `fn store(b: u32, c: u32, y: f32) { logits[b * ${paddedVocab(c.vocabSize)}u + c] = y; }`,
			bindings: [{ access: 'write', declaration: 'logits : array<f32>' }]
		}),
		sampler: decodeSampler(c),
		advance: decodeAdvance(decodeGrids(c))
	};
}

/** Compiles all kernels side by side, in the background. */
export async function compileDecodeKernels(
	cache: KernelCache,
	c: ModelConfig,
	layout: ParameterLayout
): Promise<DecodeKernels> {
	const sources = Object.entries(decodeSources(c, layout));
	const kernels = await Promise.all(sources.map(([, source]) => cache.get(source)));
	// The names are those of the sources, all of them.
	return Object.fromEntries(sources.map(([name], i) => [name, kernels[i]])) as DecodeKernels;
}
