import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_PPO, type PpoConfig } from '../../../src/core/config';
import { prefixRewards } from '../../../src/core/methods/prefix-rewards';
import { readRewards } from '../../../src/core/methods/reward-reading';
import { displayStep } from '../../../src/core/methods/step-display';
import { ppoTargets } from '../../../src/core/methods/ppo-targets';
import { responseSpan, selectTokens } from '../../../src/core/methods/response';
import type { ComputeDevice } from '../../../workers/engine/device';
import type { Batch, F, LanguageModel } from '../../../workers/engine/language-model';
import { runPpo, type PpoJob } from '../../../workers/jobs/ppo';
import { PpoStepper } from '../../../workers/jobs/ppo-stepper';
import { completionIds } from '../../../workers/jobs/rollout';
import { weightsHash } from '../../../workers/jobs/weights-io';
import { loadTestModel, startTestDevice } from '../../support/engine';
import { startTestLoop } from '../../support/run-loop';

const config: PpoConfig = {
	...DEFAULT_PPO,
	iterations: 1,
	batch: 8,
	maxNew: 6,
	minibatches: 2,
	ppoEpochs: 2,
	lr: 1e-2,
	headLr: 1e-2,
	klCoef: 0.1,
	klController: 'fixed',
	targetPolicyKl: 0
};
const settings = {
	beta: config.klCoef,
	clipRange: config.clipRange,
	gamma: config.gamma,
	lambda: config.lambda
};

let device: ComputeDevice;
beforeAll(async () => {
	device = await startTestDevice('wasm');
});
const tiny = async (): Promise<LanguageModel> =>
	(await loadTestModel('tests/golden/hf-llama-tiny', device, { valueHeads: 1 })).model;

const evenness = (batch: Batch): Promise<F> =>
	Promise.resolve(
		Float64Array.from({ length: batch.B }, (_, b) => {
			const ids = completionIds(batch, b);
			return (2 * ids.filter((id) => id % 2 === 0).length) / ids.length - 1;
		})
	);

async function job(): Promise<PpoJob> {
	return {
		policy: await tiny(),
		reference: await tiny(),
		reward: evenness,
		prompts: [Int32Array.of(3, 17), Int32Array.of(9)],
		text: { stop: [], cut: null },
		config,
		seed: 5
	};
}
const signal = new AbortController().signal;

function rolloutOf(stepper: PpoStepper) {
	const { rollout } = stepper;
	return { ...rollout, stopped: rollout.sampled.stopped };
}

describe('a step taken apart', () => {
	test('minibatch by minibatch it ends at the very weights that the training loop ends at', async () => {
		const trained = await job();
		const { loop, db } = await startTestLoop('ppo', config);
		await runPpo(trained, loop);
		const values = (await db.getAll('metrics'))[0]?.values ?? {};

		const apart = await job();
		const stepper = await PpoStepper.open(apart, 0, signal);
		expect(stepper.minibatches.map((rows) => rows.length)).toEqual([4, 4, 4, 4]);
		expect(stepper.minibatches.slice(0, 2).flat().toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
		const shown = displayStep(
			rolloutOf(stepper),
			{ logProb: stepper.rollout.old.logProb, value: stepper.rollout.old.value[0] as F },
			settings.beta,
			config
		);
		let taken = 0;
		const norms: number[] = [];
		for (let step = await stepper.take(settings, signal); step;) {
			taken++;
			norms.push(step.gradNorm ?? NaN);
			step = await stepper.take(settings, signal);
		}
		expect(taken).toBe(4);
		expect(await weightsHash(apart.policy)).toBe(await weightsHash(trained.policy));
		// What was shown is what the run logged.
		for (const key of ['objective/kl', 'objective/scores', 'objective/rlhf_reward']) {
			expect(shown.metrics[key]).toBe(values[key]);
		}
		expect(norms.reduce((a, b) => a + b, 0) / 4).toBeCloseTo(values['grad_norm'] ?? NaN, 10);
	});

	test('before the first update every ratio is 1 and nothing is clipped; after it the ratios are those of the loss', async () => {
		const apart = await job();
		const stepper = await PpoStepper.open(apart, 0, signal);
		const rollout = rolloutOf(stepper);
		const value = stepper.rollout.old.value[0] as F;
		const before = displayStep(rollout, { logProb: rollout.old.logProb, value }, 0.1, config);
		const { start, end } = responseSpan(rollout.batch, 0);
		expect(end - start).toBe(6);
		expect([...before.strips.ratio.subarray(start, end)]).toEqual([1, 1, 1, 1, 1, 1]);
		expect(before.strips.clipped.includes(1)).toBe(false);

		const step = await stepper.take(settings, signal);
		if (!step) {
			throw new Error('there is a first minibatch');
		}
		const after = displayStep(rollout, step, 0.1, config);
		const moved = Math.exp((step.logProb[start] ?? 0) - (rollout.old.logProb[start] ?? 0));
		expect(after.strips.ratio[start]).toBeCloseTo(moved, 14);
		expect(after.strips.ratio.some((r) => r !== 0 && r !== 1)).toBe(true);
		// The loss that the next minibatch learns from sees the same ratios.
		const next = await stepper.take(settings, signal);
		const rows = stepper.minibatches[1] ?? [];
		const ratios = selectTokens(after.strips.ratio, rollout.batch.T, rows).filter((r) => r !== 0);
		const mean = ratios.reduce((a, b) => a + b, 0) / ratios.length;
		expect(next?.metrics['val/ratio']).toBeCloseTo(mean, 6);
	});

	test('the sliders go through the functions that train', async () => {
		const apart = await job();
		const stepper = await PpoStepper.open(apart, 0, signal);
		const rollout = rolloutOf(stepper);
		const now = { logProb: rollout.old.logProb, value: stepper.rollout.old.value[0] as F };
		for (const change of [{}, { lambda: 0 }, { gamma: 0.5 }, { whitenAdvantages: false }]) {
			for (const beta of [0, 0.3]) {
				const options = { ...config, ...change };
				const { strips } = displayStep(rollout, now, beta, options);
				const trained = ppoTargets(rollout, beta, options);
				expect(strips.advantage).toEqual(trained.advantages);
				expect(strips.reward).toEqual(trained.rewards);
			}
		}
		const flat = { ...config, lambda: 0, whitenAdvantages: false };
		const { strips } = displayStep(rollout, now, 0.1, flat);
		expect(strips.delta).toEqual(strips.advantage);
	});

	test('alternatives are probabilities, the chosen token among them, and go on to move', async () => {
		const apart = await job();
		const stepper = await PpoStepper.open(apart, 0, signal);
		const { batch, old } = stepper.rollout;
		const { start } = responseSpan(batch, 2);
		const chosen = batch.ids[2 * batch.T + start] ?? -1;
		const first = await stepper.alternatives(2, start);
		expect(first.ids).toContain(chosen);
		const k = first.ids.indexOf(chosen);
		expect(Math.log(first.now[k] ?? NaN)).toBeCloseTo(old.logProb[2 * batch.T + start] ?? NaN, 4);
		expect(first.old).toEqual(first.now);
		expect(first.reference[k]).toBeCloseTo(first.now[k] ?? NaN, 10);
		await stepper.take(settings, signal);
		const later = await stepper.alternatives(2, start);
		const j = later.ids.indexOf(chosen);
		expect(later.old[j]).toBeCloseTo(first.now[k] ?? NaN, 12);
		expect(later.now[j]).not.toBe(later.old[j]);
	});
});

test.each(['mean', 'last'] as const)(
	'the score of the last prefix is the score of the whole, read at the %s',
	(pooling) => {
		const batch: Batch = {
			B: 2,
			T: 4,
			ids: Int32Array.of(1, 2, 3, 4, 1, 2, 0, 0),
			promptLength: Int32Array.of(1, 1),
			length: Int32Array.of(4, 2)
		};
		const value = Float64Array.of(9, 1, 2, 6, 9, -2, 0, 0);
		const scale = { gain: 2, bias: 0.5 };
		const prefixes = prefixRewards(batch, value, pooling, scale);
		const whole = readRewards(batch, value, pooling).map((r) => 2 * r + 0.5);
		expect([prefixes[3], prefixes[5]]).toEqual([...whole]);
		expect([...prefixes.subarray(0, 4)]).toEqual(
			pooling === 'mean' ? [0, 2.5, 3.5, 6.5] : [0, 2.5, 4.5, 12.5]
		);
	}
);
