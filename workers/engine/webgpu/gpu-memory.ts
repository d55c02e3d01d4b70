/** Buffers on the graphics device, counted; refused in words where they cannot fit. */
import { StudioError } from '../../../src/protocol/errors';
import type { GpuContext } from '../gpu-device';

export interface BufferOptions {
	label: string;
	/** Bytes; rounded up to a multiple of 4. */
	bytes: number;
	/** Beside STORAGE, COPY_SRC and COPY_DST. */
	usage?: GPUBufferUsageFlags;
}

export class GpuMemory {
	readonly #gpu: GpuContext;
	readonly #sizes = new Map<GPUBuffer, number>();
	#allocated = 0;

	constructor(gpu: GpuContext) {
		this.#gpu = gpu;
	}

	/** Bytes of all buffers that exist now. */
	get allocatedBytes(): number {
		return this.#allocated;
	}

	/** Bytes that one binding may have. */
	get largestBinding(): number {
		const { maxStorageBufferBindingSize, maxBufferSize } = this.#gpu.device.limits;
		return Math.min(maxStorageBufferBindingSize, maxBufferSize);
	}

	/** A storage buffer, cleared. @throws StudioError 'out-of-memory' before anything is allocated if a binding cannot be so large */
	storage({ label, bytes, usage = 0 }: BufferOptions): GPUBuffer {
		const size = Math.max(16, Math.ceil(bytes / 4) * 4);
		if (size > this.largestBinding) {
			throw new StudioError(
				'out-of-memory',
				`${label} needs ${size} bytes in one piece; this graphics device allows ${this.largestBinding}.`,
				{ detail: { bytes: size, limit: this.largestBinding } }
			);
		}
		const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
		return this.#create(label, size, STORAGE | COPY_SRC | COPY_DST | usage);
	}

	/** A small buffer of numbers that the host writes and kernels read. */
	uniform(label: string, bytes: number): GPUBuffer {
		const { UNIFORM, COPY_DST } = GPUBufferUsage;
		return this.#create(label, Math.ceil(bytes / 16) * 16, UNIFORM | COPY_DST);
	}

	/** A buffer that can be mapped and read. */
	staging(bytes: number): GPUBuffer {
		const { MAP_READ, COPY_DST } = GPUBufferUsage;
		return this.#create('readback', Math.ceil(bytes / 256) * 256, MAP_READ | COPY_DST);
	}

	free(buffer: GPUBuffer): void {
		this.#allocated -= this.#sizes.get(buffer) ?? 0;
		this.#sizes.delete(buffer);
		buffer.destroy();
	}

	#create(label: string, size: number, usage: GPUBufferUsageFlags): GPUBuffer {
		const buffer = this.#gpu.device.createBuffer({ label, size, usage });
		this.#sizes.set(buffer, size);
		this.#allocated += size;
		return buffer;
	}
}
