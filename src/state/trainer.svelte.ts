/** Life of the trainer worker: started when first needed, loaded, watched, and started anew once if it dies. */
import { StudioError, toStudioError } from '../protocol/errors';
import {
	deviceKey,
	type BackendName,
	type LoadedModel,
	type TrainerCommands,
	type TrainerEvent
} from '../protocol/trainer';
import type { ConnectTrainer, TrainerClient } from './connect-trainer';
import type { Preferences } from './preferences.svelte';
import type { Problems } from './problems.svelte';

export const BUILT_IN_MODELS = ['stories-2.6m', 'stories-1m'] as const;
const LARGE = BUILT_IN_MODELS[0];
const SMALL = BUILT_IN_MODELS[1];
/** On these a tuning iteration of the large model takes a few seconds on two cores; on the others it would crawl. */
const FAST_BACKENDS: readonly BackendName[] = ['webgpu', 'wasm'];

export interface TrainerDependencies {
	connect: ConnectTrainer;
	preferences: Preferences;
	problems: Problems;
	/** The browser shows a GPU to this page; whether it works is for the worker to find out. */
	hasGpu: boolean;
}

type Status = 'idle' | 'loading' | 'ready' | 'failed';
type Listener = (event: TrainerEvent) => void;

export class TrainerState {
	readonly #dependencies: TrainerDependencies;
	readonly #listeners = new Set<Listener>();
	#client: TrainerClient | null = null;
	#loading: Promise<LoadedModel> | null = null;
	#hasRespawned = false;
	#isDeviceLost = false;
	#status = $state<Status>('idle');
	#loaded = $state.raw<LoadedModel | null>(null);
	#loadingShare = $state<number | null>(null);
	#tokensPerSecond = $state<number | null>(null);
	#activeRunId = $state<string | null>(null);
	#isPaused = $state(false);

	constructor(dependencies: TrainerDependencies) {
		this.#dependencies = dependencies;
	}

	get status(): Status {
		return this.#status;
	}

	get loaded(): LoadedModel | null {
		return this.#loaded;
	}

	/** Share of the model's bytes that have arrived; null before the first. */
	get loadingShare(): number | null {
		return this.#loadingShare;
	}

	get tokensPerSecond(): number | null {
		return this.#tokensPerSecond;
	}

	/** The job that holds the engine. */
	get activeRunId(): string | null {
		return this.#activeRunId;
	}

	/** A job is computing: nothing else can use the engine now. */
	get isBusy(): boolean {
		return this.#activeRunId !== null && !this.#isPaused;
	}

	/** Model that is or would be loaded. */
	get model(): string {
		return this.#loaded?.model ?? this.#dependencies.preferences.values.model ?? LARGE;
	}

	listen(listener: Listener): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** The loaded model, loading it if that has not begun. */
	ready(): Promise<LoadedModel> {
		this.#loading ??= this.#load();
		return this.#loading;
	}

	/** Chooses model and backend by hand and loads them. */
	async choose(choice: { model?: string | null; backend?: BackendName | 'auto' }): Promise<void> {
		this.#dependencies.preferences.set(choice);
		this.#loaded = null;
		this.#loading = this.#load();
		await this.#loading.catch(() => undefined);
	}

	/** Calls a command once the model is there. */
	async call<K extends keyof TrainerCommands & string>(
		command: K,
		args: TrainerCommands[K]['args'],
		signal?: AbortSignal
	): Promise<TrainerCommands[K]['result']> {
		await this.ready();
		return this.#connected().call(command, args, signal ? { signal } : {});
	}

	/** A job takes the engine; the function it gives hands it back. */
	hold(runId: string): () => void {
		this.#activeRunId = runId;
		this.#isPaused = false;
		return () => {
			if (this.#activeRunId === runId) {
				this.#activeRunId = null;
				this.#tokensPerSecond = null;
			}
		};
	}

	async diagnostics(): Promise<Record<string, unknown>> {
		return this.#client && !this.#client.isClosed ? this.#client.call('diagnostics', null) : {};
	}

	/** A fresh worker after a crash or a lost device. */
	restart(): void {
		this.#client?.close();
		this.#client = null;
		this.#loaded = null;
		this.#loading = null;
		void this.ready().catch(() => undefined);
	}

	async #load(): Promise<LoadedModel> {
		const { values } = this.#dependencies.preferences;
		this.#status = 'loading';
		this.#loadingShare = null;
		try {
			const model = values.model ?? LARGE;
			const backend = this.#dependencies.hasGpu ? values.backend : withoutGpu(values.backend);
			if (this.#isDeviceLost) {
				// Its device does not come back; a fresh worker asks for another.
				this.#isDeviceLost = false;
				this.#client?.close();
			}
			const client = this.#connected();
			const knownKernels = values.kernels;
			let loaded = await client.call('load', { model, backend, knownKernels });
			if (values.model === null && !FAST_BACKENDS.includes(loaded.backend)) {
				loaded = await client.call('load', { model: SMALL, backend: loaded.backend });
			}
			this.#keepKernels(loaded);
			this.#loaded = loaded;
			this.#status = 'ready';
			return loaded;
		} catch (cause) {
			this.#status = 'failed';
			this.#loading = null;
			const error = toStudioError(cause);
			this.#dependencies.problems.report(error, () => this.#retry(error));
			throw error;
		}
	}

	/** What was measured on a graphics card is used again after a reload: the same seed is then the same run. */
	#keepKernels(loaded: LoadedModel): void {
		if (loaded.backend === 'webgpu') {
			const { preferences } = this.#dependencies;
			const key = deviceKey(loaded);
			const kernels = { ...preferences.values.kernels[key], ...loaded.kernels };
			preferences.set({ kernels: { ...preferences.values.kernels, [key]: kernels } });
		}
	}

	#retry(error: StudioError): void {
		if (error.code === 'no-webgpu' || error.code === 'backend-failed') {
			this.#dependencies.preferences.set({ backend: 'auto' });
		}
		this.restart();
	}

	#connected(): TrainerClient {
		if (!this.#client || this.#client.isClosed) {
			this.#client = this.#dependencies.connect({
				onEvent: (event) => this.#receive(event),
				onCrash: (error) => this.#crashed(error)
			});
		}
		return this.#client;
	}

	#crashed(error: StudioError): void {
		this.#loaded = null;
		this.#loading = null;
		this.#status = 'failed';
		const isFirst = !this.#hasRespawned;
		this.#hasRespawned = true;
		this.#dependencies.problems.report(error, () => this.restart());
		if (isFirst) {
			// Calls in flight were rejected; what comes next finds a worker again.
			void this.ready().catch(() => undefined);
		}
	}

	#receive(event: TrainerEvent): void {
		if (event.type === 'loading') {
			this.#loadingShare = event.totalBytes > 0 ? event.loadedBytes / event.totalBytes : null;
		} else if (event.type === 'progress') {
			this.#tokensPerSecond = event.tokensPerSecond;
		} else if (event.type === 'jobState' && event.runId === this.#activeRunId) {
			this.#isPaused = event.state === 'paused';
		} else if (event.type === 'deviceLost') {
			const { code, message, detail } = event.error;
			this.#isDeviceLost = true;
			this.#loaded = null;
			this.#status = 'failed';
			this.#loading = null;
			this.#dependencies.problems.report(new StudioError(code, message, { detail }), () =>
				this.restart()
			);
		}
		for (const listener of this.#listeners) {
			listener(event);
		}
	}
}

function withoutGpu(backend: BackendName | 'auto'): BackendName | 'auto' {
	return backend.endsWith('webgpu') ? 'auto' : backend;
}
