/** What the driver in Node lends to a page; a worker has none of it. */

declare global {
	interface Window {
		/** Milliseconds of processor time that this page's main thread has used, by the browser's own account. */
		threadMs?: () => Promise<number>;
	}
}

const IDLE_MS = 3000;

/**
 * Milliseconds of this page's main thread in one call of `work`: JavaScript and the browser's calls that it makes, never waiting. Processor time,
 * not a clock's: an imitated graphics card takes the same cores. What asking costs and what an idle page uses is taken off.
 */
export async function threadMsPerCall(calls: number, work: () => Promise<void>): Promise<number> {
	const { threadMs } = window;
	if (!threadMs) {
		throw new Error('the driver gave this page no clock');
	}
	await threadMs();
	const first = await threadMs();
	const second = await threadMs();
	const asking = second - first;
	await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
	const third = await threadMs();
	const idleRate = Math.max(0, third - second - asking) / IDLE_MS;
	const started = performance.now();
	for (let i = 0; i < calls; i++) {
		await work();
	}
	const waitedMs = performance.now() - started;
	const used = (await threadMs()) - third - asking - idleRate * waitedMs;
	return Math.max(0, used) / calls;
}
