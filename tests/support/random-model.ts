/** Decoders of any shape with random weights, for tests that need no trained model. */
import type { ModelConfig } from '../../src/core/formats/model-config';
import { Random } from '../../src/core/random';
import { SCALAR_HEADS, trunkShapes } from '../../workers/engine/decoder-parameters';
import { Parameters, type ParameterValues } from '../../workers/engine/parameters';

/** Two layers, grouped-query heads, tied embeddings, one value head. */
export function smallConfig(changes: Partial<ModelConfig> = {}): ModelConfig {
	return {
		vocabSize: 130,
		hiddenSize: 32,
		intermediateSize: 88,
		layers: 2,
		heads: 4,
		kvHeads: 2,
		headDim: 8,
		maxPositions: 64,
		rmsNormEps: 1e-6,
		ropeTheta: 10_000,
		tiedEmbeddings: true,
		bosId: null,
		eosIds: [],
		padId: null,
		valueHeads: 1,
		...changes
	};
}

/** Large enough that the next token is neither certain nor a matter of chance alone. */
export function randomParameters(c: ModelConfig, seed: number): Parameters {
	const random = new Random(seed);
	const filled = (shape: readonly number[], draw: () => number) =>
		Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, draw);
	const list = trunkShapes(c).map(([name, shape]): ParameterValues => {
		const scale = 1.3 / Math.sqrt(shape[1] ?? 1);
		const draw =
			shape.length === 1 ? () => 1 + 0.2 * random.normal() : () => random.normal() * scale;
		return { name, shape, group: 'trunk', values: Float32Array.from(filled(shape, draw)) };
	});
	const shape = [c.valueHeads, c.hiddenSize];
	const values = Float32Array.from(filled(shape, () => random.normal() * 0.2));
	const heads: ParameterValues = { name: SCALAR_HEADS, shape, group: 'heads', values };
	return new Parameters(c.valueHeads > 0 ? [...list, heads] : list);
}
