// Causal attention of one head over one sequence, without a T by T array in the forward pass: a few rows of scores at a time.
// The probabilities of a row are computed in the same order here and while decoding, so both agree to the last bit.
import { MAIN_ROWS, gemm, packColumns, packRows, transpose } from './gemm';
import { exp4, largestOf, madd, sumOf } from './vector';

@inline
function widthOf(n: i32): i32 {
	return (n + 7) & ~7;
}

/** In place: softmax(scale * s) of the first n numbers of a row that is `width` long, zeros beyond; returns its log-sum-exp. */
function softmaxRow(s: usize, n: i32, width: i32, scale: f32): f32 {
	const bytes = <usize>width << 2;
	for (let i = <usize>n << 2; i < bytes; i += 4) {
		store<f32>(s + i, -f32.MAX_VALUE);
	}
	let largest4 = v128.load(s);
	for (let i: usize = 16; i < bytes; i += 16) {
		largest4 = f32x4.max(largest4, v128.load(s + i));
	}
	const largest = largestOf(largest4) * scale;
	const scale4 = f32x4.splat(scale);
	const shift4 = f32x4.splat(-largest);
	let sum4 = f32x4.splat(0);
	for (let i: usize = 0; i < bytes; i += 16) {
		const e = exp4(madd(v128.load(s + i), scale4, shift4));
		sum4 = f32x4.add(sum4, e);
		v128.store(s + i, e);
	}
	const sum = sumOf(sum4);
	const share4 = f32x4.splat(<f32>1 / sum);
	for (let i: usize = 0; i < bytes; i += 16) {
		v128.store(s + i, f32x4.mul(v128.load(s + i), share4));
	}
	return largest + <f32>NativeMath.log(<f64>sum);
}

/**
 * o[T,hd] = softmax(q k^T scale) v under the causal mask. q and o have strides in bytes; k in panels of its transpose (packRows),
 * v in panels (packColumns, panelK long); the log-sum-exp of each row is kept in lse[T] for the gradient.
 * `s` is scratch for MAIN_ROWS rows of T rounded up to 8.
 */
export function attend(
	T: i32, hd: i32, q: usize, ldq: usize, kPanels: usize, vPanels: usize, panelK: i32, o: usize,
	ldo: usize, lse: usize, scale: f32, s: usize
): void {
	for (let i = 0; i < T; i += MAIN_ROWS) {
		const rows = min(MAIN_ROWS, T - i);
		const width = widthOf(i + rows);
		const lds = <usize>width << 2;
		gemm(rows, width, hd, q, ldq, kPanels, hd, s, lds, false);
		for (let r = 0; r < rows; r++) {
			store<f32>(lse, softmaxRow(s + <usize>r * lds, i + r + 1, width, scale));
			lse += 4;
		}
		gemm(rows, hd, i + rows, s, lds, vPanels, panelK, o, ldo, false);
		q += <usize>MAIN_ROWS * ldq;
		o += <usize>MAIN_ROWS * ldo;
	}
}

/** Floats of scratch that `attendGradient` needs. */
export function attendGradientScratch(T: i32, hd: i32): i32 {
	const width = widthOf(T);
	const columns = widthOf(hd);
	return 2 * T * width + MAIN_ROWS * width * 2 + 2 * width * hd + 3 * T * columns + 2 * width;
}

/**
 * Gradient of `attend` for one query head. k and v are [T,hd] rows with one stride; dK and dV are overwritten, or added to with
 * `add` (the further heads of a group). Probabilities are computed anew from lse, transposed: key rows against later queries.
 */
export function attendGradient(
	T: i32, hd: i32, q: usize, ldq: usize, k: usize, v: usize, ldk: usize, o: usize, dO: usize, ldo: usize,
	lse: usize, scale: f32, dQ: usize, ldDq: usize, dK: usize, dV: usize, ldDk: usize, add: bool, scratch: usize
): void {
	const width = widthOf(T);
	const lds = <usize>width << 2;
	const columns = widthOf(hd);
	// dS transposed [T keys, width queries], then dS [T queries, width keys].
	const turned = scratch;
	const dS = turned + <usize>T * lds;
	const p = dS + <usize>T * lds;
	const dP = p + <usize>MAIN_ROWS * lds;
	const qByRows = dP + <usize>MAIN_ROWS * lds;
	const dOByRows = qByRows + (<usize>(width * hd) << 2);
	const qByColumns = dOByRows + (<usize>(width * hd) << 2);
	const dOByColumns = qByColumns + (<usize>(T * columns) << 2);
	const kByColumns = dOByColumns + (<usize>(T * columns) << 2);
	const along = kByColumns + (<usize>(T * columns) << 2);
	const logSums = along + lds;
	packRows(T, hd, q, ldq, qByRows);
	packRows(T, hd, dO, ldo, dOByRows);
	packColumns(T, hd, q, ldq, qByColumns, T);
	packColumns(T, hd, dO, ldo, dOByColumns, T);
	packColumns(T, hd, k, ldk, kByColumns, T);
	memory.copy(logSums, lse, <usize>T << 2);
	for (let i = 0; i < width; i++) {
		// sum_j dP_ij P_ij = dO_i . o_i
		let sum: f32 = 0;
		if (i < T) {
			const left = dO + <usize>i * ldo;
			const right = o + <usize>i * ldo;
			for (let c: usize = 0; c < <usize>hd << 2; c += 4) {
				sum += load<f32>(left + c) * load<f32>(right + c);
			}
		} else {
			// So large a log-sum makes the probabilities of the padding exactly 0.
			store<f32>(logSums + (<usize>i << 2), f32.MAX_VALUE);
		}
		store<f32>(along + (<usize>i << 2), sum);
	}
	for (let j = 0; j < T; j += MAIN_ROWS) {
		const rows = min(MAIN_ROWS, T - j);
		const first = j & ~7;
		const count = width - first;
		const kRow = k + <usize>j * ldk;
		const vRow = v + <usize>j * ldk;
		const panels = <usize>(first * hd) << 2;
		gemm(rows, count, hd, kRow, ldk, qByRows + panels, hd, p, lds, false);
		gemm(rows, count, hd, vRow, ldk, dOByRows + panels, hd, dP, lds, false);
		const out = turned + <usize>j * lds + (<usize>first << 2);
		for (let r = 0; r < rows; r++) {
			const row = <usize>r * lds;
			const start = <usize>first << 2;
			gradientRow(
				count, j + r - first, p + row, dP + row, out + row, logSums + start, along + start,
				scale
			);
		}
		const steps = T - first;
		gemm(rows, hd, steps, p, lds, dOByColumns + (<usize>first << 5), T, dV + <usize>j * ldDk, ldDk, add);
		gemm(rows, hd, steps, out, lds, qByColumns + (<usize>first << 5), T, dK + <usize>j * ldDk, ldDk, add);
	}
	transpose(T, T, turned, lds, dS, lds);
	for (let i = 0; i < T; i += MAIN_ROWS) {
		const rows = min(MAIN_ROWS, T - i);
		gemm(rows, hd, i + rows, dS + <usize>i * lds, lds, kByColumns, T, dQ + <usize>i * ldDq, ldDq, false);
	}
}

/** For one key and `count` queries, of which the first `hidden` may not see it: scores in `p` to probabilities, dP to dS in `out`. */
function gradientRow(
	count: i32, hidden: i32, p: usize, dP: usize, out: usize, logSums: usize, along: usize,
	scale: f32
): void {
	const scale4 = f32x4.splat(scale);
	const bytes = <usize>count << 2;
	for (let i: usize = 0; i < bytes; i += 16) {
		const probability = exp4(f32x4.sub(f32x4.mul(v128.load(p + i), scale4), v128.load(logSums + i)));
		const centred = f32x4.sub(v128.load(dP + i), v128.load(along + i));
		v128.store(p + i, probability);
		v128.store(out + i, f32x4.mul(f32x4.mul(probability, centred), scale4));
	}
	for (let i: usize = 0; i < <usize>hidden << 2; i += 4) {
		store<f32>(p + i, 0);
		store<f32>(out + i, 0);
	}
}

/**
 * Append one position of some rows to their caches. slots[i] and positions[i] place row i; k and v are [rows, kvHeads*hd]. A cache
 * is [slots, kvHeads] of panels: keys as `packRows` (capacity a multiple of 8), values as `packColumns` (hd rounded up to 8).
 */
export function appendToCache(
	rows: i32, kvHeads: i32, hd: i32, k: usize, v: usize, slots: usize, positions: usize,
	keys: usize, values: usize, capacity: i32
): void {
	const columns = widthOf(hd);
	for (let row = 0; row < rows; row++) {
		const slot = load<i32>(slots + (<usize>row << 2));
		const t = load<i32>(positions + (<usize>row << 2));
		for (let head = 0; head < kvHeads; head++) {
			const place = slot * kvHeads + head;
			const key = keys + ((<usize>place * <usize>(capacity * hd) + <usize>((t & ~7) * hd + (t & 7))) << 2);
			const value = values + ((<usize>place * <usize>(capacity * columns) + <usize>(t << 3)) << 2);
			for (let i = 0; i < hd; i++) {
				store<f32>(key + (<usize>i << 5), load<f32>(k));
				store<f32>(value + ((<usize>(i >> 3) * <usize>(capacity << 3) + <usize>(i & 7)) << 2), load<f32>(v));
				k += 4;
				v += 4;
			}
		}
	}
}

/** o[rows, heads*hd]: attention of one query a row over positions 0..positions[i] of its cache (see appendToCache). `s`: scratch for one group's scores. */
export function attendCache(
	rows: i32, heads: i32, kvHeads: i32, hd: i32, q: usize, slots: usize, positions: usize,
	keys: usize, values: usize, capacity: i32, o: usize, scale: f32, s: usize
): void {
	const columns = widthOf(hd);
	const group = heads / kvHeads;
	const ld = <usize>hd << 2;
	for (let row = 0; row < rows; row++) {
		const slot = load<i32>(slots + (<usize>row << 2));
		const n = load<i32>(positions + (<usize>row << 2)) + 1;
		const width = widthOf(n);
		const lds = <usize>width << 2;
		for (let head = 0; head < kvHeads; head++) {
			const place = <usize>(slot * kvHeads + head);
			gemm(group, width, hd, q, ld, keys + ((place * <usize>(capacity * hd)) << 2), hd, s, lds, false);
			for (let r = 0; r < group; r++) {
				softmaxRow(s + <usize>r * lds, n, width, scale);
			}
			gemm(
				group, hd, n, s, lds,
				values + ((place * <usize>(capacity * columns)) << 2), capacity, o, ld, false
			);
			q += <usize>group * ld;
			o += <usize>group * ld;
		}
	}
}
