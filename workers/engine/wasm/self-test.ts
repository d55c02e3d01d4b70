/**
 * A tiny model's scores and gradients against the same arithmetic in plain float64: wrong numbers are worse than none. The decoder is
 * written out once more here, one token at a time, so that it shares nothing with the kernels.
 */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { Random } from '../../../src/core/random';
import { StudioError } from '../../../src/protocol/errors';
import {
	EMBEDDING,
	FINAL_NORM,
	SCALAR_HEADS,
	layerNames,
	trunkShapes
} from '../decoder-parameters';
import type { ComputeDevice } from '../device';
import { batchOf } from '../micro-batches';
import { Parameters } from '../parameters';
import { MOMENT_1 } from '../saved-tensors';

const CONFIG: ModelConfig = {
	vocabSize: 11,
	hiddenSize: 12,
	intermediateSize: 20,
	layers: 1,
	heads: 2,
	kvHeads: 1,
	headDim: 6,
	maxPositions: 16,
	rmsNormEps: 1e-5,
	ropeTheta: 100,
	tiedEmbeddings: true,
	bosId: null,
	eosIds: [],
	padId: null,
	valueHeads: 1
};
const ROWS = [
	{ promptIds: [3], ids: [7, 1, 9, 4, 4, 10, 2] },
	{ promptIds: [5], ids: [5, 8] }
];
const TOLERANCE = 1e-4;
/** Of float32 weights, for central differences in float64. */
const STEP = 1e-4;

type Weights = Map<string, Float64Array>;

/** @throws StudioError 'backend-failed' */
export async function selfTest(device: ComputeDevice): Promise<void> {
	const random = new Random(20);
	const shapes = [...trunkShapes(CONFIG), [SCALAR_HEADS, [1, CONFIG.hiddenSize]] as const];
	const list = shapes.map(([name, shape]) => ({
		name,
		shape,
		group: name === SCALAR_HEADS ? ('heads' as const) : ('trunk' as const),
		values: Float32Array.from(
			{ length: shape.reduce((a, b) => a * b, 1) },
			() => random.normal() * 0.5
		)
	}));
	const weights: Weights = new Map(
		list.map(({ name, values }) => [name, Float64Array.from(values)])
	);
	const batch = batchOf(ROWS);
	const model = await device.createModel(CONFIG, new Parameters(list));
	try {
		const scores = await model.score(batch, { temperature: 1 });
		const expected = plainScores(weights);
		assertClose(scores.logProb, expected.logProb);
		assertClose(scores.value[0] ?? [], expected.value);
		const c = expected.logProb.map((_, i) =>
			(batch.length[Math.floor(i / batch.T)] ?? 0) > i % batch.T ? Math.cos(i) : 0
		);
		const dLogProb = c.map((x, i) => (i % batch.T === 0 ? 0 : x));
		await model.backward(batch, { dLogProb, dValue: [c] }, { temperature: 1 });
		await model.step({ lr: { trunk: 0, heads: 0 }, clipNorm: Infinity, weightDecay: 0 });
		const objective = () => {
			const s = plainScores(weights);
			return dot(s.logProb, dLogProb) + dot(s.value, c);
		};
		for await (const { name, data } of model.save({ optimizer: true })) {
			const values = weights.get(name.slice(MOMENT_1.length));
			if (name.startsWith(MOMENT_1) && values) {
				const at = data.reduce(
					(best, x, i) => (Math.abs(x) > Math.abs(data[best] ?? 0) ? i : best),
					0
				);
				// The first moment after one step is a tenth of the gradient.
				assertClose([(data[at] ?? NaN) * 10], [slope(values, at, objective)]);
			}
		}
	} finally {
		model.dispose();
	}
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
	const magnitude = Array.from(expected).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
	for (let i = 0; i < expected.length; i++) {
		if (!(Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN)) <= TOLERANCE * magnitude)) {
			throw new StudioError(
				'backend-failed',
				'The WebAssembly kernels computed a wrong number in their self-test.'
			);
		}
	}
}

function slope(values: Float64Array, i: number, objective: () => number): number {
	const at = values[i] ?? 0;
	values[i] = at + STEP;
	const above = objective();
	values[i] = at - STEP;
	const below = objective();
	values[i] = at;
	return (above - below) / (2 * STEP);
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
	Array.from(a).reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

function plainScores(weights: Weights): { logProb: Float64Array; value: Float64Array } {
	const batch = batchOf(ROWS);
	const logProb = new Float64Array(batch.B * batch.T);
	const value = new Float64Array(batch.B * batch.T);
	const w = (name: string) => weights.get(name) ?? new Float64Array();
	ROWS.forEach(({ promptIds, ids }, row) => {
		const tokens = [...promptIds, ...ids];
		plainHidden(w, tokens).forEach((h, t) => {
			const n = row * batch.T + t;
			value[n] = dot(h, w(SCALAR_HEADS));
			const next = tokens[t + 1];
			if (next !== undefined) {
				const z = matrixTimes(w(EMBEDDING), h);
				logProb[n + 1] = (z[next] ?? NaN) - Math.log(z.reduce((sum, x) => sum + Math.exp(x), 0));
			}
		});
	});
	return { logProb, value };
}

function plainHidden(w: (name: string) => Float64Array, tokens: readonly number[]): number[][] {
	const { hiddenSize: d, heads, headDim: hd } = CONFIG;
	const n = layerNames(0);
	const keys: number[][] = [];
	const values: number[][] = [];
	return tokens.map((id, t) => {
		const x = Array.from(w(EMBEDDING).subarray(id * d, (id + 1) * d));
		const h = normed(x, w(n.attentionNorm));
		const q = rotated(matrixTimes(w(n.q), h), t);
		keys.push(rotated(matrixTimes(w(n.k), h), t));
		values.push(matrixTimes(w(n.v), h));
		const mixed = Array.from({ length: heads * hd }, (_, i) => {
			const head = Math.floor(i / hd);
			const own = q.slice(head * hd, (head + 1) * hd);
			const e = keys.map((k) => Math.exp(dot(own, k) / Math.sqrt(hd)));
			const sum = e.reduce((a, b) => a + b, 0);
			return (
				dot(
					e,
					values.map((v) => v[i % hd] ?? NaN)
				) / sum
			);
		});
		const middle = added(x, matrixTimes(w(n.o), mixed));
		const g = normed(middle, w(n.mlpNorm));
		const up = matrixTimes(w(n.up), g);
		const act = matrixTimes(w(n.gate), g).map((v, i) => (v / (1 + Math.exp(-v))) * (up[i] ?? NaN));
		return normed(added(middle, matrixTimes(w(n.down), act)), w(FINAL_NORM));
	});
}

/** W x, W [out,in]. */
function matrixTimes(matrix: Float64Array, x: readonly number[]): number[] {
	return Array.from({ length: matrix.length / x.length }, (_, i) =>
		dot(x, matrix.subarray(i * x.length, (i + 1) * x.length))
	);
}

const added = (a: readonly number[], b: readonly number[]) => a.map((x, i) => x + (b[i] ?? NaN));

function normed(x: readonly number[], gain: Float64Array): number[] {
	const r = 1 / Math.sqrt(dot(x, x) / x.length + CONFIG.rmsNormEps);
	return x.map((v, i) => v * r * (gain[i] ?? NaN));
}

function rotated(x: readonly number[], position: number): number[] {
	const { headDim: hd, ropeTheta } = CONFIG;
	const half = hd / 2;
	return x.map((v, i) => {
		const angle = position * ropeTheta ** (-(i % half) / half);
		const other = i % hd < half ? -(x[i + half] ?? NaN) : (x[i - half] ?? NaN);
		return v * Math.cos(angle) + other * Math.sin(angle);
	});
}
