/** One WebAssembly kernel against plain float64 loops: blocks in its memory, and the largest difference over the largest magnitude. */
import { Random } from '../../src/core/random';
import { Scope } from '../../workers/engine/wasm/heap';
import type { Kernels } from '../../workers/engine/wasm/kernels';

export interface KernelCase {
	name: string;
	limit: number;
	difference: (kernels: Kernels) => number;
}

export const LIMIT = 2e-5;
/** Inner sizes of 1,024 and more. */
export const LONG_LIMIT = 1e-4;

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
export class Bench {
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

export function kernelCase(
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

export const paddedTo8 = (n: number) => Math.ceil(n / 8) * 8;
