import { describe, expect, test } from 'vitest';
import { DEFAULT_DPO, DEFAULT_PPO, DEFAULT_RLOO } from '../../../src/core/config';
import { runPpo } from '../../../workers/jobs/ppo';
import { runPreference } from '../../../workers/jobs/preference';
import { runRloo } from '../../../workers/jobs/rloo';
import {
	softLabelTable,
	standing,
	world,
	WORLD_PROMPT,
	worldReward
} from '../../support/closed-form-world';
import { startTestLoop } from '../../support/run-loop';

const text = { stop: [], cut: null };
const onPolicy = {
	iterations: 200,
	batch: 1024,
	maxNew: 2,
	cutAtSentence: false,
	lr: 0.03,
	klController: 'fixed' as const
};
const common = () => ({
	reference: world(0),
	reward: worldReward,
	prompts: [WORLD_PROMPT],
	text,
	seed: 3
});

function expectOptimum(policy: ReturnType<typeof world>, beta: number, name: string): void {
	const { expectedReward, kl, bestReward, bestKl } = standing(policy, beta);
	console.log(
		`${name}, beta ${beta}: E[r] ${expectedReward.toFixed(4)} (optimum ${bestReward.toFixed(4)}), KL ${kl.toFixed(4)} (${bestKl.toFixed(4)})`
	);
	expect(Math.abs(expectedReward - bestReward)).toBeLessThanOrEqual(0.005);
	expect(Math.abs(kl - bestKl)).toBeLessThanOrEqual(Math.max(0.005, 0.02 * bestKl));
}

describe.each([0.5, 0.1])('where the optimum can be counted out, at beta %s', (beta) => {
	test('PPO reaches it', { timeout: 120_000 }, async () => {
		const config = {
			...DEFAULT_PPO,
			...onPolicy,
			klCoef: beta,
			headLr: 0.05,
			valueClip: 0,
			valueCoef: 1,
			targetPolicyKl: 0,
			lambda: 1
		};
		const policy = world(1);
		const { loop } = await startTestLoop('ppo', config);
		await runPpo({ ...common(), policy, config }, loop);
		expectOptimum(policy, beta, 'PPO');
		expect(loop.run.invariants?.filter((check) => !check.ok)).toEqual([]);
	});

	test('RLOO reaches it', { timeout: 120_000 }, async () => {
		const config = { ...DEFAULT_RLOO, ...onPolicy, lr: 0.1, klCoef: beta };
		const policy = world(0);
		const { loop } = await startTestLoop('rloo', config);
		await runRloo({ ...common(), policy, config }, loop);
		expectOptimum(policy, beta, 'RLOO');
		expect(loop.run.invariants?.filter((check) => !check.ok)).toEqual([]);
	});

	test('DPO reaches it from the table of soft labels', { timeout: 120_000 }, async () => {
		const pairs = softLabelTable();
		const config = {
			...DEFAULT_DPO,
			beta,
			epochs: 1500,
			batchRows: pairs.length,
			lr: 0.05,
			heldOut: 0,
			measureSamples: 0,
			clipNorm: 10
		};
		const policy = world(0);
		const { loop } = await startTestLoop('dpo', config);
		const { reference, prompts, seed } = common();
		await runPreference(
			{ method: 'dpo', config },
			{ policy, reference, prompts, text, seed, config },
			pairs,
			loop
		);
		expectOptimum(policy, beta, 'DPO');
		expect(loop.run.invariants?.filter((check) => !check.ok)).toEqual([]);
	});
});
