// Kernels by element and by row: norms, rotary positions, gates, embeddings, sums.
// Contiguous arrays are padded to whole vectors by the heap, so their loops may run over the end into their own padding.
import { madd, sigmoid4, sumOf } from './vector';

/** y = x * r * gain by rows of [rows,d], r = 1 / sqrt(mean(x^2) + eps), kept in `scales` [rows]. */
export function rmsNorm(rows: i32, d: i32, x: usize, gain: usize, eps: f32, y: usize, scales: usize): void {
	const bytes = <usize>d << 2;
	const whole = <usize>(d & ~3) << 2;
	for (let row = 0; row < rows; row++) {
		let squares = f32x4.splat(0);
		for (let i: usize = 0; i < whole; i += 16) {
			const v = v128.load(x + i);
			squares = madd(v, v, squares);
		}
		let sum = sumOf(squares);
		for (let i = whole; i < bytes; i += 4) {
			const v = load<f32>(x + i);
			sum += v * v;
		}
		const r = <f32>1 / sqrt<f32>(sum / <f32>d + eps);
		store<f32>(scales, r);
		normed(x, gain, r, y, whole, bytes);
		x += bytes;
		y += bytes;
		scales += 4;
	}
}

/** y = x * r * gain again, from the kept scales. */
export function applyNorm(rows: i32, d: i32, x: usize, gain: usize, scales: usize, y: usize): void {
	const bytes = <usize>d << 2;
	const whole = <usize>(d & ~3) << 2;
	for (let row = 0; row < rows; row++) {
		normed(x, gain, load<f32>(scales), y, whole, bytes);
		x += bytes;
		y += bytes;
		scales += 4;
	}
}

@inline
function normed(x: usize, gain: usize, r: f32, y: usize, whole: usize, bytes: usize): void {
	const r4 = f32x4.splat(r);
	for (let i: usize = 0; i < whole; i += 16) {
		v128.store(y + i, f32x4.mul(f32x4.mul(v128.load(x + i), r4), v128.load(gain + i)));
	}
	for (let i = whole; i < bytes; i += 4) {
		store<f32>(y + i, load<f32>(x + i) * r * load<f32>(gain + i));
	}
}

/**
 * Gradient of rmsNorm: dx += r (dy gain - u mean(dy gain u)) with u = x r; with `dGain`, dGain += sum over rows of dy u.
 */
export function rmsNormGradient(
	rows: i32, d: i32, x: usize, gain: usize, scales: usize, dy: usize, dx: usize, dGain: usize
): void {
	const bytes = <usize>d << 2;
	const whole = <usize>(d & ~3) << 2;
	for (let row = 0; row < rows; row++) {
		const r = load<f32>(scales);
		const r4 = f32x4.splat(r);
		let along4 = f32x4.splat(0);
		for (let i: usize = 0; i < whole; i += 16) {
			const u = f32x4.mul(v128.load(x + i), r4);
			const dyu = f32x4.mul(v128.load(dy + i), u);
			along4 = madd(dyu, v128.load(gain + i), along4);
			v128.store(dGain + i, f32x4.add(v128.load(dGain + i), dyu));
		}
		let along = sumOf(along4);
		for (let i = whole; i < bytes; i += 4) {
			const dyu = load<f32>(dy + i) * load<f32>(x + i) * r;
			along += dyu * load<f32>(gain + i);
			store<f32>(dGain + i, load<f32>(dGain + i) + dyu);
		}
		const mean = along / <f32>d;
		const mean4 = f32x4.splat(mean);
		for (let i: usize = 0; i < whole; i += 16) {
			const u = f32x4.mul(v128.load(x + i), r4);
			const scaled = f32x4.mul(v128.load(dy + i), v128.load(gain + i));
			const change = f32x4.mul(r4, f32x4.sub(scaled, f32x4.mul(u, mean4)));
			v128.store(dx + i, f32x4.add(v128.load(dx + i), change));
		}
		for (let i = whole; i < bytes; i += 4) {
			const scaled = load<f32>(dy + i) * load<f32>(gain + i);
			store<f32>(dx + i, load<f32>(dx + i) + r * (scaled - load<f32>(x + i) * r * mean));
		}
		x += bytes;
		dy += bytes;
		dx += bytes;
		scales += 4;
	}
}

/**
 * Rotary positions in place on x [rows, heads, hd] (half-split, Hugging Face Llama): row i by the angles of positions[i];
 * cos and sin are [positions, hd/2]. `direction` -1 turns back, which is the gradient.
 */
export function rotate(
	rows: i32, heads: i32, hd: i32, x: usize, positions: usize, cos: usize, sin: usize,
	direction: f32
): void {
	const half = <usize>(hd >> 1) << 2;
	const whole = half & ~15;
	const sign = f32x4.splat(direction);
	for (let row = 0; row < rows; row++) {
		const table = <usize>load<i32>(positions + (<usize>row << 2)) * half;
		for (let head = 0; head < heads; head++) {
			for (let i: usize = 0; i < whole; i += 16) {
				const c = v128.load(cos + table + i);
				const s = f32x4.mul(v128.load(sin + table + i), sign);
				const x1 = v128.load(x + i);
				const x2 = v128.load(x + half + i);
				v128.store(x + i, f32x4.sub(f32x4.mul(x1, c), f32x4.mul(x2, s)));
				v128.store(x + half + i, f32x4.add(f32x4.mul(x2, c), f32x4.mul(x1, s)));
			}
			for (let i = whole; i < half; i += 4) {
				const c = load<f32>(cos + table + i);
				const s = load<f32>(sin + table + i) * direction;
				const x1 = load<f32>(x + i);
				const x2 = load<f32>(x + half + i);
				store<f32>(x + i, x1 * c - x2 * s);
				store<f32>(x + half + i, x2 * c + x1 * s);
			}
			x += half << 1;
		}
	}
}

/** out = silu(gate) * up, n numbers. */
export function swiGlu(n: i32, gate: usize, up: usize, out: usize): void {
	const bytes = <usize>n << 2;
	for (let i: usize = 0; i < bytes; i += 16) {
		const g = v128.load(gate + i);
		v128.store(out + i, f32x4.mul(f32x4.mul(g, sigmoid4(g)), v128.load(up + i)));
	}
}

/** In place: from gate, up and d(out) to d(gate), d(up) and out. d silu = s + silu (1 - s). */
export function swiGluGradient(n: i32, gate: usize, up: usize, dOut: usize): void {
	const bytes = <usize>n << 2;
	for (let i: usize = 0; i < bytes; i += 16) {
		const g = v128.load(gate + i);
		const u = v128.load(up + i);
		const dy = v128.load(dOut + i);
		const s = sigmoid4(g);
		const silu = f32x4.mul(g, s);
		const dSilu = f32x4.add(s, f32x4.sub(silu, f32x4.mul(silu, s)));
		v128.store(gate + i, f32x4.mul(f32x4.mul(dy, u), dSilu));
		v128.store(up + i, f32x4.mul(dy, silu));
		v128.store(dOut + i, f32x4.mul(silu, u));
	}
}

/** to[i] = from[rows[i]], rows of d numbers. */
export function gatherRows(count: i32, d: i32, from: usize, rows: usize, to: usize): void {
	const bytes = <usize>d << 2;
	for (let i = 0; i < count; i++) {
		memory.copy(to, from + <usize>load<i32>(rows + (<usize>i << 2)) * bytes, bytes);
		to += bytes;
	}
}

/** to[rows[i]] += from[i], in order of i: the embedding's gradient, the same bits every time. */
export function scatterAddRows(count: i32, d: i32, from: usize, rows: usize, to: usize): void {
	const bytes = <usize>d << 2;
	const whole = <usize>(d & ~3) << 2;
	for (let i = 0; i < count; i++) {
		const row = to + <usize>load<i32>(rows + (<usize>i << 2)) * bytes;
		for (let j: usize = 0; j < whole; j += 16) {
			v128.store(row + j, f32x4.add(v128.load(row + j), v128.load(from + j)));
		}
		for (let j = whole; j < bytes; j += 4) {
			store<f32>(row + j, load<f32>(row + j) + load<f32>(from + j));
		}
		from += bytes;
	}
}

/** to += from, n numbers. */
export function addInto(n: i32, to: usize, from: usize): void {
	const end = to + (<usize>n << 2);
	while (to < end) {
		v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
		to += 16;
		from += 16;
	}
}

/** Sum of squares in float64 (squared there too: no overflow), n numbers. */
export function sumSquares(n: i32, x: usize): f64 {
	let low = f64x2.splat(0);
	let high = f64x2.splat(0);
	const end = x + (<usize>(n & ~3) << 2);
	while (x < end) {
		const v = v128.load(x);
		const a = f64x2.promote_low_f32x4(v);
		const b = f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1));
		low = f64x2.add(low, f64x2.mul(a, a));
		high = f64x2.add(high, f64x2.mul(b, b));
		x += 16;
	}
	const sum = f64x2.add(low, high);
	let total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
	for (let i = 0; i < (n & 3); i++) {
		const v = <f64>load<f32>(x + (<usize>i << 2));
		total += v * v;
	}
	return total;
}

