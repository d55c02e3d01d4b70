/** What must not drift: memory over many steps and rollouts, and the weights of a run that is made again. */
import type { ComputeDevice } from '../../../workers/engine/device';
import type { LanguageModel } from '../../../workers/engine/language-model';
import { memoryRatio } from '../measure';
import { startDevice } from '../page/devices';
import { createEngineTrainer } from '../peers/engine-trainer';
import type { Measured, Measurements } from '../rows';
import { SHAPE_SMALLEST, randomBatch, randomParameters, randomPrompts } from '../shapes';
import type { Section, SectionOptions } from './section';

const SEED = 17;
const REPEATED_STEPS = 50;
const { config } = SHAPE_SMALLEST;

const fresh = (device: ComputeDevice) => device.createModel(config, randomParameters(config, SEED));

function rollout(model: LanguageModel, round: number) {
	const prompts = randomPrompts(config, 4, SEED).map((ids) => ids.slice(0, 4));
	return model.sample(prompts, {
		temperature: 1,
		maxNew: 4,
		stop: [],
		seed: SEED,
		first: 4 * round
	});
}

async function memory(device: ComputeDevice, steps: number, rollouts: number) {
	const model = await fresh(device);
	const trainer = createEngineTrainer(model);
	const work = async (ofSteps: number, ofRollouts: number) => {
		for (let i = 0; i < ofSteps; i++) {
			await trainer.stepBlind(randomBatch(SHAPE_SMALLEST, SEED, i % 8));
		}
		for (let i = 0; i < ofRollouts; i++) {
			await rollout(model, i);
		}
	};
	await work(10, 3);
	const before = device.statistics();
	await work(steps, rollouts);
	const after = device.statistics();
	trainer.dispose();
	const growth =
		before.bytesAllocated !== null && after.bytesAllocated !== null
			? after.bytesAllocated - before.bytesAllocated
			: NaN;
	return { growth, ratio: memoryRatio(device) };
}

async function trained(device: ComputeDevice): Promise<Map<string, Float32Array>> {
	const model = await fresh(device);
	const trainer = createEngineTrainer(model);
	for (let i = 0; i < REPEATED_STEPS; i++) {
		await trainer.step(randomBatch(SHAPE_SMALLEST, SEED, i));
	}
	const tensors = new Map<string, Float32Array>();
	for await (const { name, data } of model.save({ optimizer: true })) {
		tensors.set(name, data.slice());
	}
	trainer.dispose();
	return tensors;
}

/** Numbers of weights and moments that are not the same bits in both. */
function differingBits(a: Map<string, Float32Array>, b: Map<string, Float32Array>): Measured {
	let differing = 0;
	let compared = 0;
	for (const [name, values] of a) {
		const bits = (x: Float32Array) => new Uint32Array(x.buffer, x.byteOffset, x.length);
		const others = bits(b.get(name) ?? new Float32Array());
		compared += values.length;
		differing += bits(values).filter((word, i) => word !== others[i]).length;
	}
	return compared > 0 ? differing : { failed: 'the model saved no tensors' };
}

export function steadinessOf(backend: 'wasm' | 'webgpu'): Section {
	return async ({ isQuick, say }: SectionOptions): Promise<Measurements> => {
		const [steps, rollouts] = isQuick ? [100, 10] : [1000, 100];
		const device = await startDevice(backend);
		const { growth, ratio } = await memory(device, steps, rollouts);
		say(`  ${backend}: ${steps} steps and ${rollouts} rollouts`);
		const differing = differingBits(await trained(device), await trained(device));
		device.dispose();
		return {
			[`${backend} memory: allocated / live, smallest shape`]: ratio,
			[`${backend} memory: growth`]: growth,
			[`${backend} determinism: numbers that differ after 50 steps`]: differing
		};
	};
}
