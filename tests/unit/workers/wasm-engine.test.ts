import { describe, expect, test, vi } from 'vitest';
import { Random } from '../../../src/core/random';
import type { Batch, Loss } from '../../../src/core/methods/loss';
import type { ComputeDevice } from '../../../workers/engine/device';
import type { LanguageModel, Sampling } from '../../../workers/engine/language-model';
import { batchOf } from '../../../workers/engine/micro-batches';
import { loadTestModel, startTestDevice } from '../../support/engine';
import { largestDifference } from '../../support/engine-goldens';
import { bitsOf, nll, randomParameters } from '../../support/random-decoder';
import { ODD_CONFIG, startPortWasm, startTestWasm } from '../../support/wasm-engine';

// Hundreds of steps, on whatever else the machine is doing.
vi.setConfig({ testTimeout: 60_000 });

const random = new Random(6);
const { vocabSize } = ODD_CONFIG;
const ids = (count: number) => Array.from({ length: count }, () => random.int(vocabSize));
/** Enough positions for several slices, rows of all lengths. */
const batch: Batch = batchOf(
	Array.from({ length: 30 }, () => ({
		promptIds: ids(1 + random.int(5)),
		ids: ids(random.int(50))
	}))
);
/** As much as TensorFlow.js in plain JavaScript can take. */
const smallBatch: Batch = batchOf([
	{ promptIds: ids(3), ids: ids(11) },
	{ promptIds: ids(1), ids: ids(4) },
	{ promptIds: ids(2), ids: ids(9) }
]);
const prompts = Array.from({ length: 7 }, (_, i) => Int32Array.from(ids(1 + ((i * 5) % 9))));
const sampling: Sampling = { temperature: 0.8, maxNew: 20, stop: [5], seed: 3, first: 10 };
const stepOptions = { lr: { trunk: 3e-3, heads: 1e-2 }, clipNorm: 1, weightDecay: 0.1 };

const oddModel = (device: ComputeDevice) =>
	device.createModel(ODD_CONFIG, randomParameters(ODD_CONFIG));

async function train(model: LanguageModel, steps: number, on = batch): Promise<number[]> {
	const losses: number[] = [];
	for (let i = 0; i < steps; i++) {
		losses.push((await model.backward(on, nll, { temperature: 1 })).loss);
		await model.step(stepOptions);
	}
	return losses;
}

/** Everything a model can say, after some steps. */
async function transcript(device: ComputeDevice) {
	const model = await oddModel(device);
	const losses = await train(model, 3);
	const scores = await model.score(batch, {
		temperature: 0.7,
		want: ['logProb', 'entropy', 'value', 'hidden']
	});
	const sampled = await model.sample(prompts, sampling);
	const result = {
		losses,
		scores,
		sampled,
		logits: await model.logits(batch, 0),
		bits: await bitsOf(model, true)
	};
	model.dispose();
	return result;
}

describe('shards', () => {
	test('one, two or three give the same numbers, to the last bit', async () => {
		const results = [];
		for (const shards of [1, 2, 3]) {
			const device = await startTestWasm({ shards });
			expect(device.statistics().kernels).toEqual({ simd: 'simd', shards: String(shards) });
			results.push(await transcript(device));
			device.dispose();
		}
		expect(results[1]).toEqual(results[0]);
		expect(results[2]).toEqual(results[0]);
	});

	test('behind message ports they give what they give in this thread', async () => {
		const { device } = await startPortWasm(2);
		const here = await startTestWasm();
		expect(await transcript(device)).toEqual(await transcript(here));
		device.dispose();
	});

	test('one that dies fails what waits for it and whatever comes later', async () => {
		const { device, pairs } = await startPortWasm(2);
		const model = await oddModel(device);
		const waiting = model.backward(batch, nll, { temperature: 1 });
		pairs[1]?.crash('out of luck');
		await expect(waiting).rejects.toMatchObject({ code: 'backend-failed' });
		await expect(model.score(batch, { temperature: 1 })).rejects.toMatchObject({
			code: 'backend-failed'
		});
		await expect(model.sample(prompts, sampling)).rejects.toMatchObject({
			code: 'backend-failed'
		});
		device.dispose();
	});
});

describe('numbers', () => {
	test('an untied model of odd sizes has the scores and gradients of TensorFlow.js', async () => {
		const c = {
			dLogProb: Float64Array.from(smallBatch.ids, (_, n) => coefficient(n, 1)),
			dEntropy: Float64Array.from(smallBatch.ids, (_, n) => coefficient(n, 1)),
			dValue: [0, 1, 2].map(() => Float64Array.from(smallBatch.ids, (_, n) => coefficient(n, 0)))
		};
		function coefficient(n: number, first: number): number {
			const t = n % smallBatch.T;
			return t >= first && t < (smallBatch.length[Math.floor(n / smallBatch.T)] ?? 0)
				? random.normal()
				: 0;
		}
		const results = [];
		for (const device of [await startTestWasm(), await startTestDevice('cpu')]) {
			const model = await oddModel(device);
			const scores = await model.score(smallBatch, { temperature: 0.7 });
			await model.backward(smallBatch, c, { temperature: 0.7 });
			const { gradNorm } = await model.step({
				lr: { trunk: 0, heads: 0 },
				clipNorm: Infinity,
				weightDecay: 0
			});
			const moments = new Map<string, Float32Array>();
			for await (const { name, data } of model.save({ optimizer: true })) {
				moments.set(name, data);
			}
			results.push({ scores, gradNorm, moments });
			model.dispose();
		}
		const [own, reference] = results;
		expect([...(own?.moments.keys() ?? [])]).toEqual([...(reference?.moments.keys() ?? [])]);
		const pairs = [
			[own?.scores.logProb, reference?.scores.logProb],
			[own?.scores.entropy, reference?.scores.entropy],
			...[0, 1, 2].map((k) => [own?.scores.value[k], reference?.scores.value[k]]),
			[[own?.gradNorm ?? NaN], [reference?.gradNorm ?? NaN]],
			...[...(reference?.moments ?? [])].map(([name, data]) => [own?.moments.get(name), data])
		];
		for (const [actual, expected] of pairs) {
			const magnitude = Array.from(expected ?? []).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
			expect(largestDifference(actual ?? [], expected ?? [NaN])).toBeLessThanOrEqual(
				2e-5 * magnitude
			);
		}
	});

	test('the loss curve is that of TensorFlow.js: 1e-4 for 10 steps, 1e-3 for 50', async () => {
		const curves = [];
		for (const device of [await startTestWasm(), await startTestDevice('cpu')]) {
			const { model } = await loadTestModel('tests/golden/hf-llama-tiny', device);
			curves.push(await train(model, 50, smallBatch));
			model.dispose();
		}
		const [own = [], reference = []] = curves;
		expect(largestDifference(own.slice(0, 10), reference.slice(0, 10))).toBeLessThanOrEqual(1e-4);
		expect(largestDifference(own, reference)).toBeLessThanOrEqual(1e-3);
		expect(own[49]).toBeLessThan((own[0] ?? NaN) * 0.8);
	});

	test('the same seed gives the same weights after 50 steps', async () => {
		const runs = [];
		for (let run = 0; run < 2; run++) {
			const device = await startTestWasm();
			const model = await oddModel(device);
			await train(model, 50);
			runs.push(await bitsOf(model, true));
		}
		expect(runs[1]).toEqual(runs[0]);
	});

	test('the sampler says of its tokens exactly what the scorer says', async () => {
		const device = await startTestWasm();
		const model = await oddModel(device);
		const sampled = await model.sample(prompts, { ...sampling, stop: [] });
		const { logProb } = await model.score(sampled, { temperature: sampling.temperature });
		sampled.length.forEach((length, b) => {
			for (let t = sampled.promptLength[b] ?? 0; t < length; t++) {
				expect(sampled.behaviourLogProb[b * sampled.T + t]).toBe(logProb[b * sampled.T + t]);
			}
		});
		expect(sampled.length.every((n, b) => n === (sampled.promptLength[b] ?? 0) + 20)).toBe(true);
	});

	test.each([
		['the whole distribution', {}],
		['the most likely', { temperature: 0 }],
		['a few', { topK: 5, topP: 0.9 }]
	])('draws from %s are those of TensorFlow.js', async (_, change) => {
		const draws = [];
		for (const device of [await startTestWasm({ shards: 2 }), await startTestDevice('cpu')]) {
			const model = await oddModel(device);
			draws.push(await model.sample(prompts, { ...sampling, ...change }));
			model.dispose();
		}
		const [own, reference] = draws;
		expect(own?.ids).toEqual(reference?.ids);
		expect(own?.length).toEqual(reference?.length);
		expect(own?.stopped).toEqual(reference?.stopped);
		expect(
			largestDifference(own?.behaviourLogProb ?? [], reference?.behaviourLogProb ?? [NaN])
		).toBeLessThan(1e-5);
	});

	test('rows as long as the model’s context end there; a prompt that fills it draws nothing', async () => {
		const device = await startTestWasm();
		const model = await oddModel(device);
		const long = [Int32Array.from(ids(60)), Int32Array.from(ids(64)), Int32Array.from(ids(2))];
		const sampled = await model.sample(long, { ...sampling, stop: [], maxNew: 100 });
		expect(sampled.T).toBe(64);
		expect(Array.from(sampled.length)).toEqual([64, 64, 64]);
	});

	test('a token that the vocabulary does not have is a mistake, not a number', async () => {
		const device = await startTestWasm();
		const model = await oddModel(device);
		const wrong = batchOf([{ promptIds: [1], ids: [vocabSize] }]);
		await expect(model.score(wrong, { temperature: 1 })).rejects.toThrow('Token 37');
		await expect(model.backward(wrong, nll, { temperature: 1 })).rejects.toThrow('Token 37');
		await expect(model.sample([Int32Array.of(-1)], sampling)).rejects.toThrow('Token -1');
	});

	test('weights that are not numbers end a rollout, and an update changes nothing', async () => {
		const device = await startTestWasm();
		const parameters = randomParameters(ODD_CONFIG);
		parameters.get('model.norm.weight').values.fill(NaN);
		const model = await device.createModel(ODD_CONFIG, parameters);
		const before = await bitsOf(model, true);
		await expect(model.sample(prompts, sampling)).rejects.toMatchObject({ code: 'not-finite' });
		await model.backward(batch, { dLogProb: batch1() }, { temperature: 1 });
		await expect(model.step(stepOptions)).rejects.toMatchObject({ code: 'not-finite' });
		expect(await bitsOf(model, true)).toEqual(before);
	});

	function batch1(): Float64Array {
		const c = new Float64Array(batch.B * batch.T);
		c[1] = (batch.length[0] ?? 0) > 1 ? 1 : 0;
		return c;
	}
});

describe('memory', () => {
	test('200 steps and 20 rollouts take no more than the first', async () => {
		const device = await startTestWasm({ shards: 2 });
		const model = await oddModel(device);
		const round = async () => {
			await train(model, 1);
			await model.score(batch, { temperature: 1 });
		};
		for (let i = 0; i < 2; i++) {
			await round();
			await model.sample(prompts, sampling);
		}
		const first = device.statistics();
		for (let i = 0; i < 200; i++) {
			await round();
			if (i % 10 === 0) {
				await model.sample(prompts, sampling);
			}
		}
		const { bytesAllocated, bytesLive } = device.statistics();
		expect(bytesAllocated).toBe(first.bytesAllocated);
		expect(bytesLive).toBe(first.bytesLive);
	});

	test('what is allocated is at most twice what is in use, at the app’s own scale', async () => {
		const device = await startTestWasm({ shards: 2 });
		const { model } = await loadTestModel('public/models/stories-1m', device, { valueHeads: 1 });
		const reference = await model.clone();
		const sampled = await model.sample(prompts, { ...sampling, maxNew: 40 });
		await reference.score(sampled, { temperature: 1 });
		await model.backward(sampled, nll, { temperature: 1 });
		await model.step(stepOptions);
		const { bytesAllocated, bytesLive } = device.statistics();
		expect(bytesAllocated).toBeLessThanOrEqual(2 * (bytesLive ?? 0));
		expect(bytesLive).toBeGreaterThan(model.bytes);
	});

	test('activations that there is no room to keep are computed again, to the same bits', async () => {
		const results = [];
		const memories = [];
		for (const memoryLimit of [2 ** 31, 2 ** 21]) {
			const device = await startTestWasm({ memoryLimit });
			const model = await oddModel(device);
			await train(model, 3);
			memories.push(device.statistics().bytesLive ?? 0);
			results.push(await bitsOf(model, true));
		}
		expect(results[1]).toEqual(results[0]);
		expect(memories[1]).toBeLessThan((memories[0] ?? 0) * 0.9);
	});

	test('a stop half way gives everything back and leaves no gradient', async () => {
		const { device } = await startPortWasm(2);
		const model = await oddModel(device);
		const work = async () => {
			await train(model, 1);
			await model.sample(prompts, { ...sampling, maxNew: 60 });
		};
		await work();
		await work();
		const { bytesAllocated, bytesLive } = device.statistics();
		const before = await bitsOf(model);
		for (let i = 0; i < 3; i++) {
			const controller = new AbortController();
			const loss: Loss = (scores, whole) => {
				controller.abort();
				return nll(scores, whole);
			};
			await expect(
				model.backward(batch, loss, { temperature: 1, signal: controller.signal })
			).rejects.toMatchObject({ code: 'aborted' });
			const rollout = new AbortController();
			await expect(
				model.sample(prompts, {
					...{ ...sampling, maxNew: 60, stop: [], signal: rollout.signal },
					onToken: () => rollout.abort()
				})
			).rejects.toMatchObject({ code: 'aborted' });
			const still = { lr: { trunk: 0, heads: 0 }, clipNorm: 1, weightDecay: 0 };
			expect((await model.step(still)).gradNorm).toBe(0);
		}
		expect(await bitsOf(model)).toEqual(before);
		await work();
		expect(device.statistics()).toMatchObject({ bytesAllocated, bytesLive });
		device.dispose();
	});

	test('a shape that does not fit is refused with its bytes and the largest batch that does', async () => {
		const memoryLimit = 4 * 2 ** 20;
		const device = await startTestWasm({ shards: 2, memoryLimit });
		const model = await oddModel(device);
		const many = Array.from({ length: 4000 }, () => Int32Array.of(1));
		const refusal: unknown = await model
			.sample(many, { ...sampling, stop: [] })
			.catch((cause: unknown) => cause);
		expect(refusal).toMatchObject({ code: 'out-of-memory', detail: { limit: memoryLimit } });
		const { detail } = refusal as { detail: { bytes: number; largestBatch: number } };
		expect(detail.bytes).toBeGreaterThan(memoryLimit);
		expect((refusal as Error).message).toContain(String(detail.bytes));
		expect((refusal as Error).message).toContain(String(detail.largestBatch));
		const fits = await model.sample(many.slice(0, detail.largestBatch), {
			...{ ...sampling, stop: [], maxNew: 2 }
		});
		expect(fits.B).toBe(detail.largestBatch);
		await expect(
			model.sample(many.slice(0, detail.largestBatch + 1), { ...sampling, stop: [] })
		).rejects.toMatchObject({ code: 'out-of-memory' });
		const long = batchOf([{ promptIds: [1], ids: new Array<number>(5000).fill(2) }]);
		await expect(model.backward(long, nll, { temperature: 1 })).rejects.toMatchObject({
			code: 'out-of-memory',
			detail: { largestBatch: 0 }
		});
	});

	test('a model whose weights do not fit is refused before anything is allocated', async () => {
		const device = await startTestWasm({ memoryLimit: 4 * 2 ** 20 });
		const before = device.statistics().bytesAllocated;
		await expect(
			loadTestModel('public/models/stories-1m', device, { valueHeads: 1 })
		).rejects.toMatchObject({ code: 'out-of-memory', detail: { largestBatch: 0 } });
		expect(device.statistics().bytesAllocated).toBe(before);
	});
});

test('the kernels a run was recorded with are used where they can be, on any number of shards', async () => {
	const device = await startTestWasm({ shards: 2 });
	expect(device.useKernels({ simd: 'simd', shards: '8' })).toBe(true);
	expect(device.useKernels({ simd: 'avx-512' })).toBe(false);
	expect(device.statistics().kernels).toEqual({ simd: 'simd', shards: '2' });
});
