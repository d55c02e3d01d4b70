/**
 * The weights of one model on the device: one buffer for all values and, once it trains, one for all gradients and one for each
 * moment, all with the same layout. Clearing, clipping, AdamW and copying a model are then single commands.
 */
import type { Parameters } from '../parameters';
import { layoutOf, type ParameterLayout } from '../parameter-layout';
import type { BufferRange, GpuRuntime } from './gpu-runtime';

export class GpuParameters {
	readonly layout: ParameterLayout;
	readonly values: GPUBuffer;
	readonly #runtime: GpuRuntime;

	/** Uploads the host's values. @throws StudioError 'out-of-memory' */
	constructor(runtime: GpuRuntime, parameters: Parameters) {
		this.#runtime = runtime;
		this.layout = layoutOf([...parameters]);
		this.values = runtime.memory.storage({ label: 'weights', bytes: this.bytesPerPool });
		for (const { name, values } of parameters) {
			const data = new Float32Array(values); // one backed by a plain ArrayBuffer, as writeBuffer wants
			runtime.write(this.values, data, 4 * this.layout.slot(name).offset);
		}
	}

	get bytesPerPool(): number {
		return 4 * this.layout.length;
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

	dispose(): void {
		this.#runtime.memory.free(this.values);
	}
}
