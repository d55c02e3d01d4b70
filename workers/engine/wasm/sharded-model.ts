/** One model on all shards: its calls, and which weights each shard has seen. */
import { StudioError } from '../../../src/protocol/errors';
import { weightBytes } from './memory-plan';
import type { PooledParameters } from './pooled-parameters';
import type { ShardPort } from './shard-pool';
import type { GradientNode, ShardCommands } from './shard-protocol';

type OfModel = 'forward' | 'backward' | 'logits' | 'startSample';

interface ModelHooks {
	fixedBytes: () => number;
	copyWeights: () => Float32Array<ArrayBuffer>;
	onRemove: () => void;
}

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
