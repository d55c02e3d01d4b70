/**
 * Best of n: write n completions, keep the one that the reward model likes best. The plainest optimiser there is, and the
 * yardstick of over-optimisation (Gao et al. 2023, arXiv 2210.10760). KL to the reference: ln n - (n - 1) / n nats (an upper
 * bound where rewards can be equal). From N scored samples the mean over all subsets of n is estimated without bias (Coste et al.
 * 2024, llm_optimization bon_sampling.py:12-29): sum over ranks i of C(i - 1, n - 1) / C(N, n) times the value at rank i.
 * Deviation: samples of equal proxy share the weights of their ranks, as if ties were broken at random.
 */
import { at } from './math';
import type { F } from './loss';

function assertCount(n: number): void {
	if (!Number.isSafeInteger(n) || n < 1) {
		throw new RangeError(`best of ${n}`);
	}
}

/** Nats. */
export function bestOfNKl(n: number): number {
	assertCount(n);
	return Math.log(n) - (n - 1) / n;
}

/** [N], probability that each sample is the best by proxy of n drawn without replacement. */
export function bestOfNWeights(proxy: ArrayLike<number>, n: number): F {
	assertCount(n);
	const size = proxy.length;
	if (n > size) {
		throw new RangeError(`best of ${n} from ${size} samples`);
	}
	const order = Array.from(proxy, (value, i) => ({ value, i })).sort((x, y) => x.value - y.value);
	if (order.some(({ value }) => Number.isNaN(value))) {
		throw new RangeError('a proxy reward is not a number');
	}
	// From the top rank down: C(i - 2, n - 1) / C(i - 1, n - 1) = (i - n) / (i - 1).
	const byRank = new Float64Array(size);
	let weight = n / size;
	for (let rank = size; rank >= 1; rank--) {
		byRank[rank - 1] = weight;
		weight *= rank > 1 ? (rank - n) / (rank - 1) : 0;
	}
	const weights = new Float64Array(size);
	for (let start = 0; start < size;) {
		let end = start + 1;
		while (end < size && order[end]?.value === order[start]?.value) {
			end++;
		}
		const shared = byRank.subarray(start, end).reduce((sum, w) => sum + w, 0) / (end - start);
		order.slice(start, end).forEach(({ i }) => (weights[i] = shared));
		start = end;
	}
	return weights;
}

/** Expected value of the best by proxy of n samples; pass the proxy itself to see what the reward model thinks of it. */
export function bestOfNEstimate(
	proxy: ArrayLike<number>,
	values: ArrayLike<number>,
	n: number
): number {
	if (values.length !== proxy.length) {
		throw new RangeError(`${values.length} values of ${proxy.length} samples`);
	}
	return bestOfNWeights(proxy, n).reduce((sum, w, i) => sum + w * at(values, i), 0);
}

/** The row of the best score; the first among equals. Throws RangeError on none. */
export function bestRow(scores: ArrayLike<number>): number {
	if (scores.length === 0) {
		throw new RangeError('the best of no scores');
	}
	return Array.from(scores).reduce((best, score, i) => (score > at(scores, best) ? i : best), 0);
}

export interface ScoredPrompt {
	/** [N] each, of completions of one prompt by the reference; N may differ between prompts. */
	proxy: ArrayLike<number>;
	gold: ArrayLike<number>;
}

export interface BestOfNPoint {
	n: number;
	/** Nats. */
	kl: number;
	/** Means over prompts with enough samples. */
	proxy: number;
	gold: number;
	/** Standard error of gold over prompts; NaN for a single one. */
	goldError: number;
	prompts: number;
}

/** The best-of-n curve; an n for which no prompt has enough samples is left out. */
export function bestOfNCurve(
	prompts: readonly ScoredPrompt[],
	counts: readonly number[]
): BestOfNPoint[] {
	return counts.flatMap((n) => {
		const used = prompts.filter(({ proxy }) => proxy.length >= n);
		if (used.length === 0) {
			return [];
		}
		const golds = used.map(({ proxy, gold }) => bestOfNEstimate(proxy, gold, n));
		const proxies = used.map(({ proxy }) => bestOfNEstimate(proxy, proxy, n));
		const average = (x: readonly number[]): number => x.reduce((sum, v) => sum + v, 0) / x.length;
		const gold = average(golds);
		const squares = golds.reduce((sum, g) => sum + (g - gold) ** 2, 0);
		return [
			{
				n,
				kl: bestOfNKl(n),
				proxy: average(proxies),
				gold,
				goldError: Math.sqrt(squares / (used.length - 1) / used.length),
				prompts: used.length
			}
		];
	});
}
