/**
 * Allocates in a WebAssembly memory: best fit over a list of free blocks that are joined when freed. The memory grows only by what
 * is missing, and never shrinks, so what is freed is used again.
 */
import { StudioError } from '../../../src/protocol/errors';

/** Of every block: a cache line, and whole vectors to its end, so that kernels may run over their last number. */
const ALIGNMENT = 64;
const PAGE = 65_536;
/** The kernels' own constants lie below. */
export const HEAP_START = 8192;

/** Most a 32-bit memory is asked to hold; a little less than browsers allow. */
export const DEFAULT_MEMORY_LIMIT = 2 ** 31;

interface Block {
	start: number;
	size: number;
}

/** Of one memory, in bytes. */
export interface MemoryUse {
	allocated: number;
	/** In blocks now. */
	inUse: number;
	/** The most that was in blocks at one time since the models last changed; the next pass uses it again. */
	busiest: number;
}

/** What `bytes` take in blocks. */
export function roundedUp(bytes: number): number {
	return Math.ceil(Math.max(1, bytes) / ALIGNMENT) * ALIGNMENT;
}

export class Heap {
	readonly memory: WebAssembly.Memory;
	readonly #limit: number;
	/** By start. */
	#free: Block[] = [];
	readonly #used = new Map<number, number>();
	#end = HEAP_START;
	#inUse = 0;
	#busiest = 0;

	constructor(limit = DEFAULT_MEMORY_LIMIT) {
		this.#limit = Math.max(2 * PAGE, Math.min(limit, DEFAULT_MEMORY_LIMIT));
		this.memory = new WebAssembly.Memory({
			initial: 1,
			maximum: Math.floor(this.#limit / PAGE)
		});
	}

	get use(): MemoryUse {
		return {
			allocated: this.memory.buffer.byteLength,
			inUse: this.#inUse,
			busiest: this.#busiest
		};
	}

	forgetBusiest(): void {
		this.#busiest = this.#inUse;
	}

	/** Address of a new block; its content is whatever was there. @throws StudioError 'out-of-memory' */
	alloc(bytes: number): number {
		const size = roundedUp(bytes);
		const start = this.#takeFree(size) ?? this.#takeNew(size);
		this.#used.set(start, size);
		this.#inUse += size;
		this.#busiest = Math.max(this.#busiest, this.#inUse);
		return start;
	}

	free(address: number): void {
		const size = this.#used.get(address);
		if (size === undefined) {
			throw new Error(`No block at ${address}`);
		}
		this.#used.delete(address);
		this.#inUse -= size;
		const at = this.#free.findIndex(({ start }) => start > address);
		this.#free.splice(at === -1 ? this.#free.length : at, 0, { start: address, size });
		this.#join();
	}

	/** Views are of the memory as it is now: growing it empties them. */
	floats(address: number, count: number): Float32Array<ArrayBuffer> {
		return new Float32Array(this.memory.buffer, address, count);
	}

	doubles(address: number, count: number): Float64Array<ArrayBuffer> {
		return new Float64Array(this.memory.buffer, address, count);
	}

	ints(address: number, count: number): Int32Array<ArrayBuffer> {
		return new Int32Array(this.memory.buffer, address, count);
	}

	#takeFree(size: number): number | null {
		let best: Block | null = null;
		for (const block of this.#free) {
			if (block.size >= size && (best === null || block.size < best.size)) {
				best = block;
			}
		}
		if (!best) {
			return null;
		}
		const { start } = best;
		best.start += size;
		best.size -= size;
		if (best.size === 0) {
			this.#free.splice(this.#free.indexOf(best), 1);
		}
		return start;
	}

	/** At the end of the memory, starting in a free block that reaches there. */
	#takeNew(size: number): number {
		const last = this.#free.at(-1);
		const start = last && last.start + last.size === this.#end ? last.start : this.#end;
		const missing = start + size - this.memory.buffer.byteLength;
		if (missing > 0) {
			this.#grow(missing, size);
		}
		if (start !== this.#end) {
			this.#free.pop();
		}
		this.#end = start + size;
		return start;
	}

	#grow(missing: number, size: number): void {
		try {
			this.memory.grow(Math.ceil(missing / PAGE));
		} catch (cause) {
			throw new StudioError(
				'out-of-memory',
				`${size} bytes more were asked for; ${this.#inUse} of at most ${this.#limit} are in use.`,
				{ cause, detail: { bytes: this.#inUse + size, limit: this.#limit } }
			);
		}
	}

	#join(): void {
		const joined: Block[] = [];
		for (const block of this.#free) {
			const last = joined.at(-1);
			if (last && last.start + last.size === block.start) {
				last.size += block.size;
			} else {
				joined.push(block);
			}
		}
		this.#free = joined;
	}
}

/** Blocks that are freed together. */
export class Scope {
	readonly #heap: Heap;
	readonly #blocks: number[] = [];

	constructor(heap: Heap) {
		this.#heap = heap;
	}

	floats(count: number): number {
		return this.#keep(this.#heap.alloc(count * 4));
	}

	doubles(count: number): number {
		return this.#keep(this.#heap.alloc(count * 8));
	}

	/** A block that holds a copy of `values`. */
	ints(values: Int32Array): number {
		const address = this.#keep(this.#heap.alloc(values.byteLength));
		this.#heap.ints(address, values.length).set(values);
		return address;
	}

	/** A block that holds a copy of `values`. */
	copyOf(values: Float32Array): number {
		const address = this.floats(values.length);
		this.#heap.floats(address, values.length).set(values);
		return address;
	}

	free(): void {
		for (const block of this.#blocks.splice(0)) {
			this.#heap.free(block);
		}
	}

	#keep(address: number): number {
		this.#blocks.push(address);
		return address;
	}
}

/** Runs `work` with a scope that ends with it. */
export function withScope<T>(heap: Heap, work: (scope: Scope) => T): T {
	const scope = new Scope(heap);
	try {
		return work(scope);
	} finally {
		scope.free();
	}
}
