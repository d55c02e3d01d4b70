import { expect, test } from 'vitest';
import { DEFAULT_PPO } from '../../../src/core/config';
import { openStudio } from '../../../src/storage/db';
import { listMetrics, putRun } from '../../../src/storage/runs';
import { JobControl, RunLoop } from '../../../workers/run-loop';
import { runPpo } from '../../../workers/jobs/ppo';
import { rewardsOf } from '../../../workers/jobs/reward';
import { testRun } from '../../support/records-of-jobs';
import { loadModel, startDevice } from './load-model';

const config = { ...DEFAULT_PPO, iterations: 1, batch: 4, maxNew: 8 };
const prompts = [Int32Array.of(0, 483, 481, 260, 424), Int32Array.of(0, 77, 31)];

test('a PPO iteration on webgpu gives the numbers of the cpu', { timeout: 240_000 }, async () => {
	const results: Record<string, number>[] = [];
	for (const backend of ['cpu', 'webgpu'] as const) {
		const device = await startDevice(backend);
		const policy = await loadModel('stories-1m', device, { valueHeads: 1 });
		const reference = await loadModel('stories-1m', device);
		const judge = await loadModel('stories-1m', device, {
			valueHeads: 1,
			heads: { kind: 'normal', seed: 4 }
		});
		const db = await openStudio({ name: `parity ${backend}` });
		const run = testRun('ppo', config, 1);
		await putRun(db, run);
		const loop = new RunLoop({
			run,
			control: new JobControl(false, () => undefined),
			signal: new AbortController().signal,
			db,
			emit: () => undefined
		});
		await runPpo(
			{
				policy,
				reference,
				reward: (batch, signal) =>
					rewardsOf(judge, batch, { pooling: 'mean', microTokens: 2048 }, signal),
				prompts,
				text: { stop: [0], cut: null },
				config,
				seed: 3
			},
			loop
		);
		expect(loop.run.invariants?.filter((check) => !check.ok)).toEqual([]);
		results.push((await listMetrics(db, run.id)).at(-1)?.values ?? {});
		db.close();
	}
	const [cpu = {}, gpu = {}] = results;
	const keys = Object.keys(cpu).filter((key) => key !== 'perf/tokens_per_second');
	console.log(
		keys
			.map((key) => `${key.padEnd(28)} cpu ${cpu[key]?.toFixed(6)}  webgpu ${gpu[key]?.toFixed(6)}`)
			.join('\n')
	);
	expect(keys.length).toBeGreaterThan(15);
	for (const key of keys) {
		expect(Math.abs((cpu[key] ?? NaN) - (gpu[key] ?? NaN)), key).toBeLessThanOrEqual(1e-3);
	}
});
