/** One training step of the 1M shape on WebGPU: what it asks of the graphics device, counted from outside. */
import { ppoLoss } from '../../../src/core/methods/ppo';
import { DEFAULT_PPO } from '../../../src/core/config';
import type { EngineOperation, EngineStatistics } from '../../../src/protocol/trainer';
import type { LanguageModel } from '../../../workers/engine/language-model';
import { startDevice } from '../page/devices';
import { threadMsPerCall } from '../page/driver';
import { countGpu, difference, type GpuCounts } from '../page/gpu-counts';
import { median } from '../measure';
import { createEngineTrainer } from '../peers/engine-trainer';
import type { Measurements } from '../rows';
import { ADAMW, SHAPE_1M, randomBatch, randomParameters } from '../shapes';
import type { SectionOptions } from './section';

const SEED = 13;
const TENTH = 10;
const COMPARED = ['dispatches', 'submits', 'readbacks', 'bindGroups'] as const;
type Compared = (typeof COMPARED)[number];

/** A weight gradient summed in parts takes a dispatch more. */
const SPLIT_K_DISPATCHES = 110;

/** As kernels are recorded: a weight gradient in four parts ends with "/k4". */
const hasSplitK = (kernels: Record<string, string>) =>
	Object.values(kernels).some((choice) => /\/k(?!1$)\d+$/.test(choice));

/** Sums of the engine's own counters over its operations. */
function engineCounts({ operations }: EngineStatistics, of: EngineOperation[]) {
	const sum = (what: Compared | 'jsMs') =>
		of.reduce((total, name) => total + (operations[name][what] ?? NaN), 0);
	return {
		dispatches: sum('dispatches'),
		submits: sum('submits'),
		readbacks: sum('readbacks'),
		bindGroups: sum('bindGroups'),
		jsMs: sum('jsMs')
	};
}

/** The loss of a PPO minibatch with made-up targets: what matters here is that it needs scores before it has a gradient. */
function ppoStep(model: LanguageModel): (round: number) => Promise<void> {
	return async (round) => {
		const batch = randomBatch(SHAPE_1M, SEED, round);
		const filled = (value: number) => new Float64Array(batch.B * batch.T).fill(value);
		const targets = {
			oldLogProb: filled(-Math.log(SHAPE_1M.config.vocabSize)),
			oldValue: filled(0),
			advantages: filled(1),
			returns: filled(1)
		};
		await model.backward(batch, ppoLoss(targets, DEFAULT_PPO), { temperature: 1 });
		await model.step(ADAMW);
	};
}

export async function gpuStep({ isQuick, say }: SectionOptions): Promise<Measurements> {
	const snapshot = countGpu();
	const device = await startDevice('webgpu');
	const parameters = () => randomParameters(SHAPE_1M.config, SEED);
	const model = await device.createModel(SHAPE_1M.config, parameters());
	const trainer = createEngineTrainer(model);

	const times: number[] = [];
	const perStep: GpuCounts[] = [];
	let blocking = 0;
	for (let round = 0; round < TENTH; round++) {
		const batch = randomBatch(SHAPE_1M, SEED, round);
		const before = snapshot();
		const started = performance.now();
		await trainer.stepBlind(batch);
		times.push(performance.now() - started);
		perStep.push(difference(snapshot(), before));
		blocking += perStep.at(-1)?.blockingPipelines ?? 0;
	}
	say(`  on ${device.device}, kernels ${JSON.stringify(device.statistics().kernels)}`);
	say(`  steps took ${times.map((ms) => ms.toFixed(0)).join(' ')} ms`);
	const steady = perStep.slice(2);
	const largest = (what: keyof GpuCounts) => Math.max(...steady.map((c) => c[what]));

	const before = {
		counted: snapshot(),
		engine: engineCounts(device.statistics(), ['backward', 'step'])
	};
	const calls = isQuick ? 3 : 8;
	const jsMs = await threadMsPerCall(calls, () =>
		trainer.stepBlind(randomBatch(SHAPE_1M, SEED, 0))
	);
	const counted = difference(snapshot(), before.counted);
	const engine = engineCounts(device.statistics(), ['backward', 'step']);
	const disagreement = COMPARED.reduce(
		(sum, what) => sum + Math.abs(engine[what] - before.engine[what] - counted[what]),
		0
	);
	trainer.dispose();

	const config = { ...SHAPE_1M.config, valueHeads: 1 };
	const policy = await device.createModel(config, randomParameters(config, SEED));
	const ppo = ppoStep(policy);
	await ppo(0);
	const beforePpo = snapshot();
	await ppo(1);
	const ofPpo = difference(snapshot(), beforePpo);
	policy.dispose();
	const { kernels } = device.statistics();
	device.dispose();
	return {
		'WebGPU step: dispatches': hasSplitK(kernels)
			? { value: largest('dispatches'), target: { is: '<=', value: SPLIT_K_DISPATCHES } }
			: largest('dispatches'),
		'WebGPU step: submits': largest('submits'),
		'WebGPU step: bind groups made': largest('bindGroups'),
		'WebGPU step: JavaScript': jsMs,
		"WebGPU step: JavaScript by the engine's own count": (engine.jsMs - before.engine.jsMs) / calls,
		'WebGPU step: readbacks': largest('readbacks'),
		'WebGPU PPO step: dispatches': ofPpo.dispatches,
		'WebGPU PPO step: submits': ofPpo.submits,
		'WebGPU PPO step: readbacks beyond those of SFT': ofPpo.readbacks - largest('readbacks'),
		"WebGPU step: engine's counts less those counted outside": disagreement,
		'WebGPU first step / tenth step': (times[0] ?? NaN) / median(times.slice(TENTH - 3)),
		'WebGPU pipelines compiled while a step waits': blocking
	};
}
