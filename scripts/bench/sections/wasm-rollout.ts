/** Sampling 32 rows of the 1M shape on WebAssembly: this app's engine and TensorFlow.js by turns. */
import type { LanguageModel } from '../../../workers/engine/language-model';
import { median, memoryRatio, sideBySide, type Contestant } from '../measure';
import { startDevice } from '../page/devices';
import { createEngineTrainer } from '../peers/engine-trainer';
import { createPlainSampler } from '../peers/plain-tfjs-rollout';
import type { Measured, Measurements } from '../rows';
import { SHAPE_1M, randomBatch, randomParameters, randomPrompts } from '../shapes';
import type { SectionOptions } from './section';

const SEED = 12;
const ROWS = 32;
const { config, T } = SHAPE_1M;
/** A draw on the edge of two tokens may fall either way by rounding, and then the rest of its row differs. */
const SAME_SHARE = 0.9;

/** Ids as [rows*T], padded with -1. */
async function sampleAll(model: LanguageModel, prompts: Int32Array[]): Promise<Int32Array> {
	const sampled = await model.sample(prompts, {
		temperature: 1,
		maxNew: T,
		stop: [],
		seed: SEED,
		first: 0
	});
	const ids = new Int32Array(ROWS * T).fill(-1);
	for (let b = 0; b < ROWS; b++) {
		const start = b * sampled.T;
		ids.set(sampled.ids.subarray(start, start + (sampled.length[b] ?? 0)), b * T);
	}
	return ids;
}

const sameShare = (a: Int32Array, b: Int32Array) =>
	a.filter((id, n) => id === b[n]).length / a.length;

export async function wasmRollout({ isQuick, say }: SectionOptions): Promise<Measurements> {
	const prompts = randomPrompts(config, ROWS, SEED);
	const drawn = prompts.reduce((sum, prompt) => sum + T - prompt.length, 0);
	const fresh = () => randomParameters(config, SEED);
	const device = await startDevice('wasm');
	const tfjs = await startDevice('tfjs-wasm');
	const ours = await device.createModel(config, fresh());
	const oldEngine = await tfjs.createModel(config, fresh());
	const plain = createPlainSampler(config, fresh());
	const ids: Record<string, Int32Array> = {};
	const contestant = (name: string, sample: () => Promise<Int32Array>): Contestant => ({
		name,
		run: async () => {
			ids[name] = await sample();
		}
	});
	const times = await sideBySide(
		[
			contestant('ours', () => sampleAll(ours, prompts)),
			contestant('plain', () => plain.sample(prompts, T, SEED)),
			contestant('own gradients', () => sampleAll(oldEngine, prompts))
		],
		isQuick ? { warmUp: 1, measured: 2 } : { warmUp: 1, measured: 7 }
	);
	const afterRollouts = memoryRatio(device);
	await createEngineTrainer(ours).stepBlind(randomBatch(SHAPE_1M, SEED));
	const afterTraining = memoryRatio(device);
	[ours, oldEngine, plain].forEach((model) => model.dispose());
	device.dispose();
	const speed = (name: string) => drawn / (median(times[name] ?? []) / 1000);
	const isSame = (name: string) => {
		const share = sameShare(ids['ours'] ?? new Int32Array(), ids[name] ?? new Int32Array());
		say(`  ${(100 * share).toFixed(1)} % of the tokens of ours and ${name} are the same`);
		return share >= SAME_SHARE;
	};
	const ratio = (name: string): Measured =>
		isSame(name) ? speed('ours') / speed(name) : { failed: 'its tokens are not ours' };
	return {
		'wasm rollout: ours / plain TensorFlow.js': ratio('plain'),
		'wasm rollout: ours / TensorFlow.js with own gradients': ratio('own gradients'),
		'wasm rollout: ours': speed('ours'),
		'wasm rollout: plain TensorFlow.js': speed('plain'),
		'wasm memory: allocated / live': Math.max(afterRollouts, afterTraining)
	};
}
