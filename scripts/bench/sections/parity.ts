/** A tiny decoder on every engine against plain float64 loops, and its loss curve against TensorFlow.js on the cpu. */
import type { Batch, Coefficients } from '../../../src/core/methods/loss';
import { Random, deriveSeed } from '../../../src/core/random';
import type { ComputeDevice } from '../../../workers/engine/device';
import type { LanguageModel } from '../../../workers/engine/language-model';
import { MOMENT_1 } from '../../../workers/engine/saved-tensors';
import { ADAM_BETA1 } from '../../../src/core/methods/adamw';
import { plainScores, type PlainWeights } from '../../../tests/support/plain-decoder';
import { startDevice } from '../page/devices';
import { createEngineTrainer } from '../peers/engine-trainer';
import type { Measurements } from '../rows';
import { SHAPE_TINY, randomBatch, randomParameters } from '../shapes';
import type { Section, SectionOptions } from './section';

const SEED = 15;
const TEMPERATURE = 0.8;
/** Larger weights than a training start's, so that no nonlinearity is asleep. */
const DEVIATION = 0.3;
const FINITE_STEP = 1e-5;
const CURVE_SEED = 16;
const CURVE_STEPS = 50;
const { config } = SHAPE_TINY;

function largestRelative(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
	let difference = 0;
	let magnitude = 0;
	for (let i = 0; i < expected.length; i++) {
		difference = Math.max(difference, Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN)));
		magnitude = Math.max(magnitude, Math.abs(expected[i] ?? NaN));
	}
	return difference / magnitude;
}

function randomCoefficients(batch: Batch): Required<Coefficients> {
	const random = new Random(deriveSeed(SEED, 'coefficients'));
	const make = (first: number) =>
		Float64Array.from(batch.ids, (_, n) => (n % batch.T < first ? 0 : random.normal()));
	return { dLogProb: make(1), dEntropy: make(1), dValue: [make(0)] };
}

async function gradientsOf(model: LanguageModel): Promise<Map<string, Float64Array>> {
	// A step that changes nothing: the first moments are then the gradient times 1 - beta1.
	await model.step({ lr: { trunk: 0, heads: 0 }, clipNorm: Infinity, weightDecay: 0 });
	const found = new Map<string, Float64Array>();
	for await (const { name, data } of model.save({ optimizer: true })) {
		if (name.startsWith(MOMENT_1)) {
			const gradient = Float64Array.from(data, (m) => m / (1 - ADAM_BETA1));
			found.set(name.slice(MOMENT_1.length), gradient);
		}
	}
	return found;
}

/** Worst difference over magnitude of the scores, and of some gradients of each tensor by finite differences in float64. */
async function againstFloat64(device: ComputeDevice, perTensor: number) {
	const parameters = randomParameters(config, SEED, DEVIATION);
	const weights: PlainWeights = new Map(
		[...parameters].map((p) => [p.name, Float64Array.from(p.values)])
	);
	const model = await device.createModel(config, parameters);
	const batch = randomBatch(SHAPE_TINY, SEED);
	const expected = plainScores(config, weights, batch, TEMPERATURE);
	const scores = await model.score(batch, { temperature: TEMPERATURE });
	const ofScores = Math.max(
		largestRelative(scores.logProb, expected.logProb),
		largestRelative(scores.entropy, expected.entropy),
		largestRelative(scores.value[0] ?? [], expected.value[0] ?? [])
	);

	const c = randomCoefficients(batch);
	await model.backward(batch, c, { temperature: TEMPERATURE });
	const gradients = await gradientsOf(model);
	const along = (x: ArrayLike<number>, d: Float64Array) =>
		d.reduce((sum, v, i) => sum + v * (x[i] ?? NaN), 0);
	const objective = () => {
		const s = plainScores(config, weights, batch, TEMPERATURE);
		return (
			along(s.logProb, c.dLogProb) +
			along(s.entropy, c.dEntropy) +
			along(s.value[0] ?? [], c.dValue[0] ?? new Float64Array())
		);
	};
	const random = new Random(deriveSeed(SEED, 'places'));
	let ofGradients = 0;
	for (const [name, values] of weights) {
		const gradient = gradients.get(name) ?? new Float64Array();
		const magnitude = gradient.reduce((m, g) => Math.max(m, Math.abs(g)), 0);
		const steepest = gradient.findIndex((g) => Math.abs(g) === magnitude);
		const others = Array.from({ length: perTensor }, () => random.int(values.length));
		for (const i of [steepest, ...others]) {
			const at = values[i] ?? NaN;
			values[i] = at + FINITE_STEP;
			const above = objective();
			values[i] = at - FINITE_STEP;
			const slope = (above - objective()) / (2 * FINITE_STEP);
			values[i] = at;
			ofGradients = Math.max(ofGradients, Math.abs((gradient[i] ?? NaN) - slope) / magnitude);
		}
	}
	model.dispose();
	return { ofScores, ofGradients };
}

async function lossCurve(device: ComputeDevice): Promise<number[]> {
	const model = await device.createModel(config, randomParameters(config, CURVE_SEED));
	const trainer = createEngineTrainer(model);
	const losses: number[] = [];
	for (let i = 0; i < CURVE_STEPS; i++) {
		// Few batches in turn, so that the loss falls and differences may grow.
		losses.push(await trainer.step(randomBatch(SHAPE_TINY, CURVE_SEED, i % 4)));
	}
	trainer.dispose();
	return losses;
}

const furthestApart = (a: number[], b: number[], steps: number) =>
	Math.max(...a.slice(0, steps).map((x, i) => Math.abs(x - (b[i] ?? NaN))));

/** Sections of one engine each, so that a page without WebGPU still measures the other. */
export function parityOf(backend: 'wasm' | 'webgpu'): Section {
	return async ({ isQuick, say }: SectionOptions): Promise<Measurements> => {
		const device = await startDevice(backend);
		const { ofScores, ofGradients } = await againstFloat64(device, isQuick ? 2 : 7);
		const curve = await lossCurve(device);
		device.dispose();
		const reference = await lossCurve(await startDevice('cpu'));
		say(`  losses from ${curve[0]?.toFixed(4)} to ${curve.at(-1)?.toFixed(4)}`);
		return {
			[`${backend} parity: scores against float64`]: ofScores,
			[`${backend} parity: gradients against float64`]: ofGradients,
			[`${backend} parity: loss curve, 10 steps`]: furthestApart(curve, reference, 10),
			[`${backend} parity: loss curve, 50 steps`]: furthestApart(curve, reference, CURVE_STEPS)
		};
	};
}
