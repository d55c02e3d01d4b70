import { describe, expect, test } from 'vitest';
import { kWise, kWiseLoss, type RankingLoss } from '../../../../src/core/methods/k-wise';
import { strengthMargins } from '../../../../src/core/methods/strength-margin';
import { bradleyTerry } from '../../../../src/core/methods/bradley-terry';
import { metricOf } from '../../../../src/core/metrics';
import { batchOf } from '../batches';
import { expectClose, golden, GRADIENT_TOLERANCE, numericalGradient } from '../numeric';

interface Fixture {
	rewards: number[];
	ranking_best_to_worst: number[];
	plackett_luce_nll: number;
	plackett_luce_grad: number[];
	pick_best: { best: number; nll: number; grad: number[] };
	instructgpt_pairs: { loss: number; grad: number[] };
}

const fixture = golden<Fixture>('09_kwise');
const rewards = Float64Array.from(fixture.rewards);
const ranks = fixture.rewards.map((_, i) => 1 + fixture.ranking_best_to_worst.indexOf(i));
const KINDS: RankingLoss[] = ['plackett-luce', 'best', 'pairs'];

describe('kWise', () => {
	test.each<[RankingLoss, number, number[]]>([
		['plackett-luce', fixture.plackett_luce_nll, fixture.plackett_luce_grad],
		['best', fixture.pick_best.nll, fixture.pick_best.grad],
		['pairs', fixture.instructgpt_pairs.loss, fixture.instructgpt_pairs.grad]
	])('matches the golden values of %s', (kind, loss, gradient) => {
		const term = kWise(rewards, ranks, kind);
		expectClose([term.loss], [loss]);
		expectClose(term.dReward, gradient, GRADIENT_TOLERANCE);
	});

	test.each(KINDS)('%s has the gradient of its loss, with ties too', (kind) => {
		for (const tied of [ranks, [1, 1, 3, 4], [2, 1, 2, 2], [1, 1, 1, 1]]) {
			const x = Float64Array.from(fixture.rewards);
			const numerical = numericalGradient(() => kWise(x, tied, kind).loss, x);
			expectClose(kWise(x, tied, kind).dReward, numerical, 1e-9);
		}
	});

	test('of two is Bradley-Terry, whichever way', () => {
		const two = Float64Array.of(0.4, -0.9);
		const { loss } = bradleyTerry({
			a: Float64Array.of(0.4),
			b: Float64Array.of(-0.9),
			y: Float64Array.of(0)
		});
		for (const kind of KINDS) {
			expect(kWise(two, [2, 1], kind).loss).toBeCloseTo(loss, 14);
		}
	});

	test('a tie of all has no slope at equal rewards, and pulls different ones together', () => {
		for (const kind of KINDS) {
			expectClose(kWise(new Float64Array(3), [1, 1, 1], kind).dReward, [0, 0, 0], 1e-15);
			const { dReward } = kWise(Float64Array.of(1, 0, 0), [1, 1, 1], kind);
			expect(dReward[0]).toBeGreaterThan(0);
		}
	});

	test('stays finite at rewards far apart, and knows nothing at equal ones', () => {
		const far = kWise(Float64Array.of(800, -800, 0), [2, 1, 3], 'plackett-luce');
		expect([far.loss, ...far.dReward].every(Number.isFinite)).toBe(true);
		expect(kWise(new Float64Array(4), [1, 2, 3, 4], 'plackett-luce').loss).toBeCloseTo(
			Math.log(24),
			12
		);
		expect(kWise(new Float64Array(4), [1, 2, 3, 4], 'best').loss).toBeCloseTo(Math.log(4), 12);
	});

	test('refuses what is no ranking', () => {
		expect(() => kWise(rewards, [1, 2], 'pairs')).toThrow(RangeError);
		expect(() => kWise(Float64Array.of(1), [1], 'best')).toThrow(RangeError);
		expect(() => kWise(rewards, [1, 2, NaN, 4], 'pairs')).toThrow(RangeError);
	});
});

describe('kWiseLoss', () => {
	const batch = batchOf(3, [
		[1, 3],
		[1, 2],
		[1, 3],
		[1, 3],
		[1, 2]
	]);
	const value = Float64Array.from({ length: 15 }, (_, i) => Math.sin(2.1 * i));
	const scores = { logProb: new Float64Array(15), entropy: new Float64Array(15), value: [value] };

	test.each(KINDS)('%s has the gradient of its loss through the model outputs', (kind) => {
		for (const pooling of ['mean', 'last'] as const) {
			const loss = kWiseLoss(
				[
					[2, 1, 3],
					[1, 1]
				],
				{ kind, pooling, center: 0.05 }
			);
			const result = loss(scores, batch);
			const numerical = numericalGradient(() => loss(scores, batch).loss, value);
			expectClose(result.dValue?.[0] ?? [], numerical, 1e-9);
			expect(Object.keys(result.metrics).filter((key) => !metricOf(key))).toEqual([]);
		}
	});

	test('counts accuracy over pairs that the ranks tell apart, and none where all are tied', () => {
		const at = (...rewardsOf: number[]) => {
			const values = new Float64Array(15);
			rewardsOf.forEach((r, row) => (values[row * 3 + (row === 1 || row === 4 ? 1 : 2)] = r));
			return { ...scores, value: [values] };
		};
		const options = { kind: 'pairs', pooling: 'last' } as const;
		const some = kWiseLoss(
			[
				[1, 2, 3],
				[1, 1]
			],
			options
		)(at(3, 1, 2, 5, 0), batch);
		expect(some.metrics['reward/accuracy']).toBeCloseTo(2 / 3, 14);
		const none = kWiseLoss(
			[
				[1, 1, 1],
				[1, 1]
			],
			options
		)(at(3, 1, 2, 5, 0), batch);
		expect(none.metrics['reward/accuracy']).toBeUndefined();
	});

	test('refuses a batch that does not hold the rankings', () => {
		expect(() => kWiseLoss([[1, 2]], { kind: 'pairs', pooling: 'last' })(scores, batch)).toThrow(
			RangeError
		);
	});
});

describe('strengthMargins', () => {
	test('grow with the strength, and a tie has none', () => {
		expect([...strengthMargins([1, 2, 3, undefined, 3], [1, 0, 1, 1, 0.5], 2)]).toEqual([
			0, 1, 2, 0, 0
		]);
		expect(() => strengthMargins([1], [1, 1], 1)).toThrow(RangeError);
	});

	test('ask Bradley-Terry for a larger lead: by hand', () => {
		const margin = strengthMargins([3], [1], 1.5);
		const one = Float64Array.of(1);
		const { loss } = bradleyTerry(
			{ a: Float64Array.of(2), b: Float64Array.of(0), y: one },
			{ margin }
		);
		expect(loss).toBeCloseTo(Math.log(1 + Math.exp(-0.5)), 14);
	});
});
