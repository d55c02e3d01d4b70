/**
 * One training step of the 1M shape on WebGPU: what it asks of the graphics device, counted from outside.
 * On an imitated card a full batch takes seconds, so what does not depend on the batch is taken with a small one there.
 */
import { DEFAULT_PPO } from '../../../src/core/config';
import type { Batch } from '../../../src/core/methods/loss';
import { ppoLoss } from '../../../src/core/methods/ppo';
import type { EngineStatistics } from '../../../src/protocol/trainer';
import { sharedGpu } from '../../../workers/engine/gpu-device';
import type { LanguageModel } from '../../../workers/engine/language-model';
import { median } from '../measure';
import { startDevice } from '../page/devices';
import { threadMsPerCall } from '../page/driver';
import { countGpu, difference, type GpuCounts } from '../page/gpu-counts';
import { createEngineTrainer, type EngineTrainer } from '../peers/engine-trainer';
import type { Measurements } from '../rows';
import { ADAMW, SHAPE_1M, randomBatch, randomParameters, type Shape } from '../shapes';
import type { SectionOptions } from './section';

const SEED = 13;
const TENTH = 10;
/** Devices made anew for the first step's time; one alone is at the mercy of whatever else the machine does. */
const FRESH_DEVICES = 5;
/** Engine time is taken as the median of so many steps: on two cores an imitated card takes the thread's core now and then. */
const TIMED_STEPS = 12;
const SMALL_BATCH: Shape = { ...SHAPE_1M, B: 2, T: 16 };
const COMPARED = ['dispatches', 'submits', 'readbacks', 'bindGroups'] as const;
type Compared = (typeof COMPARED)[number];

/** A weight gradient summed in parts takes a dispatch more. */
const SPLIT_K_DISPATCHES = 110;

/** As kernels are recorded: a weight gradient in four parts ends with "/k4". */
const hasSplitK = (kernels: Record<string, string>) =>
	Object.values(kernels).some((choice) => /\/k(?!1$)\d+$/.test(choice));

/** Sums of the engine's own counters over a training step's operations. */
function engineCounts({ operations }: EngineStatistics): Record<Compared | 'jsMs', number> {
	const sum = (what: Compared | 'jsMs') =>
		(operations.backward[what] ?? NaN) + (operations.step[what] ?? NaN);
	return {
		dispatches: sum('dispatches'),
		submits: sum('submits'),
		readbacks: sum('readbacks'),
		bindGroups: sum('bindGroups'),
		jsMs: sum('jsMs')
	};
}

/** The loss of a PPO minibatch with made-up targets: what matters here is that it needs scores before it has a gradient. */
async function ppoStep(model: LanguageModel, batch: Batch): Promise<void> {
	const filled = (value: number) => new Float64Array(batch.B * batch.T).fill(value);
	const targets = {
		oldLogProb: filled(-Math.log(model.config.vocabSize)),
		oldValue: filled(0),
		advantages: filled(1),
		returns: filled(1)
	};
	await model.backward(batch, ppoLoss(targets, DEFAULT_PPO), { temperature: 1 });
	await model.step(ADAMW);
}

type Counted = (work: () => Promise<void>) => Promise<GpuCounts>;

const smallBatch = (isSoftware: boolean, i: number): Batch =>
	randomBatch(isSoftware ? SMALL_BATCH : SHAPE_1M, SEED, i);

/** Pipelines that the first ten steps of a trainer wait for. */
async function pipelinesOfFirstSteps(
	trainer: EngineTrainer,
	isSoftware: boolean,
	counted: Counted
): Promise<number> {
	let blocking = 0;
	for (let i = 0; i < TENTH; i++) {
		const counts = await counted(() => trainer.stepBlind(smallBatch(isSoftware, i)));
		blocking += counts.blockingPipelines;
	}
	return blocking;
}

/** Milliseconds of the first step after the model was made, over those of the tenth: the median of several devices. */
async function firstAgainstTenth(isSoftware: boolean, say: SectionOptions['say']): Promise<number> {
	const ratios: number[] = [];
	for (let i = 0; i < FRESH_DEVICES; i++) {
		const device = await startDevice('webgpu');
		const model = await device.createModel(
			SHAPE_1M.config,
			randomParameters(SHAPE_1M.config, SEED)
		);
		const trainer = createEngineTrainer(model);
		const times: number[] = [];
		for (let step = 0; step < TENTH; step++) {
			const started = performance.now();
			await trainer.stepBlind(smallBatch(isSoftware, step));
			times.push(performance.now() - started);
		}
		trainer.dispose();
		device.dispose();
		say(`  ten steps took ${times.map((ms) => ms.toFixed(0)).join(' ')} ms`);
		ratios.push((times[0] ?? NaN) / median(times.slice(TENTH - 3)));
	}
	return median(ratios);
}

export async function gpuStep({ isQuick, say }: SectionOptions): Promise<Measurements> {
	const snapshot = countGpu();
	const counted = async (work: () => Promise<void>): Promise<GpuCounts> => {
		const before = snapshot();
		await work();
		return difference(snapshot(), before);
	};
	const device = await startDevice('webgpu');
	const { isSoftware } = await sharedGpu();
	const model = await device.createModel(SHAPE_1M.config, randomParameters(SHAPE_1M.config, SEED));
	const trainer = createEngineTrainer(model);
	say(`  on ${device.device}, kernels ${JSON.stringify(device.statistics().kernels)}`);

	let blocking = await pipelinesOfFirstSteps(trainer, isSoftware, counted);
	// Buffers and bind groups of the full batch's shape are made once.
	blocking += (await counted(() => trainer.stepBlind(randomBatch(SHAPE_1M, SEED))))
		.blockingPipelines;
	const steps: GpuCounts[] = [];
	const engineBefore = engineCounts(device.statistics());
	const calls = isQuick || isSoftware ? 3 : 10;
	while (steps.length < calls) {
		const batch = randomBatch(SHAPE_1M, SEED, steps.length);
		steps.push(await counted(() => trainer.stepBlind(batch)));
	}
	const engineAfter = engineCounts(device.statistics());
	const largest = (what: keyof GpuCounts) => Math.max(...steps.map((c) => c[what]));
	const disagreement = COMPARED.reduce((sum, what) => {
		const outside = steps.reduce((total, c) => total + c[what], 0);
		return sum + Math.abs(engineAfter[what] - engineBefore[what] - outside);
	}, 0);
	// The longer the waits, the more an idle page's own doings blur the few milliseconds.
	const timed = smallBatch(isSoftware, 0);
	const synchronous: number[] = [];
	for (let i = 0; i < TIMED_STEPS; i++) {
		const { jsMs } = engineCounts(device.statistics());
		await trainer.stepBlind(timed);
		synchronous.push(engineCounts(device.statistics()).jsMs - jsMs);
	}
	const threadMs = await threadMsPerCall(TIMED_STEPS, () => trainer.stepBlind(timed));
	trainer.dispose();

	const config = { ...SHAPE_1M.config, valueHeads: 1 };
	const policy = await device.createModel(config, randomParameters(config, SEED));
	const minibatch = randomBatch(isSoftware && isQuick ? SMALL_BATCH : SHAPE_1M, SEED);
	await ppoStep(policy, minibatch);
	const ofPpo = await counted(() => ppoStep(policy, minibatch));
	policy.dispose();
	const { kernels } = device.statistics();
	device.dispose();
	return {
		'WebGPU step: dispatches': hasSplitK(kernels)
			? { value: largest('dispatches'), target: { is: '<=', value: SPLIT_K_DISPATCHES } }
			: largest('dispatches'),
		'WebGPU step: submits': largest('submits'),
		'WebGPU step: bind groups made': largest('bindGroups'),
		'WebGPU step: JavaScript': median(synchronous),
		"WebGPU step: the thread's whole processor time": threadMs,
		'WebGPU step: readbacks': largest('readbacks'),
		'WebGPU PPO step: dispatches': ofPpo.dispatches,
		'WebGPU PPO step: submits': ofPpo.submits,
		'WebGPU PPO step: readbacks beyond those of SFT': ofPpo.readbacks - largest('readbacks'),
		"WebGPU step: engine's counts less those counted outside": disagreement,
		'WebGPU first step / tenth step': await firstAgainstTenth(isSoftware, say),
		'WebGPU pipelines compiled while a step waits': blocking
	};
}
