/** One size of model on the graphics card: training steps and a rollout, timed. */
import { trunkShapes } from '../../../workers/engine/decoder-parameters';
import type { ComputeDevice } from '../../../workers/engine/device';
import { median } from '../measure';
import { createEngineTrainer } from '../peers/engine-trainer';
import type { Measured, Measurements } from '../rows';
import { randomBatch, randomParameters, randomPrompts, type Shape } from '../shapes';
import type { SizeSpec } from './catalogue';

const SEED = 21;
const NO_TIMESTAMPS = 'this adapter has no timestamp-query';

/** Forward and backward of one step: 6 per weight and token, and attention's products, 12 per layer, channel and column. */
export function flopsPerStep({ config, B, T }: Shape): number {
	const weights = trunkShapes(config).reduce(
		(sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1),
		0
	);
	const attention = 12 * config.layers * config.heads * config.headDim * T;
	return B * T * (6 * weights + attention);
}

/** Milliseconds of the card by the engine's timestamps so far; null where the adapter has none. */
function gpuMs(device: ComputeDevice): number | null {
	const { backward, step } = device.statistics().operations;
	return backward.gpuMs === null || step.gpuMs === null ? null : backward.gpuMs + step.gpuMs;
}

function dispatches(device: ComputeDevice): number {
	const { backward, step } = device.statistics().operations;
	return (backward.dispatches ?? NaN) + (step.dispatches ?? NaN);
}

export async function measureSize(
	device: ComputeDevice,
	{ name, shape, rolloutRows }: SizeSpec,
	o: { isQuick: boolean; peak: number }
): Promise<Measurements> {
	const rounds = o.isQuick ? { warmUp: 2, measured: 5 } : { warmUp: 5, measured: 30 };
	const model = await device.createModel(shape.config, randomParameters(shape.config, SEED));
	const trainer = createEngineTrainer(model);
	const batch = randomBatch(shape, SEED);
	for (let i = 0; i < rounds.warmUp; i++) {
		await trainer.stepBlind(batch);
	}
	const wall: number[] = [];
	const onCard: number[] = [];
	const before = dispatches(device);
	for (let i = 0; i < rounds.measured; i++) {
		const cardBefore = gpuMs(device);
		const started = performance.now();
		await trainer.stepBlind(batch);
		wall.push(performance.now() - started);
		const cardAfter = gpuMs(device);
		if (cardBefore !== null && cardAfter !== null) {
			onCard.push(cardAfter - cardBefore);
		}
	}
	const perStep = (dispatches(device) - before) / rounds.measured;

	const prompts = randomPrompts(shape.config, rolloutRows, SEED);
	const sampling = { temperature: 1, maxNew: shape.T, stop: [], seed: SEED, first: 0 };
	const drawn = prompts.reduce((sum, prompt) => sum + shape.T - prompt.length, 0);
	await model.sample(prompts, sampling);
	const rollouts: number[] = [];
	for (let i = 0; i < (o.isQuick ? 1 : 5); i++) {
		const started = performance.now();
		await model.sample(prompts, sampling);
		rollouts.push(performance.now() - started);
	}
	trainer.dispose();

	const stepMs = onCard.length > 0 ? median(onCard) : null;
	const card: Measured = stepMs ?? { absent: NO_TIMESTAMPS };
	const busiest = stepMs ?? median(wall);
	return {
		[`${name} step: GPU time`]: card,
		[`${name} step: from call to answer`]: median(wall),
		[`${name} step: speed`]: (shape.B * shape.T) / (median(wall) / 1000),
		[`${name} step: share of the float32 peak`]:
			(100 * flopsPerStep(shape)) / (busiest / 1000) / o.peak,
		[`${name} step: dispatches`]: perStep,
		[`${name} rollout: speed`]: drawn / (median(rollouts) / 1000)
	};
}
