import { describe, expect, test } from 'vitest';
import { bestOfNKl } from '../../../../src/core/methods/best-of-n';
import { bestOfNPolicy, exactKl, optimalPolicy } from '../../../../src/core/methods/closed-form';
import { dpoObjective } from '../../../../src/core/methods/dpo';
import { sigmoid } from '../../../../src/core/methods/math';
import { preferenceLoss } from '../../../../src/core/methods/preference-pairs';
import { reinforceAdvantages } from '../../../../src/core/methods/reinforce';
import { expectClose, flat, golden } from '../numeric';

interface Fixture {
	ref_joint: number[][];
	reward: number[][];
	cases: {
		beta: number;
		log_partition: number;
		optimal_value: number;
		expected_reward: number;
		kl: number;
		entropy: number;
		pi_joint: number[][];
		pi_token1: number[];
		soft_value_after_token1: number[];
	}[];
	best_of_n: Record<
		string,
		{ policy: number[]; kl_exact: number; kl_formula_upper_bound: number; expected_reward: number }
	>;
}

const fixture = golden<Fixture>('17_closed_form_optimum');
const reference = flat(fixture.ref_joint);
const reward = flat(fixture.reward);

describe('the optimum of a world that can be counted out', () => {
	test.each(fixture.cases)('matches the golden values at beta $beta', (expected) => {
		const { policy, ...actual } = optimalPolicy(reference, reward, expected.beta);
		expectClose(policy, flat(expected.pi_joint));
		expectClose(
			[actual.logPartition, actual.value, actual.expectedReward, actual.kl, actual.entropy],
			[
				expected.log_partition,
				expected.optimal_value,
				expected.expected_reward,
				expected.kl,
				expected.entropy
			]
		);
		const size = fixture.ref_joint.length;
		const first = expected.pi_token1.map((_, i) =>
			policy.slice(i * size, (i + 1) * size).reduce((sum, p) => sum + p, 0)
		);
		expectClose(first, expected.pi_token1);
		// What is worth having after the first token: the same optimum over what may follow it.
		const after = expected.soft_value_after_token1.map((_, i) => {
			const rows = reference.slice(i * size, (i + 1) * size);
			const mass = rows.reduce((sum, p) => sum + p, 0);
			return optimalPolicy(
				rows.map((p) => p / mass),
				reward.slice(i * size, (i + 1) * size),
				expected.beta
			).value;
		});
		expectClose(after, expected.soft_value_after_token1);
	});

	test.each(fixture.cases)(
		'nothing pulls DPO or REINFORCE away from it at beta $beta',
		({ beta }) => {
			const { policy, value } = optimalPolicy(reference, reward, beta);
			const sequences = Array.from(policy, (p, i) => ({
				policy: Math.log(p),
				reference: Math.log(reference[i] ?? NaN),
				length: 2
			}));
			const pairs = sequences.flatMap((_, i) =>
				sequences.flatMap((_, j) => (i < j ? [[i, j]] : []))
			);
			const side = (k: 0 | 1) => pairs.flatMap((pair) => sequences[pair[k] ?? -1] ?? []);
			const y = pairs.map(([i = 0, j = 0]) => sigmoid((reward[i] ?? NaN) - (reward[j] ?? NaN)));
			const { dA, dB } = preferenceLoss({ a: side(0), b: side(1), y }, dpoObjective({ beta }));
			expectClose(dA, new Float64Array(pairs.length), 1e-12);
			expectClose(dB, new Float64Array(pairs.length), 1e-12);
			// Reward less the price of drifting is the same for every completion: no advantage is left.
			const paid = policy.map(
				(p, i) => (reward[i] ?? NaN) - beta * Math.log(p / (reference[i] ?? NaN))
			);
			expectClose(
				reinforceAdvantages(paid, 'running', value),
				new Float64Array(paid.length),
				1e-12
			);
		}
	);

	test.each(Object.entries(fixture.best_of_n))('best of %s, with ties', (n, expected) => {
		const policy = bestOfNPolicy(reference, reward, Number(n));
		expectClose(policy, expected.policy);
		const kl = exactKl(policy, reference);
		expectClose(
			[kl, bestOfNKl(Number(n)), policy.reduce((sum, p, i) => sum + p * (reward[i] ?? NaN), 0)],
			[expected.kl_exact, expected.kl_formula_upper_bound, expected.expected_reward]
		);
		expect(kl).toBeLessThanOrEqual(bestOfNKl(Number(n)) + 1e-12);
	});

	test('stays finite at large rewards, and gives the reference for a constant one', () => {
		const half = Float64Array.of(0.5, 0.5);
		const { policy, expectedReward } = optimalPolicy(half, [1000, 0], 0.1);
		expect([...policy, expectedReward]).toEqual([1, 0, 1000]);
		const flatReward = optimalPolicy(half, [3, 3], 0.5);
		expect([...flatReward.policy, flatReward.kl]).toEqual([0.5, 0.5, 0]);
		expect(flatReward.value).toBeCloseTo(3, 14);
	});

	test('refuses a price of nothing and worlds without completions', () => {
		expect(() => optimalPolicy(reference, reward, 0)).toThrow(RangeError);
		expect(() => optimalPolicy(new Float64Array(0), [], 1)).toThrow(RangeError);
		expect(() => bestOfNPolicy(reference, reward, 0.5)).toThrow(RangeError);
	});
});
