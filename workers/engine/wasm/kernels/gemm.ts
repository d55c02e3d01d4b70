// The matrix product and the packing that feeds it (Goto & van de Geijn 2008, simplified: A is read where it lies).
import { tile1, tile1x32, tile4, tile6 } from './tiles';

/** Rows of the main tile: with a fused multiply-add six fit the registers, without one four are faster. */
export const MAIN_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
/** Inner length of one block: a panel (16 KiB) and the tile's rows of A stay in the first-level cache. */
const INNER: i32 = 512;
/** Rows of A that stay in the second-level cache while the panels go by. */
const ROWS: i32 = 252;

/** One row of a tile at the right edge, of which some columns are not C's. Those hold what was there, and are never read. */
const edge: usize = memory.data(32, 16);

/**
 * C[M,N] = A[M,K] B, or C += A B with `add`. A and C row-major with strides in bytes; B in panels of eight columns, [N/8][panelK][8],
 * zeros beyond N; K <= panelK.
 */
export function gemm(
	M: i32, N: i32, K: i32, a: usize, lda: usize, b: usize, panelK: i32, c: usize, ldc: usize,
	add: bool
): void {
	const panel = <usize>panelK << 5;
	for (let k = 0; k < K; k += INNER) {
		const inner = min(INNER, K - k);
		const isAdding = add || k > 0;
		for (let m = 0; m < M; m += ROWS) {
			const rows = min(ROWS, M - m);
			block(
				rows, N, inner,
				a + <usize>m * lda + (<usize>k << 2), lda, b + (<usize>k << 5), panel, c + <usize>m * ldc, ldc, isAdding
			);
		}
	}
}

function block(
	M: i32, N: i32, K: i32, a: usize, lda: usize, b: usize, panel: usize, c: usize, ldc: usize,
	add: bool
): void {
	const whole = N & ~7;
	const sixes = MAIN_ROWS === 6 ? M - (M % 6) : 0;
	const fours = sixes + ((M - sixes) & ~3);
	if (fours > 0) {
		let from = b;
		for (let n = 0; n < whole; n += 8) {
			let at = a;
			let to = c + (<usize>n << 2);
			for (let m = 0; m < sixes; m += 6) {
				tile6(K, at, lda, from, to, ldc, add);
				at += 6 * lda;
				to += 6 * ldc;
			}
			for (let m = sixes; m < fours; m += 4) {
				tile4(K, at, lda, from, to, ldc, add);
				at += 4 * lda;
				to += 4 * ldc;
			}
			from += panel;
		}
	}
	for (let m = fours; m < M; m++) {
		const at = a + <usize>m * lda;
		const to = c + <usize>m * ldc;
		let n = 0;
		for (; n + 32 <= whole; n += 32) {
			tile1x32(K, at, b + <usize>(n >> 3) * panel, panel, to + (<usize>n << 2), add);
		}
		for (; n < whole; n += 8) {
			tile1(K, at, b + <usize>(n >> 3) * panel, to + (<usize>n << 2), add);
		}
	}
	if (whole < N) {
		const from = b + <usize>(whole >> 3) * panel;
		const bytes = <usize>(N - whole) << 2;
		for (let m = 0; m < M; m++) {
			const to = c + <usize>m * ldc + (<usize>whole << 2);
			memory.copy(edge, to, bytes);
			tile1(K, a + <usize>m * lda, from, edge, add);
			memory.copy(to, edge, bytes);
		}
	}
}

/** Transpose a 4 by 4 block from four rows at `from` into four rows at `to`. */
@inline
function turn4(from: usize, lds: usize, to: usize, ldd: usize): void {
	const r0 = v128.load(from);
	const r1 = v128.load(from + lds);
	const r2 = v128.load(from + 2 * lds);
	const r3 = v128.load(from + 3 * lds);
	const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
	const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
	const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
	const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
	v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
	v128.store(to + ldd, v128.shuffle<i64>(low01, low23, 1, 3));
	v128.store(to + 2 * ldd, v128.shuffle<i64>(high01, high23, 0, 2));
	v128.store(to + 3 * ldd, v128.shuffle<i64>(high01, high23, 1, 3));
}

/** to[j][i] = from[i][j] for a [rows, columns] matrix; strides in bytes. */
export function transpose(rows: i32, columns: i32, from: usize, lds: usize, to: usize, ldd: usize): void {
	const wholeRows = rows & ~3;
	const wholeColumns = columns & ~3;
	for (let i = 0; i < wholeRows; i += 4) {
		for (let j = 0; j < wholeColumns; j += 4) {
			turn4(from + <usize>i * lds + (<usize>j << 2), lds, to + <usize>j * ldd + (<usize>i << 2), ldd);
		}
	}
	for (let i = 0; i < rows; i++) {
		for (let j = i < wholeRows ? wholeColumns : 0; j < columns; j++) {
			store<f32>(to + <usize>j * ldd + (<usize>i << 2), load<f32>(from + <usize>i * lds + (<usize>j << 2)));
		}
	}
}

/** Panels of the transpose of a row-major [N,K] matrix (B[k][n] = from[n][k]): how weights [out,in] enter the forward product. */
export function packRows(N: i32, K: i32, from: usize, lds: usize, to: usize): void {
	for (let n = 0; n < N; n += 8) {
		const columns = min(8, N - n);
		if (columns < 8) {
			memory.fill(to, 0, <usize>K << 5);
		}
		transpose(columns, K, from, lds, to, 32);
		from += 8 * lds;
		to += <usize>K << 5;
	}
}

/** Panels of a row-major [K,N] matrix, `panelK` steps apart. */
export function packColumns(K: i32, N: i32, from: usize, lds: usize, to: usize, panelK: i32): void {
	for (let n = 0; n < N; n += 8) {
		const columns = min(8, N - n);
		let row = from + (<usize>n << 2);
		let at = to;
		if (columns === 8) {
			for (let k = 0; k < K; k++) {
				v128.store(at, v128.load(row));
				v128.store(at, v128.load(row, 16), 16);
				row += lds;
				at += 32;
			}
		} else {
			for (let k = 0; k < K; k++) {
				for (let i = 0; i < 8; i++) {
					store<f32>(at + (<usize>i << 2), i < columns ? load<f32>(row + (<usize>i << 2)) : 0);
				}
				row += lds;
				at += 32;
			}
		}
		to += <usize>panelK << 5;
	}
}
