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
import type { GradientNode, ShardCommands } from './shard-protocol';
import type { ShardPort } from './shard-pool';
import { WasmModel } from './wasm-model';

type OfModel = 'forward' | 'backward' | 'logits' | 'startSample';

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

interface ModelHooks {
	fixedBytes: () => number;
	copyWeights: () => Float32Array<ArrayBuffer>;
	onRemove: () => void;
}

/** One model on all shards: its calls, and which weights each shard has seen. */
export class ShardedModel {
	readonly #model: number;
	readonly #parameters: PooledParameters;
	readonly #ports: readonly ShardPort[];
	readonly #seen: number[];
	readonly #hooks: ModelHooks;
	#isRemoved = false;

	constructor(
		model: number,
		parameters: PooledParameters,
		ports: readonly ShardPort[],
		hooks: ModelHooks
	) {
		this.#model = model;
		this.#parameters = parameters;
		this.#ports = ports;
		this.#seen = ports.map(() => 0);
		this.#hooks = hooks;
	}

	/** Held for this model by all shards together. */
	get bytes(): number {
		return this.#ports.length * weightBytes(this.#parameters.layout.length);
	}

	/** Taken in each shard by the weights of all models. */
	get fixedBytes(): number {
		return this.#hooks.fixedBytes();
	}

	/** One call to one shard, after the weights if it has not seen them. */
	async ask<K extends OfModel>(
		shard: number,
		command: K,
		args: Omit<ShardCommands[K]['args'], 'model'>
	): Promise<ShardCommands[K]['result']> {
		const port = this.#port(shard);
		const weights = this.#sendWeights(shard, port);
		// Answered in order: no need to wait for the weights before asking.
		const answer = port.call(command, { ...args, model: this.#model } as ShardCommands[K]['args']); // the model was left out above
		answer.catch(() => undefined);
		await weights;
		return answer;
	}

	gradients(shard: number, session: number): Promise<GradientNode[]> {
		return this.#port(shard).call('gradients', session);
	}

	advance(
		shard: number,
		session: number,
		steps: number
	): Promise<ShardCommands['advanceSample']['result']> {
		return this.#port(shard).call('advanceSample', { session, steps });
	}

	/** Frees what a session still holds, whatever became of it. */
	end(session: number): void {
		for (const port of this.#ports) {
			port.call('end', session).catch(() => undefined);
		}
	}

	remove(): void {
		if (this.#isRemoved) {
			return;
		}
		this.#isRemoved = true;
		this.#hooks.onRemove();
		for (const port of this.#ports) {
			port.call('removeModel', this.#model).catch(() => undefined);
		}
	}

	async #sendWeights(shard: number, port: ShardPort): Promise<void> {
		const { version } = this.#parameters;
		if (this.#seen[shard] !== version) {
			this.#seen[shard] = version;
			const weights = this.#hooks.copyWeights();
			await port.call('setWeights', { model: this.#model, weights }, [weights.buffer]);
		}
	}

	#port(shard: number): ShardPort {
		const port = this.#ports[shard];
		if (!port) {
			throw new StudioError('internal', `There is no shard ${shard}.`);
		}
		return port;
	}
}
