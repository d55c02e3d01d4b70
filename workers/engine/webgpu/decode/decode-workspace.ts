/**
 * Buffers of a rollout, made for a number of rows and positions and used again for every smaller one. Models with the same dimensions
 * share them (the runtime runs one operation at a time).
 */
import type { ModelConfig } from '../../../../src/core/formats/model-config';
import { StudioError } from '../../../../src/protocol/errors';
import type { GpuRuntime } from '../gpu-runtime';
import { GRID_NAMES } from './advance';
import { AT, MAX_ROWS } from './decode-state';
import { paddedVocab } from './sampler';

/** What a cache may take: the page and other tabs draw from the same memory. */
const BUDGET_BYTES = 2 ** 30;
/** Capacities grow in these steps, so that nearly equal sizes share buffers. */
const ROW_STEP = 8;
const POSITION_STEP = 64;

export interface DecodeBuffers {
	readonly rows: number;
	readonly positions: number;
	readonly state: GPUBuffer;
	readonly grids: GPUBuffer;
	/** Tokens, log-probabilities and values, [3, rows, T] of the rollout at hand. */
	readonly results: GPUBuffer;
	/** The residual stream [rows, hiddenSize]. */
	readonly stream: GPUBuffer;
	readonly queries: GPUBuffer;
	readonly mixed: GPUBuffer;
	readonly act: GPUBuffer;
	readonly logits: GPUBuffer;
	/** (cos, sin) [positions, headDim / 2]. */
	readonly rotary: GPUBuffer;
	/** Keys and values of each layer; see attention.ts. */
	readonly caches: readonly GPUBuffer[];
}

type Sizes = Record<Exclude<keyof DecodeBuffers, 'rows' | 'positions' | 'caches'>, number> & {
	cache: number;
};

/** In bytes. */
function sizesFor(c: ModelConfig, rows: number, positions: number): Sizes {
	return {
		state: 4 * (AT.IDS + rows * positions),
		grids: 12 * GRID_NAMES.length,
		results: 12 * rows * positions,
		stream: 4 * rows * c.hiddenSize,
		queries: 4 * rows * c.heads * c.headDim,
		mixed: 4 * rows * c.heads * c.headDim,
		act: 4 * rows * c.intermediateSize,
		logits: 4 * rows * paddedVocab(c.vocabSize),
		rotary: 4 * positions * c.headDim,
		cache: 8 * rows * positions * c.kvHeads * c.headDim
	};
}

function totalBytes(c: ModelConfig, sizes: Sizes): number {
	const all = Object.values(sizes).reduce((a, b) => a + b, 0);
	return all + (c.layers - 1) * sizes.cache;
}

export class DecodeWorkspace {
	readonly #runtime: GpuRuntime;
	readonly #config: ModelConfig;
	#buffers: DecodeBuffers | null = null;
	#users = 0;

	/** Use `shared`. */
	private constructor(runtime: GpuRuntime, config: ModelConfig) {
		this.#runtime = runtime;
		this.#config = config;
	}

	/** The workspace of all models with these dimensions on this runtime. Release it when done. */
	static shared(runtime: GpuRuntime, config: ModelConfig): DecodeWorkspace {
		let ofRuntime = workspaces.get(runtime);
		if (!ofRuntime) {
			ofRuntime = new Map();
			workspaces.set(runtime, ofRuntime);
		}
		const { layers, hiddenSize, heads, kvHeads, headDim, intermediateSize, vocabSize, ropeTheta } =
			config;
		const key = [
			...[layers, hiddenSize, heads, kvHeads, headDim],
			...[intermediateSize, vocabSize, ropeTheta]
		].join();
		let workspace = ofRuntime.get(key);
		if (!workspace) {
			workspace = new DecodeWorkspace(runtime, config);
			ofRuntime.set(key, workspace);
		}
		workspace.#users++;
		return workspace;
	}

	/** The last user's release frees the buffers. */
	release(): void {
		this.#users--;
		if (this.#users === 0) {
			this.#free();
		}
	}

	/**
	 * Rows of T positions that one rollout can take, at most MAX_ROWS.
	 * @throws StudioError 'out-of-memory' if not even one row fits
	 */
	mostRows(T: number): number {
		const positions = this.#positionsFor(T);
		let rows = MAX_ROWS;
		while (rows > 1 && !this.#fits(rows, positions)) {
			rows >>= 1;
		}
		if (!this.#fits(rows, positions)) {
			const bytes = totalBytes(this.#config, sizesFor(this.#config, rows, positions));
			const limit = Math.min(this.#runtime.memory.largestBinding, BUDGET_BYTES);
			throw new StudioError(
				'out-of-memory',
				`Writing one row of ${T} tokens needs ${bytes} bytes on the graphics device, more than it may take.`,
				{ detail: { bytes, limit, largestBatch: 0 } }
			);
		}
		return rows;
	}

	/** Buffers with room for `rows` rows of T positions: those at hand, or new ones in their place. */
	reserve(rows: number, T: number): DecodeBuffers {
		const old = this.#buffers;
		if (old && old.rows >= rows && old.positions >= T) {
			return old;
		}
		const least = this.#positionsFor(T);
		const stepped = Math.ceil(rows / ROW_STEP) * ROW_STEP;
		// Room for the old sizes too, so that two alternating shapes share buffers, unless both together are too much.
		const choices = [
			[Math.max(stepped, old?.rows ?? 0), Math.max(least, old?.positions ?? 0)],
			[stepped, least]
		] as const;
		const [wanted, positions] = choices.find((choice) => this.#fits(...choice)) ?? [rows, least];
		this.#free();
		this.#buffers = this.#make(wanted, positions);
		return this.#buffers;
	}

	#fits(rows: number, positions: number): boolean {
		const sizes = sizesFor(this.#config, rows, positions);
		return (
			Math.max(...Object.values(sizes)) <= this.#runtime.memory.largestBinding &&
			totalBytes(this.#config, sizes) <= BUDGET_BYTES
		);
	}

	/** Bytes of one rollout's buffers as they are now. */
	get bytes(): number {
		const b = this.#buffers;
		return b ? totalBytes(this.#config, sizesFor(this.#config, b.rows, b.positions)) : 0;
	}

	#positionsFor(T: number): number {
		return Math.ceil(T / POSITION_STEP) * POSITION_STEP;
	}

	#make(rows: number, positions: number): DecodeBuffers {
		const { memory } = this.#runtime;
		const sizes = sizesFor(this.#config, rows, positions);
		const make = (name: keyof Sizes, usage = 0) =>
			memory.storage({ label: `decode ${name}`, bytes: sizes[name], usage });
		const buffers = {
			rows,
			positions,
			state: make('state'),
			grids: make('grids', GPUBufferUsage.INDIRECT),
			results: make('results'),
			stream: make('stream'),
			queries: make('queries'),
			mixed: make('mixed'),
			act: make('act'),
			logits: make('logits'),
			rotary: make('rotary'),
			caches: Array.from({ length: this.#config.layers }, () => make('cache'))
		};
		this.#runtime.write(buffers.rotary, rotaryTable(this.#config, positions));
		return buffers;
	}

	#free(): void {
		if (this.#buffers) {
			const { rows: _rows, positions: _positions, caches, ...single } = this.#buffers;
			for (const buffer of [...Object.values(single), ...caches]) {
				this.#runtime.memory.free(buffer);
			}
			this.#buffers = null;
		}
	}
}

const workspaces = new WeakMap<GpuRuntime, Map<string, DecodeWorkspace>>();

/** cos and sin of position * theta^(-2i / headDim), computed in float64. */
function rotaryTable(c: ModelConfig, positions: number): Float32Array<ArrayBuffer> {
	const half = c.headDim / 2;
	const table = new Float32Array(2 * positions * half);
	for (let t = 0; t < positions; t++) {
		for (let i = 0; i < half; i++) {
			const angle = t * c.ropeTheta ** (-i / half);
			table[2 * (t * half + i)] = Math.cos(angle);
			table[2 * (t * half + i) + 1] = Math.sin(angle);
		}
	}
	return table;
}
