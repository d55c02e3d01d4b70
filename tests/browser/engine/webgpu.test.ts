import { beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../../src/core/random';
import type { ComputeDevice } from '../../../workers/engine/device';
import { batchOf } from '../../../workers/engine/micro-batches';
import golden1m from '../../golden/stories-1m/golden.json';
import greedy1m from '../../golden/stories-1m/golden_greedy.json';
import golden26m from '../../golden/stories-2.6m/golden.json';
import greedy26m from '../../golden/stories-2.6m/golden_greedy.json';
import {
	expectGoldenScores,
	expectGreedyText,
	largestDifference
} from '../../support/engine-goldens';
import { loadModel, startDevice } from './load-model';

describe('on webgpu', () => {
	let gpu: ComputeDevice;
	beforeAll(async () => {
		gpu = await startDevice('tfjs-webgpu');
	});

	test(
		'stories-1m gives the golden log-probabilities, entropies, logits and greedy text',
		{ timeout: 120_000 },
		async () => {
			const model = await loadModel('stories-1m', gpu);
			await expectGoldenScores(model, golden1m);
			await expectGreedyText(model, greedy1m);
			model.dispose();
		}
	);

	test(
		'stories-2.6m gives the golden log-probabilities, entropies, logits and greedy text',
		{ timeout: 120_000 },
		async () => {
			const model = await loadModel('stories-2.6m', gpu);
			await expectGoldenScores(model, golden26m);
			await expectGreedyText(model, greedy26m);
			model.dispose();
		}
	);

	test(
		'gradients and the step after them are those of the cpu backend',
		{ timeout: 120_000 },
		async () => {
			const batch = batchOf([
				{ promptIds: [0, 483], ids: [481, 260, 424, 12, 300] },
				{ promptIds: [0, 77, 31], ids: [5, 6] }
			]);
			const random = new Random(3);
			const dLogProb = Float64Array.from(batch.ids, (_, n) =>
				n % batch.T > 0 && n % batch.T < (batch.length[Math.floor(n / batch.T)] ?? 0)
					? random.normal()
					: 0
			);
			const c = { dLogProb, dValue: [dLogProb.slice()] };
			const results: Map<string, Float32Array>[] = [];
			for (const backend of ['tfjs-webgpu', 'cpu'] as const) {
				const model = await loadModel('stories-1m', await startDevice(backend), {
					valueHeads: 1,
					heads: { kind: 'normal', seed: 2 }
				});
				await model.backward(batch, c, { temperature: 1 });
				await model.step({ lr: { trunk: 0, heads: 0 }, clipNorm: Infinity, weightDecay: 0 });
				const moments = new Map<string, Float32Array>();
				for await (const { name, data } of model.save({ optimizer: true })) {
					if (name.startsWith('optimizer.m.')) {
						moments.set(name, data);
					}
				}
				results.push(moments);
				model.dispose();
			}
			const [onGpu, onCpu] = results;
			let worst = 0;
			for (const [name, expected] of onCpu ?? []) {
				const magnitude = expected.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
				worst = Math.max(worst, largestDifference(onGpu?.get(name) ?? [], expected) / magnitude);
			}
			console.log(
				`webgpu gradients against cpu: worst difference over magnitude ${worst.toExponential(2)}`
			);
			expect(onCpu?.size).toBe(39);
			expect(worst).toBeLessThanOrEqual(2e-5);
		}
	);

	test('an error on the graphics device fails the next operation instead of giving stale numbers', async () => {
		const device = await startDevice('tfjs-webgpu');
		const model = await loadModel('stories-1m', device);
		const batch = batchOf([{ promptIds: [0], ids: [5, 6, 7] }]);
		await model.score(batch, { temperature: 1 });
		const raw = (await import('../../../workers/engine/tfjs/tf')).backend() as unknown as {
			device: GPUDevice;
		};
		raw.device.createBuffer({ size: 16, usage: 0 });
		await new Promise((resolve) => setTimeout(resolve, 50));
		await expect(model.score(batch, { temperature: 1 })).rejects.toMatchObject({
			code: 'backend-failed'
		});
	});
});
