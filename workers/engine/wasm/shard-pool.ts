/**
 * The shards of a device: workers, or one shard in this thread. Sends each what it asks for, and weights only to shards that have not
 * seen them. A shard that dies fails every call, now and later.
 */
import { StudioError, toStudioError } from '../../../src/protocol/errors';
import { WorkerClient } from '../../../src/protocol/rpc';
import type { MemoryUse } from './heap';
import { Shard } from './shard';
import type { ShardCommands, ShardEvent } from './shard-protocol';

type Name = keyof ShardCommands;

/** One shard, wherever it computes. */
export interface ShardPort {
	call<K extends Name>(
		command: K,
		args: ShardCommands[K]['args'],
		transfer?: Transferable[]
	): Promise<ShardCommands[K]['result']>;
	readonly memory: MemoryUse;
	/** Computes in the caller's thread, which must be let breathe between calls. */
	readonly isInThread: boolean;
	close(): void;
}

const NO_MEMORY: MemoryUse = { allocated: 0, inUse: 0, busiest: 0 };

/** A shard without a worker. */
export function inThreadShard(): ShardPort {
	let memory = NO_MEMORY;
	const shard = new Shard((event) => (memory = event.memory));
	return {
		isInThread: true,
		get memory() {
			return memory;
		},
		async call<K extends Name>(command: K, args: ShardCommands[K]['args']) {
			const handler = shard.handlers[command] as (args: unknown) => Promise<unknown>; // the map types name and argument
			const outcome = await handler(args);
			const { result } = (
				outcome instanceof Object && 'transfer' in outcome ? outcome : { result: outcome }
			) as { result: ShardCommands[K]['result'] };
			return result;
		},
		close: () => undefined
	};
}

/** What a shard's worker looks like from here. */
export type ShardWorker = ConstructorParameters<typeof WorkerClient>[0];

/** A shard behind a worker's port. */
export function workerShard(worker: ShardWorker): ShardPort {
	let memory = NO_MEMORY;
	const client = new WorkerClient<ShardCommands, ShardEvent>(worker, {
		onEvent: (event) => (memory = event.memory)
	});
	return {
		isInThread: false,
		get memory() {
			return memory;
		},
		call: async (command, args, transfer = []) => {
			try {
				return await client.call(command, args, { transfer });
			} catch (cause) {
				const error = toStudioError(cause);
				if (error.code === 'worker-crashed') {
					throw new StudioError(
						'backend-failed',
						`A worker of the engine stopped. ${error.message}`,
						{
							cause
						}
					);
				}
				throw error;
			}
		},
		close: () => client.close(new StudioError('backend-failed', 'The engine was closed.'))
	};
}
