/**
 * Permutation test of a difference of means (Fisher 1935; Pitman 1937): how often a random division of the same values gives a
 * difference at least as large. p = (1 + as large) / (1 + rounds) (Phipson & Smyth 2010), never 0. Right for any distribution
 * and any number of values; seeded.
 */
import { at, mean } from '../../methods/math';
import { deriveSeed, Random } from '../../random';
import { type Missing, missing } from '../../feedback/figure';

export interface PermutationResult {
	/** Mean of y less that of x. */
	difference: number;
	/** Two-sided. */
	p: number;
	n: number;
	m: number;
}

const ROUNDS = 999;

export function permutationTest(
	x: ArrayLike<number>,
	y: ArrayLike<number>,
	seed: number,
	rounds = ROUNDS
): PermutationResult | Missing<'too-few'> {
	const [n, m] = [x.length, y.length];
	if (n < 2 || m < 2) {
		return missing('too-few');
	}
	const all = Float64Array.of(...Array.from(x), ...Array.from(y));
	const total = all.reduce((sum, v) => sum + v, 0);
	const differenceOf = (firstSum: number): number => (total - firstSum) / m - firstSum / n;
	const difference = mean(y) - mean(x);
	// Rounding must not turn an equal division into a smaller difference.
	const limit = Math.abs(difference) * (1 - 1e-12);
	const random = new Random(deriveSeed(seed, 'permutation test'));
	let large = 0;
	for (let round = 0; round < rounds; round++) {
		// The first n places of a shuffle are enough (Fisher-Yates from the front).
		let first = 0;
		for (let i = 0; i < n; i++) {
			const j = i + random.int(n + m - i);
			const value = at(all, j);
			all[j] = at(all, i);
			all[i] = value;
			first += value;
		}
		large += Math.abs(differenceOf(first)) >= limit ? 1 : 0;
	}
	return { difference, p: (1 + large) / (1 + rounds), n, m };
}
