import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { WorkerClient } from '../../../src/protocol/rpc';
import { Kernels, compileModules, hasFusedMultiplyAdd } from '../../../workers/engine/wasm/kernels';
import golden1m from '../../golden/stories-1m/golden.json';
import greedy1m from '../../golden/stories-1m/golden_greedy.json';
import { expectGoldenScores, expectGreedyText } from '../../support/engine-goldens';
import { KERNEL_CASES } from '../../support/kernel-parity';
import { loadModel, readKernels, startDevice } from './load-model';
import type { HostCommands } from './wasm-host.worker';

describe.each(['simd', 'relaxed'] as const)('the %s kernels', (level) => {
	let kernels: Kernels | null = null;
	beforeAll(async () => {
		const modules = await compileModules(readKernels);
		kernels = modules[level] && new Kernels(modules, level);
		// Which of the two a machine has is not a matter of taste.
		expect(modules.relaxed !== null).toBe(await hasFusedMultiplyAdd());
	});

	test.for(KERNEL_CASES)('$name agree with float64', ({ difference, limit }, { skip }) => {
		if (!kernels) {
			return skip('This machine does not fuse multiply-adds.');
		}
		expect(difference(kernels)).toBeLessThanOrEqual(limit);
	});
});

describe('with workers', () => {
	test('stories-1m gives the golden log-probabilities, entropies, logits and greedy text', async () => {
		const device = await startDevice('wasm');
		expect(device.device).toContain('worker');
		const model = await loadModel('stories-1m', device);
		await expectGoldenScores(model, golden1m);
		await expectGreedyText(model, greedy1m);
		const sampled = await model.sample([Int32Array.of(0, 483), Int32Array.of(0)], {
			...{ temperature: 0.8, maxNew: 20, stop: [], seed: 5, first: 0 }
		});
		const { logProb } = await model.score(sampled, { temperature: 0.8 });
		// One arithmetic for both, on whichever kernels this machine has.
		expect(sampled.behaviourLogProb.filter((x) => x !== 0)).toHaveLength(40);
		sampled.behaviourLogProb.forEach((x, n) => expect(x === 0 || x === logProb[n]).toBe(true));
		model.dispose();
		device.dispose();
	});
});

describe('as the workers of a worker', () => {
	const clients: WorkerClient<HostCommands, never>[] = [];
	afterEach(() => clients.splice(0).forEach((client) => client.close()));

	function connect(): WorkerClient<HostCommands, never> {
		const worker = new Worker(new URL('./wasm-host.worker.ts', import.meta.url), {
			type: 'module'
		});
		const client = new WorkerClient<HostCommands, never>(worker, { onEvent: () => undefined });
		clients.push(client);
		return client;
	}

	test('they give the bits of a shard in the trainer’s own thread', async () => {
		const host = connect();
		const alone = await host.call('train', { workers: 0, level: 'simd', steps: 3 });
		for (const workers of [1, 2, 3]) {
			const together = await host.call('train', { workers, level: 'simd', steps: 3 });
			expect(together).toEqual({
				...alone,
				kernels: { simd: 'simd', shards: String(workers) }
			});
		}
	});

	test('the trainer’s thread answers while they train, and a stop ends the pass', async () => {
		const host = connect();
		const controller = new AbortController();
		let isOver = false;
		const training = host
			.call('trainOn', { workers: 2, level: 'simd' }, { signal: controller.signal })
			.finally(() => (isOver = true));
		for (let i = 0; i < 50; i++) {
			await host.call('ping', null);
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
		expect(isOver).toBe(false);
		controller.abort();
		expect(await training).toBeGreaterThanOrEqual(0);
		// The engine is closed, the thread is not.
		await host.call('ping', null);
	});
});
