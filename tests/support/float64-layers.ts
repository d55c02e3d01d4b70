/** A decoder's layers and their gradients in plain float64 loops, one by one: what single kernels are held to. Row-major. */

export type Numbers = Float64Array;

const zeros = (n: number): Numbers => new Float64Array(n);
const at = (a: ArrayLike<number>, i: number): number => a[i] ?? NaN;

/** C[m,n] = sum_k A(m,k) B(k,n), operands lying as the kind says. */
export function product(
	kind: 'nt' | 'nn' | 'tn',
	a: ArrayLike<number>,
	b: ArrayLike<number>,
	{ rows, columns, inner }: { rows: number; columns: number; inner: number }
): Numbers {
	const c = zeros(rows * columns);
	for (let m = 0; m < rows; m++) {
		for (let n = 0; n < columns; n++) {
			let sum = 0;
			for (let k = 0; k < inner; k++) {
				const x = at(a, kind === 'tn' ? k * rows + m : m * inner + k);
				sum += x * at(b, kind === 'nt' ? n * inner + k : k * columns + n);
			}
			c[m * columns + n] = sum;
		}
	}
	return c;
}

export const sum = (a: ArrayLike<number>, b: ArrayLike<number>): Numbers =>
	Float64Array.from({ length: a.length }, (_, i) => at(a, i) + at(b, i));

/** 1/rms of each row. */
export function inverseRms(x: ArrayLike<number>, columns: number, eps: number): Numbers {
	return Float64Array.from({ length: x.length / columns }, (_, n) => {
		let squares = 0;
		for (let i = 0; i < columns; i++) {
			squares += at(x, n * columns + i) ** 2;
		}
		return 1 / Math.sqrt(squares / columns + eps);
	});
}

export function rmsNorm(x: ArrayLike<number>, gain: ArrayLike<number>, eps: number): Numbers {
	const d = gain.length;
	const r = inverseRms(x, d, eps);
	return Float64Array.from(
		{ length: x.length },
		(_, i) => at(x, i) * at(r, Math.floor(i / d)) * at(gain, i % d)
	);
}

/** By the input and by the gain. */
export function rmsNormGradient(
	x: ArrayLike<number>,
	gain: ArrayLike<number>,
	dy: ArrayLike<number>,
	eps: number
): { dx: Numbers; dGain: Numbers } {
	const d = gain.length;
	const r = inverseRms(x, d, eps);
	const dx = zeros(x.length);
	const dGain = zeros(d);
	for (let n = 0; n < r.length; n++) {
		let along = 0;
		for (let i = 0; i < d; i++) {
			const u = at(x, n * d + i) * at(r, n);
			along += (at(dy, n * d + i) * at(gain, i) * u) / d;
			dGain[i] = at(dGain, i) + at(dy, n * d + i) * u;
		}
		for (let i = 0; i < d; i++) {
			const u = at(x, n * d + i) * at(r, n);
			dx[n * d + i] = at(r, n) * (at(dy, n * d + i) * at(gain, i) - u * along);
		}
	}
	return { dx, dGain };
}

/** Half-split rotation of the first `rotated` columns of each row by its position, or back. */
export function rotate(
	x: ArrayLike<number>,
	o: {
		columns: number;
		rotated: number;
		headDim: number;
		theta: number;
		positions: readonly number[];
		isBack?: boolean;
	}
): Numbers {
	const out = Float64Array.from(x);
	const half = o.headDim / 2;
	o.positions.forEach((position, n) => {
		for (let head = 0; head < o.rotated / o.headDim; head++) {
			for (let i = 0; i < half; i++) {
				const first = n * o.columns + head * o.headDim + i;
				const angle = position * o.theta ** (-i / half) * (o.isBack ? -1 : 1);
				out[first] = at(x, first) * Math.cos(angle) - at(x, first + half) * Math.sin(angle);
				out[first + half] = at(x, first + half) * Math.cos(angle) + at(x, first) * Math.sin(angle);
			}
		}
	});
	return out;
}

const sigmoid = (g: number): number => 1 / (1 + Math.exp(-g));

/** silu(gate) * up of rows [gate | up]. */
export function swiGlu(gateUp: ArrayLike<number>, width: number): Numbers {
	return Float64Array.from({ length: gateUp.length / 2 }, (_, i) => {
		const from = Math.floor(i / width) * 2 * width + (i % width);
		const g = at(gateUp, from);
		return g * sigmoid(g) * at(gateUp, from + width);
	});
}

/** By [gate | up]. */
export function swiGluGradient(
	gateUp: ArrayLike<number>,
	dAct: ArrayLike<number>,
	width: number
): Numbers {
	const out = zeros(gateUp.length);
	for (let i = 0; i < dAct.length; i++) {
		const from = Math.floor(i / width) * 2 * width + (i % width);
		const g = at(gateUp, from);
		const s = sigmoid(g);
		out[from] = at(dAct, i) * at(gateUp, from + width) * (s + g * s * (1 - s));
		out[from + width] = at(dAct, i) * g * s;
	}
	return out;
}

export interface AttentionShape {
	heads: number;
	kvHeads: number;
	headDim: number;
	/** Tokens of each row; rows lie one after the other. */
	lengths: readonly number[];
}

/** Causal attention of rotated [queries | keys | values], its gradient for dMixed, and the log-sum of each query's scores. */
export function attention(
	qkv: ArrayLike<number>,
	dMixed: ArrayLike<number>,
	{ heads, kvHeads, headDim, lengths }: AttentionShape
): { mixed: Numbers; logSum: Numbers; delta: Numbers; dQkv: Numbers } {
	const width = heads * headDim;
	const columns = width + 2 * kvHeads * headDim;
	const positions = qkv.length / columns;
	const mixed = zeros(positions * width);
	const dQkv = zeros(qkv.length);
	const logSum = zeros(positions * heads);
	const delta = zeros(positions * heads);
	const scale = 1 / Math.sqrt(headDim);
	const dot = (a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number) => {
		let total = 0;
		for (let k = 0; k < headDim; k++) {
			total += at(a, i + k) * at(b, j + k);
		}
		return total;
	};
	const add = (to: Numbers, i: number, from: ArrayLike<number>, j: number, factor: number) => {
		for (let k = 0; k < headDim; k++) {
			to[i + k] = at(to, i + k) + factor * at(from, j + k);
		}
	};
	let start = 0;
	for (const length of lengths) {
		for (let t = start; t < start + length; t++) {
			for (let h = 0; h < heads; h++) {
				const kv = Math.floor((h * kvHeads) / heads) * headDim;
				const q = t * columns + h * headDim;
				const out = t * width + h * headDim;
				const key = (s: number) => s * columns + width + kv;
				const value = (s: number) => key(s) + kvHeads * headDim;
				const seen = Array.from({ length: t - start + 1 }, (_, i) => start + i);
				const e = seen.map((s) => Math.exp(scale * dot(qkv, q, qkv, key(s))));
				const total = e.reduce((a, b) => a + b, 0);
				logSum[t * heads + h] = Math.log(total);
				seen.forEach((s, i) => add(mixed, out, qkv, value(s), at(e, i) / total));
				const along = dot(dMixed, out, mixed, out);
				delta[t * heads + h] = along;
				seen.forEach((s, i) => {
					const p = at(e, i) / total;
					const ds = scale * p * (dot(dMixed, out, qkv, value(s)) - along);
					add(dQkv, q, qkv, key(s), ds);
					add(dQkv, key(s), qkv, q, ds);
					add(dQkv, value(s), dMixed, out, p);
				});
			}
		}
		start += length;
	}
	return { mixed, logSum, delta, dQkv };
}
