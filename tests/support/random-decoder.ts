/** Decoders with random weights, a loss for them, and their bits: for engines' tests in Node and in the browser. */
import type { ModelConfig } from '../../src/core/formats/model-config';
import type { Loss } from '../../src/core/methods/loss';
import { Random } from '../../src/core/random';
import { SCALAR_HEADS, trunkShapes } from '../../workers/engine/decoder-parameters';
import type { LanguageModel } from '../../workers/engine/language-model';
import { Parameters } from '../../workers/engine/parameters';

/** A fresh decoder with random weights of unit-sized states. */
export function randomParameters(config: ModelConfig, seed = 1): Parameters {
	const random = new Random(seed);
	const shapes: [string, number[]][] = trunkShapes(config);
	if (config.valueHeads > 0) {
		shapes.push([SCALAR_HEADS, [config.valueHeads, config.hiddenSize]]);
	}
	return new Parameters(
		shapes.map(([name, shape]) => {
			const [rows = 1, width = 0] = shape;
			const count = shape.length > 1 ? rows * width : rows;
			const spread = shape.length > 1 ? 1 / Math.sqrt(width) : 0.2;
			const centre = shape.length > 1 ? 0 : 1;
			return {
				name,
				shape,
				group: name === SCALAR_HEADS ? 'heads' : 'trunk',
				values: Float32Array.from({ length: count }, () => centre + random.normal() * spread)
			};
		})
	);
}

/** Mean negative log-likelihood of everything after the first token. */
export const nll: Loss = (scores, batch) => {
	const dLogProb = new Float64Array(batch.B * batch.T);
	const tokens = batch.length.reduce((sum, n) => sum + n - 1, 0);
	let loss = 0;
	for (let b = 0; b < batch.B; b++) {
		for (let t = 1; t < (batch.length[b] ?? 0); t++) {
			loss -= (scores.logProb[b * batch.T + t] ?? NaN) / tokens;
			dLogProb[b * batch.T + t] = -1 / tokens;
		}
	}
	return { loss, metrics: {}, dLogProb };
};

/** The bits of a model: weights, and with `optimizer` moments and step counts. */
export async function bitsOf(
	model: LanguageModel,
	optimizer = false
): Promise<Map<string, Uint32Array>> {
	const bits = new Map<string, Uint32Array>();
	for await (const { name, data } of model.save({ optimizer })) {
		bits.set(name, new Uint32Array(data.slice().buffer));
	}
	return bits;
}
