/**
 * The same decoder and training step in jax-js, written as its documentation would have it: one jit of value_and_grad and AdamW.
 * Matrices lie as [in, out], so that no product asks for a transpose of a weight.
 */
import {
	blockUntilReady,
	defaultDevice,
	init,
	jit,
	nn,
	numpy as np,
	tree,
	valueAndGrad
} from '@jax-js/jax';
import { ADAM_BETA1, ADAM_BETA2, ADAM_EPSILON } from '../../../src/core/methods/adamw';
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { EMBEDDING, FINAL_NORM, layerNames } from '../../../workers/engine/decoder-parameters';
import type { Parameters } from '../../../workers/engine/parameters';
import { ADAMW, type Shape } from '../shapes';
import { biasCorrections, nextTokenTargets, rotaryAngles, type PeerTrainer } from './trainer';

type Weights = Record<string, np.Array>;

const CLIP_EPSILON = 1e-6;

function toJax(parameters: Parameters): Weights {
	const weights: Weights = {};
	for (const { name, shape, values } of parameters) {
		const array = np.array(values.slice()).reshape([...shape]);
		weights[name] = array;
	}
	return weights;
}

const zerosLike = (parameters: Parameters): Weights =>
	Object.fromEntries([...parameters].map(({ name, shape }) => [name, np.zeros([...shape])]));

function rmsNorm(x: np.Array, gain: np.Array, eps: number): np.Array {
	const scale = np.reciprocal(np.sqrt(np.square(x.ref).mean(-1, { keepdims: true }).add(eps)));
	return x.mul(scale).mul(gain);
}

/** Half-split rotation of x [B,T,H,hd] by tables [T,1,hd/2]. */
function rotary(x: np.Array, cos: np.Array, sin: np.Array): np.Array {
	const half = (x.shape[3] ?? 0) / 2;
	const low = x.ref.slice([], [], [], [0, half]);
	const high = x.slice([], [], [], [half]);
	return np.concatenate(
		[low.ref.mul(cos.ref).sub(high.ref.mul(sin.ref)), high.mul(cos).add(low.mul(sin))],
		-1
	);
}

function logits(w: Weights, ids: np.Array, c: ModelConfig, B: number, T: number): np.Array {
	const get = (name: string): np.Array => {
		const array = w[name];
		if (!array) {
			throw new Error(`no weight ${name}`);
		}
		return array.ref;
	};
	const half = c.headDim / 2;
	const angles = rotaryAngles(T, c);
	const cos = np.array(angles.cos).reshape([T, 1, half]);
	const sin = np.array(angles.sin).reshape([T, 1, half]);
	const heads = (x: np.Array, count: number) => x.reshape([B, T, count, c.headDim]);

	let x = np.take(get(EMBEDDING), ids, 0);
	for (let layer = 0; layer < c.layers; layer++) {
		const n = layerNames(layer);
		const h = rmsNorm(x.ref, get(n.attentionNorm), c.rmsNormEps);
		const q = rotary(heads(np.matmul(h.ref, get(n.q).transpose()), c.heads), cos.ref, sin.ref);
		const k = rotary(heads(np.matmul(h.ref, get(n.k).transpose()), c.kvHeads), cos.ref, sin.ref);
		const v = heads(np.matmul(h, get(n.v).transpose()), c.kvHeads);
		const mixed = nn.dotProductAttention(q, k, v, { isCausal: true });
		x = x.add(np.matmul(mixed.reshape([B * T, c.heads * c.headDim]), get(n.o).transpose()));
		const g = rmsNorm(x.ref, get(n.mlpNorm), c.rmsNormEps);
		const act = nn
			.silu(np.matmul(g.ref, get(n.gate).transpose()))
			.mul(np.matmul(g, get(n.up).transpose()));
		x = x.add(np.matmul(act, get(n.down).transpose()));
	}
	cos.dispose();
	sin.dispose();
	const last = rmsNorm(x, get(FINAL_NORM), c.rmsNormEps);
	const result = np.matmul(last, get(EMBEDDING).transpose());
	tree.dispose(w);
	return result;
}

/** Moments and weights after one AdamW step with global-norm clipping. */
function adamw(w: Weights, m: Weights, v: Weights, g: Weights, stepSize: np.Array, root: np.Array) {
	const names = Object.keys(w);
	const take = (of: Weights, name: string): np.Array => of[name] as np.Array; // same keys in all four
	const norm = np.sqrt(
		names.map((name) => np.square(take(g, name).ref).sum()).reduce((a, b) => a.add(b))
	);
	const scale = np.minimum(1, np.trueDivide(ADAMW.clipNorm, norm.add(CLIP_EPSILON)));
	const next: { w: Weights; m: Weights; v: Weights } = { w: {}, m: {}, v: {} };
	for (const name of names) {
		const old = take(w, name);
		const grad = take(g, name).mul(scale.ref);
		const keep = old.ndim > 1 ? 1 - (ADAMW.lr.trunk ?? 0) * ADAMW.weightDecay : 1;
		const m1 = take(m, name)
			.mul(ADAM_BETA1)
			.add(grad.ref.mul(1 - ADAM_BETA1));
		const v1 = take(v, name)
			.mul(ADAM_BETA2)
			.add(np.square(grad).mul(1 - ADAM_BETA2));
		const divisor = np.sqrt(v1.ref).mul(root.ref).add(ADAM_EPSILON);
		next.w[name] = old.mul(keep).sub(m1.ref.mul(stepSize.ref).div(divisor));
		next.m[name] = m1;
		next.v[name] = v1;
	}
	scale.dispose();
	stepSize.dispose();
	root.dispose();
	return next;
}

/** A trainer on jax-js' wasm backend; on a page that is cross-origin isolated it has a thread for each core. */
export async function createJaxTrainer(shape: Shape, parameters: Parameters): Promise<PeerTrainer> {
	await init('wasm');
	defaultDevice('wasm');
	const { config, B, T } = shape;
	const loss = (w: Weights, ids: np.Array, next: np.Array, weight: np.Array): np.Array => {
		const z = logits(w, ids, config, B, T);
		const picked = nn.oneHot(next, config.vocabSize).mul(z.ref).sum(-1);
		return nn.logsumexp(z, -1).sub(picked).mul(weight).sum();
	};
	const step = jit(
		(
			w: Weights,
			m: Weights,
			v: Weights,
			ids: np.Array,
			next: np.Array,
			weight: np.Array,
			stepSize: np.Array,
			root: np.Array
		) => {
			const [value, gradient] = valueAndGrad(loss)(tree.ref(w), ids, next, weight);
			return { value, ...adamw(w, m, v, gradient, stepSize, root) };
		}
	);
	let state = { w: toJax(parameters), m: zerosLike(parameters), v: zerosLike(parameters) };
	let count = 0;
	return {
		step: async (batch) => {
			const { next, weight } = nextTokenTargets(batch);
			const { stepSize, rootCorrection } = biasCorrections(
				ADAMW.lr.trunk ?? 0,
				++count,
				ADAM_BETA1,
				ADAM_BETA2
			);
			const { value, ...after } = step(
				state.w,
				state.m,
				state.v,
				np.array(batch.ids),
				np.array(next),
				np.array(weight),
				np.array(stepSize),
				np.array(rootCorrection)
			);
			state = after;
			await blockUntilReady({ value, after });
			return value.item();
		},
		dispose: () => {
			tree.dispose(state);
			step.dispose();
		}
	};
}
