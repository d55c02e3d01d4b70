import { describe, expect, test } from 'vitest';
import { DEFAULT_PPO, DEFAULT_REWARD, DEFAULT_SAMPLING } from '../../../src/core/config';
import type { Run } from '../../../src/core/records';
import type { BackendName } from '../../../src/protocol/trainer';
import { getRun, listMetrics, putRun } from '../../../src/storage/runs';
import { datasetHash } from '../../../src/core/feedback/dataset-hash';
import type { ComputeDevice } from '../../../workers/engine/device';
import { EngineCounters } from '../../../workers/engine/counters';
import { recordEngine } from '../../../workers/jobs/run-record';
import { startNodeTrainer, type NodeTrainer } from '../../support/node-trainer';
import { testRun } from '../../support/records-of-jobs';

type Kernels = Record<string, string>;

/** A device with a choice of kernels: those it can be told to use, and those in use. */
function deviceWith(
	name: string,
	known: readonly Kernels[],
	backend: BackendName = 'webgpu'
): { device: ComputeDevice; told: Kernels[] } {
	let kernels = known[0] ?? {};
	const told: Kernels[] = [];
	const device: ComputeDevice = {
		backend,
		device: name,
		createModel: () => Promise.reject(new Error('no models here')),
		statistics: () => ({
			backend,
			device: name,
			kernels,
			operations: new EngineCounters().snapshot(),
			bytesAllocated: null,
			bytesLive: null
		}),
		useKernels: (wanted) => {
			told.push(wanted);
			const found = known.find((one) => JSON.stringify(one) === JSON.stringify(wanted));
			kernels = found ?? kernels;
			return found !== undefined;
		},
		dispose: () => undefined
	};
	return { device, told };
}

const small = { matmul: 'small tiles' };
const large = { matmul: 'large tiles' };
const began = (engine?: Run['engine']): Run => ({
	...testRun('ppo', DEFAULT_PPO, 4),
	...(engine && { engine })
});

describe('what a run says of its engine', () => {
	test('a new run is recorded with what computes it', () => {
		const { device } = deviceWith('card 1', [small]);
		const { engine } = recordEngine(began(), device, false);
		expect(engine).toEqual({ backend: 'webgpu', device: 'card 1', kernels: small });
	});

	test('a run made again from the start forgets what computed it before', () => {
		const { device } = deviceWith('card 1', [small]);
		const old = began({ backend: 'wasm', device: 'SIMD', kernels: {}, exact: false });
		expect(recordEngine(old, device, false).engine).toEqual({
			backend: 'webgpu',
			device: 'card 1',
			kernels: small
		});
	});

	test('a resumed run gets its own kernels back, and stays exact', () => {
		const { device, told } = deviceWith('card 1', [small, large]);
		const run = began({ backend: 'webgpu', device: 'card 1', kernels: large });
		expect(recordEngine(run, device, true)).toEqual(run);
		expect(told).toEqual([large]);
		expect(device.statistics().kernels).toEqual(large);
	});

	test.each([
		['whose kernels this device has not', 'webgpu', 'card 1', { matmul: 'huge tiles' }],
		['of another card', 'webgpu', 'card 2', small],
		['of another backend', 'wasm', 'SIMD', {}]
	])('a resumed run %s goes on, and says that it is not exact', (_, backend, name, kernels) => {
		const { device } = deviceWith('card 1', [small]);
		const resumed = recordEngine(began({ backend, device: name, kernels }), device, true);
		const here = { backend: 'webgpu', device: 'card 1', kernels: small, exact: false };
		expect(resumed.engine).toEqual(here);
		expect(recordEngine(resumed, device, true).engine, 'resumed once more').toEqual(here);
	});

	test('the CPU engine is exact with other workers, as long as it has the kernels', () => {
		const { device } = deviceWith('SIMD, 4 workers', [{ simd: 'relaxed' }], 'wasm');
		const on = (kernels: Kernels) =>
			recordEngine(began({ backend: 'wasm', device: 'SIMD, 2 workers', kernels }), device, true);
		expect(on({ simd: 'relaxed' }).engine).not.toHaveProperty('exact');
		expect(on({ simd: 'simd' }).engine).toHaveProperty('exact', false);
	});

	test('a run stored before engines were recorded makes no claim', () => {
		const { device } = deviceWith('card 1', [small]);
		const { engine } = recordEngine(began(), device, true);
		expect(engine).toEqual({ backend: 'webgpu', device: 'card 1', kernels: small });
	});
});

describe('in storage', () => {
	async function rewardRun(trainer: NodeTrainer, backend: 'tfjs-wasm' | 'cpu') {
		await trainer.call('load', { model: 'stories-1m', backend });
		const completions = await trainer.call('sample', {
			writer: { model: 'stories-1m', policyId: null },
			prompts: ['Once upon a time', 'The cat', 'A boy', 'One day'],
			perPrompt: 2,
			sampling: { ...DEFAULT_SAMPLING, maxNew: 6 },
			seed: 3,
			first: 0
		});
		return Array.from({ length: 4 }, (_, i) => ({
			presentationId: `p${i}`,
			promptId: `q${i}`,
			promptIds: completions[2 * i]?.promptIds ?? [],
			aIds: completions[2 * i]?.ids ?? [],
			bIds: completions[2 * i + 1]?.ids ?? [],
			y: 1 as const,
			simulated: true
		}));
	}

	test(
		'a job stores its engine, keeps it when resumed on the same one, and tells of a move to another',
		{ timeout: 120_000 },
		async () => {
			let stopAfter = 1;
			let controller = new AbortController();
			const trainer = await startNodeTrainer((event) => {
				if (event.type === 'metrics' && stopAfter > 0 && (event.steps.at(-1) ?? 0) >= stopAfter) {
					controller.abort();
				}
			});
			const pairs = await rewardRun(trainer, 'tfjs-wasm');
			const config = { ...DEFAULT_REWARD, epochs: 4, normaliseSamples: 4 };
			const run = testRun('reward', config, 4);
			await putRun(trainer.db, run);
			const train = (resume: boolean) =>
				trainer.call(
					'trainReward',
					{
						runId: run.id,
						studyId: run.studyId,
						name: 'Reward',
						model: 'stories-1m',
						pairs,
						datasetHash: datasetHash(pairs),
						prompts: ['Once upon a time'],
						config,
						seed: 1,
						resume,
						startPaused: false
					},
					controller.signal
				);
			const engine = async () => (await getRun(trainer.db, run.id))?.engine;

			expect((await train(false)).status).toBe('stopped');
			const onWasm = { backend: 'tfjs-wasm', device: 'SIMD', kernels: {} };
			expect(await engine()).toEqual(onWasm);

			controller = new AbortController();
			stopAfter = 2;
			expect((await train(true)).status).toBe('stopped');
			expect(await engine()).toEqual(onWasm);

			await trainer.call('load', { model: 'stories-1m', backend: 'cpu' });
			controller = new AbortController();
			stopAfter = 0;
			expect((await train(true)).status).toBe('done');
			expect(await engine()).toEqual({
				backend: 'cpu',
				device: 'JavaScript',
				kernels: {},
				exact: false
			});
			expect(await listMetrics(trainer.db, run.id)).not.toHaveLength(0);
		}
	);
});
