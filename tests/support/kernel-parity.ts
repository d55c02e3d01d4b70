/**
 * Every WebAssembly kernel against plain float64 loops, on shapes with ragged edges. Shared by Node (plain SIMD) and the browser (both
 * binaries). A case gives the largest difference over the largest magnitude.
 */
import { LIMIT, LONG_LIMIT, kernelCase, normals, paddedTo8, type KernelCase } from './kernel-case';
import { adamw, embedding, tokenCases } from './kernel-parity-tokens';

type Matrix = (i: number, k: number) => number;

function product(M: number, N: number, K: number, a: Matrix, b: Matrix): Float64Array {
	const c = new Float64Array(M * N);
	for (let i = 0; i < M; i++) {
		for (let j = 0; j < N; j++) {
			for (let k = 0; k < K; k++) {
				c[i * N + j] = (c[i * N + j] ?? 0) + a(i, k) * b(k, j);
			}
		}
	}
	return c;
}

const at =
	(values: Float64Array, ld: number): Matrix =>
	(i, k) =>
		values[i * ld + k] ?? NaN;

const turned =
	(m: Matrix): Matrix =>
	(i, k) =>
		m(k, i);

/** X W^T, dY W and dY^T X as the engine computes them, the last one added to what is there. */
function products(M: number, N: number, K: number): KernelCase {
	return kernelCase(
		`matrix products ${M} x ${N} x ${K}`,
		K >= 1024 ? LONG_LIMIT : LIMIT,
		(b, r) => {
			const [a, rows, columns] = [normals(r, M * K), normals(r, N * K), normals(r, K * N)];
			const start = normals(r, M * N);
			const panels = b.blank(paddedTo8(N) * K);
			const c = b.blank(M * N);
			b.run.packRows(N, K, b.put(rows), K * 4, panels);
			b.run.gemm(M, N, K, b.put(a), K * 4, panels, K, c, N * 4, 0);
			const first = b.get(c, M * N);
			b.run.packColumns(K, N, b.put(columns), N * 4, panels, K);
			const sum = b.put(start);
			b.run.gemm(M, N, K, b.put(a), K * 4, panels, K, sum, N * 4, 1);
			const added = product(M, N, K, at(a, K), at(columns, N)).map((x, i) => x + (start[i] ?? 0));
			// A^T in memory, turned before it is multiplied.
			const inColumns = Float64Array.from({ length: M * K }, (_, i) =>
				at(a, K)(i % M, Math.floor(i / M))
			);
			const back = b.blank(M * K);
			b.run.transpose(K, M, b.put(inColumns), M * 4, back, K * 4);
			return [
				[first, product(M, N, K, at(a, K), turned(at(rows, K)))],
				[b.get(sum, M * N), added],
				[b.get(back, M * K), a]
			];
		}
	);
}

function norms(rows: number, d: number): KernelCase {
	return kernelCase(`RMS norm and its gradient ${rows} x ${d}`, LIMIT, (b, r) => {
		const [x, gain, dy, dx] = [
			normals(r, rows * d),
			normals(r, d),
			normals(r, rows * d),
			normals(r, rows * d)
		];
		const eps = Math.fround(1e-5);
		const scale = Array.from({ length: rows }, (_, i) => {
			const row = x.subarray(i * d, (i + 1) * d);
			return 1 / Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / d + eps);
		});
		const unit = x.map((v, n) => v * (scale[Math.floor(n / d)] ?? NaN));
		const dGain = new Float64Array(d);
		const expected = dx.slice();
		for (let i = 0; i < rows; i++) {
			let along = 0;
			for (let j = 0; j < d; j++) {
				const n = i * d + j;
				along += ((dy[n] ?? NaN) * (gain[j] ?? NaN) * (unit[n] ?? NaN)) / d;
				dGain[j] = (dGain[j] ?? 0) + (dy[n] ?? NaN) * (unit[n] ?? NaN);
			}
			for (let j = 0; j < d; j++) {
				const n = i * d + j;
				expected[n] =
					(expected[n] ?? 0) +
					(scale[i] ?? NaN) * ((dy[n] ?? NaN) * (gain[j] ?? NaN) - (unit[n] ?? NaN) * along);
			}
		}
		const [y, scales, again] = [b.blank(rows * d), b.blank(rows), b.blank(rows * d)];
		const [xAt, gainAt, dxAt] = [b.put(x), b.put(gain), b.put(dx)];
		const dGainAt = b.put(new Float64Array(d));
		b.run.rmsNorm(rows, d, xAt, gainAt, 1e-5, y, scales);
		b.run.applyNorm(rows, d, xAt, gainAt, scales, again);
		b.run.rmsNormGradient(rows, d, xAt, gainAt, scales, b.put(dy), dxAt, dGainAt);
		const normed = unit.map((v, n) => v * (gain[n % d] ?? NaN));
		return [
			[b.get(y, rows * d), normed],
			[b.get(again, rows * d), normed],
			[b.get(dxAt, rows * d), expected],
			[b.get(dGainAt, d), dGain]
		];
	});
}

function rotations(rows: number, heads: number, hd: number): KernelCase {
	return kernelCase(`rotary positions ${rows} x ${heads} x ${hd}`, LIMIT, (b, r) => {
		const half = hd / 2;
		const x = normals(r, rows * heads * hd);
		const positions = Array.from({ length: rows }, (_, i) => (i * 7) % 11);
		const table = (f: (angle: number) => number) =>
			Float64Array.from({ length: 11 * half }, (_, i) =>
				Math.fround(f(Math.floor(i / half) * 10_000 ** (-(i % half) / half)))
			);
		const [cos, sin] = [table(Math.cos), table(Math.sin)];
		const expected = x.map((v, n) => {
			const i = n % hd;
			const k = (positions[Math.floor(n / (heads * hd))] ?? NaN) * half + (i % half);
			const other = i < half ? -(x[n + half] ?? NaN) : (x[n - half] ?? NaN);
			return v * (cos[k] ?? NaN) + other * (sin[k] ?? NaN);
		});
		const xAt = b.put(x);
		const turn = (direction: number) =>
			b.run.rotate(rows, heads, hd, xAt, b.ints(positions), b.put(cos), b.put(sin), direction);
		turn(1);
		const turnedOnce = b.get(xAt, x.length);
		turn(-1);
		return [
			[turnedOnce, expected],
			[b.get(xAt, x.length), x]
		];
	});
}

function gates(n: number): KernelCase {
	return kernelCase(`SwiGLU and its gradient ${n}`, LIMIT, (b, r) => {
		const [gate, up, dy] = [normals(r, n, 3), normals(r, n), normals(r, n)];
		// Far ends, where e^x under- and overflows float32.
		gate.set([-100, -88, 88, 100, 0]);
		const s = gate.map((g) => 1 / (1 + Math.exp(-g)));
		const out = gate.map((g, i) => g * (s[i] ?? NaN) * (up[i] ?? NaN));
		const dGate = gate.map((g, i) => {
			const sig = s[i] ?? NaN;
			return (dy[i] ?? NaN) * (up[i] ?? NaN) * (sig + g * sig * (1 - sig));
		});
		const dUp = gate.map((g, i) => (dy[i] ?? NaN) * g * (s[i] ?? NaN));
		const [gateAt, upAt, dyAt, outAt] = [b.put(gate), b.put(up), b.put(dy), b.blank(n)];
		b.run.swiGlu(n, gateAt, upAt, outAt);
		b.run.swiGluGradient(n, gateAt, upAt, dyAt);
		return [
			[b.get(outAt, n), out],
			[b.get(gateAt, n), dGate],
			[b.get(upAt, n), dUp],
			[b.get(dyAt, n), out]
		];
	});
}

interface Heads {
	probabilities: Float64Array;
	o: Float64Array;
}

function plainAttention(
	T: number,
	hd: number,
	q: Float64Array,
	k: Float64Array,
	v: Float64Array
): Heads {
	const probabilities = new Float64Array(T * T);
	for (let i = 0; i < T; i++) {
		const e = Array.from({ length: i + 1 }, (_, j) => {
			let dot = 0;
			for (let c = 0; c < hd; c++) {
				dot += (q[i * hd + c] ?? NaN) * (k[j * hd + c] ?? NaN);
			}
			return Math.exp(dot / Math.sqrt(hd));
		});
		const sum = e.reduce((x, y) => x + y, 0);
		e.forEach((x, j) => (probabilities[i * T + j] = x / sum));
	}
	return { probabilities, o: product(T, hd, T, at(probabilities, T), at(v, hd)) };
}

function attentions(T: number, hd: number): KernelCase {
	return kernelCase(`attention, cached and its gradient ${T} x ${hd}`, LIMIT, (b, r) => {
		const [q, k, v, dO] = [0, 1, 2, 3].map(() => normals(r, T * hd)) as [
			Float64Array,
			Float64Array,
			Float64Array,
			Float64Array
		];
		const { probabilities, o } = plainAttention(T, hd, q, k, v);
		const scale = 1 / Math.sqrt(hd);
		const dP = product(T, T, hd, at(dO, hd), turned(at(v, hd)));
		const dS = dP.map((x, n) => {
			const i = Math.floor(n / T);
			let along = 0;
			for (let j = 0; j < T; j++) {
				along += (dP[i * T + j] ?? NaN) * (probabilities[i * T + j] ?? NaN);
			}
			return (probabilities[n] ?? NaN) * (x - along) * scale;
		});
		const expected = {
			dQ: product(T, hd, T, at(dS, T), at(k, hd)),
			dK: product(T, hd, T, turned(at(dS, T)), at(q, hd)),
			dV: product(T, hd, T, turned(at(probabilities, T)), at(dO, hd))
		};
		const capacity = paddedTo8(T);
		const ld = hd * 4;
		const kPanels = b.blank(capacity * hd);
		const vPanels = b.blank(T * paddedTo8(hd));
		const [qAt, kAt, vAt, dOAt] = [q, k, v, dO].map((x) => b.put(x)) as [
			number,
			number,
			number,
			number
		];
		b.run.packRows(T, hd, kAt, ld, kPanels);
		b.run.packColumns(T, hd, vAt, ld, vPanels, T);
		const [oAt, lse, scores] = [b.blank(T * hd), b.blank(T), b.blank(8 * capacity)];
		b.run.attend(T, hd, qAt, ld, kPanels, vPanels, T, oAt, ld, lse, scale, scores);
		const [dQ, dK, dV] = [b.blank(T * hd), b.blank(T * hd), b.blank(T * hd)];
		const scratch = b.blank(b.run.attendGradientScratch(T, hd));
		b.run.attendGradient(
			...([T, hd, qAt, ld, kAt, vAt, ld, oAt, dOAt, ld, lse, scale] as const),
			...([dQ, ld, dK, dV, ld, 0, scratch] as const)
		);
		// The last query once more, over a cache that was filled one position at a time.
		const [keys, values] = [b.blank(capacity * hd), b.blank(capacity * paddedTo8(hd))];
		const slot = b.ints([0]);
		const last = b.blank(hd);
		for (let t = 0; t < T; t++) {
			const here = b.ints([t]);
			b.run.appendToCache(1, 1, hd, kAt + t * ld, vAt + t * ld, slot, here, keys, values, capacity);
		}
		b.run.attendCache(
			...([1, 1, 1, hd, qAt + (T - 1) * ld, slot, b.ints([T - 1])] as const),
			...([keys, values, capacity, last, scale, scores] as const)
		);
		const fromCache = b.get(last, hd);
		const full = b.get(oAt, T * hd);
		const isSame = fromCache.every((x, i) => x === full[(T - 1) * hd + i]);
		return [
			[full, o],
			[[Number(isSame)], [1]],
			[b.get(dQ, T * hd), expected.dQ],
			[b.get(dK, T * hd), expected.dK],
			[b.get(dV, T * hd), expected.dV]
		];
	});
}

export const KERNEL_CASES: readonly KernelCase[] = [
	products(1, 1, 1),
	products(3, 5, 7),
	products(6, 8, 16),
	products(7, 33, 12),
	products(13, 40, 129),
	products(64, 128, 128),
	products(260, 24, 100),
	products(17, 31, 1100),
	norms(5, 32),
	norms(3, 7),
	norms(40, 192),
	rotations(9, 3, 8),
	rotations(4, 2, 6),
	rotations(5, 4, 32),
	gates(64),
	gates(333),
	attentions(2, 8),
	attentions(5, 4),
	attentions(13, 32),
	attentions(64, 32),
	attentions(67, 6),
	tokenCases(3, 5),
	tokenCases(4, 64),
	tokenCases(7, 130),
	tokenCases(5, 2048),
	adamw,
	embedding
];
