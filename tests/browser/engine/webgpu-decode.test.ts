/** Whole rollouts on the graphics device against the cpu model, and what they cost in counts. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ModelConfig } from '../../../src/core/formats/model-config';
import { Random } from '../../../src/core/random';
import type { ComputeDevice } from '../../../workers/engine/device';
import { requestGpu } from '../../../workers/engine/gpu-device';
import type { LanguageModel, Sampled, Sampling } from '../../../workers/engine/language-model';
import { DecodeWorkspace } from '../../../workers/engine/webgpu/decode/decode-workspace';
import { Rollout } from '../../../workers/engine/webgpu/decode/rollout';
import { GpuParameters } from '../../../workers/engine/webgpu/gpu-parameters';
import { GpuRuntime } from '../../../workers/engine/webgpu/gpu-runtime';
import { randomParameters, smallConfig } from '../../support/random-model';
import { startDevice } from './load-model';

const prompts = [
	Int32Array.of(3, 17, 42),
	Int32Array.of(9),
	Int32Array.of(63, 1),
	Int32Array.of(5, 6, 7, 8, 9),
	Int32Array.of(9, 9)
];
/** As little as every kernel needs: a software adapter is slow. */
const tiny = smallConfig({
	...{ layers: 1, hiddenSize: 16, intermediateSize: 8, heads: 1, kvHeads: 1, vocabSize: 64 }
});
const sampling: Sampling = { temperature: 0.9, maxNew: 8, stop: [], seed: 4, first: 0 };

let cpu: ComputeDevice;
let runtime: GpuRuntime;
beforeAll(async () => {
	cpu = await startDevice('cpu');
	runtime = new GpuRuntime(await requestGpu());
});

interface Pair {
	rollout: Rollout;
	model: LanguageModel;
	end: () => void;
}

/** The same random weights on the graphics device and on the cpu. */
async function pair(config: ModelConfig, on = runtime): Promise<Pair> {
	const parameters = randomParameters(config, 5);
	const model = await cpu.createModel(config, parameters.clone());
	const weights = new GpuParameters(on, parameters);
	const rollout = new Rollout(on, config, weights);
	const end = () => {
		rollout.dispose();
		weights.dispose();
		model.dispose();
	};
	return { rollout, model, end };
}

/** Tokens of one row, without padding. */
const row = (s: Sampled, b: number) =>
	Array.from(s.ids.subarray(b * s.T, b * s.T + at(s.length, b)));
const at = (values: ArrayLike<number>, i: number) => values[i] ?? NaN;

/** Everything a rollout says, held against what a score pass of the cpu model says of its tokens. */
async function expectOwnScores(model: LanguageModel, s: Sampled, temperature: number) {
	const scores = await model.score(s, { temperature });
	const worst = { logProb: 0, value: 0 };
	for (let b = 0; b < s.B; b++) {
		for (let t = 0; t < s.T; t++) {
			const n = b * s.T + t;
			const isDrawn = t >= at(s.promptLength, b) && t < at(s.length, b);
			const isDrawnNext = t + 1 >= at(s.promptLength, b) && t + 1 < at(s.length, b);
			const logProb = at(s.behaviourLogProb, n) - (isDrawn ? at(scores.logProb, n) : 0);
			worst.logProb = Math.max(worst.logProb, Math.abs(logProb));
			if (s.behaviourValue) {
				const value = at(s.behaviourValue, n) - (isDrawnNext ? at(scores.value[0] ?? [], n) : 0);
				worst.value = Math.max(worst.value, Math.abs(value));
			}
		}
	}
	expect(worst.logProb).toBeLessThan(1e-4);
	expect(worst.value).toBeLessThan(1e-4);
}

describe.each([
	['grouped-query heads, tied embeddings', smallConfig()],
	[
		'odd sizes, an own vocabulary head, no value head',
		smallConfig({
			...{ hiddenSize: 30, intermediateSize: 45, heads: 3, kvHeads: 3, headDim: 6, vocabSize: 67 },
			...{ tiedEmbeddings: false, valueHeads: 0, layers: 1 }
		})
	],
	[
		'sizes beyond one tile, two value heads',
		smallConfig({
			...{ intermediateSize: 300, headDim: 16, vocabSize: 2100, valueHeads: 2, layers: 1 },
			ropeTheta: 500
		})
	]
] satisfies [string, ModelConfig][])('with %s', (_, config) => {
	let p: Pair;
	beforeAll(async () => {
		p = await pair(config);
		await p.rollout.warm();
	});
	afterAll(() => {
		p.end();
	});

	test('log-probabilities and values of its tokens are those of a score pass', async () => {
		const sampled = await p.rollout.sample(prompts, sampling);
		expect(Array.from(sampled.length)).toEqual([11, 9, 10, 13, 10]);
		expect(sampled.behaviourValue !== undefined).toBe(config.valueHeads > 0);
		prompts.forEach((prompt, b) => {
			expect(row(sampled, b).slice(0, prompt.length)).toEqual(Array.from(prompt));
		});
		expect(Array.from(sampled.ids).every((id) => id >= 0 && id < config.vocabSize)).toBe(true);
		await expectOwnScores(p.model, sampled, sampling.temperature);
	});

	test('greedy text is that of the cpu, up to the first near tie', async () => {
		const greedy = { ...sampling, temperature: 0 };
		const here = await p.rollout.sample(prompts, greedy);
		const there = await p.model.sample(prompts, greedy);
		let compared = 0;
		for (let b = 0; b < here.B; b++) {
			for (let t = at(here.promptLength, b); t < at(here.length, b); t++) {
				const logits = await p.model.logits(there, t - 1);
				const V = config.vocabSize;
				const [first, second] = Array.from(logits.subarray(b * V, (b + 1) * V)).sort(
					(x, y) => y - x
				);
				if ((first ?? NaN) - (second ?? NaN) < 0.01) {
					break;
				}
				expect(at(here.ids, b * here.T + t)).toBe(at(there.ids, b * there.T + t));
				compared++;
			}
		}
		expect(compared).toBeGreaterThan(25);
		expect(here.behaviourLogProb.every((x) => x === 0)).toBe(true);
		expect(here.length).toEqual(there.length);
	});
});

describe('rules of a rollout', () => {
	const config = tiny;
	let p: Pair;
	beforeAll(async () => {
		p = await pair(config);
	});
	afterAll(() => {
		p.end();
	});

	test('a row is drawn alike whatever batch it is in, to the last bit', async () => {
		const together = await p.rollout.sample(prompts, sampling);
		for (const [b, prompt] of prompts.entries()) {
			const alone = await p.rollout.sample([prompt], { ...sampling, first: b });
			const length = at(alone.length, 0);
			expect(row(alone, 0)).toEqual(row(together, b));
			const from = b * together.T;
			expect(alone.behaviourLogProb.subarray(0, length)).toEqual(
				together.behaviourLogProb.subarray(from, from + length)
			);
		}
		expect(await p.rollout.sample(prompts, sampling)).toEqual(together);
		const other = await p.rollout.sample(prompts, { ...sampling, seed: 5 });
		expect(other.ids).not.toEqual(together.ids);
	});

	test('more rows than one rollout takes are several, and come out the same', async () => {
		const many = Array.from({ length: 70 }, (_, b) => Int32Array.of(b % 13));
		const options = { ...sampling, maxNew: 3, first: 2 ** 33 };
		const sampled = await p.rollout.sample(many, options);
		const tail = await p.rollout.sample(many.slice(62), { ...options, first: options.first + 62 });
		expect(Array.from({ length: 8 }, (_, i) => row(sampled, 62 + i))).toEqual(
			Array.from({ length: 8 }, (_, i) => row(tail, i))
		);
		await expectOwnScores(p.model, sampled, sampling.temperature);
	});

	test('a stop id ends its row, but not where the prompt has it', async () => {
		const prompt = Int32Array.of(9);
		const options = { ...sampling, maxNew: 20 };
		const free = await p.rollout.sample([prompt], options);
		const stop = at(free.ids, 6);
		const firstAt = Array.from(free.ids).indexOf(stop, 1);
		const stopped = await p.rollout.sample([prompt, prompt], { ...options, stop: [999, stop] });
		expect(stopped.stopped[0]).toBe(1);
		expect(stopped.length[0]).toBe(firstAt + 1);
		expect(row(stopped, 0)).toEqual(row(free, 0).slice(0, firstAt + 1));
		expect(stopped.ids.subarray(firstAt + 1, stopped.T).every((id) => id === 0)).toBe(true);
		const inPrompt = await p.rollout.sample([Int32Array.of(stop, stop)], {
			...options,
			maxNew: 1,
			stop: [stop]
		});
		expect(inPrompt.length[0]).toBe(3);
	});

	test('the cpu model and this one agree on lengths for every kind of limit', async () => {
		const long = new Int32Array(62).fill(4);
		const tooLong = new Int32Array(70).fill(4);
		for (const [batch, maxNew] of [
			[[long, Int32Array.of(1)], 5],
			[[tooLong, Int32Array.of(1, 2)], 3],
			[[tooLong], 3],
			[[Int32Array.of(1), Int32Array.of(1, 2, 3)], 0],
			[[Int32Array.of(1, 2)], 0]
		] as const) {
			const greedy = { ...sampling, temperature: 0, maxNew };
			const here = await p.rollout.sample(batch, greedy);
			const there = await p.model.sample(batch, greedy);
			expect([here.T, ...here.length, ...here.stopped]).toEqual([
				...[there.T, ...there.length, ...there.stopped]
			]);
		}
		await expect(
			p.rollout.sample([Int32Array.of(1), new Int32Array(0)], sampling)
		).rejects.toMatchObject({ code: 'internal' });
		await expect(p.rollout.sample([Int32Array.of(1)], { ...sampling, seed: 0.5 })).rejects.toThrow(
			'seed'
		);
	});

	test('top-k of one is greedy text, with log-probabilities of the whole distribution', async () => {
		const one = await p.rollout.sample(prompts, { ...sampling, topK: 1 });
		const least = await p.rollout.sample(prompts, { ...sampling, topP: 1e-6 });
		const greedy = await p.rollout.sample(prompts, { ...sampling, temperature: 0 });
		expect(one.ids).toEqual(greedy.ids);
		expect(least.ids).toEqual(greedy.ids);
		await expectOwnScores(p.model, one, sampling.temperature);
	});

	test('progress rises to its end, and a stop in the middle leaves the next rollout whole', async () => {
		const options = { ...sampling, maxNew: 30 };
		const reports: number[] = [];
		const whole = await p.rollout.sample(prompts, {
			...options,
			onToken: (done, total) => {
				expect(total).toBe(34);
				reports.push(done);
			}
		});
		expect(reports).toEqual([...reports].sort((a, b) => a - b));
		expect(reports.length).toBeGreaterThan(2);
		expect(reports.at(-1)).toBe(34);
		const controller = new AbortController();
		const stopped = p.rollout.sample(prompts, {
			...options,
			signal: controller.signal,
			onToken: () => {
				controller.abort();
			}
		});
		await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
		expect(await p.rollout.sample(prompts, options)).toEqual(whole);
	});

	test('weights that are not finite end a rollout with that reason', async () => {
		const parameters = randomParameters(config, 5);
		parameters.get('model.norm.weight').values[3] = NaN;
		const weights = new GpuParameters(runtime, parameters);
		const broken = new Rollout(runtime, config, weights);
		await expect(broken.sample(prompts, sampling)).rejects.toMatchObject({ code: 'not-finite' });
		broken.dispose();
		weights.dispose();
	});
});

describe('what a rollout costs', () => {
	const batch = Array.from({ length: 32 }, (_, b) => Int32Array.of(b));
	const options = { ...sampling, maxNew: 16 };

	/** Counts of one call of `work`, and of the pipelines made meanwhile. */
	async function costOf(work: () => Promise<unknown>) {
		const { device } = runtime.gpu;
		let pipelines = 0;
		const [make, makeAsync] = [device.createComputePipeline, device.createComputePipelineAsync];
		device.createComputePipeline = (d) => (pipelines++, make.call(device, d));
		device.createComputePipelineAsync = (d) => (pipelines++, makeAsync.call(device, d));
		const before = runtime.counters.snapshot().sample;
		await work();
		const after = runtime.counters.snapshot().sample;
		device.createComputePipeline = make;
		device.createComputePipelineAsync = makeAsync;
		const spent = (what: 'dispatches' | 'submits' | 'readbacks' | 'bindGroups' | 'tokens') =>
			(after[what] ?? NaN) - (before[what] ?? NaN);
		return {
			pipelines,
			dispatches: spent('dispatches'),
			submits: spent('submits'),
			readbacks: spent('readbacks'),
			bindGroups: spent('bindGroups'),
			tokens: spent('tokens')
		};
	}

	test('23 dispatches a token of 4 layers, 2 submits a 16 tokens, 1 readback, and nothing made twice', async () => {
		const { rollout, end } = await pair({ ...tiny, layers: 4 });
		const first = await costOf(() => rollout.sample(batch, options));
		expect(first.bindGroups).toBe(23);
		expect(first.pipelines).toBeGreaterThan(0);
		const second = await costOf(() => rollout.sample(batch, options));
		expect(second).toEqual({
			pipelines: 0,
			dispatches: 23 * 16,
			submits: 2,
			readbacks: 1,
			bindGroups: 0,
			tokens: 32 * 16
		});
		// A smaller batch runs on the same buffers.
		const smaller = await costOf(() =>
			rollout.sample(batch.slice(3, 8), { ...options, maxNew: 4 })
		);
		expect(smaller).toMatchObject({ pipelines: 0, dispatches: 23 * 4, bindGroups: 0 });
		end();
	});

	test('rows that have ended cost no workgroups', async () => {
		const { rollout, end } = await pair(tiny);
		const tiles = { qkv: 2, output: 1, gateUp: 1, down: 1, logits: 4 };
		const perTile = tiles.qkv + tiles.output + tiles.gateUp + tiles.down;
		/** Of one column, advance included. */
		const workgroups = (rows: number, draws: number) =>
			Math.ceil(rows / 8) * perTile +
			rows * tiny.heads +
			Math.ceil(draws / 8) * tiles.logits +
			draws +
			1;
		const free = await rollout.sample(batch, options);
		expect(rollout.lastWorkgroups).toBe(16 * workgroups(32, 32));
		const stop = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => at(free.ids, i * 3 * free.T + 2));
		const stopped = await rollout.sample(batch, { ...options, stop });
		const fewer = rollout.lastWorkgroups;
		let expected = 0;
		for (let t = 0; t < 16; t++) {
			const alive = stopped.length.filter(
				(n, b) => t + 1 < n || (t + 1 === n && !stopped.stopped[b])
			);
			expected += workgroups(alive.length, alive.length);
		}
		expect(stopped.stopped.filter((x) => x === 1).length).toBeGreaterThan(8);
		expect(fewer).toBe(expected);
		expect(fewer).toBeLessThan(0.9 * 16 * workgroups(32, 32));
		// A row inside its prompt takes the layers but neither logits nor sampler.
		const prompted = batch.map((_, b) => Int32Array.from({ length: b < 8 ? 1 : 9 }, () => b));
		await rollout.sample(prompted, { ...options, maxNew: 8 });
		expect(rollout.lastWorkgroups).toBe(8 * workgroups(32, 8) + 8 * workgroups(24, 24));
		end();
	});

	test('20 rollouts take no more memory than two, and models of one shape share it', async () => {
		const before = runtime.memory.allocatedBytes;
		const one = await pair(tiny);
		const two = await pair(tiny);
		const random = new Random(3);
		const round = async (p: Pair) => {
			const rows = Array.from({ length: 1 + random.int(8) }, () => Int32Array.of(random.int(64)));
			await p.rollout.sample(rows, { ...sampling, maxNew: 2, seed: random.int(99) });
		};
		await round(one);
		const { allocatedBytes } = runtime.memory;
		for (let i = 0; i < 20; i++) {
			await round(i % 2 ? two : one);
		}
		expect(runtime.memory.allocatedBytes).toBe(allocatedBytes);
		expect(two.rollout.workspaceBytes).toBe(one.rollout.workspaceBytes);
		one.end();
		await round(two);
		two.end();
		// The staging buffer is the runtime's.
		expect(runtime.memory.allocatedBytes - before).toBeLessThan(64 * 1024);
	});
});

test('a device with the least that WebGPU promises draws the same text', async () => {
	const poor = new GpuRuntime(
		await requestGpu({
			withoutFeatures: ['timestamp-query', 'shader-f16', 'subgroups'],
			limits: {
				maxStorageBuffersPerShaderStage: 8,
				maxComputeWorkgroupStorageSize: 16_384,
				maxComputeInvocationsPerWorkgroup: 256
			}
		})
	);
	const here = await pair(tiny, poor);
	const there = await pair(tiny);
	expect(await here.rollout.sample(prompts, sampling)).toEqual(
		await there.rollout.sample(prompts, sampling)
	);
	here.end();
	there.end();
	poor.dispose();
});

test('a cache that the device cannot hold is refused with its bytes, before anything is allocated', async () => {
	const least = new GpuRuntime(
		await requestGpu({ limits: { maxStorageBufferBindingSize: 2 ** 27 } })
	);
	const config = smallConfig({ layers: 1, maxPositions: 2 ** 22 });
	const { rollout, end } = await pair(config, least);
	const before = least.memory.allocatedBytes;
	const refused = rollout.sample(prompts, { ...sampling, maxNew: 2 ** 21 });
	await expect(refused).rejects.toMatchObject({
		code: 'out-of-memory',
		detail: { largestBatch: 0, limit: 2 ** 27 }
	});
	expect(least.memory.allocatedBytes).toBe(before);
	// Keys and values are 128 bytes a position here, so 16 rows of 2^16 positions fill the 128 MiB of one binding.
	const workspace = DecodeWorkspace.shared(least, config);
	expect(workspace.mostRows(2 ** 16)).toBe(16);
	expect(workspace.mostRows(256)).toBe(64);
	workspace.release();
	end();
	least.dispose();
});
