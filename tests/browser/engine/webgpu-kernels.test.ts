/**
 * The kernels of a training pass, each alone, against float64: on a decoder whose sizes are no whole vectors, with grouped heads, and
 * on the least that an adapter may offer.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { adamwUpdate as adamwOnHost, clipFactor } from '../../../src/core/methods/adamw';
import { Random } from '../../../src/core/random';
import {
	EMBEDDING,
	LM_HEAD,
	SCALAR_HEADS,
	layerNames
} from '../../../workers/engine/decoder-parameters';
import { requestGpu } from '../../../workers/engine/gpu-device';
import { layoutOf } from '../../../workers/engine/parameter-layout';
import { GpuRuntime } from '../../../workers/engine/webgpu/gpu-runtime';
import {
	NORM_GROUPS,
	normGroups,
	UPDATE_BYTES,
	adamwUpdate,
	gradientNorm,
	squareSums,
	updateGroups,
	writeUpdate
} from '../../../workers/engine/webgpu/kernels/adamw';
import {
	attention,
	attentionKeyValueGradient,
	attentionQueryGradient,
	attentionTile
} from '../../../workers/engine/webgpu/kernels/attention';
import { decoderShape } from '../../../workers/engine/webgpu/kernels/decoder-shape';
import {
	attentionOut,
	down,
	gateUp,
	logits,
	qkv
} from '../../../workers/engine/webgpu/kernels/linear-forward';
import {
	gateUpGradient,
	gateUpInputGradient,
	logitsInputGradient,
	mixedGradient,
	qkvInputGradient
} from '../../../workers/engine/webgpu/kernels/linear-input-gradients';
import {
	attentionOutWeightGradient,
	downWeightGradient,
	gateUpWeightGradient,
	logitsWeightGradient,
	qkvWeightGradient
} from '../../../workers/engine/webgpu/kernels/linear-weight-gradients';
import {
	STRIPS,
	stripCount,
	finalNormGradient,
	normGradient
} from '../../../workers/engine/webgpu/kernels/norm';
import {
	embeddingGradient,
	embeddingRows,
	lastRows,
	reduceGroups,
	rowGroups,
	scalarHeads,
	sumOfParts
} from '../../../workers/engine/webgpu/kernels/rows';
import { tileNamed } from '../../../workers/engine/webgpu/kernels/tiles';
import { tokenStatistics } from '../../../workers/engine/webgpu/kernels/vocabulary';
import { linearGrid } from '../../../workers/engine/webgpu/kernels/wgsl';
import * as plain from '../../support/float64-layers';
import { LEAST_GPU, passView, relativeDifference, runKernel } from '../../support/gpu-kernel';
import { randomParameters, smallConfig } from '../../support/random-model';

const TOLERANCE = 2e-5;

const config = smallConfig({
	...{ hiddenSize: 18, intermediateSize: 13, heads: 3, kvHeads: 1, headDim: 6, vocabSize: 37 },
	...{ layers: 1, tiedEmbeddings: false, valueHeads: 2, rmsNormEps: 1e-5 }
});
const lengths = [5, 19, 1, 40];
const positionsInRow = lengths.flatMap((n) => Array.from({ length: n }, (_, t) => t));
const N = positionsInRow.length;

const parameters = randomParameters(config, 7);
const layout = layoutOf([...parameters]);
const s = decoderShape(config, layout);
const names = layerNames(0);
const { hidden: d, intermediate: ff, vocab: V } = s;
const tile = tileNamed('direct32');
const choice = { tn: tile, split: 1 };

const random = new Random(5);
const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
const valuesOf = (...tensors: string[]) =>
	Float64Array.from(tensors.flatMap((name) => Array.from(parameters.get(name).values)));
/** Tensors as they lie in the pool, with what lies between them. */
const span = (first: string, last = first): Float32Array => {
	const from = layout.slot(first).offset;
	const pool = new Float32Array(layout.slot(last).offset + layout.slot(last).size - from);
	for (const { name, offset, size } of layout.slots) {
		if (offset >= from && offset + size <= from + pool.length) {
			pool.set(parameters.get(name).values, offset - from);
		}
	}
	return pool;
};
/** The numbers of a span without what lies between the tensors. */
const packed = (pool: ArrayLike<number> | undefined, ...tensors: string[]): number[] => {
	const from = layout.slot(tensors[0] ?? '').offset;
	return tensors.flatMap((name) => {
		const { offset, size } = layout.slot(name);
		return Array.from({ length: size }, (_, i) => pool?.[offset - from + i] ?? NaN);
	});
};

const x = normals(N * d);
const gain = parameters.get(names.mlpNorm).values;
const r = plain.inverseRms(x, d, s.eps);
const h = plain.rmsNorm(x, gain, s.eps);
const blank = (count: number) => new Float32Array(count).fill(NaN);
const rope = (() => {
	const half = s.headDim / 2;
	return Float32Array.from({ length: 64 * s.headDim }, (_, i) => {
		const angle = Math.floor(i / s.headDim) * s.theta ** (-((i % s.headDim) >> 1) / half);
		return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
	});
})();
const rowInfo = Uint32Array.from(
	lengths.flatMap((n, b) => {
		const start = lengths.slice(0, b).reduce((a, c) => a + c, 0);
		return Array.from({ length: n }, () => [start, start + n]).flat();
	})
);
const tiles = Uint32Array.from(
	lengths.flatMap((n, b) => {
		const start = lengths.slice(0, b).reduce((a, c) => a + c, 0);
		const size = attentionTile(s);
		return Array.from({ length: Math.ceil(n / size) }, (_, i) => {
			const first = start + i * size;
			return [first, Math.min(size, start + n - first), start, start + n];
		}).flat();
	})
);
const rotation = {
	...{ columns: s.qkvColumns, rotated: s.queryColumns + s.keyColumns, headDim: s.headDim },
	...{ theta: s.theta, positions: positionsInRow }
};

let runtime: GpuRuntime;
beforeAll(async () => {
	runtime = new GpuRuntime(await requestGpu(LEAST_GPU));
});

const run = (...args: Parameters<typeof runKernel> extends [unknown, ...infer A] ? A : never) =>
	runKernel(runtime, ...args);

const close = (actual: ArrayLike<number> | undefined, expected: ArrayLike<number>) =>
	expect(relativeDifference(actual ?? [], expected)).toBeLessThanOrEqual(TOLERANCE);

describe('forward', () => {
	test.each(['direct32', 'tiled32'])(
		'norm, queries, keys and values, rotated: %s',
		async (name) => {
			const kernel = qkv(s, tileNamed(name));
			const size = { rows: N, columns: s.qkvColumns, inner: d };
			const expected = plain.rotate(
				plain.product('nt', h, valuesOf(names.q, names.k, names.v), size),
				rotation
			);
			const outs = await run(
				kernel.source,
				[
					x,
					gain,
					span(names.q, names.v),
					blank(expected.length),
					blank(N),
					rowInfo,
					rope,
					passView(N)
				],
				kernel.grid(N)
			);
			close(outs[3], expected);
			close(outs[4], r);
		}
	);

	test('attention output and residual', async () => {
		const kernel = attentionOut(s, tile);
		const mixed = normals(N * s.queryColumns);
		const size = { rows: N, columns: d, inner: s.queryColumns };
		const outs = await run(
			kernel.source,
			[mixed, span(names.o), x, blank(N * d), passView(N)],
			kernel.grid(N)
		);
		close(outs[3], plain.sum(x, plain.product('nt', mixed, valuesOf(names.o), size)));
	});

	test.each(['direct32', 'tiled128'])('norm, gate and up: %s', async (name) => {
		const kernel = gateUp(s, tileNamed(name));
		const size = { rows: N, columns: 2 * ff, inner: d };
		const outs = await run(
			kernel.source,
			[x, gain, span(names.gate, names.up), blank(N * 2 * ff), blank(N), passView(N)],
			kernel.grid(N)
		);
		close(outs[3], plain.product('nt', h, valuesOf(names.gate, names.up), size));
		close(outs[4], r);
	});

	test('SwiGLU, down and residual', async () => {
		const kernel = down(s, tile);
		const both = normals(N * 2 * ff);
		const size = { rows: N, columns: d, inner: ff };
		const outs = await run(
			kernel.source,
			[both, span(names.down), x, blank(N * d), passView(N)],
			kernel.grid(N)
		);
		close(
			outs[3],
			plain.sum(x, plain.product('nt', plain.swiGlu(both, ff), valuesOf(names.down), size))
		);
	});

	test('norm and logits of a part of the positions', async () => {
		const kernel = logits(s, tile);
		const [first, count] = [7, 20];
		const size = { rows: count, columns: V, inner: d };
		const outs = await run(
			kernel.source,
			[x, gain, span(LM_HEAD), blank(count * V), blank(N), passView(N, { first, count })],
			kernel.grid(count)
		);
		const part = h.subarray(first * d, (first + count) * d);
		close(outs[3], plain.product('nt', part, valuesOf(LM_HEAD), size));
		close(outs[4]?.subarray(first, first + count), r.subarray(first, first + count));
	});

	test('embedding rows, scalar heads, and the last rows gathered and normalised', async () => {
		const ids = Uint32Array.from({ length: N }, () => random.int(V));
		const table = parameters.get(EMBEDDING).values;
		const rows = await run(
			embeddingRows(s),
			[ids, table, blank(N * d), passView(N)],
			linearGrid(rowGroups(N, d))
		);
		expect(Array.from(rows[2] ?? [])).toEqual(
			Array.from(ids).flatMap((id) => Array.from(table.subarray(id * d, (id + 1) * d)))
		);
		const values = await run(
			scalarHeads(s, 2),
			[x, gain, span(SCALAR_HEADS), blank(N), blank(2 * N), passView(N)],
			linearGrid(N)
		);
		close(values[3], r);
		const size = { rows: N, columns: 2, inner: d };
		close(values[4], plain.product('nt', h, valuesOf(SCALAR_HEADS), size));
		const last = Uint32Array.of(4, 23, 24, 64);
		for (const isNormalised of [false, true]) {
			const outs = await run(
				lastRows(s),
				[x, gain, last, blank(4 * d), passView(N, { rows: 4, isNormalised })],
				linearGrid(4)
			);
			const from = isNormalised ? h : x;
			close(
				outs[3],
				Array.from(last).flatMap((n) => Array.from(from.subarray(n * d, (n + 1) * d)))
			);
		}
	});
});

describe('attention', () => {
	const input = normals(N * s.qkvColumns);
	const dMixed = normals(N * s.queryColumns);
	const expected = plain.attention(input, dMixed, { ...s, lengths });
	const tileCount = tiles.length / 4;

	test('of several rows with grouped heads', async () => {
		const outs = await run(
			attention(s),
			[input, tiles, blank(N * s.queryColumns), blank(N * s.heads)],
			[tileCount, s.heads, 1]
		);
		close(outs[2], expected.mixed);
		close(outs[3], expected.logSum);
	});

	test('its gradients, turned back by their positions', async () => {
		const queries = await run(
			attentionQueryGradient(s),
			[
				...[input, expected.mixed, dMixed, expected.logSum, tiles, rope],
				...[new Float32Array(N * s.qkvColumns), blank(N * s.heads)]
			],
			[tileCount, s.heads, 1]
		);
		close(queries[7], expected.delta);
		const all = await run(
			attentionKeyValueGradient(s),
			[
				...[input, dMixed, expected.logSum, expected.delta, tiles, rope],
				queries[6] ?? blank(N * s.qkvColumns)
			],
			[tileCount, s.kvHeads, 2]
		);
		close(all[6], plain.rotate(expected.dQkv, { ...rotation, isBack: true }));
	});

	test('of scores so large that only the largest counts does not overflow', async () => {
		const large = input.map((v) => 60 * v);
		const outs = await run(
			attention(s),
			[large, tiles, blank(N * s.queryColumns), blank(N * s.heads)],
			[tileCount, s.heads, 1]
		);
		const safe = Array.from(outs[2] ?? [NaN]).every(Number.isFinite);
		expect(safe).toBe(true);
		expect(Array.from(outs[3] ?? [NaN]).every(Number.isFinite)).toBe(true);
	});
});

describe('gradients by inputs', () => {
	test('of down and SwiGLU, in place', async () => {
		const kernel = gateUpGradient(s, tile);
		const dx = normals(N * d);
		const both = normals(N * 2 * ff);
		const size = { rows: N, columns: ff, inner: d };
		const outs = await run(
			kernel.source,
			[dx, span(names.down), both, passView(N)],
			kernel.grid(N)
		);
		const dAct = plain.product('nn', dx, valuesOf(names.down), size);
		close(outs[2], plain.swiGluGradient(both, dAct, ff));
	});

	test('of gate and up, of the attention output, of queries, keys and values', async () => {
		for (const [kernel, inner, columns, first, last] of [
			[gateUpInputGradient(s, tile), 2 * ff, d, names.gate, names.up],
			[mixedGradient(s, tile), d, s.queryColumns, names.o, names.o],
			[qkvInputGradient(s, tile), s.qkvColumns, d, names.q, names.v]
		] as const) {
			const dy = normals(N * inner);
			const outs = await run(
				kernel.source,
				[dy, span(first, last), blank(N * columns), passView(N)],
				kernel.grid(N)
			);
			const between = layout.slots.slice(
				layout.slots.indexOf(layout.slot(first)),
				layout.slots.indexOf(layout.slot(last)) + 1
			);
			const weights = valuesOf(...between.map(({ name }) => name));
			close(outs[2], plain.product('nn', dy, weights, { rows: N, columns, inner }));
		}
	});

	test('of the vocabulary head, a part of the positions', async () => {
		const kernel = logitsInputGradient(s, tile);
		const [first, count] = [10, 30];
		const dy = normals(count * V);
		const outs = await run(
			kernel.source,
			[dy, span(LM_HEAD), blank(N * d), passView(N, { first, count })],
			kernel.grid(count)
		);
		const size = { rows: count, columns: d, inner: V };
		close(
			outs[2]?.subarray(first * d, (first + count) * d),
			plain.product('nn', dy, valuesOf(LM_HEAD), size)
		);
	});

	test('of a norm, added to what is there, with the gain’s in strips', async () => {
		const dy = normals(N * d);
		const dx = normals(N * d);
		const stride = 64;
		const outs = await run(
			normGradient(s),
			[
				x,
				r,
				gain,
				dy,
				dx,
				new Float32Array(STRIPS * stride),
				passView(N, { vectorStride: stride })
			],
			[stripCount(d, N), 1, 1]
		);
		const expected = plain.rmsNormGradient(x, gain, dy, s.eps);
		close(outs[4], plain.sum(dx, expected.dx));
		close(sumOfStrips(outs[5], stride, 0, d), expected.dGain);
	});

	test('of the final norm, from the vocabulary in parts and from the scalar heads', async () => {
		const parts = 3;
		const dy = normals(parts * N * d);
		const dValues = normals(2 * N);
		const stride = 128;
		const source = finalNormGradient(s, { valueHeads: 2, dySplits: parts, gainAt: 64, headsAt: 0 });
		const heads = valuesOf(SCALAR_HEADS);
		const fromHeads = plain.product('nn', dValues, heads, { rows: N, columns: d, inner: 2 });
		const fromVocabulary = Float64Array.from(
			{ length: N * d },
			(_, i) => (dy[i] ?? 0) + (dy[N * d + i] ?? 0) + (dy[2 * N * d + i] ?? 0)
		);
		const run2 = (hasVocabulary: boolean, hasValues: boolean) =>
			run(
				source,
				[
					...[x, r, gain, dy, blank(N * d), new Float32Array(STRIPS * stride), dValues, heads],
					passView(N, { vectorStride: stride, hasVocabulary, hasValues })
				],
				[stripCount(d, N), 1, 1]
			);
		const both = await run2(true, true);
		const expected = plain.rmsNormGradient(x, gain, plain.sum(fromVocabulary, fromHeads), s.eps);
		close(both[4], expected.dx);
		close(sumOfStrips(both[5], stride, 64, d), expected.dGain);
		close(
			sumOfStrips(both[5], stride, 0, 2 * d),
			plain.product('tn', dValues, h, { rows: 2, columns: d, inner: N })
		);
		const values = await run2(false, true);
		close(values[4], plain.rmsNormGradient(x, gain, fromHeads, s.eps).dx);
		const vocabulary = await run2(true, false);
		close(vocabulary[4], plain.rmsNormGradient(x, gain, fromVocabulary, s.eps).dx);
	});
});

function sumOfStrips(
	parts: ArrayLike<number> | undefined,
	stride: number,
	start: number,
	count: number,
	strips = STRIPS
): Float64Array {
	return Float64Array.from({ length: count }, (_, i) => {
		let sum = 0;
		for (let strip = 0; strip < strips; strip++) {
			sum += parts?.[strip * stride + start + i] ?? NaN;
		}
		return sum;
	});
}

describe('gradients by weights', () => {
	const both = normals(N * 2 * ff);
	const dx = normals(N * d);
	const size = (rows: number, columns: number) => ({ rows, columns, inner: N });

	test('are added to what is there', async () => {
		const mixed = normals(N * s.queryColumns);
		const dGateUp = normals(N * 2 * ff);
		const dQkv = normals(N * s.qkvColumns);
		for (const [kernel, inputs, tensors, expected] of [
			[
				downWeightGradient(s, choice),
				[dx, both],
				[names.down],
				plain.product('tn', dx, plain.swiGlu(both, ff), size(d, ff))
			],
			[
				attentionOutWeightGradient(s, choice),
				[dx, mixed],
				[names.o],
				plain.product('tn', dx, mixed, size(d, s.queryColumns))
			],
			[
				gateUpWeightGradient(s, choice),
				[dGateUp, x, r, gain],
				[names.gate, names.up],
				plain.product('tn', dGateUp, h, size(2 * ff, d))
			],
			[
				qkvWeightGradient(s, choice),
				[dQkv, x, r, gain],
				[names.q, names.k, names.v],
				plain.product('tn', dQkv, h, size(s.qkvColumns, d))
			]
		] as const) {
			const before = normals(span(tensors[0], tensors.at(-1)).length);
			const outs = await run(kernel.source, [...inputs, before, passView(N)], kernel.grid(N));
			close(
				packed(outs[inputs.length], ...tensors),
				plain.sum(packed(before, ...tensors), expected)
			);
		}
	});

	test('of the vocabulary head, a part of the positions', async () => {
		const kernel = logitsWeightGradient(s, choice);
		const [first, count] = [10, 30];
		const dy = normals(count * V);
		const before = normals(V * d);
		const outs = await run(
			kernel.source,
			[dy, x, r, gain, before, passView(N, { first, count })],
			kernel.grid(count)
		);
		const part = h.subarray(first * d, (first + count) * d);
		const expected = plain.product('tn', dy, part, { rows: V, columns: d, inner: count });
		close(outs[4], plain.sum(before, expected));
	});

	test('in parts, summed up at the end with the strips of the vectors', async () => {
		const split = 4;
		const kernel = downWeightGradient(s, { tn: tile, split });
		const at = layout.slot(names.down).offset;
		const parts = await run(
			kernel.source,
			[dx, both, new Float32Array(split * s.matrixFloats), passView(N)],
			kernel.grid(N)
		);
		// Bound from the tensor on, as the pass does; the sum takes the whole pool.
		const pool = new Float32Array(split * s.matrixFloats);
		pool.set(parts[2]?.subarray(0, pool.length - at) ?? [], at);
		const stride = layout.length - s.matrixFloats;
		const strips = normals(STRIPS * stride);
		const before = normals(layout.length);
		const outs = await run(
			sumOfParts(s, split),
			[
				...[before, pool, strips],
				passView(N, {
					vectorStride: stride,
					matrices: [at / 4, s.matrixFloats / 4],
					vectors: [s.matrixFloats / 4, layout.length / 4]
				})
			],
			linearGrid(reduceGroups(layout.length - at))
		);
		const summed = outs[0] ?? blank(0);
		const expected = plain.product('tn', dx, plain.swiGlu(both, ff), size(d, ff));
		const down0 = (a: Float32Array) => a.subarray(at, at + d * ff);
		close(down0(summed), plain.sum(down0(before), expected));
		close(
			summed.subarray(s.matrixFloats),
			plain.sum(
				before.subarray(s.matrixFloats),
				sumOfStrips(strips, stride, 0, stride, stripCount(d, N))
			)
		);
		expect(summed.subarray(0, at)).toEqual(before.subarray(0, at));
	});

	test('of the embedding, by token in the order of the positions', async () => {
		const ids = Array.from({ length: N }, () => random.int(9));
		const sorted = ids.map((_, n) => n).sort((a, b) => (ids[a] ?? 0) - (ids[b] ?? 0) || a - b);
		const distinct = [...new Set(sorted.map((n) => ids[n] ?? 0))];
		const table = distinct.flatMap((id) => {
			const begin = sorted.findIndex((n) => ids[n] === id);
			return [id, begin, begin + ids.filter((other) => other === id).length, 0];
		});
		const before = normals(V * d);
		const outs = await run(
			embeddingGradient(s),
			[
				...[Uint32Array.from(table), Uint32Array.from(sorted), dx, before],
				passView(N, { tokens: distinct.length })
			],
			linearGrid(distinct.length)
		);
		const expected = Float64Array.from(before);
		ids.forEach((id, n) => {
			for (let i = 0; i < d; i++) {
				expected[id * d + i] = (expected[id * d + i] ?? 0) + (dx[n * d + i] ?? 0);
			}
		});
		close(outs[3], expected);
	});
});

describe('token statistics', () => {
	const T = 0.7;
	const [first, count] = [3, 9];
	const z = normals(count * V).map((v) => 3 * v);
	const next = Uint32Array.from({ length: N }, () => random.int(V));
	const [byLogProb, byEntropy] = [normals(N), normals(N)];
	const logP = Float64Array.from({ length: count * V }, (_, i) => {
		const row = Array.from(z.subarray(Math.floor(i / V) * V, (Math.floor(i / V) + 1) * V));
		const largest = Math.max(...row);
		const total = row.reduce((a, v) => a + Math.exp((v - largest) / T), 0);
		return ((z[i] ?? NaN) - largest) / T - Math.log(total);
	});
	const entropies = Array.from({ length: count }, (_, n) =>
		logP.subarray(n * V, (n + 1) * V).reduce((a, l) => a - Math.exp(l) * l, 0)
	);
	const statistics = (hasLogitGradient: boolean) =>
		run(
			tokenStatistics(s),
			[
				...[z, next, byLogProb, byEntropy, blank(N), blank(N)],
				passView(N, { first, count, inverseTemperature: 1 / T, hasLogitGradient })
			],
			linearGrid(count)
		);

	test('log-probability of the next token and entropy at a temperature', async () => {
		const outs = await statistics(false);
		const part = <T extends Float32Array>(a: T | undefined) => a?.subarray(first, first + count);
		const expected = Array.from(
			{ length: count },
			(_, n) => logP[n * V + (next[first + n] ?? 0)] ?? NaN
		);
		close(part(outs[4]), expected);
		close(part(outs[5]), entropies);
		expect(outs[0]).toEqual(z);
	});

	test('their gradient by the logits, in place', async () => {
		const outs = await statistics(true);
		const expected = Float64Array.from({ length: count * V }, (_, i) => {
			const n = Math.floor(i / V);
			const position = first + n;
			const l = logP[i] ?? NaN;
			const isNext = i % V === next[position];
			const byChoice = (byLogProb[position] ?? NaN) * (Number(isNext) - Math.exp(l));
			const byH = (byEntropy[position] ?? NaN) * Math.exp(l) * (l + (entropies[n] ?? NaN));
			return (byChoice - byH) / T;
		});
		close(outs[0], expected);
	});
});

describe('AdamW', () => {
	const length = 4 * 64;
	const ranges = [
		{ start: 0, end: 128, isLearning: true, decay: 0.1, lr: 0.03, steps: 3 },
		{ start: 128, end: 192, isLearning: true, decay: 0, lr: 0.01, steps: 7 },
		{ start: 192, end: 256, isLearning: false, decay: 0, lr: 0, steps: 1 }
	];
	const update = (clipNorm: number) => {
		const view = new DataView(new ArrayBuffer(UPDATE_BYTES));
		const list = ranges.map((p) => ({
			...p,
			stepSize: p.lr / (1 - 0.9 ** p.steps),
			keep: 1 - p.lr * p.decay,
			rootCorrection: 1 / Math.sqrt(1 - 0.999 ** p.steps)
		}));
		writeUpdate(view, list, { length, clipNorm });
		return view;
	};
	const gradient = normals(length);
	const learningNorm = Math.sqrt(gradient.subarray(0, 192).reduce((a, g) => a + g * g, 0));

	async function normOf(values: Float32Array, clipNorm: number): Promise<Float32Array> {
		const [, sums] = await run(
			squareSums(),
			[values, new Float32Array(2 * NORM_GROUPS), update(clipNorm)],
			[normGroups(length), 1, 1]
		);
		const [, norm] = await run(gradientNorm(), [sums ?? [], blank(4), update(clipNorm)], [1, 1, 1]);
		return norm ?? blank(4);
	}

	test('the norm of what learns, and the clip factor', async () => {
		const clipped = await normOf(gradient, 1.5);
		close(clipped.subarray(0, 2), [learningNorm, clipFactor(learningNorm, 1.5)]);
		expect(clipped[2]).toBe(0);
		const free = await normOf(gradient, Infinity);
		expect(free[1]).toBe(1);
	});

	test('a number that is not finite is found, but not where nothing learns', async () => {
		for (const bad of [NaN, Infinity, -Infinity, 1e30]) {
			for (const [i, isSeen] of [
				[17, 1],
				[200, 0]
			] as const) {
				const values = gradient.slice();
				values[i] = bad;
				expect((await normOf(values, 1))[2]).toBe(isSeen);
			}
		}
	});

	test('the update is that of the host, gradients are cleared, frozen tensors stay', async () => {
		const [weights, m] = [normals(length), normals(length)];
		const v = normals(length).map(Math.abs);
		const gradScale = 0.3;
		const outs = await run(
			adamwUpdate(),
			[weights, gradient, m, v, [1, gradScale, 0, 0], update(1)],
			linearGrid(updateGroups(length))
		);
		for (const { start, end, isLearning, decay, lr, steps } of ranges) {
			const part = (a: ArrayLike<number>) => Float64Array.from(a).slice(start, end);
			const expected = { param: part(weights), m: part(m), v: part(v) };
			if (isLearning) {
				const grad = part(gradient);
				adamwOnHost({ ...expected, grad, step: steps, lr, weightDecay: decay, gradScale });
			}
			close(part(outs[0] ?? []), expected.param);
			close(part(outs[2] ?? []), expected.m);
			close(part(outs[3] ?? []), expected.v);
		}
		expect(outs[1]?.every((g) => g === 0)).toBe(true);
		const refused = await run(
			adamwUpdate(),
			[weights, gradient, m, v, [1, gradScale, 1, 0], update(1)],
			linearGrid(updateGroups(length))
		);
		expect(refused[0]).toEqual(weights);
		expect(refused[1]?.every((g) => g === 0)).toBe(true);
	});
});
