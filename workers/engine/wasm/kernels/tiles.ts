// Register tiles of the matrix product: some rows of A times one panel of B, eight columns wide.
// A panel holds its eight columns interleaved: [k][8]. Every element of C is one chain of multiply-adds over ascending k, whatever the
// tile, so a row of C has the same bits whatever rows are computed beside it. A sum that is added to C goes on from C.
// The loops are not unrolled, and C is read before and not after them, on purpose: so V8 keeps all accumulators in its fifteen vector
// registers (measured: half the speed otherwise, in one version or another).
import { madd } from './vector';

/** Write one row of a tile. Strides are bytes throughout. */
@inline
function put(c: usize, low: v128, high: v128): void {
	v128.store(c, low);
	v128.store(c, high, 16);
}

/** 6 rows by 8 columns: twelve accumulators, two of B, one of A. */
export function tile6(K: i32, a0: usize, lda: usize, b: usize, c: usize, ldc: usize, add: bool): void {
	const zero = f32x4.splat(0);
	let c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero;
	let c30 = zero, c31 = zero, c40 = zero, c41 = zero, c50 = zero, c51 = zero;
	if (add) {
		c00 = v128.load(c);
		c01 = v128.load(c, 16);
		c10 = v128.load(c + ldc);
		c11 = v128.load(c + ldc, 16);
		c20 = v128.load(c + 2 * ldc);
		c21 = v128.load(c + 2 * ldc, 16);
		c30 = v128.load(c + 3 * ldc);
		c31 = v128.load(c + 3 * ldc, 16);
		c40 = v128.load(c + 4 * ldc);
		c41 = v128.load(c + 4 * ldc, 16);
		c50 = v128.load(c + 5 * ldc);
		c51 = v128.load(c + 5 * ldc, 16);
	}
	let a1 = a0 + lda, a2 = a1 + lda, a3 = a2 + lda, a4 = a3 + lda, a5 = a4 + lda;
	const end = b + (<usize>K << 5);
	let x: v128, b0: v128, b1: v128;
	while (b < end) {
		b0 = v128.load(b);
		b1 = v128.load(b, 16);
		x = v128.load32_splat(a0);
		c00 = madd(x, b0, c00);
		c01 = madd(x, b1, c01);
		x = v128.load32_splat(a1);
		c10 = madd(x, b0, c10);
		c11 = madd(x, b1, c11);
		x = v128.load32_splat(a2);
		c20 = madd(x, b0, c20);
		c21 = madd(x, b1, c21);
		x = v128.load32_splat(a3);
		c30 = madd(x, b0, c30);
		c31 = madd(x, b1, c31);
		x = v128.load32_splat(a4);
		c40 = madd(x, b0, c40);
		c41 = madd(x, b1, c41);
		x = v128.load32_splat(a5);
		c50 = madd(x, b0, c50);
		c51 = madd(x, b1, c51);
		b += 32;
		a0 += 4;
		a1 += 4;
		a2 += 4;
		a3 += 4;
		a4 += 4;
		a5 += 4;
	}
	put(c, c00, c01);
	put((c += ldc), c10, c11);
	put((c += ldc), c20, c21);
	put((c += ldc), c30, c31);
	put((c += ldc), c40, c41);
	put((c += ldc), c50, c51);
}

/** 4 rows by 8 columns. */
export function tile4(K: i32, a0: usize, lda: usize, b: usize, c: usize, ldc: usize, add: bool): void {
	const zero = f32x4.splat(0);
	let c00 = zero, c01 = zero, c10 = zero, c11 = zero;
	let c20 = zero, c21 = zero, c30 = zero, c31 = zero;
	if (add) {
		c00 = v128.load(c);
		c01 = v128.load(c, 16);
		c10 = v128.load(c + ldc);
		c11 = v128.load(c + ldc, 16);
		c20 = v128.load(c + 2 * ldc);
		c21 = v128.load(c + 2 * ldc, 16);
		c30 = v128.load(c + 3 * ldc);
		c31 = v128.load(c + 3 * ldc, 16);
	}
	let a1 = a0 + lda, a2 = a1 + lda, a3 = a2 + lda;
	const end = b + (<usize>K << 5);
	let x: v128, b0: v128, b1: v128;
	while (b < end) {
		b0 = v128.load(b);
		b1 = v128.load(b, 16);
		x = v128.load32_splat(a0);
		c00 = madd(x, b0, c00);
		c01 = madd(x, b1, c01);
		x = v128.load32_splat(a1);
		c10 = madd(x, b0, c10);
		c11 = madd(x, b1, c11);
		x = v128.load32_splat(a2);
		c20 = madd(x, b0, c20);
		c21 = madd(x, b1, c21);
		x = v128.load32_splat(a3);
		c30 = madd(x, b0, c30);
		c31 = madd(x, b1, c31);
		b += 32;
		a0 += 4;
		a1 += 4;
		a2 += 4;
		a3 += 4;
	}
	put(c, c00, c01);
	put((c += ldc), c10, c11);
	put((c += ldc), c20, c21);
	put((c += ldc), c30, c31);
}

/** 1 row by 32 columns of four neighbouring panels, `panel` bytes apart: enough chains to hide the latency of a multiply-add. */
export function tile1x32(K: i32, a: usize, b: usize, panel: usize, c: usize, add: bool): void {
	const zero = f32x4.splat(0);
	let c0 = zero, c1 = zero, c2 = zero, c3 = zero, c4 = zero, c5 = zero, c6 = zero, c7 = zero;
	if (add) {
		c0 = v128.load(c);
		c1 = v128.load(c, 16);
		c2 = v128.load(c, 32);
		c3 = v128.load(c, 48);
		c4 = v128.load(c, 64);
		c5 = v128.load(c, 80);
		c6 = v128.load(c, 96);
		c7 = v128.load(c, 112);
	}
	let second = b + panel, third = second + panel, fourth = third + panel;
	const end = b + (<usize>K << 5);
	let x: v128;
	while (b < end) {
		x = v128.load32_splat(a);
		c0 = madd(x, v128.load(b), c0);
		c1 = madd(x, v128.load(b, 16), c1);
		c2 = madd(x, v128.load(second), c2);
		c3 = madd(x, v128.load(second, 16), c3);
		c4 = madd(x, v128.load(third), c4);
		c5 = madd(x, v128.load(third, 16), c5);
		c6 = madd(x, v128.load(fourth), c6);
		c7 = madd(x, v128.load(fourth, 16), c7);
		a += 4;
		b += 32;
		second += 32;
		third += 32;
		fourth += 32;
	}
	put(c, c0, c1);
	put(c + 32, c2, c3);
	put(c + 64, c4, c5);
	put(c + 96, c6, c7);
}

/** 1 row by 8 columns. */
export function tile1(K: i32, a: usize, b: usize, c: usize, add: bool): void {
	let c0 = f32x4.splat(0), c1 = f32x4.splat(0);
	if (add) {
		c0 = v128.load(c);
		c1 = v128.load(c, 16);
	}
	const end = b + (<usize>K << 5);
	let x: v128;
	while (b < end) {
		x = v128.load32_splat(a);
		c0 = madd(x, v128.load(b), c0);
		c1 = madd(x, v128.load(b, 16), c1);
		a += 4;
		b += 32;
	}
	put(c, c0, c1);
}
