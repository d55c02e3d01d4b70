import type { ImportCommands, ImportEvent } from '../protocol/import';
import { WorkerClient, type ClientOptions } from '../protocol/rpc';

export type ImportClient = WorkerClient<ImportCommands, ImportEvent>;
export type ConnectImporter = (options: ClientOptions<ImportEvent>) => ImportClient;

/** The one line of the page that knows where the import worker is. */
export const connectImporter: ConnectImporter = (options) =>
	new WorkerClient(
		new Worker(new URL('../../workers/import.worker.ts', import.meta.url), { type: 'module' }),
		options
	);
