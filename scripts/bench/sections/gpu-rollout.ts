/** Sampling 32 rows of the 1M shape on WebGPU: what it asks of the graphics device, counted from outside. */
import { startDevice } from '../page/devices';
import { countGpu, difference } from '../page/gpu-counts';
import type { Measurements } from '../rows';
import { SHAPE_1M, randomParameters, randomPrompts } from '../shapes';
import type { SectionOptions } from './section';

const SEED = 14;
const ROWS = 32;
const SHORT = 16;
const LONG = 48;

export async function gpuRollout({ say }: SectionOptions): Promise<Measurements> {
	const { config } = SHAPE_1M;
	const snapshot = countGpu();
	const device = await startDevice('webgpu');
	const model = await device.createModel(config, randomParameters(config, SEED));
	const prompts = randomPrompts(config, ROWS, SEED);
	const rollout = async (maxNew: number) => {
		const before = snapshot();
		const started = performance.now();
		await model.sample(prompts, { temperature: 1, maxNew, stop: [], seed: SEED, first: 0 });
		const ms = performance.now() - started;
		return { ms, counts: difference(snapshot(), before) };
	};
	await rollout(SHORT);
	const short = await rollout(SHORT);
	const long = await rollout(LONG);
	say(`  ${SHORT} and ${LONG} new tokens took ${short.ms.toFixed(0)} and ${long.ms.toFixed(0)} ms`);
	model.dispose();
	device.dispose();
	// What a rollout costs once is in both, so the difference is what its tokens cost.
	const between = (what: 'dispatches' | 'submits') =>
		(long.counts[what] - short.counts[what]) / (LONG - SHORT);
	return {
		'WebGPU rollout: dispatches per token-step': between('dispatches'),
		'WebGPU rollout: submits per 16 tokens': between('submits') * 16,
		'WebGPU rollout: readbacks per rollout': long.counts.readbacks,
		'WebGPU rollout: bind groups made': long.counts.bindGroups,
		'WebGPU rollout: dispatches in all': long.counts.dispatches,
		'WebGPU rollout: submits in all': long.counts.submits
	};
}
