import { WorkerClient, type ClientOptions } from '../protocol/rpc';
import type { TrainerCommands, TrainerEvent } from '../protocol/trainer';

export type TrainerClient = WorkerClient<TrainerCommands, TrainerEvent>;
export type ConnectTrainer = (options: ClientOptions<TrainerEvent>) => TrainerClient;

/** The one line of the page that knows where the trainer worker is. */
export const connectTrainer: ConnectTrainer = (options) =>
	new WorkerClient(
		new Worker(new URL('../../workers/trainer.worker.ts', import.meta.url), { type: 'module' }),
		options
	);
