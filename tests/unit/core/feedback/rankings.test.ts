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

const ranking = (...groups: string[][]) => ({ id: 'ranking', promptId: 'prompt', groups });

const short = (...groups: string[][]) =>
	rankingPairs(ranking(...groups)).map(({ aId, bId, y }) => `${aId}${y === 1 ? '>' : '='}${bId}`);

describe('rankingPairs', () => {
	test('are all pairs, the better one first', () => {
		expect(short(['x'], ['y'], ['z'])).toEqual(['x>y', 'x>z', 'y>z']);
		expect(short(['w'], ['x'], ['y'], ['z'])).toHaveLength(6);
	});

	test('equal ranks are ties', () => {
		expect(short(['x', 'y'], ['z'])).toEqual(['x=y', 'x>z', 'y>z']);
		expect(short(['x', 'y', 'z'])).toEqual(['x=y', 'x=z', 'y=z']);
	});

	test('share their id and never make a circle', () => {
		const pairs = rankingPairs(ranking(['w'], ['x', 'y'], ['z']));
		expect(new Set(pairs.map(({ rankingId }) => rankingId))).toEqual(new Set(['ranking']));
		const decisions = pairs.map(({ y, ...pair }) => ({
			...pair,
			outcome: y === 1 ? ('a' as const) : ('tie' as const)
		}));
		expect(closedTriads(decisions)).toMatchObject({ closed: 2, circular: 0 });
	});

	test('stay on one side of a split', () => {
		const pairs = Array.from({ length: 40 }, (_, i) =>
			rankingPairs({ id: `r${i}`, promptId: `p${i % 20}`, groups: [['x'], ['y'], ['z']] }).map(
				(pair) => ({ ...pair, promptIds: [i % 20] })
			)
		).flat();
		const { train, heldOut } = splitByPrompt(pairs, 0.3, 1);
		const sides = new Set(train.map(({ rankingId }) => rankingId));
		expect(heldOut.length).toBeGreaterThan(0);
		expect(heldOut.some(({ rankingId }) => sides.has(rankingId))).toBe(false);
	});

	test('are refused of two, of five, of one twice, and of empty groups', () => {
		for (const groups of [
			[['x'], ['y']],
			[['v'], ['w'], ['x'], ['y'], ['z']],
			[['x'], ['y'], ['x']],
			[['x'], [], ['y', 'z']]
		]) {
			expect(() => rankingPairs(ranking(...groups))).toThrow(RangeError);
		}
	});
});

describe('unpaired rows', () => {
	const rating = (value: number, least = 1, most = 5) => ({
		promptId: 'p',
		completionId: `c${value}`,
		value,
		least,
		most
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
