/** The models and batches that are measured: shapes of the benchmark's table with random weights, the same for every peer. */
import type { ModelConfig } from '../../src/core/formats/model-config';
import type { Batch, Coefficients, F, Loss } from '../../src/core/methods/loss';
import { Random, deriveSeed } from '../../src/core/random';
import { SCALAR_HEADS, trunkShapes } from '../../workers/engine/decoder-parameters';
import type { StepOptions } from '../../workers/engine/language-model';
import { Parameters, type ParameterValues } from '../../workers/engine/parameters';

export interface Shape {
	config: ModelConfig;
	/** Rows and columns of a training batch. */
	B: number;
	T: number;
}

function shape(B: number, T: number, sizes: Partial<ModelConfig>): Shape {
	const config: ModelConfig = {
		vocabSize: 512,
		hiddenSize: 128,
		intermediateSize: 344,
		layers: 4,
		heads: 4,
		kvHeads: 4,
		headDim: 32,
		maxPositions: T,
		rmsNormEps: 1e-5,
		ropeTheta: 10_000,
		tiedEmbeddings: true,
		bosId: null,
		eosIds: [],
		padId: null,
		valueHeads: 0,
		...sizes
	};
	return { config, B, T };
}

/** The step that all trainers in a browser were compared on. */
export const SHAPE_1M = shape(16, 64, {});
export const SHAPE_10M = shape(32, 128, {
	hiddenSize: 384,
	intermediateSize: 1024,
	layers: 6,
	heads: 6,
	kvHeads: 6,
	headDim: 64
});
/** SmolLM2-135M. */
export const SHAPE_135M = shape(8, 256, {
	vocabSize: 49_152,
	hiddenSize: 576,
	intermediateSize: 1536,
	layers: 30,
	heads: 9,
	kvHeads: 3,
	headDim: 64
});
/** Small enough for float64 in plain loops. */
export const SHAPE_TINY = shape(4, 12, {
	vocabSize: 40,
	hiddenSize: 16,
	intermediateSize: 24,
	layers: 2,
	heads: 4,
	kvHeads: 2,
	headDim: 4,
	valueHeads: 1
});

/** For thousands of steps on an imitated graphics card. */
export const SHAPE_SMALLEST: Shape = {
	...SHAPE_TINY,
	config: { ...SHAPE_TINY.config, layers: 1 },
	B: 2,
	T: 8
};

export const ADAMW: StepOptions = {
	lr: { trunk: 1e-3, heads: 1e-3 },
	clipNorm: 1,
	weightDecay: 0.01
};

/** Of the weights, as Hugging Face starts a Llama. */
const DEVIATION = 0.02;

/** Uniform weights with the deviation of Hugging Face's start, norms at one. A function of the seed. */
export function randomParameters(
	config: ModelConfig,
	seed: number,
	deviation = DEVIATION
): Parameters {
	const list: ParameterValues[] = trunkShapes(config).map(([name, shape]) => ({
		name,
		shape,
		group: 'trunk',
		values: shape.length > 1 ? randomMatrix(shape, seed, name, deviation) : ones(shape)
	}));
	if (config.valueHeads > 0) {
		const shape = [config.valueHeads, config.hiddenSize];
		const values = randomMatrix(shape, seed, SCALAR_HEADS, deviation);
		list.push({ name: SCALAR_HEADS, shape, group: 'heads', values });
	}
	return new Parameters(list);
}

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const ones = (shape: readonly number[]) => new Float32Array(sizeOf(shape)).fill(1);

/** Marsaglia's xorshift32: the app's Philox would take minutes for 135 million numbers. */
function randomMatrix(
	shape: readonly number[],
	seed: number,
	name: string,
	deviation: number
): Float32Array {
	const values = new Float32Array(sizeOf(shape));
	const width = deviation * Math.sqrt(12);
	let x = (deriveSeed(seed, name) % 0xffffffff) + 1;
	for (let i = 0; i < values.length; i++) {
		x ^= x << 13;
		x ^= x >>> 17;
		x ^= x << 5;
		values[i] = ((x >>> 0) / 2 ** 32 - 0.5) * width;
	}
	return values;
}

/** Full rows of random tokens, one prompt token each; batch `index` of the seed's stream. */
export function randomBatch({ config, B, T }: Shape, seed: number, index = 0): Batch {
	const random = new Random(deriveSeed(seed, `batch ${index}`));
	return {
		B,
		T,
		ids: Int32Array.from({ length: B * T }, () => random.int(config.vocabSize)),
		promptLength: new Int32Array(B).fill(1),
		length: new Int32Array(B).fill(T)
	};
}

/** Gradient of the mean negative log-probability of every token after a row's first. */
export function nextTokenCoefficients(batch: Batch): Coefficients {
	const dLogProb = new Float64Array(batch.B * batch.T);
	const weight = -1 / (batch.B * (batch.T - 1));
	for (let n = 0; n < dLogProb.length; n++) {
		dLogProb[n] = n % batch.T === 0 ? 0 : weight;
	}
	return { dLogProb };
}

/** Mean negative log-probability of every token after a row's first, from scores of full rows. */
export function nextTokenLoss(batch: Batch, logProb: F): number {
	return -logProb.reduce((sum, x) => sum + x, 0) / (batch.B * (batch.T - 1));
}

/** The same as a loss of the engine, whose value is asked for as well. */
export function nextTokenLossFunction(batch: Batch): Loss {
	const coefficients = nextTokenCoefficients(batch);
	return (scores) => ({
		...coefficients,
		loss: nextTokenLoss(batch, scores.logProb),
		metrics: {}
	});
}

export function randomPrompts(config: ModelConfig, rows: number, seed: number): Int32Array[] {
	const random = new Random(deriveSeed(seed, 'prompts'));
	return Array.from({ length: rows }, (_, b) =>
		Int32Array.from({ length: 4 + (b % 5) }, () => random.int(config.vocabSize))
	);
}
