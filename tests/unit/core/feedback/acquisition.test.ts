import { describe, expect, test } from 'vitest';
import {
	acquisitionScore,
	type ActivePolicy,
	bald,
	disagreement,
	dOptimal
} from '../../../../src/core/feedback/acquisition';
import type { Lead } from '../../../../src/core/feedback/reward-posterior';

const POLICIES: ActivePolicy[] = ['bald', 'd-optimal', 'disagreement'];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const entropy = (p: number) =>
	p <= 0 || p >= 1 ? 0 : -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);

/** By Simpson's rule with very many points. */
function byBruteForce({ mean, variance }: Lead) {
	const [from, to, steps] = [-9, 9, 200_000];
	const h = (to - from) / steps;
	const sums = { total: 0, p: 0, square: 0, entropy: 0 };
	for (let i = 0; i <= steps; i++) {
		const z = from + i * h;
		const simpson = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
		const weight = simpson * Math.exp((-z * z) / 2);
		const p = sigmoid(mean + Math.sqrt(variance) * z);
		sums.total += weight;
		sums.p += weight * p;
		sums.square += weight * p * p;
		sums.entropy += weight * entropy(p);
	}
	const p = sums.p / sums.total;
	return {
		bald: entropy(p) - sums.entropy / sums.total,
		disagreement: sums.square / sums.total - p * p
	};
}

describe('acquisition', () => {
	test('of identical completions is exactly 0, whatever the policy', () => {
		for (const policy of POLICIES) {
			expect(acquisitionScore(policy, { mean: 0, variance: 0 })).toBe(0);
		}
	});

	test('of a pair about which everything is known is exactly 0, also where it is a coin toss', () => {
		for (const policy of POLICIES) {
			expect(acquisitionScore(policy, { mean: 3, variance: 0 })).toBe(0);
		}
		expect(bald({ mean: 0, variance: 1e-12 })).toBeLessThan(1e-12);
	});

	test('matches integrals by brute force', () => {
		for (const mean of [0, -0.7, 3, 12]) {
			for (const variance of [0.01, 0.5, 4, 40, 900]) {
				const truth = byBruteForce({ mean, variance });
				expect(bald({ mean, variance })).toBeCloseTo(truth.bald, 7);
				expect(disagreement({ mean, variance })).toBeCloseTo(truth.disagreement, 7);
			}
		}
	});

	test('matches values worked by hand', () => {
		expect(dOptimal({ mean: 0, variance: 2 })).toBe(0.5);
		expect(dOptimal({ mean: Math.log(3), variance: 1 })).toBeCloseTo(3 / 16, 15);
		// A lead of either sign and far from 0: the answer tells nearly one bit, and p is nearly 0 or 1.
		expect(bald({ mean: 0, variance: 1e6 })).toBeGreaterThan(0.99);
		expect(disagreement({ mean: 0, variance: 1e6 })).toBeCloseTo(0.25, 2);
		// To first order in a small variance: p (1 - p) v / (2 ln 2) bits.
		expect(bald({ mean: 0, variance: 1e-4 })).toBeCloseTo(1e-4 / (8 * Math.LN2), 8);
	});

	test('grows with what is not known, and does not mind which completion is called a', () => {
		for (const policy of POLICIES) {
			const score = (mean: number, variance: number) =>
				acquisitionScore(policy, { mean, variance });
			expect(score(0.5, 2)).toBeGreaterThan(score(0.5, 1));
			expect(score(-0.5, 2)).toBeCloseTo(score(0.5, 2), 14);
			expect(score(0, 1)).toBeGreaterThan(score(4, 1));
		}
	});
});
