/** One model in a shard's memory: its pool of weights, and what is derived from them when it is first needed. */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { layoutOf, type ParameterLayout } from '../parameter-layout';
import type { Kernels } from './kernels';
import type { ParameterShape } from './shard-protocol';

interface Panels {
	address: number;
	isStale: boolean;
}

interface RotaryTables {
	cos: number;
	sin: number;
	positions: number;
}

export class ShardModel {
	readonly kernels: Kernels;
	readonly config: ModelConfig;
	readonly layout: ParameterLayout;
	readonly #weights: number;
	readonly #panels = new Map<string, Panels>();
	#rotary: RotaryTables | null = null;

	constructor(kernels: Kernels, config: ModelConfig, parameters: readonly ParameterShape[]) {
		this.kernels = kernels;
		this.config = config;
		this.layout = layoutOf(parameters);
		this.#weights = kernels.heap.alloc(this.layout.length * 4);
	}

	setWeights(pool: Float32Array): void {
		this.kernels.heap.floats(this.#weights, this.layout.length).set(pool);
		for (const panels of this.#panels.values()) {
			panels.isStale = true;
		}
	}

	/** Address of a parameter as it is in the pool. */
	weight(name: string): number {
		return this.#weights + this.layout.slot(name).offset * 4;
	}

	/** Address of a matrix [out,in] in panels for x W^T. Packed once for each set of weights. */
	panels(name: string): number {
		const { run, heap } = this.kernels;
		const { shape } = this.layout.slot(name);
		const [out = 0, width = 0] = shape;
		let panels = this.#panels.get(name);
		if (!panels) {
			panels = { address: heap.alloc(Math.ceil(out / 8) * 8 * width * 4), isStale: true };
			this.#panels.set(name, panels);
		}
		if (panels.isStale) {
			run.packRows(out, width, this.weight(name), width * 4, panels.address);
			panels.isStale = false;
		}
		return panels.address;
	}

	/** Tables of at least `positions` positions: cos and sin of position * theta^(-2i/hd), computed in float64, [positions, hd/2]. */
	rotary(positions: number): RotaryTables {
		if (this.#rotary && this.#rotary.positions >= positions) {
			return this.#rotary;
		}
		const { heap } = this.kernels;
		const { headDim, ropeTheta, maxPositions } = this.config;
		const half = headDim / 2;
		const count = Math.max(positions, Math.min(maxPositions, 1024));
		this.#freeRotary();
		const tables = {
			cos: heap.alloc(count * half * 4),
			sin: heap.alloc(count * half * 4),
			positions: count
		};
		const cos = heap.floats(tables.cos, count * half);
		const sin = heap.floats(tables.sin, count * half);
		for (let t = 0; t < count; t++) {
			for (let i = 0; i < half; i++) {
				const angle = t * ropeTheta ** (-i / half);
				cos[t * half + i] = Math.cos(angle);
				sin[t * half + i] = Math.sin(angle);
			}
		}
		this.#rotary = tables;
		return tables;
	}

	free(): void {
		const { heap } = this.kernels;
		heap.free(this.#weights);
		for (const { address } of this.#panels.values()) {
			heap.free(address);
		}
		this.#panels.clear();
		this.#freeRotary();
	}

	#freeRotary(): void {
		if (this.#rotary) {
			this.kernels.heap.free(this.#rotary.cos);
			this.kernels.heap.free(this.#rotary.sin);
			this.#rotary = null;
		}
	}
}
