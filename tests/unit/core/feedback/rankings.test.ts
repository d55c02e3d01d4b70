import { describe, expect, test } from 'vitest';
import {
	demonstrationRows,
	qualityRows,
	rankingPairs,
	ratingRows,
	thumbRows
} from '../../../../src/core/feedback/rankings';
import { splitByPrompt } from '../../../../src/core/feedback/split';
import { closedTriads } from '../../../../src/core/feedback/triads';

const ranking = (ranks: number[], completionIds = ['w', 'x', 'y', 'z'].slice(-ranks.length)) => ({
	id: 'ranking',
	promptId: 'prompt',
	completionIds,
	ranks
});

const short = (...ranks: number[]) =>
	rankingPairs(ranking(ranks)).map(({ aId, bId, y }) => `${aId}${y === 1 ? '>' : '='}${bId}`);

describe('rankingPairs', () => {
	test('are all pairs, the better one first', () => {
		expect(short(1, 2, 3)).toEqual(['x>y', 'x>z', 'y>z']);
		expect(short(3, 1, 2)).toEqual(['y>z', 'y>x', 'z>x']);
		expect(short(4, 3, 2, 1)).toHaveLength(6);
	});

	test('equal ranks are ties', () => {
		expect(short(1, 1, 3)).toEqual(['x=y', 'x>z', 'y>z']);
		expect(short(1, 1, 1)).toEqual(['x=y', 'x=z', 'y=z']);
	});

	test('share their id and never make a circle', () => {
		const pairs = rankingPairs(ranking([1, 2, 2, 4]));
		expect(new Set(pairs.map(({ rankingId }) => rankingId))).toEqual(new Set(['ranking']));
		const decisions = pairs.map(({ y, ...pair }) => ({
			...pair,
			outcome: y === 1 ? ('a' as const) : ('tie' as const)
		}));
		expect(closedTriads(decisions)).toMatchObject({ closed: 2, circular: 0 });
	});

	test('stay on one side of a split', () => {
		const pairs = Array.from({ length: 40 }, (_, i) =>
			rankingPairs({ ...ranking([2, 1, 3]), id: `r${i}` }).map((pair) => ({
				...pair,
				promptIds: [i % 20]
			}))
		).flat();
		const { train, heldOut } = splitByPrompt(pairs, 0.3, 1);
		const sides = new Set(train.map(({ rankingId }) => rankingId));
		expect(heldOut.length).toBeGreaterThan(0);
		expect(heldOut.some(({ rankingId }) => sides.has(rankingId))).toBe(false);
	});

	test('are refused of two, of five, of one twice, and without a rank for each', () => {
		for (const refused of [
			ranking([1, 2]),
			ranking([1, 2, 3, 4, 5], ['v', 'w', 'x', 'y', 'z']),
			ranking([1, 2, 3], ['x', 'y', 'x']),
			ranking([1, 2, 3], ['w', 'x', 'y', 'z']),
			ranking([1, 2, NaN])
		]) {
			expect(() => rankingPairs(refused)).toThrow(RangeError);
		}
	});
});

describe('unpaired rows', () => {
	const rating = (value: number) => ({
		promptId: 'p',
		completionId: `c${value}`,
		value,
		scale: 5
	});

	test('of ratings are good above the middle and bad below; what says neither is counted', () => {
		const { rows, dropped } = ratingRows([rating(1), rating(3), rating(4), rating(6), rating(NaN)]);
		expect(rows.map(({ completionId, label }) => [completionId, label])).toEqual([
			['c1', false],
			['c4', true]
		]);
		expect(dropped).toEqual({ 'middle-of-scale': 1, 'outside-scale': 2, 'no-quality': 0 });
	});

	test('of thumbs', () => {
		const thumbs = [
			{ promptId: 'p', completionId: 'x', isUp: true },
			{ promptId: 'p', completionId: 'y', isUp: false }
		];
		expect(thumbRows(thumbs).map(({ label }) => label)).toEqual([true, false]);
	});

	test('of a pair that is both bad are two bad rows', () => {
		const pair = { promptId: 'p', aId: 'x', bId: 'y' };
		const { rows, dropped } = qualityRows([
			{ ...pair, qualityA: 'bad', qualityB: 'bad' },
			{ ...pair, qualityA: 'good' },
			pair
		]);
		expect(rows.map(({ completionId, label }) => [completionId, label])).toEqual([
			['x', false],
			['y', false],
			['x', true]
		]);
		expect(dropped['no-quality']).toBe(3);
	});
});

describe('demonstrationRows', () => {
	const edit = (originalText: string, editedText: string) =>
		demonstrationRows({
			promptId: 'p',
			originalId: 'old',
			originalText,
			editedId: 'new',
			editedText
		});

	test('are a text to imitate and a pair in which the edited one wins', () => {
		expect(edit('The cat sat.', 'The happy cat sat.')).toEqual({
			value: { promptId: 'p', completionId: 'new' },
			pair: { promptId: 'p', aId: 'new', bId: 'old', y: 1 }
		});
	});

	test('are none where nothing was changed but marks, or nothing is left', () => {
		expect(edit('The cat sat.', 'the cat, sat!')).toEqual({ value: null, reason: 'unchanged' });
		expect(edit('The cat sat.', '  ')).toEqual({ value: null, reason: 'empty' });
	});
});
