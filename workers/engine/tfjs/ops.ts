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

interface Differentiable<O extends tf.Tensor> {
	value: tf.Tensor;
	/** Gradients of the inputs, in their order, from dy and what was saved. Tensors made outside `save` may be gone by then. */
	gradFunc: (dy: O, saved: tf.Tensor[]) => tf.Tensor[];
}

/** tf.customGrad with the types it deserves: a function of `inputs` with its own gradient. */
export function withGradient<O extends tf.Tensor>(
	inputs: tf.Tensor[],
	forward: (save: (tensors: tf.Tensor[]) => void) => Differentiable<O>
): O {
	const f = (...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
		const save = args.at(-1) as tf.GradSaveFunc; // customGrad appends it to the inputs
		return forward(save) as { value: O; gradFunc: (dy: O, saved: tf.Tensor[]) => tf.Tensor[] };
	};
	return tf.customGrad(f)(...inputs);
}

/** y[N,out] = x[N,in] * W[out,in]^T. `wT` [in,out] is W's transpose, kept with the weights so that it is made once a step. */
export function linear(x: T2, w: T2, wT: T2): T2 {
	return withGradient<T2>([x, w], (save) => {
		save([x, w]);
		return {
			value: tf.matMul(x, wT),
			gradFunc: (dy, saved: tf.Tensor[]) => {
				const [xs, ws] = saved as [T2, T2];
				return [tf.matMul(dy, ws), tf.matMul(tf.transpose(dy), xs)];
			}
		};
	});
}

/** Rows of `table` [V,d] for ids [N]. */
export function embedding(table: T2, ids: T1, isHostBackend: boolean): T2 {
	const [vocab, d] = table.shape;
	return withGradient<T2>([table], (save) => {
		save([ids]);
		return {
			value: tf.gather(table, ids),
			gradFunc: (dy, saved) => {
				const rows = saved[0] as T1;
				return [
					isHostBackend
						? scatterRows(dy, rows, vocab, d)
						: tf.matMul(tf.transpose(tf.cast(tf.oneHot(rows, vocab), 'float32')), dy)
				];
			}
		};
	});
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
	return withGradient<T2>([x, gain], (save) => {
		const r = tf.rsqrt(tf.add(tf.mean(tf.square(x), 1, true), eps));
		const unit = tf.mul(x, r);
		save([unit, r, gain]);
		return {
			value: tf.mul(unit, gain),
			gradFunc: (dy, saved) => {
				const [u, rs, g] = saved as [T2, T2, T1];
				const scaled = tf.mul(dy, g);
				const along = tf.div(tf.sum(tf.mul(scaled, u), 1, true), d);
				return [tf.mul(rs, tf.sub(scaled, tf.mul(u, along))), tf.sum(tf.mul(dy, u), 0)];
			}
		};
	});
}

/** silu(gate) * up, elementwise. */
export function swiGlu(gate: T2, up: T2): T2 {
	return withGradient<T2>([gate, up], (save) => {
		const s = tf.sigmoid(gate);
		const silu = tf.mul(gate, s);
		save([up, s, silu]);
		return {
			value: tf.mul(silu, up),
			gradFunc: (dy, saved) => {
				const [u, sig, act] = saved as [T2, T2, T2];
				// d silu = s + silu * (1 - s)
				const dSilu = tf.add(sig, tf.sub(act, tf.mul(act, sig)));
				return [tf.mul(tf.mul(dy, u), dSilu), tf.mul(dy, act)];
			}
		};
	});
}

/** Rotary tables: cos and sin [T,1,hd] with both halves alike, and the matrix R of the half-split rotation, x R = (-x2, x1). */
export interface Rotary {
	cos: tf.Tensor;
	sin: tf.Tensor;
	rotate: T2;
	rotateBack: T2;
}

/** Angles position * theta^(-2i/hd) in float64, positions first..first+count-1. Half-split convention (Hugging Face Llama). */
export function rotaryTables(
	first: number,
	count: number,
	headDim: number,
	theta: number
): { cos: Float32Array; sin: Float32Array } {
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
		tf.reshape(tf.matMul(tf.reshape(value, [-1, shape[3]]), matrix), shape);
	return withGradient<T4>([x], () => ({
		value: tf.add(tf.mul(x, tables.cos), tf.mul(times(x, tables.rotate), tables.sin)),
		gradFunc: (dy) => [
			tf.add(tf.mul(dy, tables.cos), times(tf.mul(dy, tables.sin), tables.rotateBack))
		]
	}));
}

/** An explicit transpose: wasm's matmul takes a naive loop when asked for one by flag. */
function lastTwoSwapped(x: T4): T4 {
	return tf.transpose(x, [0, 1, 3, 2]);
}

/** Causal attention of q [B,H,T,hd] on k, v of the same shape; `mask` [T,T] is 0 where allowed, -1e9 elsewhere (an infinity would give NaN in WGSL). */
export function attention(q: T4, k: T4, v: T4, mask: T2): T4 {
	const scale = 1 / Math.sqrt(q.shape[3]);
	return withGradient<T4>([q, k, v], (save) => {
		const scores = tf.add(tf.mul(tf.matMul(q, lastTwoSwapped(k)), scale), mask);
		const p = tf.softmax(scores);
		save([q, k, v, p]);
		return {
			value: tf.matMul(p, v),
			gradFunc: (dy, saved) => {
				const [qs, ks, vs, ps] = saved as [T4, T4, T4, T4];
				const dp = tf.matMul(dy, lastTwoSwapped(vs));
				const weighted = tf.mul(dp, ps);
				const ds = tf.mul(tf.sub(weighted, tf.mul(ps, tf.sum(weighted, 3, true))), scale);
				return [
					tf.matMul(ds, ks),
					tf.matMul(lastTwoSwapped(ds as T4), qs),
					tf.matMul(lastTwoSwapped(ps), dy)
				];
			}
		};
	});
}

/**
 * Log-probability of `targets` [N] and entropy under softmax(logits / temperature), from logits [N,V]; returns [2,N].
 * Targets outside a row's real length are given any id; their coefficients are zero. `needsEntropyGradient` is asked while
 * differentiating: entropy is usually only looked at, and its gradient is two more passes over [N,V].
 */
export function tokenStatistics(
	logits: T2,
	targets: T1,
	temperature: number,
	wantEntropy: boolean,
	needsEntropyGradient: () => boolean
): T2 {
	const [rows, vocab] = logits.shape;
	return withGradient<T2>([logits], (save) => {
		const z = temperature === 1 ? logits : tf.mul(logits, 1 / temperature);
		const centred = tf.sub(z, tf.max(z, 1, true));
		const e = tf.exp(centred);
		const sum = tf.sum(e, 1, true);
		const logSum = tf.log(sum);
		const p = tf.div(e, sum);
		const flat = tf.add(tf.mul(tf.range(0, rows, 1, 'int32'), tf.scalar(vocab, 'int32')), targets);
		const logProb = tf.sub(
			tf.gather(tf.reshape(centred, [-1]), tf.cast(flat, 'int32')),
			tf.reshape(logSum, [-1])
		);
		const entropy = wantEntropy
			? tf.sub(tf.reshape(logSum, [-1]), tf.sum(tf.mul(p, centred), 1))
			: tf.zeros([rows]);
		const logP = wantEntropy ? tf.sub(centred, logSum) : centred;
		save([p, logP, entropy, targets]);
		return {
			value: tf.stack([logProb, entropy]),
			gradFunc: (dy, saved) => {
				const [ps, logPs, h, ids] = saved as [T2, T2, T1, T1];
				const dLogProb = tf.reshape(tf.slice(dy, [0, 0], [1, rows]), [rows, 1]);
				let d: tf.Tensor = tf.mul(dLogProb, tf.sub(tf.cast(tf.oneHot(ids, vocab), 'float32'), ps));
				if (wantEntropy && needsEntropyGradient()) {
					const dEntropy = tf.reshape(tf.slice(dy, [1, 0], [1, rows]), [rows, 1]);
					// dH/dz_j = -p_j (log p_j + H)
					const dH = tf.mul(ps, tf.add(logPs, tf.reshape(h, [rows, 1])));
					d = tf.sub(d, tf.mul(dEntropy, dH));
				}
				return [temperature === 1 ? d : tf.mul(d, 1 / temperature)];
			}
		};
	});
}
