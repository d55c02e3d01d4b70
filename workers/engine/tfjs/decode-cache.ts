/**
 * Key/value caches for decoding, allocated once per rollout for its longest row. Two forms: in host memory with a plain loop for
 * the one-row attention (cpu, wasm: tensors are at hand and XNNPACK must never see one change in place), and on the GPU with an
 * append kernel that writes into the cache tensor.
 */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { readNow } from './host-read';
import { rotary, rotaryTables } from './ops';
import type { ShapeTables } from './decoder';
import { appendToCache } from './append-kernel';
import * as tf from './tf';

export interface DecodeCache {
	readonly bytes: number;
	/** Append k, v [B, kvHeads*hd] of position t (not yet rotated) and attend q [B, heads*hd] over positions 0..t. */
	attend(layer: number, t: number, q: tf.Tensor2D, k: tf.Tensor2D, v: tf.Tensor2D): tf.Tensor2D;
	dispose(): void;
}

export class HostDecodeCache implements DecodeCache {
	readonly #c: ModelConfig;
	readonly #B: number;
	readonly #capacity: number;
	/** Per layer [B, kvHeads, capacity, hd]. */
	readonly #keys: Float32Array[];
	readonly #values: Float32Array[];
	readonly #cos: Float32Array;
	readonly #sin: Float32Array;
	readonly #weights: Float64Array;
	/** Rows that have ended are not attended for. */
	readonly #isEnded: Uint8Array;

	constructor(c: ModelConfig, B: number, capacity: number, isEnded: Uint8Array) {
		this.#c = c;
		this.#B = B;
		this.#capacity = capacity;
		const make = () =>
			Array.from(
				{ length: c.layers },
				() => new Float32Array(B * c.kvHeads * capacity * c.headDim)
			);
		this.#keys = make();
		this.#values = make();
		const { cos, sin } = rotaryTables(0, capacity, c.headDim, c.ropeTheta);
		this.#cos = cos;
		this.#sin = sin;
		this.#weights = new Float64Array(capacity);
		this.#isEnded = isEnded;
	}

	get bytes(): number {
		return this.#keys.reduce((sum, a) => sum + 2 * a.byteLength, 0);
	}

	attend(layer: number, t: number, q: tf.Tensor2D, k: tf.Tensor2D, v: tf.Tensor2D): tf.Tensor2D {
		const { heads, kvHeads, headDim: hd } = this.#c;
		const queries = readNow(q).slice();
		const freshKeys = readNow(k).slice();
		const freshValues = readNow(v);
		rotateRows(queries, hd, this.#cos, this.#sin, t);
		rotateRows(freshKeys, hd, this.#cos, this.#sin, t);
		const keys = this.#keys[layer] ?? new Float32Array();
		const values = this.#values[layer] ?? new Float32Array();
		const out = new Float32Array(this.#B * heads * hd);
		for (let b = 0; b < this.#B; b++) {
			if (this.#isEnded[b]) {
				continue;
			}
			for (let g = 0; g < kvHeads; g++) {
				const row = b * kvHeads + g;
				const at = (row * this.#capacity + t) * hd;
				keys.set(freshKeys.subarray(row * hd, (row + 1) * hd), at);
				values.set(freshValues.subarray(row * hd, (row + 1) * hd), at);
			}
			for (let h = 0; h < heads; h++) {
				const start = (b * kvHeads + Math.floor((h * kvHeads) / heads)) * this.#capacity * hd;
				this.#attendOne(queries, out, (b * heads + h) * hd, keys, values, start, t);
			}
		}
		return tf.tensor2d(out, [this.#B, heads * hd]);
	}

	#attendOne(
		q: Float32Array,
		out: Float32Array,
		at: number,
		keys: Float32Array,
		values: Float32Array,
		start: number,
		t: number
	): void {
		const hd = this.#c.headDim;
		const weights = this.#weights;
		const scale = 1 / Math.sqrt(hd);
		let largest = -Infinity;
		for (let j = 0; j <= t; j++) {
			let dot = 0;
			const key = start + j * hd;
			for (let i = 0; i < hd; i++) {
				dot += (q[at + i] as number) * (keys[key + i] as number);
			}
			dot *= scale;
			weights[j] = dot;
			if (dot > largest) {
				largest = dot;
			}
		}
		let sum = 0;
		for (let j = 0; j <= t; j++) {
			const e = Math.exp((weights[j] as number) - largest);
			weights[j] = e;
			sum += e;
		}
		for (let j = 0; j <= t; j++) {
			const p = (weights[j] as number) / sum;
			const value = start + j * hd;
			for (let i = 0; i < hd; i++) {
				out[at + i] = (out[at + i] as number) + p * (values[value + i] as number);
			}
		}
	}

	dispose(): void {
		this.#keys.length = 0;
		this.#values.length = 0;
	}
}

function rotateRows(
	x: Float32Array,
	hd: number,
	cos: Float32Array,
	sin: Float32Array,
	t: number
): void {
	const half = hd / 2;
	for (let start = 0; start < x.length; start += hd) {
		for (let i = 0; i < half; i++) {
			const c = cos[t * hd + i] as number;
			const s = sin[t * hd + i] as number;
			const x1 = x[start + i] as number;
			const x2 = x[start + half + i] as number;
			x[start + i] = x1 * c - x2 * s;
			x[start + half + i] = x2 * c + x1 * s;
		}
	}
}

export class GpuDecodeCache implements DecodeCache {
	readonly #c: ModelConfig;
	readonly #B: number;
	readonly #capacity: number;
	readonly #tables: ShapeTables;
	/** Per layer [B, kvHeads, capacity, hd]. */
	readonly #keys: tf.Tensor4D[];
	readonly #values: tf.Tensor4D[];
	readonly #mask: tf.Tensor2D;

	constructor(c: ModelConfig, B: number, capacity: number, tables: ShapeTables) {
		this.#c = c;
		this.#B = B;
		this.#capacity = capacity;
		this.#tables = tables;
		const make = () =>
			Array.from({ length: c.layers }, () =>
				tf.keep(tf.zeros<tf.Rank.R4>([B, c.kvHeads, capacity, c.headDim]))
			);
		this.#keys = make();
		this.#values = make();
		this.#mask = tables.causalMask(capacity);
	}

	get bytes(): number {
		return [...this.#keys, ...this.#values].reduce((sum, t) => sum + t.size * 4, 0);
	}

	attend(layer: number, t: number, q: tf.Tensor2D, k: tf.Tensor2D, v: tf.Tensor2D): tf.Tensor2D {
		const { heads, kvHeads, headDim: hd } = this.#c;
		const B = this.#B;
		const rot = this.#tables.rotary(t, 1);
		const perKvHead = heads / kvHeads;
		const keys = this.#keys[layer];
		const values = this.#values[layer];
		if (!keys || !values) {
			throw new Error(`The cache has no layer ${layer}`);
		}
		// One column: [B,1,H,hd] and [B,H,1,hd] are the same bytes.
		const turned = rotary(tf.reshape<tf.Rank.R4>(q, [B, 1, heads, hd]), rot);
		appendToCache(keys, rotary(tf.reshape<tf.Rank.R4>(k, [B, 1, kvHeads, hd]), rot), t);
		appendToCache(values, v, t);
		const queries = tf.reshape(turned, [B, kvHeads, perKvHead, hd]);
		const scores = tf.mul(tf.matMul(queries, keys, false, true), 1 / Math.sqrt(hd));
		const allowed = tf.reshape(tf.slice(this.#mask, [t, 0], [1, this.#capacity]), [this.#capacity]);
		return tf.reshape(tf.matMul(tf.softmax(tf.add(scores, allowed)), values), [B, heads * hd]);
	}

	dispose(): void {
		tf.dispose([...this.#keys, ...this.#values]);
	}
}
