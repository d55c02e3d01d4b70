import { beforeAll, describe, expect, test } from 'vitest';
import type { Batch, Coefficients } from '../../../src/core/methods/loss';
import { Random } from '../../../src/core/random';
import type { LanguageModel, Pass } from '../../../workers/engine/language-model';
import type { ComputeDevice } from '../../../workers/engine/device';
import { batchOf } from '../../../workers/engine/micro-batches';
import { loadTestModel, startTestDevice } from '../../support/engine';
import { largestDifference } from '../../support/engine-goldens';
import { plainScores, type PlainWeights } from '../../support/plain-decoder';

const TEMPERATURE = 0.7;
/** Largest difference over largest magnitude, float32 against float64. */
const TOLERANCE = 2e-5;

const batch: Batch = batchOf([
	{ promptIds: [3, 17], ids: [42, 5, 99, 7] },
	{ promptIds: [64, 1, 8], ids: [3] },
	{ promptIds: [9], ids: [9, 100, 2, 2, 127, 30] }
]);

/** Random coefficients on every real token, as a loss might give. */
function coefficients(valueHeads: number): Required<Coefficients> {
	const random = new Random(7);
	const make = (first: number) => {
		const values = new Float64Array(batch.B * batch.T);
		for (let b = 0; b < batch.B; b++) {
			for (let t = first; t < (batch.length[b] ?? 0); t++) {
				values[b * batch.T + t] = random.normal();
			}
		}
		return values;
	};
	return {
		dLogProb: make(1),
		dEntropy: make(1),
		dValue: Array.from({ length: valueHeads }, () => make(0))
	};
}

async function weightsOf(model: LanguageModel): Promise<PlainWeights> {
	const weights: PlainWeights = new Map();
	for await (const { name, data } of model.save()) {
		weights.set(name, Float64Array.from(data));
	}
	return weights;
}

/** The gradient by every weight, read from one AdamW-free step: moments after a step with no clipping are 0.1 times the gradient. */
async function gradients(model: LanguageModel): Promise<Map<string, Float64Array>> {
	await model.step({ lr: { trunk: 0, heads: 0 }, clipNorm: Infinity, weightDecay: 0 });
	const found = new Map<string, Float64Array>();
	for await (const { name, data } of model.save({ optimizer: true })) {
		if (name.startsWith('optimizer.m.')) {
			found.set(
				name.slice('optimizer.m.'.length),
				Float64Array.from(data, (m) => m / 0.1)
			);
		}
	}
	return found;
}

async function withRandomHeads(device: ComputeDevice): Promise<LanguageModel> {
	const { model } = await loadTestModel('tests/golden/hf-llama-tiny', device, {
		valueHeads: 2,
		heads: { kind: 'normal', seed: 5 }
	});
	return model;
}

describe.each(['cpu', 'tfjs-wasm', 'wasm'] as const)('on %s', (backend) => {
	let device: ComputeDevice;
	let model: LanguageModel;
	beforeAll(async () => {
		device = await startTestDevice(backend);
		model = await withRandomHeads(device);
	});

	const pass: Pass = { temperature: TEMPERATURE };

	test('scores are those of plain float64 arithmetic', async () => {
		const plain = plainScores(model.config, await weightsOf(model), batch, TEMPERATURE);
		const scores = await model.score(batch, pass);
		for (const [actual, expected] of [
			[scores.logProb, plain.logProb],
			[scores.entropy, plain.entropy],
			[scores.value[0], plain.value[0]],
			[scores.value[1], plain.value[1]]
		] as const) {
			const magnitude = Math.max(...(expected ?? []).map(Math.abs));
			expect(largestDifference(actual ?? [], expected ?? []) / magnitude).toBeLessThanOrEqual(
				TOLERANCE
			);
		}
	});

	test('gradients are the finite differences of plain float64 arithmetic, in every tensor', async () => {
		const c = coefficients(2);
		await model.backward(batch, c, pass);
		const found = await gradients(model);
		const weights = await weightsOf(model);
		const objective = () => {
			const s = plainScores(model.config, weights, batch, TEMPERATURE);
			const along = (x: Float64Array, d: Float64Array) =>
				x.reduce((sum, v, i) => sum + v * (d[i] ?? 0), 0);
			return (
				along(s.logProb, c.dLogProb) +
				along(s.entropy, c.dEntropy) +
				s.value.reduce((sum, v, k) => sum + along(v, c.dValue[k] ?? v), 0)
			);
		};
		const random = new Random(11);
		const h = 1e-5;
		let worst = 0;
		for (const [name, values] of weights) {
			const gradient = found.get(name) ?? new Float64Array();
			const magnitude = Math.max(...gradient.map(Math.abs));
			// The steepest weight and a few others of each tensor; all of them would take an hour.
			const steepest = gradient.findIndex((g) => Math.abs(g) === magnitude);
			for (const i of [steepest, ...Array.from({ length: 3 }, () => random.int(values.length))]) {
				const at = values[i] ?? NaN;
				values[i] = at + h;
				const above = objective();
				values[i] = at - h;
				const below = objective();
				values[i] = at;
				const difference = Math.abs((gradient[i] ?? NaN) - (above - below) / (2 * h)) / magnitude;
				worst = difference <= worst ? worst : difference;
				expect(difference, `${name}[${i}]`).toBeLessThanOrEqual(TOLERANCE);
			}
		}
		console.log(
			`gradients ${backend}: worst difference over magnitude ${worst.toExponential(2)} in ${weights.size} tensors`
		);
	});

	test('a loss gives the same gradients as its coefficients, in one pass and split into parts', async () => {
		const c = coefficients(2);
		const results: Map<string, Float64Array>[] = [];
		for (const [loss, microTokens] of [
			[c, 4096],
			[() => ({ loss: 1, metrics: {}, ...c }), 4096],
			[() => ({ loss: 1, metrics: {}, ...c }), batch.T]
		] as const) {
			const copy = await withRandomHeads(device);
			await copy.backward(batch, loss, { ...pass, microTokens });
			results.push(await gradients(copy));
			copy.dispose();
		}
		const [direct, ...others] = results;
		for (const other of others) {
			for (const [name, gradient] of direct ?? []) {
				const magnitude = Math.max(...gradient.map(Math.abs));
				expect(
					largestDifference(other.get(name) ?? [], gradient) / magnitude,
					name
				).toBeLessThanOrEqual(TOLERANCE);
			}
		}
	});

	test('a loss on some outputs alone moves what they depend on, in one pass and in parts', async () => {
		const { dLogProb, dValue } = coefficients(2);
		for (const microTokens of [4096, batch.T]) {
			for (const [loss, isHeadMoved] of [
				[{ dLogProb }, false],
				[{ dValue }, true],
				[() => ({ loss: 0, metrics: {}, dLogProb }), false],
				[() => ({ loss: 0, metrics: {}, dValue }), true]
			] as const) {
				const copy = await withRandomHeads(device);
				await copy.backward(batch, loss, { ...pass, microTokens });
				const found = await gradients(copy);
				const largest = (name: string) => Math.max(0, ...(found.get(name) ?? []).map(Math.abs));
				expect(largest('score.weight') > 0).toBe(isHeadMoved);
				expect(largest('model.layers.0.self_attn.q_proj.weight')).toBeGreaterThan(0);
				copy.dispose();
			}
		}
	});

	test('only the asked-for groups learn', async () => {
		const copy = await withRandomHeads(device);
		const before = await weightsOf(copy);
		await copy.backward(batch, coefficients(2), { ...pass, groups: ['heads'] });
		await copy.step({ lr: { heads: 0.1 }, clipNorm: 1, weightDecay: 0 });
		const changed: string[] = [];
		for await (const { name, data } of copy.save()) {
			if (largestDifference(data, before.get(name) ?? []) > 0) {
				changed.push(name);
			}
		}
		expect(changed).toEqual(['score.weight']);
		copy.dispose();
	});
});
