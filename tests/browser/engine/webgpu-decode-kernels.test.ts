/** The kernels of a rollout, each alone, against float64 on the host. */
import { beforeAll, describe, expect, test } from 'vitest';
import { tokenScore } from '../../../src/core/methods/log-prob';
import { Random, philoxBlock } from '../../../src/core/random';
import { requestGpu } from '../../../workers/engine/gpu-device';
import type { Sampling } from '../../../workers/engine/language-model';
import { decodeAttention } from '../../../workers/engine/webgpu/decode/attention';
import { AT, NO_TOKEN, initialState } from '../../../workers/engine/webgpu/decode/decode-state';
import { PHILOX } from '../../../workers/engine/webgpu/decode/philox';
import { decodeSampler, paddedVocab } from '../../../workers/engine/webgpu/decode/sampler';
import { columnTiles, skinnyMatmul } from '../../../workers/engine/webgpu/decode/skinny-matmul';
import { GpuRuntime, type Grid } from '../../../workers/engine/webgpu/gpu-runtime';
import type { KernelSource } from '../../../workers/engine/webgpu/kernel';
import { relativeDifference, runKernel } from '../../support/gpu-kernel';
import { smallConfig } from '../../support/random-model';

let runtime: GpuRuntime;
beforeAll(async () => {
	runtime = new GpuRuntime(await requestGpu());
});

/** Runs a kernel once and answers the bytes of its binding number `out`. */
async function run(
	source: KernelSource,
	data: readonly (Uint32Array | Float32Array)[],
	grid: Grid,
	out: number
): Promise<Float32Array> {
	return (await runKernel(runtime, source, data, grid))[out] ?? new Float32Array();
}

/** The same bytes as integers. */
const wordsOf = (values: Float32Array) =>
	new Uint32Array(values.buffer, values.byteOffset, values.length);

const floats = (length: number, draw: () => number) => Float32Array.from({ length }, draw);

const plain: Sampling = { temperature: 1, maxNew: 4, stop: [], seed: 7, first: 0 };

function stateOf(
	rows: number,
	T: number,
	o: Partial<Sampling> & { column?: number; active?: readonly number[]; capacity?: number } = {}
): Uint32Array<ArrayBuffer> {
	const prompts = Array.from({ length: rows }, () => Int32Array.of(0));
	const shape = { prompts, T, capacity: o.capacity ?? T, first: o.first ?? 0 };
	const state = initialState(shape, { ...plain, ...o });
	state[AT.COLUMN] = o.column ?? 0;
	if (o.active) {
		state[AT.ACTIVE_COUNT] = o.active.length;
		state.set(o.active, AT.ACTIVE);
	}
	return state;
}

describe('the matmul of few rows', () => {
	test.each([
		{ inner: 32, outer: 64, rows: 8, active: 8, norm: false },
		{ inner: 100, outer: 33, rows: 13, active: 11, norm: true },
		{ inner: 30, outer: 17, rows: 3, active: 1, norm: true },
		{ inner: 301, outer: 20, rows: 9, active: 9, norm: false },
		{ inner: 600, outer: 40, rows: 5, active: 5, norm: true },
		{ inner: 1100, outer: 24, rows: 10, active: 7, norm: false },
		{ inner: 36, outer: 2100, rows: 9, active: 9, norm: true },
		{ inner: 8, outer: 16_401, rows: 2, active: 2, norm: true }
	])('$inner x $outer, $active of $rows rows, norm $norm', async (shape) => {
		const { inner, outer, rows, active, norm } = shape;
		const random = new Random(inner + outer);
		const x = floats(rows * inner, () => random.normal());
		const w = floats(outer * inner, () => random.normal());
		const gain = floats(inner, () => 1 + 0.3 * random.normal());
		const list = random.shuffle([...Array(rows).keys()]).slice(0, active);
		const source = skinnyMatmul({
			label: 'test matmul',
			inner,
			outer,
			rows: 'ACTIVE',
			from: 'row',
			normEps: norm ? 1e-5 : null,
			store: `fn store(b: u32, c: u32, y: f32) { out[b * ${outer}u + c] = y; }`,
			bindings: [{ access: 'write', declaration: 'out : array<f32>' }]
		});
		const blank = new Float32Array(rows * outer).fill(-7);
		const data = [stateOf(rows, 4, { active: list }), x, w, ...(norm ? [gain] : []), blank];
		const answer = await run(
			source,
			data,
			[Math.ceil(active / 8), columnTiles(outer), 1],
			data.length - 1
		);
		const expected = Float64Array.from(blank);
		for (const b of list) {
			const row = Float64Array.from(x.subarray(b * inner, (b + 1) * inner));
			const scale = norm ? 1 / Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / inner + 1e-5) : 1;
			for (let c = 0; c < outer; c++) {
				let sum = 0;
				for (let k = 0; k < inner; k++) {
					sum += (row[k] ?? NaN) * (norm ? (gain[k] ?? NaN) : 1) * (w[c * inner + k] ?? NaN);
				}
				expected[b * outer + c] = sum * scale;
			}
		}
		expect(relativeDifference(answer, expected)).toBeLessThan(inner >= 1024 ? 1e-4 : 2e-5);
	});
});

describe('attention over the cache', () => {
	test.each([
		{ heads: 4, kvHeads: 2, headDim: 8, positions: 5 },
		{ heads: 3, kvHeads: 3, headDim: 6, positions: 70 },
		{ heads: 2, kvHeads: 1, headDim: 64, positions: 1 },
		{ heads: 2, kvHeads: 1, headDim: 32, positions: 600 }
	])('$heads heads on $kvHeads of $headDim, $positions positions', async (shape) => {
		const { heads, kvHeads, headDim, positions } = shape;
		const random = new Random(positions);
		const rows = 3;
		const active = [2, 0];
		const capacity = positions + 3;
		const q = floats(rows * heads * headDim, () => random.normal());
		// Scores far apart, and the largest at any place.
		const cache = floats(rows * kvHeads * 2 * capacity * headDim, () => 2 * random.normal());
		const blank = new Float32Array(q.length).fill(-7);
		const state = stateOf(rows, 4, { active, column: positions - 1, capacity });
		const answer = await run(
			decodeAttention(smallConfig({ heads, kvHeads, headDim })),
			[state, q, cache, blank],
			[active.length, heads, 1],
			3
		);
		const expected = Float64Array.from(blank);
		for (const b of active) {
			for (let head = 0; head < heads; head++) {
				const kv = Math.floor((head * kvHeads) / heads);
				const keys = (b * kvHeads + kv) * 2 * capacity * headDim;
				const at = (b * heads + head) * headDim;
				const scores = Array.from({ length: positions }, (_, j) => {
					let sum = 0;
					for (let i = 0; i < headDim; i++) {
						sum += (q[at + i] ?? NaN) * (cache[keys + j * headDim + i] ?? NaN);
					}
					return sum / Math.sqrt(headDim);
				});
				const largest = Math.max(...scores);
				const weights = scores.map((s) => Math.exp(s - largest));
				const whole = weights.reduce((a, b) => a + b, 0);
				for (let i = 0; i < headDim; i++) {
					const values = keys + capacity * headDim + i;
					expected[at + i] = weights.reduce(
						(sum, w, j) => sum + (w / whole) * (cache[values + j * headDim] ?? NaN),
						0
					);
				}
			}
		}
		expect(relativeDifference(answer, expected)).toBeLessThan(2e-5);
	});
});

/** Gumbel noise of a 32-bit word in float64. */
const gumbelOf = (word: number) => -Math.log(-Math.log1p(-(word + 0.5) / 2 ** 32));

/** The sampler's noise for one id, as it promises to make it. */
function noiseOf(seed: number, row: number, column: number, id: number): number {
	const [low, high] = [row % 2 ** 32, Math.floor(row / 2 ** 32)];
	const words = philoxBlock(
		[column, id >> 2, low, high],
		[seed % 2 ** 32, Math.floor(seed / 2 ** 32)]
	);
	return gumbelOf(words[id & 3] ?? NaN);
}

test('Philox on the device is the Philox of the host, and its Gumbel noise is exact to float32', async () => {
	const code = `
@group(0) @binding(0) var<storage, read> counters : array<vec4u>;
@group(0) @binding(1) var<storage, read_write> out : array<u32>;
${PHILOX}
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i : u32) {
	let c = counters[i];
	let words = philox(c, vec2u(c.w ^ 0x9abcdef0u, c.x + 77u));
	for (var k = 0u; k < 4u; k++) {
		out[8u * i + k] = words[k];
		out[8u * i + 4u + k] = bitcast<u32>(gumbel(c[k]));
	}
}`;
	const random = new Random(1);
	const edges = [0, 1, 0xffffffff, 0x80000000, 429_496_729, 429_496_730, 0xfffffffe, 12];
	const counters = Uint32Array.from({ length: 256 }, (_, i) => edges[i] ?? random.int(2 ** 32));
	const answer = await run(
		{ label: 'philox', code, bindings: ['read', 'write'] },
		[counters, new Uint32Array(512)],
		[1, 1, 1],
		1
	);
	const words = wordsOf(answer);
	for (let i = 0; i < 64; i++) {
		const [a, b, c, d] = Array.from(counters.subarray(4 * i, 4 * i + 4)) as [
			number,
			number,
			number,
			number
		];
		const expected = philoxBlock([a, b, c, d], [(d ^ 0x9abcdef0) >>> 0, (a + 77) % 2 ** 32]);
		expect(Array.from(words.subarray(8 * i, 8 * i + 4))).toEqual(Array.from(expected));
		[a, b, c, d].forEach((word, k) => {
			const g = gumbelOf(word);
			const actual = answer[8 * i + 4 + k] ?? NaN;
			// Above 0.9999 float32 has few numbers; there the noise is near its lower end and never wins.
			const allowed = word > 0xfffff000 ? 1.5 : 2e-5 * Math.max(1, Math.abs(g));
			expect(Math.abs(actual - g), `word ${word}`).toBeLessThan(allowed);
		});
	}
});

describe('the sampler', () => {
	interface Drawn {
		ids: number[];
		logProbs: number[];
	}

	/** One draw for every row of logits [rows, V] at a column. */
	async function draw(
		logits: Float32Array,
		V: number,
		o: Partial<Sampling> & { column?: number } = {}
	): Promise<Drawn> {
		const rows = logits.length / V;
		const columns = (o.column ?? 0) + 2;
		const padded = new Float32Array(rows * paddedVocab(V));
		for (let b = 0; b < rows; b++) {
			padded.set(logits.subarray(b * V, (b + 1) * V), b * paddedVocab(V));
		}
		const state = stateOf(rows, columns, o);
		const answer = await run(
			decodeSampler(smallConfig({ vocabSize: V, valueHeads: 0 })),
			[state, padded, new Uint32Array(2 * rows * columns)],
			[rows, 1, 1],
			2
		);
		const words = wordsOf(answer);
		const at = (b: number) => b * columns + columns - 1;
		return {
			ids: Array.from({ length: rows }, (_, b) => words[at(b)] ?? NaN),
			logProbs: Array.from({ length: rows }, (_, b) => answer[rows * columns + at(b)] ?? NaN)
		};
	}

	/** Ids that top-k and top-p leave, by sorting in float64. */
	function keptIds(row: Float64Array, temperature: number, topK: number, topP: number): number[] {
		const order = [...row.keys()].sort((i, j) => (row[j] ?? 0) - (row[i] ?? 0) || i - j);
		const first = topK > 0 ? order.slice(0, topK) : order;
		const top = row[first[0] ?? 0] ?? 0;
		const weights = first.map((i) => Math.exp(((row[i] ?? 0) - top) / temperature));
		const needed = topP * weights.reduce((a, b) => a + b, 0);
		let sum = 0;
		let count = 0;
		while (count < first.length && (count === 0 || (topP < 1 && sum < needed) || topP >= 1)) {
			sum += weights[count++] ?? 0;
		}
		return first.slice(0, count);
	}

	test.each([
		{ V: 130, temperature: 1, topK: 0, topP: 1, first: 0 },
		{ V: 67, temperature: 0.7, topK: 0, topP: 1, first: 2 ** 32 - 5 },
		{ V: 2049, temperature: 1.3, topK: 0, topP: 1, first: 3 },
		{ V: 130, temperature: 1, topK: 5, topP: 1, first: 40 },
		{ V: 130, temperature: 0.8, topK: 0, topP: 0.7, first: 11 },
		{ V: 67, temperature: 1.1, topK: 20, topP: 0.5, first: 9 },
		{ V: 130, temperature: 0, topK: 3, topP: 0.4, first: 1 }
	])(
		'$V tokens, temperature $temperature, top-k $topK, top-p $topP, rows from $first',
		async ({ V, temperature, topK, topP, first }) => {
			const random = new Random(V + topK);
			const rows = 24;
			const column = 17;
			const seed = 2 ** 40 + 123;
			const logits = floats(rows * V, () => 2 * random.normal());
			const drawn = await draw(logits, V, {
				...{ temperature, topK, topP, first, seed, column }
			});
			const exact = Float64Array.from(logits);
			for (let b = 0; b < rows; b++) {
				const row = exact.subarray(b * V, (b + 1) * V);
				const kept = keptIds(row, temperature || 1, topK, topP);
				const scores = kept.map((id) => ({
					id,
					score:
						temperature === 0
							? (row[id] ?? NaN)
							: (row[id] ?? NaN) / temperature + noiseOf(seed, first + b, column + 1, id)
				}));
				scores.sort((x, y) => y.score - x.score || x.id - y.id);
				const gap = (scores[0]?.score ?? NaN) - (scores[1]?.score ?? -Infinity);
				if (gap > 1e-4) {
					expect(drawn.ids[b]).toBe(scores[0]?.id);
				}
				const id = drawn.ids[b] ?? NaN;
				const logProb =
					temperature === 0 ? 0 : tokenScore(exact, b * V, V, temperature, id).logProb;
				expect(Math.abs((drawn.logProbs[b] ?? NaN) - logProb)).toBeLessThan(1e-5);
			}
		}
	);

	test('among equals the lowest ids go first, for greedy and for top-k and top-p', async () => {
		const V = 40;
		const row = new Float32Array(V).fill(-1);
		for (const id of [5, 9, 22, 31]) {
			row[id] = 3;
		}
		const rows = 24;
		const logits = Float32Array.from({ length: rows * V }, (_, i) => row[i % V] ?? NaN);
		const greedy = await draw(logits, V, { temperature: 0 });
		expect(new Set(greedy.ids)).toEqual(new Set([5]));
		const topK = await draw(logits, V, { topK: 3 });
		expect(new Set(topK.ids)).toEqual(new Set([5, 9, 22]));
		// Four equal tokens hold 4 e^3 of 4 e^3 + 36 e^-1; half of that are two and a bit of a third.
		const topP = await draw(logits, V, { topP: 0.5 });
		expect(new Set(topP.ids)).toEqual(new Set([5, 9, 22]));
		const least = await draw(logits, V, { topP: 0 });
		expect(new Set(least.ids)).toEqual(new Set([5]));
	});

	test('a logit that is not finite is told, not drawn from', async () => {
		const V = 10;
		const logits = new Float32Array(3 * V);
		logits[4] = NaN;
		logits[V + 7] = Infinity;
		const { ids } = await draw(logits, V);
		expect(ids.map((id) => id === NO_TOKEN)).toEqual([true, true, false]);
	});

	test('4,096 draws are spread as the softmax says (chi-square)', async () => {
		const V = 13;
		const random = new Random(2);
		const row = floats(V, () => 1.5 * random.normal());
		const logits = Float32Array.from({ length: 64 * V }, (_, i) => row[i % V] ?? NaN);
		const counts = new Float64Array(V);
		for (let column = 0; column < 64; column++) {
			const { ids } = await draw(logits, V, { column, temperature: 0.9, seed: 5 });
			for (const id of ids) {
				counts[id] = (counts[id] ?? NaN) + 1;
			}
		}
		let chiSquare = 0;
		for (let id = 0; id < V; id++) {
			const expected = 4096 * Math.exp(tokenScore(row, 0, V, 0.9, id).logProb);
			expect(expected).toBeGreaterThan(5);
			chiSquare += ((counts[id] ?? NaN) - expected) ** 2 / expected;
		}
		// 12 degrees of freedom: 32.9 is passed once in a thousand seeds.
		expect(chiSquare).toBeLessThan(32.9);
	});
});
