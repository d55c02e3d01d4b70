/// <reference lib="webworker" />
/** Runs one section off the page, as the app runs its trainer. */
import { runSection } from './run-section';

self.onmessage = ({ data }: MessageEvent<{ name: string; isQuick: boolean }>) => {
	const say = (line: string) => self.postMessage({ line });
	runSection(data.name, { isQuick: data.isQuick, say }).then(
		(measurements) => self.postMessage({ measurements }),
		(cause: unknown) =>
			self.postMessage({ error: String(cause instanceof Error ? (cause.stack ?? cause) : cause) })
	);
};
