/** The decoder's forward pass in TensorFlow.js ops: training form (whole rows, differentiable) and decoding form (one column, cached). */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { EMBEDDING, FINAL_NORM, LM_HEAD, layerNames } from '../decoder-parameters';
import type { DecodeCache } from './decode-cache';
import {
	attention,
	embedding,
	linear,
	rmsNorm,
	rotary,
	rotaryTables,
	rotationMatrix,
	swiGlu,
	type Rotary
} from './ops';
import * as tf from './tf';

/** Weights by name, as the pass should see them: while differentiating, `get` gives the tape's inputs. */
export interface WeightSource {
	get(name: string): tf.Tensor;
	transposed(name: string): tf.Tensor2D;
}

/** Large and finite: an infinity in a mask becomes NaN under WGSL's rules. */
const MASKED = -1e9;

/** Tables that depend only on the shape of a pass; made once per T and kept. */
export class ShapeTables {
	readonly #config: ModelConfig;
	readonly #rotary = new Map<string, Rotary>();
	readonly #masks = new Map<number, tf.Tensor2D>();
	#rotation: { rotate: tf.Tensor2D; rotateBack: tf.Tensor2D } | null = null;

	constructor(config: ModelConfig) {
		this.#config = config;
	}

	rotary(first: number, count: number): Rotary {
		const key = `${first}:${count}`;
		let tables = this.#rotary.get(key);
		if (!tables) {
			const { headDim, ropeTheta } = this.#config;
			this.#rotation ??= rotationTensors(headDim);
			const { cos, sin } = rotaryTables(first, count, headDim, ropeTheta);
			tables = {
				cos: tf.keep(tf.tensor(cos, [count, 1, headDim])),
				sin: tf.keep(tf.tensor(sin, [count, 1, headDim])),
				...this.#rotation
			};
			this.#rotary.set(key, tables);
		}
		return tables;
	}

	/** Added to scores [.., rows, columns]: 0 up to the diagonal, MASKED above it. */
	causalMask(T: number): tf.Tensor2D {
		let mask = this.#masks.get(T);
		if (!mask) {
			const values = Float32Array.from({ length: T * T }, (_, i) =>
				i % T > Math.floor(i / T) ? MASKED : 0
			);
			mask = tf.keep(tf.tensor2d(values, [T, T]));
			this.#masks.set(T, mask);
		}
		return mask;
	}

	dispose(): void {
		for (const { cos, sin } of this.#rotary.values()) {
			tf.dispose([cos, sin]);
		}
		tf.dispose([...this.#masks.values()]);
		if (this.#rotation) {
			tf.dispose([this.#rotation.rotate, this.#rotation.rotateBack]);
		}
		this.#rotary.clear();
		this.#masks.clear();
		this.#rotation = null;
	}
}

function rotationTensors(headDim: number) {
	const rotate = tf.keep(tf.tensor2d(rotationMatrix(headDim), [headDim, headDim]));
	return { rotate, rotateBack: tf.keep(tf.transpose<tf.Tensor2D>(rotate)) };
}

/** Last normalised hidden states [B*T, d] of ids [B*T]. Call within tf.tidy or a gradient. */
export function hiddenStates(
	w: WeightSource,
	c: ModelConfig,
	ids: tf.Tensor1D,
	B: number,
	T: number,
	tables: ShapeTables,
	isHostBackend: boolean
): tf.Tensor2D {
	const rot = tables.rotary(0, T);
	const mask = tables.causalMask(T);
	const project = (x: tf.Tensor2D, name: string) =>
		linear(x, w.get(name) as tf.Tensor2D, w.transposed(name));
	const heads = (x: tf.Tensor2D, count: number) =>
		tf.reshape<tf.Rank.R4>(x, [B, T, count, c.headDim]);
	const byHead = (x: tf.Tensor4D) => tf.transpose<tf.Tensor4D>(x, [0, 2, 1, 3]);

	let x = embedding(w.get(EMBEDDING) as tf.Tensor2D, ids, isHostBackend);
	for (let layer = 0; layer < c.layers; layer++) {
		const n = layerNames(layer);
		const h = rmsNorm(x, w.get(n.attentionNorm) as tf.Tensor1D, c.rmsNormEps);
		const q = byHead(rotary(heads(project(h, n.q), c.heads), rot));
		const k = byHead(rotary(heads(project(h, n.k), c.kvHeads), rot));
		const v = byHead(heads(project(h, n.v), c.kvHeads));
		const mixed = attention(q, repeatHeads(k, c.heads), repeatHeads(v, c.heads), mask);
		const joined = tf.reshape<tf.Rank.R2>(tf.transpose(mixed, [0, 2, 1, 3]), [
			B * T,
			c.heads * c.headDim
		]);
		x = tf.add(x, project(joined, n.o));
		const g = rmsNorm(x, w.get(n.mlpNorm) as tf.Tensor1D, c.rmsNormEps);
		x = tf.add(x, project(swiGlu(project(g, n.gate), project(g, n.up)), n.down));
	}
	return rmsNorm(x, w.get(FINAL_NORM) as tf.Tensor1D, c.rmsNormEps);
}

/** Grouped-query attention: key/value head i serves query heads i*g..i*g+g-1. */
function repeatHeads(x: tf.Tensor4D, heads: number): tf.Tensor4D {
	const [B, kvHeads, T, hd] = x.shape;
	if (kvHeads === heads) {
		return x;
	}
	const repeated = tf.tile(tf.reshape(x, [B * kvHeads, 1, T, hd]), [1, heads / kvHeads, 1, 1]);
	return tf.reshape(repeated, [B, heads, T, hd]);
}

export function vocabularyHead(c: ModelConfig): string {
	return c.tiedEmbeddings ? EMBEDDING : LM_HEAD;
}

/** One column of every row: last hidden state [B,d] of ids [B] at position t, keys and values kept in `cache`. Call within tf.tidy. */
export function decodeColumn(
	w: WeightSource,
	c: ModelConfig,
	ids: tf.Tensor1D,
	t: number,
	cache: DecodeCache
): tf.Tensor2D {
	const times = (x: tf.Tensor2D, name: string): tf.Tensor2D => tf.matMul(x, w.transposed(name));
	let x = tf.gather<tf.Tensor2D>(w.get(EMBEDDING) as tf.Tensor2D, ids);
	for (let layer = 0; layer < c.layers; layer++) {
		const n = layerNames(layer);
		const h = rmsNorm(x, w.get(n.attentionNorm) as tf.Tensor1D, c.rmsNormEps);
		const mixed = cache.attend(layer, t, times(h, n.q), times(h, n.k), times(h, n.v));
		x = tf.add(x, times(mixed, n.o));
		const g = rmsNorm(x, w.get(n.mlpNorm) as tf.Tensor1D, c.rmsNormEps);
		x = tf.add(x, times(swiGlu(times(g, n.gate), times(g, n.up)), n.down));
	}
	return rmsNorm(x, w.get(FINAL_NORM) as tf.Tensor1D, c.rmsNormEps);
}
