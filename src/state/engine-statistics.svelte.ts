/** Looks at the engine's counters once a second while somebody reads them; never makes the model load. */
import type { EngineStatistics } from '../protocol/trainer';
import { lastAtWork, since, type OperationTable } from './engine-counts';
import type { TrainerState } from './trainer.svelte';

const LOOK_EVERY_MS = 1000;

export class EngineWatch {
	readonly #trainer: Pick<TrainerState, 'loaded' | 'call'>;
	#now = $state.raw<EngineStatistics | null>(null);
	#lastSecond = $state.raw<OperationTable | null>(null);

	constructor(trainer: Pick<TrainerState, 'loaded' | 'call'>) {
		this.#trainer = trainer;
	}

	/** Sums since the engine started; null before a model is loaded. */
	get now(): EngineStatistics | null {
		return this.#now;
	}

	/** What each operation did in the last second in which it ran; null until there are two looks at one engine. */
	get lastSecond(): OperationTable | null {
		return this.#lastSecond;
	}

	/** Looks now and every second until the function it gives is called. */
	start(): () => void {
		let isStopped = false;
		let timer: ReturnType<typeof setTimeout> | undefined;
		const look = async (): Promise<void> => {
			// Nobody reads a hidden page, and a call to an engine that is not there would load it.
			if (document.visibilityState === 'visible' && this.#trainer.loaded) {
				// A worker that died is told to the person elsewhere.
				const found = await this.#trainer.call('engineStatistics', null).catch(() => null);
				if (!isStopped) {
					this.#take(found);
				}
			}
			if (!isStopped) {
				timer = setTimeout(() => void look(), LOOK_EVERY_MS);
			}
		};
		void look();
		return () => {
			isStopped = true;
			clearTimeout(timer);
			// The next look comes after a gap that is no second.
			this.#take(null);
		};
	}

	#take(found: EngineStatistics | null): void {
		const meanwhile = found && this.#now && since(found, this.#now);
		this.#lastSecond = meanwhile && lastAtWork(meanwhile, this.#lastSecond);
		this.#now = found;
	}
}
