/** The trainer of the worker, in Node: the same class over files on disk, a store in memory and the engine on the processor. */
import 'fake-indexeddb/auto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { TrainerCommands, TrainerEvent } from '../../src/protocol/trainer';
import { openStudio, type StudioDb } from '../../src/storage/db';
import { Trainer } from '../../workers/trainer';
import { wasmPaths } from './engine';
import { readKernels } from './wasm-modules';

const models = fileURLToPath(new URL('../../public/models/', import.meta.url));
let count = 0;

export interface NodeTrainer {
	db: StudioDb;
	call<K extends keyof TrainerCommands & string>(
		command: K,
		args: TrainerCommands[K]['args'],
		signal?: AbortSignal
	): Promise<TrainerCommands[K]['result']>;
}

export async function startNodeTrainer(
	onEvent: (event: TrainerEvent) => void = () => undefined
): Promise<NodeTrainer> {
	const db = await openStudio({ name: `trainer ${++count}` });
	const trainer = new Trainer({
		wasmPaths,
		readKernels,
		readFile: (model, file) => readFile(`${models}${model}/${file}`),
		openDb: () => Promise.resolve(db),
		emit: onEvent
	});
	return {
		db,
		async call(command, args, signal = new AbortController().signal) {
			const handler = (trainer.handlers as Record<string, unknown>)[command] as (
				args: unknown,
				context: { signal: AbortSignal }
			) => Promise<never>; // the map that types the call names the same handler
			return handler(args, { signal });
		}
	};
}
