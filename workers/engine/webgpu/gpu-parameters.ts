/**
 * The weights of one model on the device: one buffer for all values and, once it trains, one for all gradients and one for each
 * moment, all with the same layout. Clearing, clipping, AdamW and copying a model are then single commands.
 */
import { StudioError } from '../../../src/protocol/errors';
import { layoutOf, type ParameterLayout } from '../parameter-layout';
import type { Parameters } from '../parameters';
import type { BufferRange, GpuRuntime } from './gpu-runtime';

/** Pools of a model that trains. */
export interface TrainingPools {
	readonly gradients: GPUBuffer;
	readonly m: GPUBuffer;
	readonly v: GPUBuffer;
}

export class GpuParameters {
	readonly layout: ParameterLayout;
	readonly values: GPUBuffer;
	/** In the order of the weight file. */
	readonly names: readonly string[];
	readonly #runtime: GpuRuntime;
	#training: TrainingPools | null = null;

	/** Uploads the host's values, or copies those of a model on the same device. @throws StudioError 'out-of-memory' */
	constructor(runtime: GpuRuntime, from: Parameters | GpuParameters) {
		this.#runtime = runtime;
		this.layout = from instanceof GpuParameters ? from.layout : layoutOf([...from]);
		this.values = runtime.memory.storage({ label: 'weights', bytes: this.bytesPerPool });
		if (from instanceof GpuParameters) {
			this.names = from.names;
			runtime.copy(from.values, this.values);
			return;
		}
		this.names = Array.from(from, ({ name }) => name);
		for (const { name, values } of from) {
			this.upload(this.values, name, values);
		}
	}

	get bytesPerPool(): number {
		return 4 * this.layout.length;
	}

	/** Of all pools that exist. */
	get bytes(): number {
		return this.bytesPerPool * (this.#training ? 4 : 1);
	}

	/** Gradients and moments, if the model has ever trained. */
	get training(): TrainingPools | null {
		return this.#training;
	}

	/** Gradients and moments, made and cleared on first use. @throws StudioError 'out-of-memory' */
	ensureTraining(): TrainingPools {
		const pool = (label: string) =>
			this.#runtime.memory.storage({ label, bytes: this.bytesPerPool });
		this.#training ??= { gradients: pool('gradients'), m: pool('moments 1'), v: pool('moments 2') };
		return this.#training;
	}

	/** Same weights, own copy on the same device. */
	clone(): GpuParameters {
		return new GpuParameters(this.#runtime, this);
	}

	/** Where the tensors from `first` to `last` lie in a pool; gaps between them are padding. */
	span(pool: GPUBuffer, first: string, last = first): Required<BufferRange> {
		const from = this.layout.slot(first);
		const to = this.layout.slot(last);
		return {
			buffer: pool,
			offset: 4 * from.offset,
			size: 4 * (to.offset + to.size - from.offset)
		};
	}

	/** Sets one tensor of a pool. */
	upload(pool: GPUBuffer, name: string, values: Float32Array): void {
		const { offset, size } = this.layout.slot(name);
		if (values.length !== size) {
			throw new StudioError('wrong-shape', `${name} has ${values.length} numbers, not ${size}.`);
		}
		// One backed by a plain ArrayBuffer, as writeBuffer wants.
		this.#runtime.write(pool, new Float32Array(values), 4 * offset);
	}

	/** A tensor of a pool that was read whole; its own copy. */
	slice(pool: Float32Array, name: string): Float32Array {
		const { offset, size } = this.layout.slot(name);
		return pool.slice(offset, offset + size);
	}

	dispose(): void {
		const { memory } = this.#runtime;
		memory.free(this.values);
		if (this.#training) {
			const { gradients, m, v } = this.#training;
			[gradients, m, v].forEach((buffer) => memory.free(buffer));
		}
		this.#training = null;
	}
}
