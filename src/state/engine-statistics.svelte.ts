/** Looks at the engine's counters once a second while somebody reads them; never makes the model load. */
import type { EngineStatistics } from '../protocol/trainer';
import { look, type Lately, type OperationTable } from './engine-counts';
import type { TrainerState } from './trainer.svelte';

const LOOK_EVERY_MS = 1000;

export class EngineWatch {
	readonly #trainer: Pick<TrainerState, 'loaded' | 'call'>;
	#lately = $state.raw<Lately | null>(null);

	constructor(trainer: Pick<TrainerState, 'loaded' | 'call'>) {
		this.#trainer = trainer;
	}

	/** Sums since the engine started; null before a model is loaded. */
	get now(): EngineStatistics | null {
		return this.#lately?.seen ?? null;
	}

	/** The last calls of each operation; null before a model is loaded. */
	get lately(): OperationTable | null {
		return this.#lately?.counts ?? null;
	}

	/** Looks now and every second until the function it gives is called. */
	start(): () => void {
		let isStopped = false;
		let timer: ReturnType<typeof setTimeout> | undefined;
		const lookAgain = async (): Promise<void> => {
			// Nobody reads a hidden page, and a call to an engine that is not there would load it.
			if (document.visibilityState === 'visible' && this.#trainer.loaded) {
				// A worker that died is told to the person elsewhere.
				const found = await this.#trainer.call('engineStatistics', null).catch(() => null);
				if (!isStopped) {
					this.#take(found);
				}
			}
			if (!isStopped) {
				timer = setTimeout(() => void lookAgain(), LOOK_EVERY_MS);
			}
		};
		void lookAgain();
		return () => {
			isStopped = true;
			clearTimeout(timer);
			this.#take(null);
		};
	}

	#take(found: EngineStatistics | null): void {
		this.#lately = found && look(found, this.#lately);
	}
}
