/** The page of the benchmark: runs a section in a worker or here, for the driver in Node (../browser.ts). */
import type { Measurements } from '../rows';
import { runSection } from './run-section';

type Answer = { line: string } | { measurements: Measurements } | { error: string };

function inWorker(name: string, isQuick: boolean): Promise<Measurements> {
	const worker = new Worker(new URL('./section.worker.ts', import.meta.url), { type: 'module' });
	return new Promise<Measurements>((resolve, reject) => {
		worker.onmessage = ({ data }: MessageEvent<Answer>) => {
			if ('line' in data) {
				console.log(data.line);
			} else if ('measurements' in data) {
				resolve(data.measurements);
			} else {
				reject(new Error(data.error));
			}
		};
		worker.onerror = (event) => reject(new Error(event.message));
		worker.postMessage({ name, isQuick });
	}).finally(() => worker.terminate());
}

const bench = {
	isIsolated: () => crossOriginIsolated,
	inWorker,
	onPage: (name: string, isQuick: boolean) =>
		runSection(name, { isQuick, say: (line) => console.log(line) })
};

export type BenchPage = typeof bench;

Object.assign(window, { bench });
