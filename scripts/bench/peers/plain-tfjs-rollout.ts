/** Sampling in plain TensorFlow.js: a key/value cache that grows by tf.concat, logits read back for every token. */
import { sampleRow } from '../../../src/core/methods/log-prob';
import { uniform } from '../../../src/core/random';
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { EMBEDDING, FINAL_NORM, layerNames } from '../../../workers/engine/decoder-parameters';
import type { Parameters } from '../../../workers/engine/parameters';
import * as tf from '../../../workers/engine/tfjs/tf';
import {
	plainNorm,
	plainRotary,
	plainTables,
	plainWeight,
	plainWeights,
	type TensorMap
} from './plain-tfjs-llama';

interface LayerCache {
	k: tf.Tensor;
	v: tf.Tensor;
}

export interface PlainSampler {
	/** Ids [B*T] of prompts continued to T columns; same draws as the app's engines for a seed. */
	sample(prompts: readonly Int32Array[], T: number, seed: number): Promise<Int32Array>;
	dispose(): void;
}

/** Logits [B,V] after one column, and the cache with it. */
function decode(
	w: TensorMap,
	c: ModelConfig,
	column: Int32Array,
	t: number,
	tables: { cos: tf.Tensor2D; sin: tf.Tensor2D },
	caches: readonly LayerCache[]
): { logits: tf.Tensor2D; next: LayerCache[] } {
	const B = column.length;
	const project = (x: tf.Tensor2D, name: string): tf.Tensor2D =>
		tf.matMul(x, plainWeight<tf.Tensor2D>(w, name));
	const norm = (x: tf.Tensor2D, name: string) =>
		plainNorm(x, plainWeight<tf.Tensor1D>(w, name), c.rmsNormEps);
	const at = (table: tf.Tensor2D) => tf.slice(table, [t, 0], [1, c.headDim / 2]);
	const cos = at(tables.cos);
	const sin = at(tables.sin);
	const next: LayerCache[] = [];
	let x: tf.Tensor2D = tf.gather<tf.Tensor2D>(
		plainWeight<tf.Tensor2D>(w, EMBEDDING),
		tf.tensor1d(column, 'int32')
	);
	for (let layer = 0; layer < c.layers; layer++) {
		const n = layerNames(layer);
		const h = norm(x, n.attentionNorm);
		const heads = (y: tf.Tensor2D, count: number) => tf.reshape(y, [B, count, 1, c.headDim]);
		const q = plainRotary(heads(project(h, n.q), c.heads), cos, sin);
		const freshK = plainRotary(heads(project(h, n.k), c.kvHeads), cos, sin);
		const freshV: tf.Tensor = heads(project(h, n.v), c.kvHeads);
		const cache = caches[layer];
		const k = cache ? tf.concat([cache.k, freshK], 2) : freshK;
		const v = cache ? tf.concat([cache.v, freshV], 2) : freshV;
		next.push({ k, v });
		const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(c.headDim));
		const mixed = tf.reshape(tf.matMul(tf.softmax(scores), v), [B, c.heads * c.headDim]);
		x = tf.add(x, project(mixed as tf.Tensor2D, n.o));
		const g = norm(x, n.mlpNorm);
		const gate = project(g, n.gate);
		const act = tf.mul(tf.mul(gate, tf.sigmoid(gate)), project(g, n.up));
		x = tf.add(x, project(act as tf.Tensor2D, n.down));
	}
	const last = norm(x, FINAL_NORM);
	const logits: tf.Tensor2D = tf.matMul(last, plainWeight<tf.Tensor2D>(w, EMBEDDING), false, true);
	return { logits, next };
}

/** Query heads that share key/value heads are not written here: `config.kvHeads` must be `config.heads`. */
export function createPlainSampler(config: ModelConfig, parameters: Parameters): PlainSampler {
	const weights = plainWeights(parameters);
	const tables = plainTables(config, config.maxPositions);
	const V = config.vocabSize;
	return {
		sample: async (prompts, T, seed) => {
			const B = prompts.length;
			const ids = new Int32Array(B * T);
			prompts.forEach((prompt, b) => ids.set(prompt, b * T));
			let caches: LayerCache[] = [];
			for (let t = 0; t + 1 < T; t++) {
				const column = Int32Array.from({ length: B }, (_, b) => ids[b * T + t] ?? 0);
				const { logits, next } = tf.tidied(() =>
					decode(weights, config, column, t, tables, caches)
				);
				tf.dispose(caches.flatMap(({ k, v }) => [k, v]));
				caches = next;
				const values = await logits.data<'float32'>();
				logits.dispose();
				for (let b = 0; b < B; b++) {
					if (t + 1 >= (prompts[b]?.length ?? 0)) {
						const u = uniform(seed, b, t + 1);
						const options = { temperature: 1, topK: 0, topP: 1 };
						ids[b * T + t + 1] = sampleRow(values, b * V, V, u, options).id;
					}
				}
			}
			tf.dispose(caches.flatMap(({ k, v }) => [k, v]));
			return ids;
		},
		dispose: () => tf.dispose([...weights.values(), tables.cos, tables.sin])
	};
}
