import { askPersistence, readStorageState } from '../storage/quota';

/** Whether the browser keeps what is stored, and how much room there is. */
export class StorageHealth {
	#usageBytes = $state<number | null>(null);
	#quotaBytes = $state<number | null>(null);
	#isPersistent = $state(false);
	#isBroken = $state(false);
	#hasAsked = false;

	get usageBytes(): number | null {
		return this.#usageBytes;
	}

	get quotaBytes(): number | null {
		return this.#quotaBytes;
	}

	get isPersistent(): boolean {
		return this.#isPersistent;
	}

	/** Nothing can be stored in this window. */
	get isBroken(): boolean {
		return this.#isBroken;
	}

	markBroken(): void {
		this.#isBroken = true;
	}

	async refresh(): Promise<void> {
		const state = await readStorageState();
		this.#usageBytes = state.usageBytes;
		this.#quotaBytes = state.quotaBytes;
		this.#isPersistent = state.isPersistent;
	}

	/** Asks the browser to keep the data, once by itself and as often as a person presses. */
	async ask(byHand = false): Promise<boolean> {
		if (this.#hasAsked && !byHand) {
			return this.#isPersistent;
		}
		this.#hasAsked = true;
		this.#isPersistent = await askPersistence();
		return this.#isPersistent;
	}
}
