/** How long something has stood before a person: since when, since when keys answer, and how long the page was hidden. */
import type { Showing } from '../core/records';

/** A second press within this time was meant for what was shown before. */
export const GUARD_MS = 350;

export class ShowingTimer {
	readonly #now: () => number;
	#shownAt = 0;
	#hiddenMs = 0;
	#hiddenSince: number | null = null;

	constructor(now: () => number) {
		this.#now = now;
	}

	/** Something new is on screen. */
	show(isHidden: boolean): void {
		this.#shownAt = this.#now();
		this.#hiddenMs = 0;
		this.#hiddenSince = isHidden ? this.#shownAt : null;
	}

	/** The page was hidden or came back. */
	setHidden(isHidden: boolean): void {
		const now = this.#now();
		if (this.#hiddenSince !== null) {
			this.#hiddenMs += now - this.#hiddenSince;
		}
		this.#hiddenSince = isHidden ? now : null;
	}

	/** Milliseconds since keys answer; below 0 while they do not yet. */
	get armedForMs(): number {
		return this.#now() - this.#shownAt - GUARD_MS;
	}

	/** As it is now, when the answer is given. */
	showing(input: Showing['input']): Showing {
		const answeredAt = this.#now();
		const hiddenMs =
			this.#hiddenMs + (this.#hiddenSince === null ? 0 : answeredAt - this.#hiddenSince);
		return {
			shownAt: this.#shownAt,
			armedAt: this.#shownAt + GUARD_MS,
			answeredAt,
			activeMs: Math.max(0, answeredAt - this.#shownAt - hiddenMs),
			input
		};
	}
}
