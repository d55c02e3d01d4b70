/** Training summaries are spoken at most this often, so that a screen reader can finish its sentence. */
const SUMMARY_EVERY_MS = 10_000;

/** What the page's one live region says. */
export class Announcer {
	readonly #now: () => number;
	#text = $state('');
	#lastSummaryMs = -Infinity;

	constructor(now: () => number) {
		this.#now = now;
	}

	get text(): string {
		return this.#text;
	}

	say(text: string): void {
		// The same text twice would not be spoken: a trailing no-break space makes it new.
		this.#text = text === this.#text ? `${text}\u00a0` : text;
	}

	/** Says the summary unless one was said within the last ten seconds. */
	summarise(text: () => string): void {
		if (this.#now() - this.#lastSummaryMs >= SUMMARY_EVERY_MS) {
			this.#lastSummaryMs = this.#now();
			this.say(text());
		}
	}
}
