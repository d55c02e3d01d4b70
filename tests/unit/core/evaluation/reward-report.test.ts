import { describe, expect, test } from 'vitest';
import { kendall, pearson, ranksOf, spearman } from '../../../../src/core/evaluation/correlations';
import {
	type JudgedPair,
	lengthReport,
	lengthSlice,
	reportBySlice
} from '../../../../src/core/evaluation/reward-report';
import { Random } from '../../../../src/core/random';

describe('correlations', () => {
	test('ranks share ties', () => {
		expect([...ranksOf([3, 1, 3, 2, 3])]).toEqual([4, 1, 4, 2, 4]);
		expect([...ranksOf([])]).toEqual([]);
	});

	test('by hand: Spearman 1 - 6 sum d^2 / (n (n^2 - 1)), Kendall by pairs, Pearson', () => {
		const [x, y] = [
			[1, 2, 3, 4, 5],
			[2, 1, 4, 3, 5]
		];
		expect(spearman(x, y).value).toBeCloseTo(1 - (6 * 4) / (5 * 24), 14);
		expect(kendall(x, y)).toBeCloseTo((8 - 2) / 10, 14);
		expect(pearson(x, y).value).toBeCloseTo(0.8, 14);
		// Fisher: atanh 0.8 +- 1.96 / sqrt 2.
		const found = pearson(x, y);
		expect('low' in found ? found.low : NaN).toBeCloseTo(
			Math.tanh(Math.atanh(0.8) - 1.959964 / Math.SQRT2),
			5
		);
		expect(kendall([1, 1, 2], [1, 2, 3])).toBeCloseTo(2 / Math.sqrt(2 * 3), 14);
	});

	test('Spearman sees any rising curve', () => {
		const x = Array.from({ length: 20 }, (_, i) => i);
		expect(
			spearman(
				x,
				x.map((v) => Math.exp(v))
			).value
		).toBeCloseTo(1, 12);
		expect(
			spearman(
				x,
				x.map((v) => -(v ** 3))
			).value
		).toBeCloseTo(-1, 12);
	});

	test('a constant side and too few values have none', () => {
		const four = [1, 2, 3, 4];
		expect(pearson(four, [2, 2, 2, 2])).toEqual({ value: null, reason: 'constant' });
		expect(spearman([2, 2, 2, 2], four)).toEqual({ value: null, reason: 'constant' });
		expect(spearman([1, 2], [1, 2])).toEqual({ value: null, reason: 'too-few' });
		expect(kendall(four, [2, 2, 2, 2])).toBeNull();
		expect(() => kendall([1], [])).toThrow(RangeError);
	});
});

describe('reportBySlice', () => {
	/** 40 pairs by each of two annotators; the model is right on all of one and on half of the other. */
	const pairs: JudgedPair[] = Array.from({ length: 80 }, (_, i) => ({
		lead: i < 40 || i % 2 === 0 ? 1 : -1,
		y: 1,
		slices: { annotator: i < 40 ? 'me' : 'you', tag: i === 0 ? 'rare' : 'common' }
	}));

	test('gives each value its share with an interval, and finds the weak one', () => {
		const report = reportBySlice(pairs);
		expect(
			report.map(({ dimension, value, standing, pairs: n }) => [dimension, value, standing, n])
		).toEqual([
			['annotator', 'me', 'stronger', 40],
			['annotator', 'you', 'weaker', 40],
			['tag', 'rare', 'too-few', 1],
			['tag', 'common', 'too-few', 79]
		]);
		expect(report[1]?.accuracy).toMatchObject({ value: 0.5, n: 40 });
		expect(report[0]?.nll).toBeCloseTo(Math.log(1 + Math.exp(-1)), 12);
	});

	test('ties and equal rewards: left out, and half', () => {
		const [only] = reportBySlice([
			{ lead: 5, y: 0.5, slices: { k: 'v' } },
			{ lead: 0, y: 1, slices: { k: 'v' } }
		]);
		expect(only?.accuracy).toMatchObject({ value: 0.5, n: 1 });
		const [ties] = reportBySlice([{ lead: 5, y: 0.5, slices: { k: 'v' } }]);
		expect(ties?.accuracy).toEqual({ value: null, reason: 'nothing-counted' });
		expect(reportBySlice([])).toEqual([]);
	});
});

describe('lengthReport', () => {
	test('tells a model that counts words from answers that do not', () => {
		const random = new Random(6);
		const pairs = Array.from({ length: 200 }, () => {
			const [lengthA, lengthB] = [5 + random.int(40), 5 + random.int(40)];
			return { lead: lengthA - lengthB, y: random.int(2), lengthA, lengthB };
		});
		const lengths = pairs.map(({ lengthA }) => lengthA);
		const report = lengthReport({ rewards: lengths.map((n) => 2 * n), lengths, pairs });
		expect(report.spearman.value).toBeCloseTo(1, 12);
		expect(report.prefersLonger.value).toBe(1);
		const answers = report.answersPreferLonger;
		expect(answers.value === null || (answers.low < 0.5 && answers.high > 0.5)).toBe(true);
	});

	test('has no correlation for a constant reward, and no share without pairs', () => {
		const report = lengthReport({ rewards: [1, 1, 1, 1], lengths: [1, 2, 3, 4], pairs: [] });
		expect(report.pearson).toEqual({ value: null, reason: 'constant' });
		expect(report.prefersLonger).toEqual({ value: null, reason: 'nothing-counted' });
	});

	test('calls small differences equal', () => {
		expect([
			lengthSlice(10, 11),
			lengthSlice(20, 10),
			lengthSlice(1, 9),
			lengthSlice(0, 0)
		]).toEqual(['about equal', 'a longer', 'b longer', 'about equal']);
	});
});
