/** The WebGPU engine on an adapter that offers little: no optional features, eight storage buffers. */
import { requestGpu, type GpuContext } from '../../../workers/engine/gpu-device';
import { startWebGpuOn } from '../../../workers/engine/webgpu/start';
import { createEngineTrainer } from '../peers/engine-trainer';
import type { Measurements } from '../rows';
import { SHAPE_TINY, randomBatch, randomParameters, randomPrompts } from '../shapes';
import type { SectionOptions } from './section';

const SEED = 20;
const STEPS = 5;
const { config } = SHAPE_TINY;

async function run(gpu: GpuContext): Promise<{ losses: number[]; ids: Int32Array }> {
	const device = await startWebGpuOn(gpu);
	const model = await device.createModel(config, randomParameters(config, SEED));
	const trainer = createEngineTrainer(model);
	const losses: number[] = [];
	for (let i = 0; i < STEPS; i++) {
		losses.push(await trainer.step(randomBatch(SHAPE_TINY, SEED, i)));
	}
	const prompts = randomPrompts(config, 4, SEED).map((ids) => ids.slice(0, 4));
	const { ids } = await model.sample(prompts, {
		temperature: 1,
		maxNew: 8,
		stop: [],
		seed: SEED,
		first: 0
	});
	model.dispose();
	device.dispose();
	return { losses, ids };
}

export async function poorAdapters({ say }: SectionOptions): Promise<Measurements> {
	const rich = await requestGpu();
	const { maxStorageBuffersPerShaderStage: most } = rich.device.limits;
	say(`  rich: ${most} storage buffers, ${[...rich.device.features].join(' ')}`);
	const expected = await run(rich);
	const poor = await requestGpu({
		withoutFeatures: ['shader-f16', 'subgroups', 'timestamp-query'],
		limits: { maxStorageBuffersPerShaderStage: 8 }
	});
	const actual = await run(poor);
	const apart = expected.losses.map((loss, i) => Math.abs(loss - (actual.losses[i] ?? NaN)));
	const otherIds = expected.ids.filter((id, i) => id !== actual.ids[i]).length;
	return {
		'poor adapter (no f16, no subgroups, 8 storage buffers): largest difference of losses':
			Math.max(...apart),
		'poor adapter: tokens of a rollout that differ': otherIds
	};
}
