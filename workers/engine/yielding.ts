/** Lets the worker's message queue run, so that pause, abort and sampling requests are seen during long work. */
import { StudioError } from '../../src/protocol/errors';

/** Well under the 500 ms in which a person's click must be seen. */
const YIELD_EVERY_MS = 100;

let lastYield = 0;

/** Give way to queued messages if it has been a while; throws 'aborted' if the signal says so. */
export async function breathe(signal?: AbortSignal): Promise<void> {
	if (performance.now() - lastYield > YIELD_EVERY_MS) {
		await new Promise((resolve) => setTimeout(resolve, 0));
		lastYield = performance.now();
	}
	if (signal?.aborted) {
		throw new StudioError('aborted', 'Stopped');
	}
}
