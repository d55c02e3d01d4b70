/**
 * The decoder once more, in plain float64 loops: the independent arithmetic that engines are held to. Slow on purpose; nothing
 * here is shared with an engine but the parameter names.
 */
import type { ModelConfig } from '../../src/core/formats/model-config';
import type { Batch } from '../../src/core/methods/loss';
import {
	EMBEDDING,
	FINAL_NORM,
	LM_HEAD,
	SCALAR_HEADS,
	layerNames
} from '../../workers/engine/decoder-parameters';

export type PlainWeights = Map<string, Float64Array>;

type Row = number[];

const dot = (a: ArrayLike<number>, b: ArrayLike<number>, n: number, atA = 0, atB = 0) => {
	let sum = 0;
	for (let i = 0; i < n; i++) {
		sum += (a[atA + i] ?? NaN) * (b[atB + i] ?? NaN);
	}
	return sum;
};

const times = (w: Float64Array, x: Row): Row =>
	Array.from({ length: w.length / x.length }, (_, o) => dot(w, x, x.length, o * x.length, 0));

const norm = (x: Row, gain: Float64Array, eps: number): Row => {
	const r = 1 / Math.sqrt(dot(x, x, x.length) / x.length + eps);
	return x.map((v, i) => v * r * (gain[i] ?? NaN));
};

function rotate(x: Row, hd: number, position: number, theta: number): Row {
	const half = hd / 2;
	return x.map((v, i) => {
		const k = i % hd;
		const angle = position * theta ** (-(k % half) / half);
		const other = k < half ? -(x[i + half] ?? NaN) : (x[i - half] ?? NaN);
		return v * Math.cos(angle) + other * Math.sin(angle);
	});
}

/** Last hidden states of one row of ids. */
function hiddenRow(c: ModelConfig, w: PlainWeights, ids: Row): Row[] {
	const get = (name: string) => w.get(name) ?? new Float64Array();
	const d = c.hiddenSize;
	const hd = c.headDim;
	let xs = ids.map((id) => Array.from(get(EMBEDDING).subarray(id * d, (id + 1) * d)));
	for (let layer = 0; layer < c.layers; layer++) {
		const n = layerNames(layer);
		const hs = xs.map((x) => norm(x, get(n.attentionNorm), c.rmsNormEps));
		const qs = hs.map((h, t) => rotate(times(get(n.q), h), hd, t, c.ropeTheta));
		const ks = hs.map((h, t) => rotate(times(get(n.k), h), hd, t, c.ropeTheta));
		const vs = hs.map((h) => times(get(n.v), h));
		xs = xs.map((x, t) => {
			const mixed: Row = [];
			for (let head = 0; head < c.heads; head++) {
				const kv = Math.floor((head * c.kvHeads) / c.heads) * hd;
				const e = ks
					.slice(0, t + 1)
					.map((k) => Math.exp(dot(qs[t] ?? [], k, hd, head * hd, kv) / Math.sqrt(hd)));
				const sum = e.reduce((a, b) => a + b, 0);
				for (let i = 0; i < hd; i++) {
					mixed.push(e.reduce((acc, p, j) => acc + (p / sum) * (vs[j]?.[kv + i] ?? NaN), 0));
				}
			}
			const o = times(get(n.o), mixed);
			return x.map((v, i) => v + (o[i] ?? NaN));
		});
		xs = xs.map((x) => {
			const h = norm(x, get(n.mlpNorm), c.rmsNormEps);
			const up = times(get(n.up), h);
			const act = times(get(n.gate), h).map((g, i) => (g / (1 + Math.exp(-g))) * (up[i] ?? NaN));
			const down = times(get(n.down), act);
			return x.map((v, i) => v + (down[i] ?? NaN));
		});
	}
	return xs.map((x) => norm(x, get(FINAL_NORM), c.rmsNormEps));
}

export interface PlainScores {
	logProb: Float64Array;
	entropy: Float64Array;
	value: Float64Array[];
}

/** What LanguageModel.score promises. */
export function plainScores(
	c: ModelConfig,
	w: PlainWeights,
	batch: Batch,
	temperature: number
): PlainScores {
	const size = batch.B * batch.T;
	const scores: PlainScores = {
		logProb: new Float64Array(size),
		entropy: new Float64Array(size),
		value: Array.from({ length: c.valueHeads }, () => new Float64Array(size))
	};
	const head = w.get(c.tiedEmbeddings ? EMBEDDING : LM_HEAD) ?? new Float64Array();
	for (let b = 0; b < batch.B; b++) {
		const length = batch.length[b] ?? 0;
		const ids = Array.from(batch.ids.subarray(b * batch.T, b * batch.T + length));
		hiddenRow(c, w, ids).forEach((h, t) => {
			const n = b * batch.T + t;
			times(w.get(SCALAR_HEADS) ?? new Float64Array(), h).forEach((v, k) => {
				const values = scores.value[k];
				if (values) {
					values[n] = v;
				}
			});
			const next = ids[t + 1];
			if (next !== undefined) {
				const z = times(head, h).map((x) => x / temperature);
				const largest = Math.max(...z);
				const logSum = largest + Math.log(z.reduce((sum, x) => sum + Math.exp(x - largest), 0));
				scores.logProb[n + 1] = (z[next] ?? NaN) - logSum;
				scores.entropy[n + 1] = -z.reduce((sum, x) => sum + Math.exp(x - logSum) * (x - logSum), 0);
			}
		});
	}
	return scores;
}
