import { describe, expect, test } from 'vitest';
import {
	type Battle,
	rankCheckpoints,
	type RankedCheckpoint,
	type RankingOptions,
	toElo
} from '../../../../src/core/evaluation/ranking';
import { Random } from '../../../../src/core/random';
import { expectClose } from '../numeric';

const battles = (first: string, second: string, counts: [number, number, number]): Battle[] =>
	(['first', 'tie', 'second'] as const).flatMap((outcome, i) =>
		Array.from({ length: counts[i] ?? 0 }, () => ({ first, second, outcome }))
	);

const half: RankingOptions = { ties: 'half', seed: 1 };

function ranked(data: Battle[], options: RankingOptions = half): RankedCheckpoint[] {
	const result = rankCheckpoints(data, options);
	if (result.value === null) {
		throw new Error(result.reason);
	}
	return result.value;
}

const strengthsByName = (entries: RankedCheckpoint[]) =>
	entries.toSorted((x, y) => (x.name < y.name ? -1 : 1)).map(({ strength }) => strength);

/** Where f, falling on 0 to 20, crosses zero. */
function root(f: (x: number) => number): number {
	let [low, high] = [0, 20];
	for (let i = 0; i < 200; i++) {
		const middle = (low + high) / 2;
		[low, high] = f(middle) > 0 ? [middle, high] : [low, middle];
	}
	return low;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Gradient ascent on the penalised likelihood as the header states it; slow, and written apart from the one under test. */
function climb(data: Battle[], names: string[], ties: 'half' | 'rao-kupper', ridge: number) {
	const objective = (r: number[], d: number): number =>
		data.reduce(
			(sum, { first, second, outcome }) => {
				const x = (r[names.indexOf(first)] ?? NaN) - (r[names.indexOf(second)] ?? NaN);
				const [up, down] = [sigmoid(x - d), sigmoid(-x - d)];
				if (outcome !== 'tie') {
					return sum + Math.log(outcome === 'first' ? up : down);
				}
				const tied = (Math.exp(2 * d) - 1) * up * down;
				return sum + (ties === 'half' ? (Math.log(up) + Math.log(down)) / 2 : Math.log(tied));
			},
			(-ridge / 2) * (r.reduce((sum, x) => sum + x * x, 0) + d * d)
		);
	const point = [...names.map(() => 0), ties === 'half' ? 0 : 0.5];
	const value = (p: number[]) => objective(p.slice(0, -1), p.at(-1) ?? NaN);
	for (let step = 0; step < 4000; step++) {
		const slopes = point.map((x, k) => {
			if (ties === 'half' && k === names.length) {
				return 0;
			}
			const above = value(point.with(k, x + 1e-6));
			return (above - value(point.with(k, x - 1e-6))) / 2e-6;
		});
		slopes.forEach((slope, k) => (point[k] = (point[k] ?? 0) + 0.02 * slope));
	}
	return point;
}

describe('rankCheckpoints', () => {
	test('matches two checkpoints worked by hand: 3 wins to 1', () => {
		// r = -s for the other: 3 softplus(-2r) + softplus(2r) + r^2 / 2 is least where 6 s(-2r) - 2 s(2r) = r.
		const r = root((x) => 6 * sigmoid(-2 * x) - 2 * sigmoid(2 * x) - x);
		const [x, y] = ranked(battles('x', 'y', [3, 0, 1]));
		expect(x).toMatchObject({ name: 'x', battles: 4 });
		expectClose([x?.strength ?? NaN, y?.strength ?? NaN], [r, -r], 1e-10);
		// With next to no ridge the odds are those counted.
		const [free] = ranked(battles('x', 'y', [30, 0, 10]), { ...half, ridge: 1e-9 });
		expect(2 * (free?.strength ?? NaN)).toBeCloseTo(Math.log(3), 6);
	});

	const three = [
		...battles('x', 'y', [5, 3, 2]),
		...battles('y', 'z', [4, 1, 4]),
		...battles('z', 'x', [1, 2, 6])
	];

	test.each(['half', 'rao-kupper'] as const)(
		'matches an independent optimiser, ties %s',
		(ties) => {
			const expected = climb(three, ['x', 'y', 'z'], ties, 0.5);
			const result = rankCheckpoints(three, { ties, seed: 1 });
			expectClose(strengthsByName(result.value ?? []), expected.slice(0, 3), 1e-5);
			const threshold = 'tieThreshold' in result ? result.tieThreshold : NaN;
			expect(threshold ?? 0).toBeCloseTo(expected[3] ?? NaN, 5);
		}
	);

	test('a threshold without a tie is 0, and the fit the plain one', () => {
		const data = battles('x', 'y', [5, 0, 3]);
		const result = rankCheckpoints(data, { ties: 'rao-kupper', seed: 1 });
		expect(result).toMatchObject({ tieThreshold: 0 });
		expectClose(strengthsByName(result.value ?? []), strengthsByName(ranked(data)));
	});

	test('stays finite where one side always won, and where everything was a tie', () => {
		for (const ties of ['half', 'rao-kupper'] as const) {
			for (const data of [battles('x', 'y', [30, 0, 0]), battles('x', 'y', [0, 30, 0])]) {
				for (const { strength, low, high } of ranked(data, { ties, seed: 2 })) {
					expect([strength, low, high].every((x) => Math.abs(x) < 10)).toBe(true);
				}
			}
		}
	});

	test('gives one rank to those whose intervals overlap', () => {
		const few = ranked(three);
		expect(few.map(({ rank }) => rank)).toEqual([1, 1, 1]);
		const many = ranked([
			...battles('x', 'y', [90, 0, 10]),
			...battles('y', 'z', [50, 0, 50]),
			...battles('x', 'z', [90, 0, 10])
		]);
		expect(many.map(({ name, rank }) => [name, rank])).toEqual([
			['x', 1],
			[expect.any(String), 2],
			[expect.any(String), 2]
		]);
	});

	test('does not depend on order or on which side a checkpoint stood', () => {
		const turned = three.toReversed().map(({ first, second, outcome }): Battle => {
			const other = { first: 'second', second: 'first', tie: 'tie' } as const;
			return { first: second, second: first, outcome: other[outcome] };
		});
		expectClose(strengthsByName(ranked(turned)), strengthsByName(ranked(three)), 1e-12);
		expect(ranked(three)).toEqual(ranked(three));
	});

	test('says nothing where comparisons do not connect the checkpoints', () => {
		const apart = [...battles('x', 'y', [3, 0, 1]), ...battles('u', 'v', [2, 0, 2])];
		expect(rankCheckpoints(apart, half)).toEqual({
			value: null,
			reason: 'not-connected',
			groups: [
				['u', 'v'],
				['x', 'y']
			]
		});
		expect(rankCheckpoints([], half)).toEqual({ value: null, reason: 'no-battles' });
		expect(() => rankCheckpoints(battles('x', 'x', [1, 0, 0]), half)).toThrow(RangeError);
	});

	test('intervals hold true strengths in nine of ten of simulated tournaments', () => {
		const truth = [0.6, 0.2, -0.1, -0.7];
		let held = 0;
		const tournaments = 80;
		for (let seed = 0; seed < tournaments; seed++) {
			const random = new Random(seed);
			const data = Array.from({ length: 120 }, (): Battle => {
				const [i = 0, j = 1] = random.shuffle([0, 1, 2, 3]);
				const wins = random.next() < sigmoid((truth[i] ?? 0) - (truth[j] ?? 0));
				return { first: `m${i}`, second: `m${j}`, outcome: wins ? 'first' : 'second' };
			});
			for (const { name, low, high } of ranked(data, { ties: 'half', seed, rounds: 100 })) {
				const strength = truth[Number(name.slice(1))] ?? NaN;
				held += low <= strength && strength <= high ? 1 : 0;
			}
		}
		expect(held / (4 * tournaments)).toBeGreaterThan(0.88);
	});

	test('odds of ten to one are 400 Elo points', () => {
		expect(toElo(Math.LN10) - toElo(0)).toBeCloseTo(400, 10);
		expect(toElo(0)).toBe(1000);
	});
});
