import { describe, expect, test } from 'vitest';
import {
	bestOfNCurve,
	bestOfNEstimate,
	bestOfNKl,
	bestOfNWeights,
	bestRow
} from '../../../../src/core/methods/best-of-n';
import { Random } from '../../../../src/core/random';
import { expectClose, golden } from '../numeric';

interface Fixture {
	kl_nats: Record<string, number>;
	samples: { proxy: number[]; gold: number[] };
	unbiased_bon: Record<string, { proxy: number; gold: number }>;
}

const fixture = golden<Fixture>('12_best_of_n_overoptimisation');

/** Every subset of n, ties for the best shared evenly. */
function bruteForce(proxy: readonly number[], values: readonly number[], n: number): number {
	const subsets = (from: number, k: number): number[][] =>
		k === 0
			? [[]]
			: proxy.flatMap((_, i) =>
					i < from ? [] : subsets(i + 1, k - 1).map((rest) => [i, ...rest])
				);
	const all = subsets(0, n);
	const total = all.reduce((sum, subset) => {
		const top = Math.max(...subset.map((i) => proxy[i] ?? NaN));
		const best = subset.filter((i) => proxy[i] === top);
		return sum + best.reduce((s, i) => s + (values[i] ?? NaN), 0) / best.length;
	}, 0);
	return total / all.length;
}

describe('best of n', () => {
	test('matches the golden KL', () => {
		for (const [n, kl] of Object.entries(fixture.kl_nats)) {
			expectClose([bestOfNKl(Number(n))], [kl]);
		}
		expect(() => bestOfNKl(0)).toThrow(RangeError);
	});

	test.each(Object.entries(fixture.unbiased_bon))(
		'matches the golden estimate of %s',
		(n, want) => {
			const { proxy, gold } = fixture.samples;
			expectClose(
				[bestOfNEstimate(proxy, proxy, Number(n)), bestOfNEstimate(proxy, gold, Number(n))],
				[want.proxy, want.gold]
			);
		}
	);

	test('is the mean over all subsets, ties included', () => {
		const proxy = [1, 3, 3, 0, 3, 1, 2];
		const gold = [0.2, 5, -1, 0.7, 2, 4, 1];
		for (let n = 1; n <= proxy.length; n++) {
			expect(bestOfNEstimate(proxy, gold, n)).toBeCloseTo(bruteForce(proxy, gold, n), 12);
		}
	});

	test('weights sum to 1, without overflow for thousands of samples', () => {
		const random = new Random(7);
		const proxy = Float64Array.from({ length: 5000 }, () => random.normal());
		for (const n of [1, 2, 100, 4999, 5000]) {
			const sum = bestOfNWeights(proxy, n).reduce((total, w) => total + w, 0);
			expect(sum).toBeCloseTo(1, 10);
		}
	});

	test('of rewards that are all equal is the plain mean', () => {
		expectClose(bestOfNWeights([2, 2, 2, 2], 3), [0.25, 0.25, 0.25, 0.25], 1e-15);
	});

	test('refuses more than there are, none, and what is no number', () => {
		expect(() => bestOfNWeights([1, 2], 3)).toThrow(RangeError);
		expect(() => bestOfNWeights([], 1)).toThrow(RangeError);
		expect(() => bestOfNWeights([1, NaN], 1)).toThrow('not a number');
		expect(() => bestOfNEstimate([1], [1, 2], 1)).toThrow(RangeError);
		expect(() => bestRow([])).toThrow(RangeError);
		expect(bestRow([1, 4, 4, 2])).toBe(1);
	});

	test('the curve is the mean over prompts that have enough samples', () => {
		const prompts = [
			{ proxy: [0, 1, 2], gold: [0, 1, 0] },
			{ proxy: [0, 1], gold: [2, 4] }
		];
		const [one, two, three, ...none] = bestOfNCurve(prompts, [1, 2, 3, 4]);
		expect(none).toEqual([]);
		expect(one).toMatchObject({ n: 1, kl: 0, prompts: 2, gold: (1 / 3 + 3) / 2 });
		expect(two?.gold).toBeCloseTo((1 / 3 + 4) / 2, 12);
		expect(two?.goldError).toBeCloseTo((4 - 1 / 3) / 2, 12);
		expect(three).toMatchObject({ prompts: 1, gold: 0 });
	});
});
