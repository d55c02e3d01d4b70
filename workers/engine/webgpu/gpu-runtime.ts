/**
 * Replays prepared command lists on the graphics device. Kernels and bind groups are made beforehand; a replay only sets them and dispatches,
 * which costs the thread well under a microsecond a kernel. Everything that happens is counted.
 */
import { StudioError } from '../../../src/protocol/errors';
import type { EngineOperation } from '../../../src/protocol/trainer';
import { EngineCounters } from '../counters';
import type { GpuContext } from '../gpu-device';
import { GpuMemory } from './gpu-memory';
import { KernelCache, type Kernel } from './kernel';

/** Workgroups in x, y, z; a zero anywhere skips the dispatch. */
export type Grid = readonly [x: number, y: number, z: number];

/** Three u32 that a kernel has written. */
export interface IndirectGrid {
	buffer: GPUBuffer;
	/** In bytes. */
	offset: number;
}

/** A whole buffer or a part of it. */
export interface BufferRange {
	buffer: GPUBuffer;
	/** In bytes. */
	offset?: number;
	size?: number;
}

export interface Command {
	readonly kernel: Kernel;
	readonly bindGroup: GPUBindGroup;
	/** Asked for at every replay, so that one list serves many sizes. */
	readonly grid: (() => Grid) | IndirectGrid;
}

export interface RunOptions {
	/** Dispatches in one submit; short submits keep the page's own drawing smooth. */
	perSubmit?: number;
	/** Copied after the last command and read in one go. */
	reads?: readonly Required<BufferRange>[];
}

export interface RuntimeOptions {
	/** Most bytes of logits at once; a large vocabulary takes its positions in parts. */
	logitsBytes?: number;
}

/** A vocabulary of 49,152 times 2,048 positions would not fit a binding everywhere. */
const LOGITS_BYTES = 64 * 2 ** 20;
/**
 * A submit costs this thread about as much as 20 dispatches, and the device is not idle between them; a submit of so many is over in
 * a few milliseconds with models that fit a browser tab.
 */
const DISPATCHES_PER_SUBMIT = 32;
/** No submit should hold the device longer: the page is drawn by the same device. */
const LONGEST_SUBMIT_MS = 50;
const TIMED_PASSES = 512;

export class GpuRuntime {
	readonly gpu: GpuContext;
	readonly memory: GpuMemory;
	readonly kernels: KernelCache;
	readonly logitsBytes: number;
	#counters: EngineCounters;
	readonly #timer: PassTimer | null;
	#staging: GPUBuffer | null = null;
	#perSubmit = DISPATCHES_PER_SUBMIT;
	#last: Promise<unknown> = Promise.resolve();

	constructor(gpu: GpuContext, o: RuntimeOptions = {}) {
		this.gpu = gpu;
		this.memory = new GpuMemory(gpu);
		this.logitsBytes = Math.min(o.logitsBytes ?? LOGITS_BYTES, this.memory.largestBinding);
		this.kernels = new KernelCache(gpu);
		const isTimed = gpu.has('timestamp-query');
		this.#counters = newCounters(isTimed);
		this.#timer = isTimed ? new PassTimer(gpu, this.memory) : null;
	}

	get counters(): EngineCounters {
		return this.#counters;
	}

	/** Runs tests and measurements that are no operation of a model. Nothing else may run beside them. */
	async uncounted<T>(work: () => Promise<T>): Promise<T> {
		const counters = this.#counters;
		this.#counters = newCounters(this.#timer !== null);
		try {
			return await work();
		} finally {
			this.#counters = counters;
		}
	}

	/** Runs one operation at a time: those of other models wait. Rejects at once where the device has failed. */
	exclusive<T>(work: () => Promise<T>): Promise<T> {
		const result = this.#last.then(() => {
			this.gpu.assertHealthy();
			return work();
		});
		this.#last = result.catch(() => undefined);
		return result;
	}

	/** Bind buffers to a kernel, in the order of its bindings. */
	bind(operation: EngineOperation, kernel: Kernel, ranges: readonly BufferRange[]): GPUBindGroup {
		this.counters.add(operation, 'bindGroups', 1);
		return this.gpu.device.createBindGroup({
			label: kernel.label,
			layout: kernel.layout,
			entries: ranges.map((resource, binding) => ({ binding, resource }))
		});
	}

	/** Counts the time of synchronous work as JavaScript of an operation. */
	js<T>(operation: EngineOperation, work: () => T): T {
		const started = performance.now();
		try {
			return work();
		} finally {
			this.counters.add(operation, 'jsMs', performance.now() - started);
		}
	}

	/** Data to the device, before the next commands. */
	write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
		this.gpu.device.queue.writeBuffer(
			buffer,
			offset,
			data.buffer,
			data.byteOffset,
			data.byteLength
		);
	}

	/** A whole buffer to another of the same size, after the commands so far. */
	copy(from: GPUBuffer, to: GPUBuffer): void {
		const encoder = this.gpu.device.createCommandEncoder();
		encoder.copyBufferToBuffer(from, 0, to, 0, from.size);
		this.gpu.device.queue.submit([encoder.finish()]);
	}

	/** Zeros, after the commands so far. */
	clear(buffers: readonly GPUBuffer[]): void {
		const encoder = this.gpu.device.createCommandEncoder();
		buffers.forEach((buffer) => encoder.clearBuffer(buffer));
		this.gpu.device.queue.submit([encoder.finish()]);
	}

	/** A whole buffer, through one of its own that is freed at once: for checkpoints, which are large and rare. */
	async download(buffer: GPUBuffer): Promise<ArrayBuffer> {
		const { device } = this.gpu;
		this.gpu.assertHealthy();
		const staging = this.memory.staging(buffer.size);
		try {
			const encoder = device.createCommandEncoder();
			encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
			device.queue.submit([encoder.finish()]);
			await this.gpu.answered(staging.mapAsync(GPUMapMode.READ, 0, buffer.size));
			return staging.getMappedRange(0, buffer.size).slice(0);
		} finally {
			this.memory.free(staging);
		}
	}

	/** Submits the commands in order, in several submits if they are many. */
	submit(operation: EngineOperation, commands: readonly Command[], o: RunOptions = {}): void {
		this.js(operation, () => this.#encode(operation, commands, o));
		this.gpu.assertHealthy();
	}

	/** Submits the commands, then reads `reads`: one readback. The answer holds them one after the other. */
	async read(
		operation: EngineOperation,
		commands: readonly Command[],
		o: RunOptions & { reads: readonly Required<BufferRange>[] }
	): Promise<ArrayBuffer> {
		this.submit(operation, commands, o);
		const staging = this.#staging;
		if (!staging) {
			return new ArrayBuffer(0);
		}
		const bytes = o.reads.reduce((sum, { size }) => sum + size, 0);
		const timed = this.#timer?.pendingBytes ?? 0;
		this.counters.add(operation, 'readbacks', 1);
		await this.gpu.answered(staging.mapAsync(GPUMapMode.READ, 0, bytes + timed));
		return this.js(operation, () => {
			const mapped = staging.getMappedRange(0, bytes + timed);
			const answer = mapped.slice(0, bytes);
			this.#countGpuTime(new BigInt64Array(mapped.slice(bytes)));
			staging.unmap();
			return answer;
		});
	}

	/** Waits until everything submitted is done; reads nothing. */
	async idle(): Promise<void> {
		await this.gpu.answered(this.gpu.device.queue.onSubmittedWorkDone());
	}

	dispose(): void {
		// Said at once: whoever asks for a device next must not be given this one.
		this.gpu.fail(new StudioError('device-lost', 'The graphics device was given back.'));
		this.gpu.device.destroy();
	}

	#encode(operation: EngineOperation, commands: readonly Command[], o: RunOptions): void {
		const { device } = this.gpu;
		const perSubmit = o.perSubmit ?? this.#perSubmit;
		const isRead = o.reads !== undefined && o.reads.length > 0;
		let next = 0;
		do {
			const encoder = device.createCommandEncoder();
			const timestampWrites = this.#timer?.next(operation);
			const pass = encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
			let dispatches = 0;
			while (next < commands.length && dispatches < perSubmit) {
				dispatches += Number(dispatch(pass, commands[next]));
				next++;
			}
			pass.end();
			if (isRead && next >= commands.length) {
				this.#copy(encoder, o.reads ?? []);
			}
			device.queue.submit([encoder.finish()]);
			this.counters.add(operation, 'submits', 1);
			this.counters.add(operation, 'dispatches', dispatches);
		} while (next < commands.length);
	}

	#copy(encoder: GPUCommandEncoder, reads: readonly Required<BufferRange>[]): void {
		const bytes = reads.reduce((sum, { size }) => sum + size, 0);
		const needed = bytes + (this.#timer?.capacityBytes ?? 0);
		if (!this.#staging || this.#staging.size < needed) {
			if (this.#staging) {
				this.memory.free(this.#staging);
			}
			this.#staging = this.memory.staging(needed);
		}
		let at = 0;
		for (const { buffer, offset, size } of reads) {
			encoder.copyBufferToBuffer(buffer, offset, this.#staging, at, size);
			at += size;
		}
		this.#timer?.resolve(encoder, this.#staging, bytes);
	}

	#countGpuTime(stamps: BigInt64Array): void {
		const passes = this.#timer?.take() ?? [];
		let longest = 0;
		passes.forEach((operation, i) => {
			const ms = Number((stamps[2 * i + 1] ?? 0n) - (stamps[2 * i] ?? 0n)) / 1e6;
			this.counters.add(operation, 'gpuMs', Math.max(0, ms));
			longest = Math.max(longest, ms);
		});
		// A software adapter is slow whatever is done, and its counts are compared in tests.
		if (longest > LONGEST_SUBMIT_MS && !this.gpu.isSoftware) {
			this.#perSubmit = Math.max(1, this.#perSubmit >> 1);
		}
	}
}

const newCounters = (isTimed: boolean): EngineCounters =>
	new EngineCounters([
		'jsMs',
		'dispatches',
		'submits',
		'readbacks',
		'bindGroups',
		...(isTimed ? (['gpuMs'] as const) : [])
	]);

function dispatch(pass: GPUComputePassEncoder, command: Command | undefined): boolean {
	if (!command) {
		return false;
	}
	const { kernel, bindGroup, grid } = command;
	if (typeof grid !== 'function') {
		pass.setPipeline(kernel.pipeline);
		pass.setBindGroup(0, bindGroup);
		pass.dispatchWorkgroupsIndirect(grid.buffer, grid.offset);
		return true;
	}
	const [x, y, z] = grid();
	if (x === 0 || y === 0 || z === 0) {
		return false;
	}
	pass.setPipeline(kernel.pipeline);
	pass.setBindGroup(0, bindGroup);
	pass.dispatchWorkgroups(x, y, z);
	return true;
}

/** Begin and end of every compute pass on the device's clock, handed over with the next readback. */
class PassTimer {
	readonly #querySet: GPUQuerySet;
	readonly #resolved: GPUBuffer;
	#operations: EngineOperation[] = [];

	constructor(gpu: GpuContext, memory: GpuMemory) {
		this.#querySet = gpu.device.createQuerySet({ type: 'timestamp', count: 2 * TIMED_PASSES });
		this.#resolved = memory.storage({
			label: 'timestamps',
			bytes: this.capacityBytes,
			usage: GPUBufferUsage.QUERY_RESOLVE
		});
	}

	get capacityBytes(): number {
		return 2 * TIMED_PASSES * 8;
	}

	get pendingBytes(): number {
		return 2 * this.#operations.length * 8;
	}

	/** Passes beyond the capacity are not timed until the next readback. */
	next(operation: EngineOperation): GPUComputePassTimestampWrites | undefined {
		if (this.#operations.length >= TIMED_PASSES) {
			return undefined;
		}
		const first = 2 * this.#operations.length;
		this.#operations.push(operation);
		return {
			querySet: this.#querySet,
			beginningOfPassWriteIndex: first,
			endOfPassWriteIndex: first + 1
		};
	}

	resolve(encoder: GPUCommandEncoder, staging: GPUBuffer, at: number): void {
		const count = 2 * this.#operations.length;
		if (count > 0) {
			encoder.resolveQuerySet(this.#querySet, 0, count, this.#resolved, 0);
			encoder.copyBufferToBuffer(this.#resolved, 0, staging, at, count * 8);
		}
	}

	/** The operations of the timed passes, in order; forgets them. */
	take(): EngineOperation[] {
		const taken = this.#operations;
		this.#operations = [];
		return taken;
	}
}
