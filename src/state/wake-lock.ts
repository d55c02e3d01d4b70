/** Keeps the screen awake while a job runs; browsers that cannot, or will not, simply do not. */
export class WakeLock {
	#lock: WakeLockSentinel | null = null;
	#isWanted = false;

	constructor() {
		// The browser lets go whenever the page is hidden.
		document.addEventListener('visibilitychange', () => {
			if (this.#isWanted && document.visibilityState === 'visible') {
				void this.#acquire();
			}
		});
	}

	want(isWanted: boolean): void {
		this.#isWanted = isWanted;
		if (isWanted) {
			void this.#acquire();
		} else {
			void this.#lock?.release();
			this.#lock = null;
		}
	}

	async #acquire(): Promise<void> {
		try {
			const lock = await (navigator as Partial<Navigator>).wakeLock?.request('screen');
			if (!this.#isWanted) {
				await lock?.release();
				return;
			}
			this.#lock = lock ?? null;
		} catch {
			// Low battery or a hidden page: training goes on, the screen may sleep.
		}
	}
}
