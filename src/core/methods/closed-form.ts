/**
 * The answer where it can be counted out: over finitely many completions, E[r] - beta KL(pi || rho) is largest at
 * pi* = rho e^(r / beta) / Z, and worth beta ln Z there (Rafailov et al. 2023, eq. 4; Ziegler et al. 2019). PPO, RLOO and GRPO with
 * k1 in the reward, and DPO on Bradley-Terry labels of r, all lead there. Best of n with ties: (F^n - F_-^n) rho / P(tie).
 */
import type { F } from './loss';
import { at } from './math';

/** Sum of p f, in which what cannot occur adds nothing. */
function expectation(p: F, f: (i: number) => number): number {
	return p.reduce((sum, x, i) => sum + (x > 0 ? x * f(i) : 0), 0);
}

/** KL(p || q) of two distributions over the same things, nats; Infinity where q excludes what p allows. */
export function exactKl(p: F, q: F): number {
	return expectation(p, (i) => Math.log(at(p, i) / at(q, i)));
}

export interface Optimum {
	/** [n], pi*. */
	policy: F;
	logPartition: number;
	/** beta ln Z = E[r] - beta KL at pi*. */
	value: number;
	expectedReward: number;
	/** Nats. */
	kl: number;
	entropy: number;
}

/** reference: [n], sums to 1; reward: [n]. Throws RangeError unless beta > 0. */
export function optimalPolicy(reference: F, reward: ArrayLike<number>, beta: number): Optimum {
	if (!(beta > 0) || reference.length !== reward.length || reference.length === 0) {
		throw new RangeError(`an optimum of ${reference.length} completions with beta ${beta}`);
	}
	const exponent = (i: number): number => at(reward, i) / beta;
	const top = Math.max(...Array.from(reward, (_, i) => exponent(i)));
	const z = expectation(reference, (i) => Math.exp(exponent(i) - top));
	const policy = reference.map((p, i) => (p * Math.exp(exponent(i) - top)) / z);
	const logPartition = top + Math.log(z);
	return {
		policy,
		logPartition,
		value: beta * logPartition,
		expectedReward: expectation(policy, (i) => at(reward, i)),
		kl: exactKl(policy, reference),
		entropy: -expectation(policy, (i) => Math.log(at(policy, i)))
	};
}

/** [n], the distribution of the best of n draws from the reference, ties broken at random. */
export function bestOfNPolicy(reference: F, reward: ArrayLike<number>, n: number): F {
	if (!Number.isSafeInteger(n) || n < 1 || reference.length !== reward.length) {
		throw new RangeError(`best of ${n} of ${reference.length} completions`);
	}
	return reference.map((p, i) => {
		const r = at(reward, i);
		const below = reference.reduce((sum, q, j) => sum + (at(reward, j) < r ? q : 0), 0);
		const tied = reference.reduce((sum, q, j) => sum + (at(reward, j) === r ? q : 0), 0);
		return tied > 0 ? (((below + tied) ** n - below ** n) * p) / tied : 0;
	});
}
