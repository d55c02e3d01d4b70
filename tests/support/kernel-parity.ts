/**
 * Every WebAssembly kernel against plain float64 loops, on shapes with ragged edges. Shared by Node (plain SIMD) and the browser (both
 * binaries). A case gives the largest difference over the largest magnitude.
 */
import { ADAM_BETA1, ADAM_BETA2, ADAM_EPSILON, adamwUpdate } from '../../src/core/methods/adamw';
import { sampleRow, tokenScore } from '../../src/core/methods/log-prob';
import { Random } from '../../src/core/random';
import { Scope } from '../../workers/engine/wasm/heap';
import type { Kernels } from '../../workers/engine/wasm/kernels';

interface KernelCase {
	name: string;
	limit: number;
	difference: (kernels: Kernels) => number;
}

const LIMIT = 2e-5;
/** Inner sizes of 1,024 and more. */
const LONG_LIMIT = 1e-4;

/** Numbers that float32 holds exactly, so that both sides start alike. */
export function normals(random: Random, count: number, scale = 1): Float64Array {
	return Float64Array.from({ length: count }, () => Math.fround(random.normal() * scale));
}

function relativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
	let worst = actual.length === expected.length ? 0 : Infinity;
	let magnitude = 0;
	for (let i = 0; i < expected.length; i++) {
		const difference = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
		worst = difference <= worst ? worst : difference;
		magnitude = Math.max(magnitude, Math.abs(expected[i] ?? NaN));
	}
	return worst / magnitude;
}

/** Blocks of one case: float64 in, addresses to the kernel, float32 out. */
class Bench {
	readonly #kernels: Kernels;
	readonly #scope: Scope;

	constructor(kernels: Kernels) {
		this.#kernels = kernels;
		this.#scope = new Scope(kernels.heap);
	}

	get run() {
		return this.#kernels.run;
	}

	put(values: Float64Array): number {
		return this.#scope.copyOf(Float32Array.from(values));
	}

	wide(values: Float64Array): number {
		const address = this.#scope.doubles(values.length);
		this.#kernels.heap.doubles(address, values.length).set(values);
		return address;
	}

	ints(values: readonly number[]): number {
		return this.#scope.ints(Int32Array.from(values));
	}

	/** A block full of NaN: a kernel that does not write it is found out. */
	blank(count: number): number {
		return this.put(new Float64Array(count).fill(NaN));
	}

	get(address: number, count: number): Float64Array {
		return Float64Array.from(this.#kernels.heap.floats(address, count));
	}

	getWide(address: number, count: number): Float64Array {
		return this.#kernels.heap.doubles(address, count).slice();
	}

	getInts(address: number, count: number): number[] {
		return Array.from(this.#kernels.heap.ints(address, count));
	}

	end(): void {
		this.#scope.free();
	}
}

function kernelCase(
	name: string,
	limit: number,
	work: (bench: Bench, random: Random) => [ArrayLike<number>, ArrayLike<number>][]
): KernelCase {
	return {
		name,
		limit,
		difference: (kernels) => {
			const bench = new Bench(kernels);
			const pairs = work(bench, new Random(name.length));
			const worst = pairs.map(([actual, expected]) => relativeDifference(actual, expected));
			bench.end();
			return Math.max(...worst);
		}
	};
}

const paddedTo8 = (n: number) => Math.ceil(n / 8) * 8;

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

const TEMPERATURE = 0.7;

function tokenCases(rows: number, V: number): KernelCase {
	return kernelCase(
		`token statistics, gradient and draw ${rows} x ${V}`,
		V >= 1024 ? LONG_LIMIT : LIMIT,
		(b, r) => {
			const z = normals(r, rows * V, 2);
			const ld = paddedTo8(V);
			const padded = new Float64Array(rows * ld);
			const targets = Array.from({ length: rows }, () => r.int(V));
			for (let i = 0; i < rows; i++) {
				padded.set(z.subarray(i * V, (i + 1) * V), i * ld);
			}
			const [dLogProb, dEntropy] = [normals(r, rows), normals(r, rows)];
			const scores = targets.map((id, i) => tokenScore(z, i * V, V, TEMPERATURE, id));
			const gradient = (byEntropy: Float64Array) =>
				z.map((_, n) => {
					const [i, j] = [Math.floor(n / V), n % V];
					const { logProb } = tokenScore(z, i * V, V, TEMPERATURE, j);
					const p = Math.exp(logProb);
					const isTarget = Number(j === targets[i]);
					const dH = -p * (logProb + (scores[i]?.entropy ?? NaN));
					return ((dLogProb[i] ?? NaN) * (isTarget - p) + (byEntropy[i] ?? NaN) * dH) / TEMPERATURE;
				});
			const unpadded = (address: number) => {
				const all = b.get(address, rows * ld);
				return z.map((_, n) => all[Math.floor(n / V) * ld + (n % V)] ?? NaN);
			};
			const inverse = 1 / TEMPERATURE;
			const ids = b.ints(targets);
			const zeros = new Float64Array(rows);
			const [logProb, entropy] = [b.wide(zeros), b.wide(zeros)];
			b.run.tokenStatistics(rows, V, b.put(padded), ld * 4, ids, inverse, logProb, entropy);
			const [plain, both] = [b.put(padded), b.put(padded)];
			b.run.tokenGradient(rows, V, plain, ld * 4, ids, inverse, b.put(dLogProb), 0);
			b.run.tokenGradient(rows, V, both, ld * 4, ids, inverse, b.put(dLogProb), b.put(dEntropy));
			const uniforms = Float64Array.from({ length: rows }, () => r.next());
			const [drawn, drawnLogProb, masses] = [
				b.ints(targets),
				b.wide(zeros),
				b.wide(new Float64Array(ld / 8))
			];
			const failed = b.run.drawTokens(
				...([rows, V, b.put(padded), ld * 4, inverse, b.wide(uniforms)] as const),
				...([drawn, drawnLogProb, masses] as const)
			);
			const draws = Array.from(uniforms, (u, i) =>
				sampleRow(z, i * V, V, u, { temperature: TEMPERATURE })
			);
			const largest = b.ints(targets);
			b.run.largestTokens(rows, V, b.put(padded), ld * 4, largest);
			const greedy = draws.map((_, i) => sampleRow(z, i * V, V, 0.5, { temperature: 0 }).id);
			return [
				[b.getWide(logProb, rows), scores.map((s) => s.logProb)],
				[b.getWide(entropy, rows), scores.map((s) => s.entropy)],
				[unpadded(plain), gradient(zeros)],
				[unpadded(both), gradient(dEntropy)],
				[[failed], [-1]],
				[b.getInts(drawn, rows), draws.map((d) => d.id)],
				[b.getWide(drawnLogProb, rows), draws.map((d) => d.logProb)],
				[b.getInts(largest, rows), greedy]
			];
		}
	);
}

const adamw = kernelCase('AdamW over several steps, squared norm', LIMIT, (b, r) => {
	const n = 77;
	const expected = {
		param: normals(r, n),
		m: new Float64Array(n),
		v: new Float64Array(n)
	};
	const [w, m, v] = [b.put(expected.param), b.put(expected.m), b.put(expected.v)];
	let norm = NaN;
	let squares = NaN;
	for (let step = 1; step <= 5; step++) {
		const grad = normals(r, n);
		const [lr, weightDecay, gradScale] = [0.01, 0.1, 0.5];
		adamwUpdate({ ...expected, grad, step, lr, weightDecay, gradScale });
		const g = b.put(grad);
		norm = grad.reduce((sum, x) => sum + x * x, 0);
		squares = b.run.sumSquares(n, g);
		b.run.adamw(
			...([
				n,
				w,
				g,
				m,
				v,
				gradScale,
				ADAM_BETA1,
				ADAM_BETA2,
				lr / (1 - ADAM_BETA1 ** step)
			] as const),
			...([1 / Math.sqrt(1 - ADAM_BETA2 ** step), ADAM_EPSILON, 1 - lr * weightDecay] as const)
		);
	}
	return [
		[b.get(w, n), expected.param],
		[b.get(m, n), expected.m],
		[b.get(v, n), expected.v],
		[[squares], [norm]]
	];
});

const embedding = kernelCase('embedding rows and their gradient', LIMIT, (b, r) => {
	const [V, d, ids] = [5, 7, [3, 0, 3, 4]];
	const [table, dy] = [normals(r, V * d), normals(r, ids.length * d)];
	const dTable = new Float64Array(V * d);
	ids.forEach((id, i) => {
		for (let j = 0; j < d; j++) {
			dTable[id * d + j] = (dTable[id * d + j] ?? 0) + (dy[i * d + j] ?? NaN);
		}
	});
	const [rows, sum] = [b.blank(ids.length * d), b.put(new Float64Array(V * d))];
	b.run.gatherRows(ids.length, d, b.put(table), b.ints(ids), rows);
	b.run.scatterAddRows(ids.length, d, b.put(dy), b.ints(ids), sum);
	const doubled = b.put(table);
	b.run.addInto(V * d, doubled, b.put(table));
	return [
		[
			b.get(rows, ids.length * d),
			ids.flatMap((id) => Array.from(table.subarray(id * d, (id + 1) * d)))
		],
		[b.get(sum, V * d), dTable],
		[b.get(doubled, V * d), table.map((x) => 2 * x)]
	];
});

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
