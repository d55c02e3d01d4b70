/** A whole model on WebGPU: scores and gradients against plain float64, and every promise of LanguageModel. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Coefficients } from '../../../src/core/methods/loss';
import { Random } from '../../../src/core/random';
import type { ComputeDevice } from '../../../workers/engine/device';
import { requestGpu, type GpuContext } from '../../../workers/engine/gpu-device';
import type { LanguageModel, Pass } from '../../../workers/engine/language-model';
import { batchOf } from '../../../workers/engine/micro-batches';
import { startWebGpuOn } from '../../../workers/engine/webgpu/start';
import { relativeDifference } from '../../support/gpu-kernel';
import { plainScores, type PlainWeights } from '../../support/plain-decoder';
import { bitsOf, nll } from '../../support/random-decoder';
import { randomParameters, smallConfig } from '../../support/random-model';
import { startDevice } from './load-model';

const TEMPERATURE = 0.7;
const TOLERANCE = 2e-5;
const pass: Pass = { temperature: TEMPERATURE };

const config = smallConfig({ valueHeads: 2 });
const batch = batchOf([
	{ promptIds: [3, 17], ids: [42, 5, 99, 7] },
	{ promptIds: [64, 1, 8], ids: [3] },
	{ promptIds: [9], ids: [9, 100, 2, 2, 127, 30] }
]);

let context: GpuContext;
let gpu: ComputeDevice;
let model: LanguageModel;
const fresh = (device = gpu) => device.createModel(config, randomParameters(config, 11));
beforeAll(async () => {
	context = await requestGpu();
	gpu = await startWebGpuOn(context);
	model = await fresh();
}, 240_000);

/** Random coefficients on every real token, as a loss might give. */
function coefficients(): Required<Coefficients> {
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
	return { dLogProb: make(1), dEntropy: make(1), dValue: [make(0), make(0)] };
}

async function weightsOf(of: LanguageModel): Promise<PlainWeights> {
	const weights: PlainWeights = new Map();
	for await (const { name, data } of of.save()) {
		weights.set(name, Float64Array.from(data));
	}
	return weights;
}

/** First moments after a step that changes nothing are 0.1 times the gradient. */
async function gradients(of: LanguageModel): Promise<Map<string, Float64Array>> {
	await of.step({ lr: { trunk: 0, heads: 0 }, clipNorm: Infinity, weightDecay: 0 });
	const found = new Map<string, Float64Array>();
	for await (const { name, data } of of.save({ optimizer: true })) {
		if (name.startsWith('optimizer.m.')) {
			const values = Float64Array.from(data, (m) => m / 0.1);
			found.set(name.slice('optimizer.m.'.length), values);
		}
	}
	return found;
}

async function gradientsOf(...args: Parameters<LanguageModel['backward']>) {
	const copy = await model.clone();
	await copy.backward(...args);
	const found = await gradients(copy);
	copy.dispose();
	return found;
}

function expectClose(actual: Map<string, Float64Array>, expected: Map<string, Float64Array>) {
	expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
	for (const [name, values] of expected) {
		expect(relativeDifference(actual.get(name) ?? [], values), name).toBeLessThanOrEqual(TOLERANCE);
	}
}

describe('scores', () => {
	test('are those of plain float64 arithmetic, whole and in parts', async () => {
		const plain = plainScores(config, await weightsOf(model), batch, TEMPERATURE);
		for (const microTokens of [4096, 7]) {
			const scores = await model.score(batch, { ...pass, microTokens });
			for (const [actual, expected] of [
				[scores.logProb, plain.logProb],
				[scores.entropy, plain.entropy],
				[scores.value[0], plain.value[0]],
				[scores.value[1], plain.value[1]]
			] as const) {
				expect(relativeDifference(actual ?? [], expected ?? [])).toBeLessThanOrEqual(TOLERANCE);
			}
		}
	});

	test('only what was asked for is computed; logits and last hidden states are those of the cpu', async () => {
		const cpu = await fresh(await startDevice('cpu'));
		const before = gpu.statistics().operations.score.dispatches ?? 0;
		const values = await model.score(batch, { ...pass, want: ['value'] });
		// Embedding, five kernels a layer, scalar heads.
		expect((gpu.statistics().operations.score.dispatches ?? 0) - before).toBe(
			1 + 5 * config.layers + 1
		);
		expect(values.logProb.every((v) => v === 0)).toBe(true);
		expect(
			relativeDifference(values.value[1] ?? [], (await cpu.score(batch, pass)).value[1] ?? [])
		).toBeLessThanOrEqual(TOLERANCE);
		const hidden = await model.score(batch, { ...pass, want: ['hidden'] });
		const expected = await cpu.score(batch, { ...pass, want: ['hidden'] });
		expect(relativeDifference(hidden.hidden ?? [], expected.hidden ?? [])).toBeLessThanOrEqual(
			TOLERANCE
		);
		for (const column of [0, 3]) {
			const [onGpu, onCpu] = [await model.logits(batch, column), await cpu.logits(batch, column)];
			expect(relativeDifference(onGpu, onCpu)).toBeLessThanOrEqual(TOLERANCE);
		}
		cpu.dispose();
	});
});

describe('gradients', () => {
	test('are the finite differences of plain float64 arithmetic, in every tensor', async () => {
		const c = coefficients();
		const found = await gradientsOf(batch, c, pass);
		const weights = await weightsOf(model);
		const along = (x: Float64Array, d: Float64Array) =>
			x.reduce((sum, v, i) => sum + v * (d[i] ?? 0), 0);
		const objective = () => {
			const s = plainScores(config, weights, batch, TEMPERATURE);
			return (
				along(s.logProb, c.dLogProb) +
				along(s.entropy, c.dEntropy) +
				s.value.reduce((sum, v, k) => sum + along(v, c.dValue[k] ?? v), 0)
			);
		};
		const random = new Random(11);
		const step = 1e-5;
		let worst = 0;
		for (const [name, values] of weights) {
			const gradient = found.get(name) ?? new Float64Array();
			const magnitude = gradient.reduce((m, g) => Math.max(m, Math.abs(g)), 0);
			const steepest = gradient.findIndex((g) => Math.abs(g) === magnitude);
			for (const i of [steepest, random.int(values.length), random.int(values.length)]) {
				const at = values[i] ?? NaN;
				values[i] = at + step;
				const above = objective();
				values[i] = at - step;
				const below = objective();
				values[i] = at;
				const slope = (above - below) / (2 * step);
				const difference = Math.abs((gradient[i] ?? NaN) - slope) / magnitude;
				worst = difference <= worst ? worst : difference;
				expect(difference, `${name}[${i}]`).toBeLessThanOrEqual(TOLERANCE);
			}
		}
		console.log(
			`gradients webgpu: worst difference over magnitude ${worst.toExponential(2)} in ${weights.size} tensors`
		);
	});

	test('are alike from coefficients, from a loss, in one pass and in parts, and add up', async () => {
		const c = coefficients();
		const loss = () => ({ loss: 1, metrics: {}, ...c });
		const direct = await gradientsOf(batch, c, pass);
		expectClose(await gradientsOf(batch, loss, pass), direct);
		expectClose(await gradientsOf(batch, c, { ...pass, microTokens: 7 }), direct);
		expectClose(await gradientsOf(batch, loss, { ...pass, microTokens: 7 }), direct);
		const twice = await model.clone();
		await twice.backward(batch, c, pass);
		await twice.backward(batch, loss, pass);
		const added = await gradients(twice);
		expectClose(added, new Map([...direct].map(([name, g]) => [name, g.map((v) => 2 * v)])));
		twice.dispose();
	});

	test('with the kernels of a recorded run, whose sums are split', async () => {
		const direct = await gradientsOf(batch, coefficients(), pass);
		const chosen = gpu.statistics().kernels;
		const recorded = { 'matmul 32x88': 'nt=direct32,nn=direct32,tn=direct32/k4' };
		expect(gpu.useKernels({ ...recorded, dance: 'nt=direct32' })).toBe(false);
		expect(gpu.useKernels({ 'matmul 32x88': 'nt=direct33,nn=direct32,tn=direct32/k1' })).toBe(
			false
		);
		expect(gpu.statistics().kernels).toEqual(chosen);
		expect(gpu.useKernels(recorded)).toBe(true);
		expect(gpu.statistics().kernels).toEqual(recorded);
		expectClose(await gradientsOf(batch, coefficients(), pass), direct);
		const { dValue } = coefficients();
		const values = await gradientsOf(batch, { dValue }, pass);
		expect(gpu.useKernels(chosen)).toBe(true);
		expectClose(values, await gradientsOf(batch, { dValue }, pass));
	});

	test(
		'and scores with tiles in workgroup memory, as a graphics card would choose',
		{ timeout: 240_000 },
		async () => {
			const direct = await gradientsOf(batch, coefficients(), pass);
			const scores = await model.score(batch, pass);
			const chosen = gpu.statistics().kernels;
			expect(gpu.useKernels({ 'matmul 32x88': 'nt=tiled64,nn=tiled32,tn=tiled32/k2' })).toBe(true);
			expectClose(await gradientsOf(batch, coefficients(), pass), direct);
			const tiled = await model.score(batch, pass);
			for (const output of ['logProb', 'entropy'] as const) {
				expect(relativeDifference(tiled[output], scores[output])).toBeLessThanOrEqual(TOLERANCE);
			}
			expect(gpu.useKernels(chosen)).toBe(true);
			// A model that was there before uses the kernels that its device stands by.
			expect(await model.score(batch, pass)).toEqual(scores);
		}
	);

	test('and scores are the same where the vocabulary takes its positions in parts', async () => {
		// Four positions at a time.
		const device = await startWebGpuOn(context, { logitsBytes: 4 * 4 * config.vocabSize });
		const inParts = await fresh(device);
		const c = coefficients();
		const scores = await inParts.score(batch, pass);
		expect(scores).toEqual(await model.score(batch, pass));
		expect(await inParts.logits(batch, 2)).toEqual(await model.logits(batch, 2));
		const direct = await gradientsOf(batch, c, pass);
		for (const loss of [c, () => ({ loss: 1, metrics: {}, ...c })]) {
			const copy = await fresh(device);
			await copy.backward(batch, loss, pass);
			expectClose(await gradients(copy), direct);
			copy.dispose();
		}
		inParts.dispose();
	});

	test(
		'of a decoder of odd sizes with a vocabulary head of its own, sums split, are those of the cpu',
		{ timeout: 240_000 },
		async () => {
			const odd = smallConfig({
				...{
					hiddenSize: 18,
					intermediateSize: 13,
					heads: 3,
					kvHeads: 1,
					headDim: 6,
					vocabSize: 131
				},
				...{ tiedEmbeddings: false, valueHeads: 1 }
			});
			gpu.useKernels({ 'matmul 18x13': 'nt=direct32,nn=direct32,tn=direct32/k4' });
			const { dLogProb, dValue } = coefficients();
			for (const c of [{ dLogProb }, { dValue: dValue.slice(1) }]) {
				const found: Map<string, Float64Array>[] = [];
				for (const device of [gpu, await startDevice('cpu')]) {
					const one = await device.createModel(odd, randomParameters(odd, 4));
					await one.backward(batch, c, pass);
					found.push(await gradients(one));
					one.dispose();
				}
				const [onGpu = new Map<string, Float64Array>(), onCpu = onGpu] = found;
				expect(onGpu.has('lm_head.weight')).toBe('dLogProb' in c);
				expectClose(onGpu, onCpu);
			}
		}
	);

	test('of some outputs alone move what those depend on', async () => {
		const { dLogProb, dValue } = coefficients();
		for (const microTokens of [4096, 7]) {
			for (const [loss, isHeadMoved] of [
				[{ dLogProb }, false],
				[{ dValue }, true],
				[() => ({ loss: 0, metrics: {}, dLogProb }), false],
				[() => ({ loss: 0, metrics: {}, dValue }), true]
			] as const) {
				const found = await gradientsOf(batch, loss, { ...pass, microTokens });
				expect(found.has('score.weight')).toBe(isHeadMoved);
				const q = found.get('model.layers.0.self_attn.q_proj.weight');
				expect(q?.some((g) => g !== 0)).toBe(true);
			}
		}
	});

	test('only the asked-for groups learn', async () => {
		const copy = await model.clone();
		const before = await weightsOf(copy);
		await copy.backward(batch, coefficients(), { ...pass, groups: ['heads'] });
		await copy.step({ lr: { heads: 0.1 }, clipNorm: 1, weightDecay: 0 });
		const changed: string[] = [];
		for await (const { name, data } of copy.save()) {
			if (relativeDifference(data, before.get(name) ?? []) > 0) {
				changed.push(name);
			}
		}
		expect(changed).toEqual(['score.weight']);
		// A frozen group's gradient is neither in the norm nor kept for the next step.
		await copy.backward(batch, coefficients(), pass);
		const heads = await copy.step({ lr: { heads: 0.1 }, clipNorm: 1, weightDecay: 0 });
		await copy.backward(batch, coefficients(), { ...pass, groups: ['heads'] });
		const again = await copy.step({ lr: { trunk: 0.1, heads: 0 }, clipNorm: 1, weightDecay: 0 });
		expect(again.gradNorm / heads.gradNorm).toBeCloseTo(1, 1);
		copy.dispose();
	});
});

describe('a run', () => {
	const step = { lr: { trunk: 5e-3, heads: 5e-3 }, clipNorm: 1, weightDecay: 0.1 };
	const learn = async (of: LanguageModel, steps: number) => {
		for (let i = 0; i < steps; i++) {
			await of.backward(batch, nll, { temperature: 1 });
			await of.step(step);
		}
	};

	test('of 2n steps is n steps, saving, loading and n steps, to the last bit', async () => {
		const straight = await fresh();
		await learn(straight, 6);
		const first = await fresh();
		await learn(first, 3);
		const saved = [];
		for await (const tensor of first.save({ optimizer: true })) {
			saved.push(tensor);
		}
		const resumed = await fresh();
		await resumed.load(saved);
		await learn(resumed, 3);
		expect(await bitsOf(resumed, true)).toEqual(await bitsOf(straight, true));
		const forgetful = await fresh();
		await forgetful.load(saved.filter(({ name }) => !name.startsWith('optimizer.')));
		await learn(forgetful, 3);
		expect(await bitsOf(forgetful)).not.toEqual(await bitsOf(straight));
		for (const one of [straight, first, resumed, forgetful]) {
			one.dispose();
		}
	});

	test('a clone goes its own way; wrong weights are refused whole', async () => {
		const before = await bitsOf(model);
		const copy = await model.clone();
		await learn(copy, 1);
		expect(await bitsOf(model)).toEqual(before);
		const changed = await bitsOf(copy);
		expect(changed).not.toEqual(before);
		const short = { name: 'model.norm.weight', shape: [31], data: new Float32Array(31) };
		const tensors = [];
		for await (const tensor of model.save()) {
			tensors.push(tensor.name === short.name ? short : tensor);
		}
		await expect(copy.load(tensors)).rejects.toMatchObject({
			code: 'wrong-shape',
			detail: { tensor: short.name }
		});
		expect(await bitsOf(copy)).toEqual(changed);
		copy.dispose();
	});

	test('a stop, a NaN, a skip or a gradient that is not finite leaves the weights as they were', async () => {
		const copy = await model.clone();
		const before = await bitsOf(copy);
		const stopped = new AbortController();
		stopped.abort();
		await expect(
			copy.backward(batch, nll, { temperature: 1, signal: stopped.signal })
		).rejects.toMatchObject({ code: 'aborted' });
		await expect(
			copy.backward(batch, () => ({ loss: NaN, metrics: {} }), pass)
		).rejects.toMatchObject({ code: 'not-finite' });
		const result = await copy.backward(batch, (s, b) => ({ ...nll(s, b), skip: 'not now' }), pass);
		expect(result.skip).toBe('not now');
		expect(await copy.step(step)).toEqual({ gradNorm: 0 });
		expect(await bitsOf(copy)).toEqual(before);
		const dLogProb = coefficients().dLogProb.map((c) => c * 3e38);
		await copy.backward(batch, { dLogProb }, pass);
		await expect(copy.step(step)).rejects.toMatchObject({ code: 'not-finite' });
		expect(await bitsOf(copy)).toEqual(before);
		// The bad gradient is gone, and it was no step.
		await learn(copy, 1);
		const other = await model.clone();
		await learn(other, 1);
		expect(await bitsOf(copy, true)).toEqual(await bitsOf(other, true));
		copy.dispose();
		other.dispose();
	});

	test('a model disposed of ends what it is doing, takes nothing more, and harms no other', async () => {
		const copy = await model.clone();
		const scores = copy.score(batch, pass);
		const sampled = copy.sample([Int32Array.of(3, 17)], {
			...{ temperature: 1, maxNew: 4, stop: [], seed: 1, first: 0 }
		});
		copy.dispose();
		copy.dispose();
		expect((await scores).logProb).toEqual((await model.score(batch, pass)).logProb);
		expect((await sampled).length[0]).toBe(6);
		await expect(copy.score(batch, pass)).rejects.toThrow('disposed');
		await model.score(batch, pass);
	});

	test('rows without tokens and passes that want nothing are no passes', async () => {
		const empty = { ...batch, length: new Int32Array(batch.B) };
		const scores = await model.score(empty, pass);
		expect(scores.logProb.every((v) => v === 0)).toBe(true);
		const nothing = await model.score(batch, { ...pass, want: [] });
		expect(nothing.value[0]?.every((v) => v === 0)).toBe(true);
		await model.backward(empty, {}, pass);
		expect(await model.step({ lr: {}, clipNorm: 1, weightDecay: 0 })).toEqual({ gradNorm: 0 });
	});

	test('a coefficient on padding is refused', async () => {
		const dLogProb = new Float64Array(batch.B * batch.T);
		dLogProb[batch.T + 5] = 1;
		await expect(model.backward(batch, { dLogProb }, pass)).rejects.toThrow('padding');
	});
});
