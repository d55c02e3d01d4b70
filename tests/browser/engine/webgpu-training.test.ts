/** Training on the least that an adapter may offer: the cpu's loss curve, the same bits every time, and what a step costs in counts. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Coefficients } from '../../../src/core/methods/loss';
import { Random } from '../../../src/core/random';
import type { OperationCounts } from '../../../src/protocol/trainer';
import type { ComputeDevice } from '../../../workers/engine/device';
import { requestGpu } from '../../../workers/engine/gpu-device';
import type { LanguageModel } from '../../../workers/engine/language-model';
import { batchOf } from '../../../workers/engine/micro-batches';
import { startWebGpuOn } from '../../../workers/engine/webgpu/start';
import { LEAST_GPU } from '../../support/gpu-kernel';
import { bitsOf, nll } from '../../support/random-decoder';
import { randomParameters, smallConfig } from '../../support/random-model';
import { startDevice } from './load-model';

const config = smallConfig({ layers: 4, hiddenSize: 16, intermediateSize: 24, vocabSize: 48 });
const step = { lr: { trunk: 5e-3, heads: 5e-3 }, clipNorm: 1, weightDecay: 0.01 };

/** Rows of varying lengths, the same numbers every time. */
const batches = (() => {
	const random = new Random(2);
	return Array.from({ length: 4 }, () =>
		batchOf(
			Array.from({ length: 4 }, () => ({
				promptIds: Array.from({ length: 1 + random.int(3) }, () => random.int(48)),
				ids: Array.from({ length: 2 + random.int(12) }, () => random.int(48))
			}))
		)
	);
})();

const batchAt = (i: number) => {
	const batch = batches[i % batches.length];
	if (!batch) {
		throw new Error('no batch');
	}
	return batch;
};

async function learn(model: LanguageModel, steps: number): Promise<number[]> {
	const losses: number[] = [];
	for (let i = 0; i < steps; i++) {
		losses.push((await model.backward(batchAt(i), nll, { temperature: 1 })).loss);
		await model.step(step);
	}
	return losses;
}

let gpu: ComputeDevice;
const fresh = (device = gpu) => device.createModel(config, randomParameters(config, 3));
beforeAll(async () => {
	gpu = await startWebGpuOn(await requestGpu(LEAST_GPU));
	(await fresh()).dispose();
}, 240_000);

describe('fifty steps', () => {
	test(
		'follow the losses of the cpu, leave the same bits twice, and hold no more memory',
		{ timeout: 240_000 },
		async () => {
			const first = await fresh();
			const losses = await learn(first, 25);
			const held = gpu.statistics().bytesAllocated;
			losses.push(...(await learn(first, 25)));
			expect(gpu.statistics().bytesAllocated).toBe(held);
			const second = await fresh();
			await learn(second, 25);
			await learn(second, 25);
			expect(await bitsOf(second, true)).toEqual(await bitsOf(first, true));
			second.dispose();
			first.dispose();
			const cpu = await fresh(await startDevice('cpu'));
			const expected = [...(await learn(cpu, 25)), ...(await learn(cpu, 25))];
			cpu.dispose();
			const furthest = (count: number) =>
				Math.max(...losses.slice(0, count).map((loss, i) => Math.abs(loss - (expected[i] ?? NaN))));
			console.log(
				`loss curve webgpu against cpu: ${furthest(10).toExponential(2)} in 10 steps, ${furthest(50).toExponential(2)} in 50`
			);
			expect(furthest(10)).toBeLessThanOrEqual(1e-4);
			expect(furthest(50)).toBeLessThanOrEqual(1e-3);
			expect(expected[49]).toBeLessThan((expected[1] ?? 0) - 0.5);
		}
	);
});

describe('counts', () => {
	const batch = batchAt(0);
	const sft: Coefficients = { dLogProb: new Float64Array(batch.B * batch.T) };
	for (let b = 0; b < batch.B; b++) {
		sft.dLogProb?.fill(-0.1, b * batch.T + 1, b * batch.T + (batch.length[b] ?? 0));
	}

	/** What `work` adds to the counts of a forward and backward pass and the step after it. */
	async function counted(
		work: () => Promise<void>
	): Promise<Record<'backward' | 'step', OperationCounts>> {
		const before = gpu.statistics().operations;
		await work();
		const after = gpu.statistics().operations;
		const difference = (name: 'backward' | 'step') => {
			const entries = Object.entries(after[name]).map(([key, value]) => {
				const from = before[name][key as keyof OperationCounts]; // the same record, earlier
				return [key, value === null || from === null ? null : value - from];
			});
			return Object.fromEntries(entries) as OperationCounts;
		};
		return { backward: difference('backward'), step: difference('step') };
	}

	const sumOf = (
		counts: Record<'backward' | 'step', OperationCounts>,
		what: 'dispatches' | 'submits' | 'readbacks' | 'bindGroups'
	) => (counts.backward[what] ?? NaN) + (counts.step[what] ?? NaN);

	test('of a supervised step of four layers: 79 dispatches, 4 submits, 1 readback, no bind groups', async () => {
		const model = await fresh();
		const once = async () => {
			await model.backward(batch, sft, { temperature: 1 });
			await model.step(step);
		};
		await once();
		const created: string[] = [];
		const { createComputePipeline } = GPUDevice.prototype;
		GPUDevice.prototype.createComputePipeline = function (descriptor) {
			created.push(descriptor.label ?? '');
			return createComputePipeline.call(this, descriptor);
		};
		const counts = await counted(once);
		GPUDevice.prototype.createComputePipeline = createComputePipeline;
		expect(sumOf(counts, 'dispatches')).toBe(79);
		expect(sumOf(counts, 'submits')).toBe(4);
		expect(sumOf(counts, 'readbacks')).toBe(1);
		expect(sumOf(counts, 'bindGroups')).toBe(0);
		expect(counts.step.dispatches).toBe(3);
		expect(created).toEqual([]);
		model.dispose();
	});

	test('with split sums the same; with a loss of scores and values one readback more', async () => {
		const model = await fresh();
		const chosen = gpu.statistics().kernels;
		const once = async () => {
			await model.backward(batch, nll, { temperature: 1 });
			await model.step(step);
		};
		await once();
		const counts = await counted(once);
		expect(sumOf(counts, 'readbacks')).toBe(2);
		// Values, and the statistics once more with the gradient: the forward pass is not repeated.
		expect(sumOf(counts, 'dispatches')).toBe(81);
		expect(sumOf(counts, 'submits')).toBeLessThanOrEqual(10);
		expect(sumOf(counts, 'bindGroups')).toBe(0);
		const split = 'nt=direct32,nn=direct32,tn=direct32/k4';
		expect(gpu.useKernels({ 'matmul 16x24': split })).toBe(true);
		const supervised = async () => {
			await model.backward(batch, sft, { temperature: 1 });
			await model.step(step);
		};
		await supervised();
		const withSplit = await counted(supervised);
		expect(sumOf(withSplit, 'dispatches')).toBe(79);
		expect(sumOf(withSplit, 'bindGroups')).toBe(0);
		expect(gpu.useKernels(chosen)).toBe(true);
		model.dispose();
	});

	test(
		'memory: at most twice what is in use; a larger batch makes room once; nothing stays when all is disposed',
		{ timeout: 240_000 },
		async () => {
			const model = await fresh();
			const reference = await model.clone();
			await model.backward(batch, sft, { temperature: 1 });
			await reference.score(batch, { temperature: 1 });
			const large = batchOf(
				Array.from({ length: 30 }, (_, b) => ({ promptIds: [b], ids: Array<number>(20).fill(7) }))
			);
			const bindGroups = () => {
				const { score, backward } = gpu.statistics().operations;
				return (score.bindGroups ?? 0) + (backward.bindGroups ?? 0);
			};
			await reference.score(large, { temperature: 1 });
			await model.backward(large, nll, { temperature: 1 });
			await reference.score(large, { temperature: 1 });
			const { bytesAllocated, bytesLive } = gpu.statistics();
			const made = bindGroups();
			await reference.score(batch, { temperature: 1 });
			await model.backward(large, nll, { temperature: 1 });
			await model.step(step);
			expect(bindGroups()).toBe(made);
			expect(bytesLive).not.toBeNull();
			expect(bytesAllocated).toBeLessThanOrEqual(2 * (bytesLive ?? 0));
			reference.dispose();
			model.dispose();
			const empty = gpu.statistics().bytesAllocated ?? Infinity;
			// The readback buffer and the timestamps stay with the device.
			expect(empty).toBeLessThan(64 * 1024);
		}
	);
});
