import { describe, expect, test } from 'vitest';
import {
	bootstrapRows,
	ensembleScores,
	ensembleSpread,
	fitHeadEnsemble,
	pairUncertainty
} from '../../../../src/core/methods/reward-ensemble';
import { dot } from '../../../../src/core/evaluation/linear-algebra';
import { sigmoid } from '../../../../src/core/methods/math';
import { Random } from '../../../../src/core/random';
import { expectClose, golden } from '../numeric';

interface Fixture {
	active_selection: Record<
		string,
		{
			margins: number[];
			bald_nats: number;
			predictive_entropy: number;
			prob_var_population: number;
			logit_var_unbiased: number;
			label_var: number;
		}
	>;
	ensemble_scores: number[][];
	conservative: Record<'mean' | 'worst_case' | 'uwo_0.5_population_var', number[]>;
}

const fixture = golden<Fixture>('16_evaluation');
/** The fixture lists members within each completion. */
const members = [0, 1, 2].map((m) => fixture.ensemble_scores.map((scores) => scores[m] ?? NaN));

describe('ensembles of reward models', () => {
	test('match the golden careful scores', () => {
		expectClose(ensembleScores(members, 'mean'), fixture.conservative.mean);
		expectClose(ensembleScores(members, 'worst'), fixture.conservative.worst_case);
		expectClose(
			ensembleScores(members, 'mean-variance', 0.5),
			fixture.conservative['uwo_0.5_population_var']
		);
	});

	test('subtract standard deviations too: by hand', () => {
		const two = [
			[1, 5],
			[3, 5]
		];
		expectClose(ensembleSpread(two), [1, 0]);
		expectClose(ensembleScores(two, 'mean-sd', 0.5), [1.5, 5]);
		expectClose(ensembleScores(two, 'mean-sd', 0), ensembleScores(two, 'mean'));
	});

	test('a single member is itself and is never unsure', () => {
		for (const rule of ['mean', 'worst', 'mean-sd', 'mean-variance'] as const) {
			expect([...ensembleScores([[2, -1]], rule, 3)]).toEqual([2, -1]);
		}
		expect([...ensembleSpread([[2, -1]])]).toEqual([0, 0]);
		expect(() => ensembleScores([], 'mean')).toThrow(RangeError);
		expect(() => ensembleScores([[1], [1, 2]], 'mean')).toThrow(RangeError);
	});

	test.each(Object.entries(fixture.active_selection))(
		'match the golden uncertainty of pair %s',
		(_, want) => {
			const { bald, predictiveEntropy, probabilityVariance, voteVariance } = pairUncertainty(
				want.margins
			);
			expectClose(
				[bald, predictiveEntropy, probabilityVariance, voteVariance],
				[want.bald_nats, want.predictive_entropy, want.prob_var_population, want.label_var]
			);
			const [spread = NaN] = ensembleSpread(want.margins.map((m) => [m]));
			expectClose([(spread ** 2 * 4) / 3], [want.logit_var_unbiased]);
		}
	);

	test('are sure of nothing to learn from identical completions', () => {
		expect(pairUncertainty([0, 0, 0]).bald).toBe(0);
	});
});

describe('bootstrapRows', () => {
	const groups = ['p', 'p', 'q', 'r', 'r', 'r'];

	test('draws whole groups, as many as there are, by seed and member', () => {
		const drawn = bootstrapRows(groups, 4, 0);
		expect(bootstrapRows(groups, 4, 0)).toEqual(drawn);
		const many = Array.from({ length: 30 }, (_, m) => bootstrapRows(groups, 4, m));
		expect(new Set(many.map(String)).size).toBeGreaterThan(5);
		for (const rows of many) {
			const count = (i: number) => rows.filter((row) => row === i).length;
			expect(count(0)).toBe(count(1));
			expect([count(3), count(4)]).toEqual([count(5), count(5)]);
			expect(count(0) + count(2) + count(3)).toBe(3);
		}
	});
});

describe('fitHeadEnsemble', () => {
	/** Pairs of features in 3 dimensions, of which the last never varies. */
	function pairs(n: number) {
		const random = new Random(11);
		const rows = Array.from({ length: n }, () =>
			Float64Array.of(random.normal(), random.normal(), 0)
		);
		const y = rows.map((row) => Number(random.next() < sigmoid(2 * (row[0] ?? 0))));
		return { rows, y };
	}

	test('agrees where there is data, and is unsure in new directions of scale', () => {
		const data = pairs(200);
		const heads = fitHeadEnsemble(data, { members: 8, ridge: 1, seed: 3 });
		expect(heads).toHaveLength(8);
		expect(heads.every((head) => (head[0] ?? 0) > 1)).toBe(true);
		// A direction without data keeps the prior's 0.
		expect(heads.every((head) => head[2] === 0)).toBe(true);
		const scoresAt = (x: readonly number[]) => heads.map((head) => [dot(head, x)]);
		const [near = NaN] = ensembleSpread(scoresAt([0.5, 0, 0]));
		const [far = NaN] = ensembleSpread(scoresAt([5, 5, 0]));
		expect(far).toBeGreaterThan(near);
		expect(fitHeadEnsemble(data, { members: 8, ridge: 1, seed: 3 })).toEqual(heads);
	});

	test.each([
		['one answer', [Float64Array.of(1, 2)], [1]],
		['all ties', [Float64Array.of(1, 0), Float64Array.of(0, 1)], [0.5, 0.5]],
		['contradictory answers', [Float64Array.of(1, 0), Float64Array.of(1, 0)], [1, 0]],
		['identical completions', [new Float64Array(2), new Float64Array(2)], [1, 0]]
	])('is finite for %s', (_, rows, y) => {
		const heads = fitHeadEnsemble({ rows, y }, { members: 5, ridge: 0.5, seed: 1 });
		expect(heads.flatMap((head) => [...head]).every(Number.isFinite)).toBe(true);
	});

	test('refuses no answers', () => {
		expect(() => fitHeadEnsemble({ rows: [], y: [] }, { members: 2, ridge: 1, seed: 1 })).toThrow(
			RangeError
		);
	});
});
