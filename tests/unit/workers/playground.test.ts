import { describe, expect, test } from 'vitest';
import { exactKl, optimalPolicy } from '../../../src/core/methods/closed-form';
import {
	WORLD_REWARDS,
	worldLogits,
	worldReference
} from '../../../src/core/methods/closed-form-world';
import type { PlaygroundMethod } from '../../../src/protocol/playground';
import { drawPath } from '../../../workers/jobs/playground';
import golden from '../../golden/17_closed_form_optimum.json';

const { signal } = new AbortController();
const rewards = [...WORLD_REWARDS];
const reference = worldReference();
const expected = (policy: Float64Array) =>
	policy.reduce((sum, p, i) => sum + p * (rewards[i] ?? NaN), 0);

test('the world is that of the golden file', () => {
	expect(worldLogits([])).toEqual(golden.ref_logits_token1);
	expect([0, 1, 2, 3].map((i) => worldLogits([i]))).toEqual(golden.ref_logits_token2_given_token1);
	golden.reward.flat().forEach((r, i) => expect(rewards[i]).toBeCloseTo(r, 12));
	golden.ref_joint.flat().forEach((p, i) => expect(reference[i]).toBeCloseTo(p, 12));
});

describe.each<PlaygroundMethod>(['ppo', 'rloo', 'dpo'])('the path of %s', (method) => {
	test.each([0.5, 0.1])('ends at the optimum of beta %s', { timeout: 60_000 }, async (beta) => {
		const { policies, steps } = await drawPath({ method, beta, rewards, seed: 2 }, signal);
		expect(steps.slice(0, 1)).toEqual([0]);
		expect(policies).toHaveLength(steps.length);
		expect(exactKl(policies[0] ?? reference, reference)).toBeCloseTo(0, 6);
		const last = policies.at(-1) ?? reference;
		const best = optimalPolicy(reference, rewards, beta);
		const kl = exactKl(last, reference);
		console.log(
			`${method}, beta ${beta}: E[r] ${expected(last).toFixed(4)} (${best.expectedReward.toFixed(4)}), KL ${kl.toFixed(4)} (${best.kl.toFixed(4)}), ${steps.length} points`
		);
		expect(Math.abs(expected(last) - best.expectedReward)).toBeLessThan(0.01);
		expect(Math.abs(kl - best.kl)).toBeLessThan(Math.max(0.01, 0.04 * best.kl));
	});
});

test(
	'the same seed draws the same path, and a world without sense is refused',
	{ timeout: 60_000 },
	async () => {
		const args = { method: 'rloo' as const, beta: 0.5, rewards, seed: 4 };
		const [one, two] = await Promise.all([drawPath(args, signal), drawPath(args, signal)]);
		expect(one).toEqual(two);
		await expect(drawPath({ ...args, beta: 0 }, signal)).rejects.toMatchObject({
			code: 'bad-settings'
		});
		await expect(drawPath({ ...args, rewards: [1, 2] }, signal)).rejects.toMatchObject({
			code: 'bad-settings'
		});
	}
);
