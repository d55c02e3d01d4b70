/** The WebGPU device: too little memory, a lost device, its choice of kernels, and what it shares with TensorFlow.js. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Batch } from '../../../src/core/methods/loss';
import type { ComputeDevice } from '../../../workers/engine/device';
import { requestGpu, sharedGpu, type GpuContext } from '../../../workers/engine/gpu-device';
import { EMBEDDING } from '../../../workers/engine/decoder-parameters';
import { batchOf } from '../../../workers/engine/micro-batches';
import { layoutOf } from '../../../workers/engine/parameter-layout';
import { Parameters } from '../../../workers/engine/parameters';
import * as tf from '../../../workers/engine/tfjs/tf';
import { possibleSplits, tuneMatmul } from '../../../workers/engine/webgpu/autotune';
import { GpuParameters } from '../../../workers/engine/webgpu/gpu-parameters';
import { GpuRuntime } from '../../../workers/engine/webgpu/gpu-runtime';
import { decoderShape } from '../../../workers/engine/webgpu/kernels/decoder-shape';
import { formatChoice, parseChoice, tileNamed } from '../../../workers/engine/webgpu/kernels/tiles';
import {
	acquireWorkspace,
	releaseWorkspace
} from '../../../workers/engine/webgpu/passes/workspace';
import { startWebGpuOn } from '../../../workers/engine/webgpu/start';
import { LEAST_GPU } from '../../support/gpu-kernel';
import { randomParameters, smallConfig } from '../../support/random-model';
import { startDevice } from './load-model';

const config = smallConfig({
	layers: 1,
	hiddenSize: 16,
	intermediateSize: 8,
	vocabSize: 32,
	heads: 2
});
const parameters = randomParameters(config, 2);
const shape = decoderShape(config, layoutOf([...parameters]));
const batch = batchOf([{ promptIds: [3], ids: [17, 5, 9] }]);

/** Rows of zeros: what does not fit is refused before anyone looks at them. */
const rowsOf = (B: number, T: number): Batch => ({
	B,
	T,
	ids: new Int32Array(B * T),
	promptLength: new Int32Array(B).fill(1),
	length: new Int32Array(B).fill(T)
});

/** Kernels are compiled on the processor here. */
const SLOW = 240_000;

let gpu: GpuContext;
let device: ComputeDevice;
beforeAll(async () => {
	gpu = await requestGpu(LEAST_GPU);
	device = await startWebGpuOn(gpu);
}, SLOW);

describe('memory', () => {
	test(
		'weights and batches that the limits cannot hold are refused before anything is allocated',
		{ timeout: SLOW },
		async () => {
			const held = device.statistics().bytesAllocated;
			const huge = new Parameters([
				{
					name: EMBEDDING,
					shape: [2_200_000, 16],
					group: 'trunk',
					values: new Float32Array(35_200_000)
				}
			]);
			await expect(device.createModel(config, huge)).rejects.toMatchObject({
				code: 'out-of-memory',
				detail: { bytes: 140_800_000, limit: 2 ** 27 }
			});
			expect(device.statistics().bytesAllocated).toBe(held);
			const model = await device.createModel(config, parameters.clone());
			const before = device.statistics().bytesAllocated;
			const tooLarge = rowsOf(900, 1000);
			for (const work of [
				model.score(tooLarge, { temperature: 1, microTokens: Infinity }),
				model.backward(
					tooLarge,
					{ dLogProb: new Float64Array(900_000) },
					{ temperature: 1, microTokens: Infinity }
				)
			]) {
				await expect(work).rejects.toMatchObject({ code: 'out-of-memory' });
			}
			expect(device.statistics().bytesAllocated).toBe(before);
			// The model is as good as ever, and the same rows pass in smaller parts.
			expect((await model.score(batch, { temperature: 1 })).logProb[1]).toBeLessThan(0);
			model.dispose();
		}
	);

	test('the largest batch named is the largest that fits', async () => {
		const runtime = new GpuRuntime(await requestGpu(LEAST_GPU));
		const workspace = acquireWorkspace(runtime, shape);
		const need = (rows: number) => ({
			...{ positions: rows * 1000, rows, columns: 1000, valueHeads: 1, vectorFloats: 256 },
			...{ isTraining: true, split: 1 }
		});
		const refusal = (rows: number) => {
			try {
				workspace.ensure(need(rows));
				return null;
			} catch (error) {
				return error as { code: string; message: string; detail: Record<string, number> };
			}
		};
		const held = runtime.memory.allocatedBytes;
		const refused = refusal(100_000);
		expect(refused?.code).toBe('out-of-memory');
		const { bytes = 0, limit = 0, largestBatch = 0 } = refused?.detail ?? {};
		expect(bytes).toBeGreaterThan(limit);
		expect(refused?.message).toContain(String(bytes));
		expect(refused?.message).toContain(`${largestBatch} rows`);
		expect(refusal(largestBatch + 1)?.detail['largestBatch']).toBe(largestBatch);
		expect(runtime.memory.allocatedBytes).toBe(held);
		releaseWorkspace(runtime, shape);
		runtime.dispose();
	});
});

describe('a lost device', () => {
	test('rejects what is under way and all that follows; nothing hangs', async () => {
		const model = await device.createModel(config, parameters.clone());
		const coefficients = { dLogProb: Float64Array.of(0, 1, 1, 1) };
		await model.backward(batch, coefficients, { temperature: 1 });
		const underWay = [
			model.score(batch, { temperature: 1 }),
			model.backward(batch, coefficients, { temperature: 1 }),
			model.step({ lr: { trunk: 1 }, clipNorm: 1, weightDecay: 0 })
		].map((work) => expect(work).rejects.toMatchObject({ code: 'device-lost' }));
		gpu.device.destroy();
		await Promise.all(underWay);
		const save = async () => {
			for await (const { name } of model.save()) {
				throw new Error(`${name} was read from a lost device`);
			}
		};
		for (const work of [
			save,
			() => model.score(batch, { temperature: 1 }),
			() => model.logits(batch, 1),
			() =>
				model.sample([Int32Array.of(3)], {
					temperature: 1,
					maxNew: 2,
					stop: [],
					seed: 1,
					first: 0
				}),
			() => model.backward(batch, coefficients, { temperature: 1 }),
			() => model.step({ lr: { trunk: 1 }, clipNorm: 1, weightDecay: 0 }),
			() => model.clone(),
			() => model.load(parameters.save(false)),
			() => device.createModel(config, parameters.clone())
		]) {
			await expect(work()).rejects.toMatchObject({ code: 'device-lost' });
		}
		model.zeroGrad();
		model.dispose();
	});
});

describe('the choice of kernels', () => {
	test('is read back as it was written, and nothing else is taken for one', () => {
		const text = 'nt=tiled64,nn=direct32,tn=tiled128/k4';
		const choice = parseChoice(text);
		expect(choice && formatChoice(choice)).toBe(text);
		for (const bad of ['', 'nt=tiled64', text.replace('64', '65'), text.replace('k4', 'k3')]) {
			expect(parseChoice(bad)).toBeNull();
		}
	});

	test('by measuring: one of those tried, and no memory left behind', async () => {
		const runtime = new GpuRuntime(await requestGpu());
		const held = runtime.memory.allocatedBytes;
		const direct = tileNamed('direct32');
		const choice = await tuneMatmul(runtime, shape, {
			tiles: [direct],
			positions: 48,
			mostRepeats: 2
		});
		expect([choice.nt, choice.nn, choice.tn]).toEqual([direct, direct, direct]);
		expect(possibleSplits(shape)).toContain(choice.split);
		expect(runtime.memory.allocatedBytes).toBe(held);
		expect(possibleSplits({ ...shape, matrixFloats: 135e6 })).toEqual([1]);
		runtime.dispose();
	});
});

test('TensorFlow.js reads our weights where they lie, on the same device', async () => {
	await startDevice('tfjs-webgpu');
	const runtime = new GpuRuntime(await sharedGpu());
	const weights = new GpuParameters(runtime, parameters);
	const tensor = tf.tensor({ buffer: weights.values, zeroCopy: true }, [weights.layout.length]);
	const sum = tf.sum(tensor);
	const [onGpu] = await sum.data<'float32'>();
	let expected = 0;
	for (const { values } of parameters) {
		expected += values.reduce((a, b) => a + b, 0);
	}
	expect(onGpu).toBeCloseTo(expected, 3);
	tf.dispose([tensor, sum]);
});
