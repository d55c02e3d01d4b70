import { describe, expect, test } from 'vitest';
import { adamwUpdate } from '../../../../src/core/methods/adamw';
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

	/** E[r] and KL of softmax(logits), after steps of Adam along a gradient by the log-probabilities of whole completions. */
	function train(beta: number, dLogProb: (logPi: Float64Array, pi: Float64Array) => Float64Array) {
		const logits = reference.map(Math.log);
		const [m, v] = [new Float64Array(logits.length), new Float64Array(logits.length)];
		const steps = 1500;
		const policyOf = () => {
			const top = Math.max(...logits);
			const e = logits.map((x) => Math.exp(x - top));
			const z = e.reduce((sum, x) => sum + x, 0);
			return e.map((x) => x / z);
		};
		for (let step = 1; step <= steps; step++) {
			const pi = policyOf();
			const d = dLogProb(pi.map(Math.log), pi);
			const total = d.reduce((sum, x) => sum + x, 0);
			const grad = d.map((x, i) => x - total * (pi[i] ?? NaN));
			const lr = 0.1 * (1 - (step - 1) / steps);
			adamwUpdate({ param: logits, grad, m, v, step, lr, eps: 1e-10 });
		}
		const pi = policyOf();
		const { expectedReward, kl } = optimalPolicy(reference, reward, beta);
		const found = pi.reduce((sum, p, i) => sum + p * (reward[i] ?? NaN), 0);
		expect(Math.abs(found - expectedReward)).toBeLessThanOrEqual(0.005);
		expect(Math.abs(exactKl(pi, reference) - kl)).toBeLessThanOrEqual(Math.max(0.005, 0.02 * kl));
	}

	test.each([0.5, 0.1])('DPO on the full table of soft labels gets there at beta %f', (beta) => {
		const n = reference.length;
		const pairs = Array.from({ length: n * n }, (_, k) => [Math.floor(k / n), k % n] as const);
		const used = pairs.filter(([i, j]) => i < j);
		const y = used.map(([i, j]) => sigmoid((reward[i] ?? NaN) - (reward[j] ?? NaN)));
		const objective = dpoObjective({ beta });
		train(beta, (logPi) => {
			const sequences = Array.from(logPi, (policy, i) => ({
				policy,
				reference: Math.log(reference[i] ?? NaN),
				length: 2
			}));
			const { dA, dB } = preferenceLoss(
				{
					a: used.flatMap(([i]) => sequences[i] ?? []),
					b: used.flatMap(([, j]) => sequences[j] ?? []),
					y
				},
				objective
			);
			const d = new Float64Array(n);
			used.forEach(([i, j], k) => {
				d[i] = (d[i] ?? 0) + (dA[k] ?? 0);
				d[j] = (d[j] ?? 0) + (dB[k] ?? 0);
			});
			return d;
		});
	});

	test.each([0.5, 0.1])('REINFORCE in expectation gets there at beta %f', (beta) => {
		const kept = (pi: Float64Array, paid: Float64Array) =>
			pi.reduce((sum, p, i) => sum + p * (paid[i] ?? NaN), 0);
		train(beta, (logPi, pi) => {
			const paid = logPi.map(
				(l, i) => (reward[i] ?? NaN) - beta * (l - Math.log(reference[i] ?? NaN))
			);
			const advantages = reinforceAdvantages(paid, 'running', kept(pi, paid));
			return advantages.map((a, i) => -a * (pi[i] ?? NaN));
		});
	});

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
