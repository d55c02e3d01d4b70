/** Whether the page stays smooth while its worker trains on WebAssembly. Runs on the page; the training is in a worker. */
import { quantile } from '../measure';
import { startDevice } from '../page/devices';
import { createEngineTrainer } from '../peers/engine-trainer';
import type { Measurements } from '../rows';
import { SHAPE_1M, randomBatch, randomParameters } from '../shapes';
import type { SectionOptions } from './section';

const SEED = 19;
const FULL_MS = 10_000;
const QUICK_MS = 4_000;

/** In the worker: trains until it is ended. */
export async function trainForEver({ say }: SectionOptions): Promise<Measurements> {
	const device = await startDevice('wasm');
	const model = await device.createModel(SHAPE_1M.config, randomParameters(SHAPE_1M.config, SEED));
	const trainer = createEngineTrainer(model);
	for (let round = 0; ; round++) {
		await trainer.step(randomBatch(SHAPE_1M, SEED, round));
		say(`step ${round}`);
	}
}

const nextFrame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));

/** Milliseconds between animation frames over `ms` milliseconds. */
async function frameTimes(ms: number): Promise<number[]> {
	const times: number[] = [];
	let last = await nextFrame();
	for (const started = last; last - started < ms;) {
		const now = await nextFrame();
		times.push(now - last);
		last = now;
	}
	return times;
}

export async function smoothness({ isQuick, say }: SectionOptions): Promise<Measurements> {
	const ms = isQuick ? QUICK_MS : FULL_MS;
	const idle = await frameTimes(1000);
	const worker = new Worker(new URL('../page/section.worker.ts', import.meta.url), {
		type: 'module'
	});
	let steps = 0;
	const isTraining = new Promise<void>((resolve, reject) => {
		worker.onmessage = ({ data }: MessageEvent<{ line?: string; error?: string }>) => {
			if (data.error !== undefined) {
				reject(new Error(data.error));
			}
			steps++;
			resolve();
		};
		worker.onerror = (event) => reject(new Error(event.message));
	});
	worker.postMessage({ name: 'train-for-ever', isQuick });
	try {
		await isTraining;
		const before = steps;
		const busy = await frameTimes(ms);
		const list = (times: number[]) => `${quantile(times, 0.95).toFixed(1)} ms at p95`;
		say(`  ${steps - before} steps beside; frames ${list(idle)} idle, ${list(busy)} training`);
		return {
			'animation frames while training on wasm, 95th percentile': quantile(busy, 0.95)
		};
	} finally {
		worker.terminate();
	}
}
