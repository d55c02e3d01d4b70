/** The device: one optimiser's memory in this thread, and the shards. */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { StudioError } from '../../../src/protocol/errors';
import type { EngineOperation, EngineStatistics } from '../../../src/protocol/trainer';
import { EngineCounters } from '../counters';
import type { ComputeDevice } from '../device';
import type { LanguageModel } from '../language-model';
import { layoutOf } from '../parameter-layout';
import type { Parameters } from '../parameters';
import { breathe } from '../yielding';
import type { Kernels, KernelModules, SimdLevel } from './kernels';
import { weightBytes } from './memory-plan';
import { PooledParameters } from './pooled-parameters';
import type { ShardPort } from './shard-pool';
import { ShardedModel } from './sharded-model';
import { WasmModel } from './wasm-model';

export class WasmDevice implements ComputeDevice {
	readonly backend = 'wasm';
	readonly counters = new EngineCounters(['jsMs']);
	/** Of each memory, in bytes. */
	readonly memoryLimit: number;
	readonly #kernels: Kernels;
	readonly #modules: KernelModules;
	readonly #ports: readonly ShardPort[];
	#nextId = 1;
	/** Bytes of all models' weights in each shard. */
	#weightBytes = 0;

	constructor(
		kernels: Kernels,
		modules: KernelModules,
		ports: readonly ShardPort[],
		memoryLimit: number
	) {
		this.#kernels = kernels;
		this.#modules = modules;
		this.#ports = ports;
		this.memoryLimit = memoryLimit;
	}

	get device(): string {
		const { level } = this.#kernels;
		const where = this.#ports.some((port) => port.isInThread)
			? 'in the trainer’s thread'
			: this.shards === 1
				? '1 worker'
				: `${this.shards} workers`;
		return `${level === 'relaxed' ? 'SIMD with fused multiply-add' : 'SIMD'}, ${where}`;
	}

	get shards(): number {
		return this.#ports.length;
	}

	async createModel(config: ModelConfig, parameters: Parameters): Promise<LanguageModel> {
		const list = [...parameters];
		this.#assertRoom(layoutOf(list).length);
		return this.#newModel(config, new PooledParameters(this.#kernels, list));
	}

	async copyModel(config: ModelConfig, parameters: PooledParameters): Promise<LanguageModel> {
		this.#assertRoom(parameters.layout.length);
		return this.#newModel(config, parameters.clone());
	}

	statistics(): EngineStatistics {
		const { backend, device } = this;
		const memories = [this.#kernels.heap.use, ...this.#ports.map(({ memory }) => memory)];
		return {
			backend,
			device,
			kernels: { simd: this.#kernels.level, shards: String(this.shards) },
			operations: this.counters.snapshot(),
			bytesAllocated: memories.reduce((sum, { allocated }) => sum + allocated, 0),
			bytesLive: memories.reduce((sum, { busiest }) => sum + busiest, 0)
		};
	}

	/** Shards change no number, so only the SIMD level counts. */
	useKernels(kernels: Record<string, string>): boolean {
		const level = kernels['simd'] ?? this.#kernels.level;
		if ((level !== 'simd' && level !== 'relaxed') || !this.#modules[level]) {
			return false;
		}
		this.#kernels.use(level);
		this.#forAll('use', level satisfies SimdLevel);
		return true;
	}

	dispose(): void {
		this.#ports.forEach((port) => port.close());
	}

	newId(): number {
		return this.#nextId++;
	}

	/** Lets this thread's queue run where it computes itself; throws 'aborted' if the signal says so. */
	async breathe(signal?: AbortSignal): Promise<void> {
		if (this.#ports.some((port) => port.isInThread)) {
			return breathe(signal);
		}
		if (signal?.aborted) {
			throw new StudioError('aborted', 'Stopped');
		}
	}

	/** `work`, counted as time of this thread. */
	busy<T>(operation: EngineOperation, work: () => T): T {
		const started = performance.now();
		try {
			return work();
		} finally {
			this.counters.add(operation, 'jsMs', performance.now() - started);
		}
	}

	/** Runs `work` for every shard side by side; when one fails, waits for the others before throwing. */
	async onEachShard<T>(work: (shard: number, shards: number) => Promise<T>): Promise<T[]> {
		const outcomes = await Promise.allSettled(
			this.#ports.map((_, shard) => work(shard, this.shards))
		);
		return outcomes.map((outcome) => {
			if (outcome.status === 'rejected') {
				throw outcome.reason;
			}
			return outcome.value;
		});
	}

	async #newModel(config: ModelConfig, parameters: PooledParameters): Promise<LanguageModel> {
		const model = this.newId();
		const bytes = weightBytes(parameters.layout.length);
		this.#weightBytes += bytes;
		this.#kernels.heap.forgetBusiest();
		const shards = new ShardedModel(model, parameters, this.#ports, {
			fixedBytes: () => this.#weightBytes,
			copyWeights: () => this.busy('step', () => parameters.weights()),
			onRemove: () => {
				this.#weightBytes -= bytes;
				this.#kernels.heap.forgetBusiest();
			}
		});
		try {
			await this.onEachShard((shard) =>
				this.#port(shard).call('addModel', {
					model,
					config,
					parameters: [...parameters.parameters]
				})
			);
		} catch (cause) {
			parameters.free();
			shards.remove();
			throw cause;
		}
		return new WasmModel(config, parameters, shards, this);
	}

	#port(shard: number): ShardPort {
		const port = this.#ports[shard];
		if (!port) {
			throw new StudioError('internal', `There is no shard ${shard}.`);
		}
		return port;
	}

	/** Weights must fit here and in each shard, before anything is allocated. */
	#assertRoom(poolFloats: number): void {
		const here = this.#kernels.heap.use.inUse + poolFloats * 4;
		const there = this.#weightBytes + weightBytes(poolFloats);
		const bytes = Math.max(here, there);
		if (bytes > this.memoryLimit) {
			throw new StudioError(
				'out-of-memory',
				`The weights need ${bytes} bytes of memory, and ${this.memoryLimit} can be had; no batch fits.`,
				{ detail: { bytes, limit: this.memoryLimit, largestBatch: 0 } }
			);
		}
	}

	#forAll(command: 'use', args: SimdLevel): void {
		for (const port of this.#ports) {
			// A shard that is gone says so on the next call that waits for it.
			port.call(command, args).catch(() => undefined);
		}
	}
}
