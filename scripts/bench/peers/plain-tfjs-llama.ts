/**
 * The same decoder and training step in plain TensorFlow.js: its own ops with its own gradients, as its guides would have it written.
 * Embeddings are a product with one-hot rows, since the gradient of a gather (UnsortedSegmentSum) does not exist on wasm.
 */
import { ADAM_BETA1, ADAM_BETA2, ADAM_EPSILON } from '../../../src/core/methods/adamw';
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { EMBEDDING, FINAL_NORM, layerNames } from '../../../workers/engine/decoder-parameters';
import type { Parameters } from '../../../workers/engine/parameters';
import * as tf from '../../../workers/engine/tfjs/tf';
import { ADAMW, type Shape } from '../shapes';
import { biasCorrections, nextTokenTargets, rotaryAngles, type PeerTrainer } from './trainer';

/** Matrices as [in, out]; the embedding as [V, d]. */
export type TensorMap = Map<string, tf.Tensor>;

const CLIP_EPSILON = 1e-6;
const MASKED = -1e9;

export function plainWeights(parameters: Parameters): TensorMap {
	const weights: TensorMap = new Map();
	for (const { name, shape, values } of parameters) {
		const tensor = tf.tensor(values.slice(), [...shape]);
		const isTurned = shape.length > 1 && name !== EMBEDDING;
		weights.set(
			name,
			tf.tidy(() => (isTurned ? tf.transpose(tensor) : tf.clone(tensor)))
		);
		tensor.dispose();
	}
	return weights;
}

export function plainWeight<T extends tf.Tensor>(w: TensorMap, name: string): T {
	const tensor = w.get(name);
	if (!tensor) {
		throw new Error(`no weight ${name}`);
	}
	return tensor as T;
}

export function plainNorm(x: tf.Tensor2D, gain: tf.Tensor1D, eps: number): tf.Tensor2D {
	const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), eps));
	return tf.mul(tf.mul(x, scale), gain);
}

/** Half-split rotation of x [...,hd] by tables that broadcast to [...,hd/2]. */
export function plainRotary(x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor): tf.Tensor {
	const [low, high] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];
	return tf.concat(
		[tf.sub(tf.mul(low, cos), tf.mul(high, sin)), tf.add(tf.mul(high, cos), tf.mul(low, sin))],
		-1
	);
}

export function plainTables(c: ModelConfig, T: number): { cos: tf.Tensor2D; sin: tf.Tensor2D } {
	const { cos, sin } = rotaryAngles(T, c);
	const table = (values: Float32Array) => tf.tensor2d(values, [T, c.headDim / 2]);
	return { cos: table(cos), sin: table(sin) };
}

function logits(
	w: TensorMap,
	oneHotIds: tf.Tensor2D,
	c: ModelConfig,
	shape: Shape,
	tables: { cos: tf.Tensor2D; sin: tf.Tensor2D },
	mask: tf.Tensor2D
): tf.Tensor2D {
	const { B, T } = shape;
	const project = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
		tf.matMul(x, plainWeight<tf.Tensor2D>(w, name));
	const norm = (x: tf.Tensor2D, name: string) =>
		plainNorm(x, plainWeight<tf.Tensor1D>(w, name), c.rmsNormEps);
	const byHead = (x: tf.Tensor2D, count: number) =>
		tf.transpose(tf.reshape(x, [B, T, count, c.headDim]), [0, 2, 1, 3]);

	let x: tf.Tensor2D = tf.matMul(oneHotIds, plainWeight<tf.Tensor2D>(w, EMBEDDING));
	for (let layer = 0; layer < c.layers; layer++) {
		const n = layerNames(layer);
		const h = norm(x, n.attentionNorm);
		const q = plainRotary(byHead(project(h, n.q), c.heads), tables.cos, tables.sin);
		const k = plainRotary(byHead(project(h, n.k), c.kvHeads), tables.cos, tables.sin);
		const v = byHead(project(h, n.v), c.kvHeads);
		const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(c.headDim));
		const mixed = tf.matMul(tf.softmax(tf.add(scores, mask)), v);
		const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [B * T, c.heads * c.headDim]);
		x = tf.add(x, project(joined as tf.Tensor2D, n.o));
		const g = norm(x, n.mlpNorm);
		const gate = project(g, n.gate);
		const act = tf.mul(tf.mul(gate, tf.sigmoid(gate)), project(g, n.up));
		x = tf.add(x, project(act as tf.Tensor2D, n.down));
	}
	return tf.matMul(norm(x, FINAL_NORM), plainWeight<tf.Tensor2D>(w, EMBEDDING), false, true);
}

/** A trainer on whatever backend TensorFlow.js is set to. */
export function createPlainTfjsTrainer(shape: Shape, parameters: Parameters): PeerTrainer {
	const { config, T } = shape;
	const names = [...parameters].map((p) => p.name);
	const weights = plainWeights(parameters);
	const zeros = () => names.map((name) => tf.zerosLike(plainWeight(weights, name)));
	let m = zeros();
	let v = zeros();
	let count = 0;
	const tables = plainTables(config, T);
	const mask = tf.tensor2d(
		Float32Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? MASKED : 0)),
		[T, T]
	);

	const gradients = (ids: Int32Array, next: Int32Array, weight: Float32Array) =>
		tf.valueAndGrads((...inputs: tf.Tensor[]) => {
			const w: TensorMap = new Map(names.map((name, i) => [name, inputs[i] as tf.Tensor])); // one each
			const oneHot = (from: Int32Array) =>
				tf.cast(tf.oneHot(tf.tensor1d(from, 'int32'), config.vocabSize), 'float32') as tf.Tensor2D;
			const logProb = tf.logSoftmax(logits(w, oneHot(ids), config, shape, tables, mask));
			const picked = tf.sum(tf.mul(oneHot(next), logProb), -1);
			return tf.neg(tf.sum(tf.mul(picked, tf.tensor1d(weight))));
		});

	return {
		step: async (batch) => {
			const { next, weight } = nextTokenTargets(batch);
			const before = names.map((name) => plainWeight(weights, name));
			const lr = ADAMW.lr.trunk ?? 0;
			const { stepSize, rootCorrection } = biasCorrections(lr, ++count, ADAM_BETA1, ADAM_BETA2);
			const { loss, w, m1, v1 } = tf.tidied(() => {
				const { value, grads } = gradients(batch.ids, next, weight)(before);
				const norm = tf.sqrt(grads.map((g) => tf.sum(tf.square(g))).reduce((a, b) => tf.add(a, b)));
				const scale = tf.minimum(1, tf.div(ADAMW.clipNorm, tf.add(norm, CLIP_EPSILON)));
				const clipped = grads.map((g) => tf.mul(g, scale));
				const m1 = m.map((x, i) =>
					tf.add(tf.mul(x, ADAM_BETA1), tf.mul(clipped[i] as tf.Tensor, 1 - ADAM_BETA1))
				);
				const v1 = v.map((x, i) =>
					tf.add(tf.mul(x, ADAM_BETA2), tf.mul(tf.square(clipped[i] as tf.Tensor), 1 - ADAM_BETA2))
				);
				const w = before.map((x, i) => {
					const divisor = tf.add(tf.mul(tf.sqrt(v1[i] as tf.Tensor), rootCorrection), ADAM_EPSILON);
					const keep = x.rank > 1 ? 1 - lr * ADAMW.weightDecay : 1;
					const change = tf.div(tf.mul(m1[i] as tf.Tensor, stepSize), divisor);
					return tf.sub(tf.mul(x, keep), change);
				});
				return { loss: value, w, m1, v1 };
			});
			tf.dispose([...before, ...m, ...v]);
			names.forEach((name, i) => weights.set(name, w[i] as tf.Tensor));
			m = m1;
			v = v1;
			const value = (await loss.data())[0] ?? NaN;
			loss.dispose();
			return value;
		},
		dispose: () => tf.dispose([...weights.values(), ...m, ...v, tables.cos, tables.sin, mask])
	};
}
