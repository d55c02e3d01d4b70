/** Sampling 32 rows of the 1M shape on WebGPU: what it asks of the graphics device, counted from outside. */
import { sharedGpu } from '../../../workers/engine/gpu-device';
import { memoryRatio } from '../measure';
import { startDevice } from '../page/devices';
import { countGpu, difference } from '../page/gpu-counts';
import { createEngineTrainer } from '../peers/engine-trainer';
import type { Measurements } from '../rows';
import { SHAPE_1M, randomBatch, randomParameters, randomPrompts } from '../shapes';
import type { SectionOptions } from './section';

const SEED = 14;
const ROWS = 32;
const SUBMIT_SPAN = 16;

export async function gpuRollout({ say }: SectionOptions): Promise<Measurements> {
	const { config } = SHAPE_1M;
	const snapshot = countGpu();
	const device = await startDevice('webgpu');
	const { isSoftware } = await sharedGpu();
	// A column takes an imitated card a second or more.
	const [few, many] = isSoftware ? [1, 1 + SUBMIT_SPAN] : [8, 8 + 3 * SUBMIT_SPAN];
	const model = await device.createModel(config, randomParameters(config, SEED));
	const prompts = randomPrompts(config, ROWS, SEED).map((ids) => ids.slice(0, 2));
	const rollout = async (maxNew: number) => {
		const before = snapshot();
		const started = performance.now();
		await model.sample(prompts, { temperature: 1, maxNew, stop: [], seed: SEED, first: 0 });
		const seconds = (performance.now() - started) / 1000;
		const counts = difference(snapshot(), before);
		say(`  ${maxNew} new tokens: ${seconds.toFixed(1)} s`);
		return counts;
	};
	const short = await rollout(few);
	const long = await rollout(many);
	const trainer = createEngineTrainer(model);
	const afterRollout = memoryRatio(device);
	await trainer.stepBlind(randomBatch(SHAPE_1M, SEED));
	const afterTraining = memoryRatio(device);
	const { bytesAllocated } = device.statistics();
	const heldOutside = snapshot().bufferBytes;
	trainer.dispose();
	device.dispose();
	// What a rollout costs once is in both, so the difference is what its tokens cost.
	const perToken = (what: 'dispatches' | 'submits') => (long[what] - short[what]) / (many - few);
	return {
		'WebGPU rollout: dispatches per token-step': perToken('dispatches'),
		'WebGPU rollout: submits per 16 tokens': perToken('submits') * SUBMIT_SPAN,
		'WebGPU rollout: readbacks per rollout': long.readbacks,
		'WebGPU rollout: bind groups made': long.bindGroups,
		"webgpu memory: engine's bytes less those counted outside":
			(bytesAllocated ?? NaN) - heldOutside,
		'webgpu memory: allocated / live': Math.max(afterRollout, afterTraining)
	};
}
