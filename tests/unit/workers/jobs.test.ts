import { beforeAll, describe, expect, test } from 'vitest';
import {
	DEFAULT_PPO,
	DEFAULT_REWARD,
	type PpoConfig,
	type RewardConfig
} from '../../../src/core/config';
import type { PreferencePair } from '../../../src/core/feedback/comparison';
import { Random } from '../../../src/core/random';
import { readCheckpoint } from '../../../src/storage/checkpoints';
import { getRun, listMetrics } from '../../../src/storage/runs';
import type { Batch, F, LanguageModel } from '../../../workers/engine/language-model';
import type { ComputeDevice } from '../../../workers/engine/device';
import * as tf from '../../../workers/engine/tfjs/tf';
import type { OnPolicyState } from '../../../workers/jobs/on-policy';
import { runPpo, type PpoJob } from '../../../workers/jobs/ppo';
import {
	BEST_PREFIX,
	rewardsOf,
	runReward,
	type RewardJob,
	type RewardState
} from '../../../workers/jobs/reward';
import { completionIds } from '../../../workers/jobs/rollout';
import { openWeights, unpack, weightsHash } from '../../../workers/jobs/weights-io';
import { batchOf } from '../../../workers/engine/micro-batches';
import { loadTestModel, startTestDevice } from '../../support/engine';
import { startTestLoop, type TestLoop } from '../../support/run-loop';

const text = { stop: [], cut: null };
const prompts = [
	Int32Array.of(3, 17),
	Int32Array.of(9),
	Int32Array.of(64, 1),
	Int32Array.of(8, 30)
];

let device: ComputeDevice;
beforeAll(async () => {
	device = await startTestDevice('wasm');
});
const tiny = async (on = device): Promise<LanguageModel> =>
	(await loadTestModel('tests/golden/hf-llama-tiny', on, { valueHeads: 1 })).model;

/** The share of even ids among the completion's, times two, less one: a taste that is easy to learn. */
const evenness = (batch: Batch): Promise<F> =>
	Promise.resolve(
		Float64Array.from({ length: batch.B }, (_, b) => {
			const ids = completionIds(batch, b);
			return (2 * ids.filter((id) => id % 2 === 0).length) / ids.length - 1;
		})
	);

describe('PPO', () => {
	const config: PpoConfig = {
		...DEFAULT_PPO,
		iterations: 4,
		batch: 8,
		maxNew: 6,
		lr: 1e-2,
		minibatches: 2,
		klHorizon: 0
	};
	const job = async (policy: LanguageModel, changes: Partial<PpoConfig> = {}): Promise<PpoJob> => ({
		policy,
		reference: await tiny(),
		reward: evenness,
		prompts,
		text,
		config: { ...config, ...changes },
		seed: 5
	});

	async function resumeFrom(
		test: TestLoop
	): Promise<{ policy: LanguageModel; state: OnPolicyState }> {
		const checkpoint = await readCheckpoint(test.db, test.run.id);
		const policy = await tiny();
		await policy.load(unpack(openWeights(checkpoint?.weights ?? new ArrayBuffer(0))));
		return { policy, state: checkpoint?.state as OnPolicyState };
	}

	test('raises a reward it is given, with every light green', { timeout: 60_000 }, async () => {
		const t = await startTestLoop('ppo', config, { totalSteps: 30 });
		await runPpo(await job(await tiny(), { iterations: 30, batch: 16 }), t.loop);
		const rows = await listMetrics(t.db, t.run.id);
		const score = (from: number, to: number) =>
			rows.slice(from, to).reduce((sum, r) => sum + (r.values['objective/scores'] ?? NaN), 0) /
			(to - from);
		expect(rows).toHaveLength(30);
		expect(rows[0]?.values['objective/kl']).toBe(0);
		expect(score(25, 30)).toBeGreaterThan(score(0, 3) + 0.5);
		expect(t.loop.run.invariants?.map((c) => c.key)).toContain('kl-at-start');
		expect(t.loop.run.invariants?.filter((c) => !c.ok)).toEqual([]);
	});

	test('the same seed gives the same run, another seed another', { timeout: 60_000 }, async () => {
		const hashes: string[] = [];
		for (const seed of [5, 5, 6]) {
			const t = await startTestLoop('ppo', config);
			const policy = await tiny();
			await runPpo({ ...(await job(policy)), seed }, t.loop);
			hashes.push(await weightsHash(policy));
		}
		expect(hashes[1]).toBe(hashes[0]);
		expect(hashes[2]).not.toBe(hashes[0]);
	});

	test(
		'stopped in the middle of an iteration and resumed, it ends where it would have, to the last bit',
		{ timeout: 60_000 },
		async () => {
			const whole = await startTestLoop('ppo', config);
			const straight = await tiny();
			await runPpo(await job(straight), whole.loop);

			const t = await startTestLoop('ppo', config);
			const interrupted = await job(await tiny());
			let calls = 0;
			const reward: PpoJob['reward'] = (batch, signal) => {
				if (++calls === 3) {
					t.controller.abort();
				}
				return interrupted.reward(batch, signal);
			};
			await expect(runPpo({ ...interrupted, reward }, t.loop)).rejects.toMatchObject({
				code: 'aborted'
			});
			expect(await listMetrics(t.db, t.run.id)).toHaveLength(2);
			const { policy, state } = await resumeFrom(t);
			expect(state.iteration).toBe(2);
			const stored = await getRun(t.db, t.run.id);
			const again = await startTestLoop('ppo', config, { db: t.db, run: stored ?? t.run });
			await runPpo({ ...(await job(policy)), resumeFrom: state }, again.loop);
			expect(await weightsHash(policy)).toBe(await weightsHash(straight));
			const metrics = (rows: Awaited<ReturnType<typeof listMetrics>>) =>
				rows.map(({ step, values }) => ({
					step,
					values: { ...values, 'perf/tokens_per_second': 0 }
				}));
			expect(metrics(await listMetrics(t.db, t.run.id))).toEqual(
				metrics(await listMetrics(whole.db, whole.run.id))
			);
		}
	);

	test('paused, it waits; a step is one phase; resume goes on', { timeout: 60_000 }, async () => {
		const t = await startTestLoop('ppo', config);
		t.control.apply('pause');
		const running = runPpo(await job(await tiny(), { iterations: 1 }), t.loop);
		const settle = () => new Promise((resolve) => setTimeout(resolve, 400));
		const phases = () => t.events.filter((e) => e.type === 'progress').map((e) => e.phase);
		await settle();
		expect(phases()).toEqual([]);
		t.control.apply('step');
		await settle();
		expect(phases().at(-1)).toBe('sample');
		t.control.apply('step');
		await settle();
		expect(phases().at(-1)).toBe('score');
		t.control.apply('resume');
		await running;
		expect(await listMetrics(t.db, t.run.id)).toHaveLength(1);
	});

	test('an attention kernel that drifts turns the lights red', { timeout: 60_000 }, async () => {
		const tfjs = await startTestDevice('tfjs-wasm');
		const stock = tf.getKernel('Softmax', 'wasm');
		if (!stock) {
			throw new Error('wasm has no softmax');
		}
		let drift = 0;
		tf.unregisterKernel('Softmax', 'wasm');
		tf.registerKernel({
			...stock,
			kernelFunc: (params) => {
				// Each call is a little further off than the one before, so no two passes agree.
				drift += 0.002;
				const out = stock.kernelFunc(params) as tf.TensorInfo;
				const values = tf.engine().makeTensorFromTensorInfo(out);
				return tf.mul(values, 1 + drift);
			}
		});
		try {
			const t = await startTestLoop('ppo', config);
			const work = await job(await tiny(tfjs), { iterations: 1, minibatches: 1 });
			await runPpo({ ...work, reference: await tiny(tfjs) }, t.loop);
			const red = t.loop.run.invariants?.filter((c) => !c.ok).map((c) => c.key);
			expect(red).toContain('first-minibatch-ratio');
			expect(red).toContain('first-minibatch-approxkl');
			expect(red).toContain('sampler-log-prob');
			expect(red).toContain('kl-at-start');
		} finally {
			tf.unregisterKernel('Softmax', 'wasm');
			tf.registerKernel(stock);
		}
	});

	test(
		'a reference that was touched ends the run, and that step is not stored',
		{ timeout: 60_000 },
		async () => {
			const t = await startTestLoop('ppo', config);
			const work = await job(await tiny());
			let calls = 0;
			const reward: PpoJob['reward'] = async (batch) => {
				if (++calls === 2) {
					const dLogProb = new Float64Array(batch.B * batch.T);
					dLogProb[batch.promptLength[0] ?? 0] = 1;
					await work.reference.backward(batch, { dLogProb }, { temperature: 1 });
					await work.reference.step({ lr: { trunk: 1e-3 }, clipNorm: 1, weightDecay: 0 });
				}
				return evenness(batch);
			};
			await expect(runPpo({ ...work, reward }, t.loop)).rejects.toMatchObject({
				detail: { check: 'reference-unchanged' }
			});
			expect(await listMetrics(t.db, t.run.id)).toHaveLength(1);
			expect((await readCheckpoint(t.db, t.run.id))?.state).toMatchObject({ iteration: 1 });
		}
	);

	test(
		'a reward that is not a number ends the run and keeps the last good step',
		{ timeout: 60_000 },
		async () => {
			const t = await startTestLoop('ppo', config);
			let calls = 0;
			const reward: PpoJob['reward'] = async (batch) => {
				const scores = await evenness(batch);
				return ++calls === 2 ? scores.fill(NaN) : scores;
			};
			const policy = await tiny();
			await expect(runPpo({ ...(await job(policy)), reward }, t.loop)).rejects.toMatchObject({
				code: 'not-finite'
			});
			expect(await listMetrics(t.db, t.run.id)).toHaveLength(1);
			expect((await readCheckpoint(t.db, t.run.id))?.state).toMatchObject({ iteration: 1 });
		}
	);
});

describe('the reward model', () => {
	const config: RewardConfig = {
		...DEFAULT_REWARD,
		epochs: 6,
		lr: 3e-3,
		headLr: 3e-2,
		lapse: 0,
		normaliseSamples: 32,
		patience: 0
	};

	/** Completions of random ids; the one with more even ids is better. */
	function separablePairs(n: number): PreferencePair[] {
		const random = new Random(2);
		return Array.from({ length: n }, (_, i) => {
			const draw = (bit: number) =>
				Array.from(
					{ length: 6 },
					() => 2 * random.int(60) + (random.next() < 0.15 ? 1 - bit : bit)
				);
			const isA = random.next() < 0.5;
			return {
				presentationId: `pair ${i}`,
				promptId: `prompt ${i % 10}`,
				promptIds: [3, 17 + (i % 10)],
				aIds: draw(isA ? 0 : 1),
				bIds: draw(isA ? 1 : 0),
				y: isA ? 1 : 0,
				simulated: true
			};
		});
	}

	const job = async (
		model: LanguageModel,
		changes: Partial<RewardConfig> = {}
	): Promise<RewardJob> => ({
		model,
		reference: await tiny(),
		pairs: separablePairs(80),
		prompts,
		text,
		maxNew: 6,
		config: { ...config, ...changes },
		seed: 5
	});

	test.each(['mean', 'last'] as const)(
		'learns answers that can be learned, reading the %s',
		{ timeout: 60_000 },
		async (pooling) => {
			const t = await startTestLoop('reward', config);
			const model = await tiny();
			const outcome = await runReward(
				await job(model, { pooling, epochs: pooling === 'last' ? 20 : 6 }),
				t.loop
			);
			expect(outcome.trainAccuracy).toBeGreaterThan(0.9);
			expect(outcome.heldOutAccuracy).toBeGreaterThan(pooling === 'mean' ? 0.9 : 0.75);
			expect(outcome.trainPairs + outcome.heldOutPairs).toBe(80);
		}
	);

	test(
		'samples of the reference score with mean 0 and standard deviation 1',
		{ timeout: 60_000 },
		async () => {
			const t = await startTestLoop('reward', config);
			const model = await tiny();
			const work = await job(model);
			const { normalisation } = await runReward(work, t.loop);
			const sampled = await work.reference.sample(
				Array.from({ length: 200 }, (_, i) => prompts[i % prompts.length] ?? Int32Array.of(0)),
				{ temperature: 1, maxNew: 6, stop: [], seed: 99, first: 0 }
			);
			const rewards = (await rewardsOf(model, sampled, config)).map(
				(r) => normalisation.gain * r + normalisation.bias
			);
			const mean = rewards.reduce((a, b) => a + b, 0) / rewards.length;
			const sd = Math.sqrt(rewards.reduce((sum, r) => sum + (r - mean) ** 2, 0) / rewards.length);
			expect(Math.abs(mean)).toBeLessThan(0.5);
			expect(sd).toBeGreaterThan(0.6);
			expect(sd).toBeLessThan(1.6);
		}
	);

	test(
		'stopped between epochs and resumed, it ends where it would have, to the last bit',
		{ timeout: 60_000 },
		async () => {
			const whole = await startTestLoop('reward', config);
			const straight = await tiny();
			const expected = await runReward(await job(straight), whole.loop);

			const t = await startTestLoop('reward', config);
			const stopAt = { epoch: 0 };
			const stopping = t.loop.phase.bind(t.loop);
			t.loop.phase = async (phase) => {
				if (phase === 'hold-out' && ++stopAt.epoch === 4) {
					t.controller.abort();
				}
				return stopping(phase);
			};
			await expect(runReward(await job(await tiny()), t.loop)).rejects.toMatchObject({
				code: 'aborted'
			});
			const checkpoint = await readCheckpoint(t.db, t.run.id);
			const file = openWeights(checkpoint?.weights ?? new ArrayBuffer(0));
			const model = await tiny();
			await model.load([...unpack(file)].filter(({ name }) => !name.startsWith(BEST_PREFIX)));
			const state = checkpoint?.state as RewardState;
			expect(state.epoch).toBe(3);
			const again = await startTestLoop('reward', config, {
				db: t.db,
				run: (await getRun(t.db, t.run.id)) ?? t.run
			});
			const outcome = await runReward(
				{ ...(await job(model)), resumeFrom: { state, best: [...unpack(file, BEST_PREFIX)] } },
				again.loop
			);
			expect(outcome).toEqual(expected);
			expect(await weightsHash(model)).toBe(await weightsHash(straight));
			expect((await listMetrics(t.db, t.run.id)).map((r) => r.step)).toEqual(
				(await listMetrics(whole.db, whole.run.id)).map((r) => r.step)
			);
		}
	);

	test('too few answers are refused with what is missing', async () => {
		const t = await startTestLoop('reward', config);
		const work = { ...(await job(await tiny())), pairs: separablePairs(3) };
		await expect(runReward(work, t.loop)).rejects.toMatchObject({
			code: 'not-enough-data',
			detail: { pairs: 3, needed: 4 }
		});
	});

	test('a batch is scored alike whatever it stands with', async () => {
		const { model } = await loadTestModel('tests/golden/hf-llama-tiny', device, {
			valueHeads: 1,
			heads: { kind: 'normal', seed: 1 }
		});
		const rows = separablePairs(3).map(({ promptIds, aIds }) => ({ promptIds, ids: aIds }));
		const together = await rewardsOf(model, batchOf(rows), config);
		const alone = await rewardsOf(model, batchOf(rows.slice(1, 2)), config);
		expect(together[0]).not.toBeCloseTo(together[1] ?? NaN, 4);
		expect(Math.abs((together[1] ?? NaN) - (alone[0] ?? NaN))).toBeLessThan(1e-5);
	});
});
