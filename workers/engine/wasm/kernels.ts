/** The kernels in a memory: which of the two binaries this machine can use, and one instance of it. */
import { StudioError } from '../../../src/protocol/errors';
import { HEAP_START, Heap } from './heap';
import type { KernelExports } from './kernel-exports';

/** `relaxed` uses fused multiply-adds (relaxed SIMD), `simd` none. */
export type SimdLevel = 'simd' | 'relaxed';

export type KernelModules = { simd: WebAssembly.Module; relaxed: WebAssembly.Module | null };

/** Smallest modules that need the instructions: a vector constant dropped, and the multiply-add below. */
const SIMD_PROBE = Uint8Array.of(
	...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00],
	...[0x03, 0x02, 0x01, 0x00, 0x0a, 0x09, 0x01, 0x07, 0x00],
	// i32.const 0; i8x16.splat; drop; end
	...[0x41, 0x00, 0xfd, 0x0f, 0x1a, 0x0b]
);

/**
 * (a: f32, b: f32, c: f32) -> f32: the first lane of f32x4.relaxed_madd(a, b, c).
 * Whether it rounds once or twice is the machine's choice, which is why it is called and not only validated.
 */
const RELAXED_PROBE = Uint8Array.of(
	...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
	...[0x01, 0x08, 0x01, 0x60, 0x03, 0x7d, 0x7d, 0x7d, 0x01, 0x7d],
	...[0x03, 0x02, 0x01, 0x00],
	...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
	...[0x0a, 0x16, 0x01, 0x14, 0x00],
	// local.get 0..2, each splatted
	...[0x20, 0x00, 0xfd, 0x13, 0x20, 0x01, 0xfd, 0x13, 0x20, 0x02, 0xfd, 0x13],
	// f32x4.relaxed_madd; f32x4.extract_lane 0; end
	...[0xfd, 0x85, 0x02, 0xfd, 0x1f, 0x00, 0x0b]
);

export function hasSimd(): boolean {
	return typeof WebAssembly !== 'undefined' && WebAssembly.validate(SIMD_PROBE);
}

/** Relaxed SIMD with a multiply-add that rounds once. One that rounds twice gains nothing and would give other bits than its name says. */
export async function hasFusedMultiplyAdd(): Promise<boolean> {
	if (!WebAssembly.validate(RELAXED_PROBE)) {
		return false;
	}
	const { instance } = await WebAssembly.instantiate(RELAXED_PROBE);
	const madd = instance.exports['f'] as (a: number, b: number, c: number) => number; // as written above
	const a = 1 + 2 ** -12;
	// a * a = 1 + 2^-11 + 2^-24; float32 drops the last term, one rounding keeps it.
	return madd(a, a, -(1 + 2 ** -11)) === 2 ** -24;
}

/** Both binaries, or the plain one where the other cannot be used. @throws StudioError 'backend-failed' without SIMD */
export async function compileModules(
	read: (level: SimdLevel) => Promise<BufferSource>
): Promise<KernelModules> {
	if (!hasSimd()) {
		throw new StudioError('backend-failed', 'This browser has no WebAssembly SIMD.');
	}
	const [simd, relaxed] = await Promise.all([
		read('simd').then((bytes) => WebAssembly.compile(bytes)),
		hasFusedMultiplyAdd().then(async (isFused) =>
			isFused ? WebAssembly.compile(await read('relaxed')) : null
		)
	]);
	return { simd, relaxed };
}

export class Kernels {
	readonly heap: Heap;
	readonly #modules: KernelModules;
	#level: SimdLevel;
	#run: KernelExports;

	constructor(modules: KernelModules, level: SimdLevel, memoryLimit?: number) {
		this.heap = new Heap(memoryLimit);
		this.#modules = modules;
		this.#level = level;
		this.#run = this.#instantiate(level);
	}

	get level(): SimdLevel {
		return this.#level;
	}

	get run(): KernelExports {
		return this.#run;
	}

	/** Go over to the other binary, on the same memory. */
	use(level: SimdLevel): void {
		if (level !== this.#level) {
			this.#run = this.#instantiate(level);
			this.#level = level;
		}
	}

	#instantiate(level: SimdLevel): KernelExports {
		const module = this.#modules[level];
		if (!module) {
			throw new StudioError('backend-failed', `This machine cannot run the ${level} kernels.`);
		}
		const { exports } = new WebAssembly.Instance(module, { env: { memory: this.heap.memory } });
		const run = exports as unknown as KernelExports; // compiled from kernels/index.ts, which exports these
		if (run.constantsEnd() > HEAP_START) {
			throw new Error(`The kernels’ constants end at ${run.constantsEnd()}, beyond ${HEAP_START}`);
		}
		return run;
	}
}
