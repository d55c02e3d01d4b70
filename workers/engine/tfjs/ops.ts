/**
 * The decoder's building blocks as TensorFlow.js ops with hand-written gradients. Own gradients because the stock ones are slow or
 * missing where it matters: matmul gradients with transpose flags leave XNNPACK's fast path on wasm, the embedding's gradient does
 * not exist there and is non-deterministic on WebGPU, and composed norms and gates cost three times the kernels.
 * Shapes: N = B*T positions, d hidden, hd head size.
 */
import { readNow } from './host-read';
import * as tf from './tf';

type T1 = tf.Tensor1D;
type T2 = tf.Tensor2D;
type T4 = tf.Tensor4D;

/** y[N,out] = x[N,in] * W[out,in]^T. `wT` [in,out] is W's transpose, kept with the weights so that it is made once a step. */
export function linear(x: T2, w: T2, wT: T2): T2 {
	return tf.customGrad((xIn: tf.Tensor, wIn: tf.Tensor, save: tf.GradSaveFunc) => {
		save([xIn, wIn]);
		return {
			value: tf.matMul(xIn as T2, wT),
			gradFunc: (dy: T2, saved: tf.Tensor[]) => {
				const [xs, ws] = saved as [T2, T2];
				return [tf.matMul(dy, ws), tf.matMul(tf.transpose(dy), xs)];
			}
		};
	})(x, w) as T2;
}

/** Rows of `table` [V,d] for ids [N]. */
export function embedding(table: T2, ids: T1, isHostBackend: boolean): T2 {
	const [vocab, d] = table.shape;
	return tf.customGrad((tableIn: tf.Tensor) => ({
		value: tf.gather(tableIn, ids),
		gradFunc: (dy: T2) =>
			isHostBackend
				? scatterRows(dy, ids, vocab, d)
				: tf.matMul(tf.transpose(tf.oneHot(ids, vocab).toFloat() as T2), dy)
	}))(table) as T2;
}

function scatterRows(dy: T2, ids: T1, vocab: number, d: number): T2 {
	const from = readNow(dy);
	const rows = readNow(ids);
	const out = new Float32Array(vocab * d);
	for (let n = 0; n < rows.length; n++) {
		const to = (rows[n] ?? 0) * d;
		for (let i = 0; i < d; i++) {
			out[to + i] = (out[to + i] ?? 0) + (from[n * d + i] ?? 0);
		}
	}
	return tf.tensor2d(out, [vocab, d]);
}

/** y = x * rsqrt(mean(x^2) + eps) * gain, by rows of x [N,d]. */
export function rmsNorm(x: T2, gain: T1, eps: number): T2 {
	const d = x.shape[1];
	return tf.customGrad((xIn: tf.Tensor, gainIn: tf.Tensor, save: tf.GradSaveFunc) => {
		const r = tf.rsqrt(tf.add(tf.mean(tf.square(xIn), 1, true), eps));
		const unit = tf.mul(xIn, r);
		save([unit, r, gainIn]);
		return {
			value: tf.mul(unit, gainIn),
			gradFunc: (dy: T2, saved: tf.Tensor[]) => {
				const [u, rs, g] = saved as [T2, T2, T1];
				const scaled = tf.mul(dy, g);
				const along = tf.div(tf.sum(tf.mul(scaled, u), 1, true), d);
				return [tf.mul(rs, tf.sub(scaled, tf.mul(u, along))), tf.sum(tf.mul(dy, u), 0)];
			}
		};
	})(x, gain) as T2;
}

/** silu(gate) * up, elementwise. */
export function swiGlu(gate: T2, up: T2): T2 {
	return tf.customGrad((gateIn: tf.Tensor, upIn: tf.Tensor, save: tf.GradSaveFunc) => {
		const s = tf.sigmoid(gateIn);
		const silu = tf.mul(gateIn, s);
		save([upIn, s, silu]);
		return {
			value: tf.mul(silu, upIn),
			gradFunc: (dy: T2, saved: tf.Tensor[]) => {
				const [u, sig, act] = saved as [T2, T2, T2];
				// d silu = s + silu * (1 - s)
				const dSilu = tf.add(sig, tf.sub(act, tf.mul(act, sig)));
				return [tf.mul(tf.mul(dy, u), dSilu), tf.mul(dy, act)];
			}
		};
	})(gate, up) as T2;
}

/** Rotary tables: cos and sin [T,1,hd] with both halves alike, and the matrix R of the half-split rotation, x R = (-x2, x1). */
export interface Rotary {
	cos: tf.Tensor;
	sin: tf.Tensor;
	rotate: T2;
	rotateBack: T2;
}

/** Angles position * theta^(-2i/hd) in float64, positions first..first+count-1. Half-split convention (Hugging Face Llama). */
export function rotaryTables(first: number, count: number, headDim: number, theta: number): { cos: Float32Array; sin: Float32Array } {
	const half = headDim / 2;
	const cos = new Float32Array(count * headDim);
	const sin = new Float32Array(count * headDim);
	for (let t = 0; t < count; t++) {
		for (let i = 0; i < headDim; i++) {
			const angle = (first + t) * theta ** (-(i % half) / half);
			cos[t * headDim + i] = Math.cos(angle);
			sin[t * headDim + i] = Math.sin(angle);
		}
	}
	return { cos, sin };
}

export function rotationMatrix(headDim: number): Float32Array {
	const half = headDim / 2;
	const r = new Float32Array(headDim * headDim);
	for (let i = 0; i < half; i++) {
		r[(i + half) * headDim + i] = -1;
		r[i * headDim + i + half] = 1;
	}
	return r;
}

/** Rotate x [B,T,H,hd] by its positions: x cos + (x R) sin. */
export function rotary(x: T4, tables: Rotary): T4 {
	const shape = x.shape;
	const times = (value: tf.Tensor, matrix: T2) =>
		tf.reshape(tf.matMul(tf.reshape(value, [-1, shape[3]]) as T2, matrix), shape);
	return tf.customGrad((xIn: tf.Tensor) => ({
		value: tf.add(tf.mul(xIn, tables.cos), tf.mul(times(xIn, tables.rotate), tables.sin)),
		gradFunc: (dy: tf.Tensor) =>
			tf.add(tf.mul(dy, tables.cos), times(tf.mul(dy, tables.sin), tables.rotateBack))
	}))(x) as T4;
}

/** Causal attention of q [B,H,T,hd] on k, v of the same shape; `mask` [T,T] is 0 where allowed, -1e9 elsewhere (an infinity would give NaN in WGSL). */
export function attention(q: T4, k: T4, v: T4, mask: T2): T4 {
	const scale = 1 / Math.sqrt(q.shape[3]);
	return tf.customGrad((qIn: tf.Tensor, kIn: tf.Tensor, vIn: tf.Tensor, save: tf.GradSaveFunc) => {
		const scores = tf.add(tf.mul(tf.matMul(qIn as T4, kIn as T4, false, true), scale), mask);
		const p = tf.softmax(scores);
		save([qIn, kIn, vIn, p]);
		return {
			value: tf.matMul(p, vIn),
			gradFunc: (dy: T4, saved: tf.Tensor[]) => {
				const [qs, ks, vs, ps] = saved as [T4, T4, T4, T4];
				const dp = tf.matMul(dy, vs, false, true);
				const weighted = tf.mul(dp, ps);
				const ds = tf.mul(tf.sub(weighted, tf.mul(ps, tf.sum(weighted, 3, true))), scale);
				return [tf.matMul(ds, ks), tf.matMul(ds, qs, true, false), tf.matMul(ps, dy, true, false)];
			}
		};
	})(q, k, v) as T4;
}

/**
 * Log-probability of `targets` [N] and entropy under softmax(logits / temperature), from logits [N,V]; returns [2,N].
 * Targets outside a row's real length are given any id; their coefficients are zero. `needsEntropyGradient` is asked while
 * differentiating: entropy is usually only looked at, and its gradient is two more passes over [N,V].
 */
export function tokenStatistics(logits: T2, targets: T1, temperature: number, wantEntropy: boolean, needsEntropyGradient: () => boolean): T2 {
	const [rows, vocab] = logits.shape;
	return tf.customGrad((logitsIn: tf.Tensor, save: tf.GradSaveFunc) => {
		const z = temperature === 1 ? logitsIn : tf.mul(logitsIn, 1 / temperature);
		const centred = tf.sub(z, tf.max(z, 1, true));
		const e = tf.exp(centred);
		const sum = tf.sum(e, 1, true);
		const logSum = tf.log(sum);
		const p = tf.div(e, sum);
		const flat = tf.add(tf.mul(tf.range(0, rows, 1, 'int32'), tf.scalar(vocab, 'int32')), targets);
		const logProb = tf.sub(tf.gather(tf.reshape(centred, [-1]), flat.toInt()), tf.reshape(logSum, [-1]));
		const entropy = wantEntropy
			? tf.sub(tf.reshape(logSum, [-1]), tf.sum(tf.mul(p, centred), 1))
			: tf.zeros([rows]);
		const logP = wantEntropy ? tf.sub(centred, logSum) : centred;
		save([p, logP, entropy]);
		return {
			value: tf.stack([logProb, entropy]),
			gradFunc: (dy: T2, saved: tf.Tensor[]) => {
				const [ps, logPs, h] = saved as [T2, T2, T1];
				const dLogProb = tf.reshape(tf.slice(dy, [0, 0], [1, rows]), [rows, 1]);
				let d = tf.mul(dLogProb, tf.sub(tf.oneHot(targets, vocab).toFloat(), ps));
				if (wantEntropy && needsEntropyGradient()) {
					const dEntropy = tf.reshape(tf.slice(dy, [1, 0], [1, rows]), [rows, 1]);
					// dH/dz_j = -p_j (log p_j + H)
					const dH = tf.mul(ps, tf.add(logPs, tf.reshape(h, [rows, 1])));
					d = tf.sub(d, tf.mul(dEntropy, dH));
				}
				return temperature === 1 ? d : tf.mul(d, 1 / temperature);
			}
		};
	})(logits) as T2;
}
