/** Sends rows to the page and waits until it has kept them, so that rows never pile up between the two. */
import type { ImportSink } from '../../src/core/formats/feedback/import-feedback';
import type { FeedbackRow } from '../../src/core/formats/feedback/row';
import { StudioError } from '../../src/protocol/errors';

type Kept = { duplicates: number };

export class PageSink implements ImportSink {
	readonly #send: (batch: number, rows: FeedbackRow[]) => void;
	readonly #signal: AbortSignal;
	#batch = 0;
	#waiting: { batch: number; resolve: (kept: Kept) => void } | null = null;

	constructor(send: (batch: number, rows: FeedbackRow[]) => void, signal: AbortSignal) {
		this.#send = send;
		this.#signal = signal;
	}

	/** @throws StudioError 'aborted' */
	write(rows: FeedbackRow[]): Promise<Kept> {
		return new Promise((resolve, reject) => {
			const stop = () => reject(new StudioError('aborted', 'Stopped'));
			if (this.#signal.aborted) {
				stop();
				return;
			}
			this.#signal.addEventListener('abort', stop, { once: true });
			const batch = this.#batch++;
			this.#waiting = {
				batch,
				resolve: (kept) => {
					this.#signal.removeEventListener('abort', stop);
					resolve(kept);
				}
			};
			this.#send(batch, rows);
		});
	}

	/** The page has kept a batch. Word of any other batch than the one sent last is not heeded. */
	acknowledge(batch: number, duplicates: number): void {
		if (this.#waiting?.batch === batch) {
			const { resolve } = this.#waiting;
			this.#waiting = null;
			resolve({ duplicates });
		}
	}
}
