import { expect, test } from 'vitest';
import type { PairOptions } from '../../../../src/core/feedback/comparison';
import { datasetHash } from '../../../../src/core/feedback/dataset-hash';
import { setPairs } from '../../../../src/core/feedback/set-pairs';
import { splitByPrompt } from '../../../../src/core/feedback/split';
import type { AnswerEvent, CompletionSet, SetJudgement } from '../../../../src/core/records';
import { makeCompletion, makeCompletionSet, makeSetAnswer } from '../../../support/records';

const HALF: PairOptions = { ties: 'half', includeSimulated: true };

/** A set of completions whose only token is their place in it. */
function makeSet(kind: CompletionSet['kind'], size: number, promptIds: number[] = [0, 5]) {
	return makeCompletionSet('study', `prompt ${promptIds.join(' ')}`, {
		kind,
		completions: Array.from({ length: size }, (_, i) =>
			makeCompletion({ ids: [i], text: ` word${i} and more`, promptIds })
		)
	});
}

const answersTo = (...given: [CompletionSet, SetJudgement, Partial<AnswerEvent>?][]) =>
	new Map(given.map(([set, judgement, fields]) => [set.id, makeSetAnswer(set, judgement, fields)]));

const short = (pairs: ReturnType<typeof setPairs>) =>
	pairs.map(({ aIds, bIds, y }) => `${aIds.join()}>${bIds.join()}:${y}`);

test('a ranking of four becomes its six pairs, ties as half a win each way or not at all', () => {
	const set = makeSet('ranking', 4);
	const answers = answersTo([set, { kind: 'ranking', ranks: [2, 4, 1, 2] }]);
	const pairs = setPairs([set], answers, HALF);
	expect(short(pairs)).toEqual(['2>0:1', '2>3:1', '2>1:1', '0>3:0.5', '0>1:1', '3>1:1']);
	expect(new Set(pairs.map(({ groupId }) => groupId))).toEqual(new Set([set.id]));
	expect(short(setPairs([set], answers, { ...HALF, ties: 'drop' }))).toEqual([
		'2>0:1',
		'2>3:1',
		'2>1:1',
		'0>1:1',
		'3>1:1'
	]);
});

test('the pairs of a ranking stay on one side of a split', () => {
	const sets = Array.from({ length: 8 }, (_, i) => makeSet('ranking', 3, [0, i]));
	const answers = answersTo(
		...sets.map((set): [CompletionSet, SetJudgement] => [
			set,
			{ kind: 'ranking', ranks: [1, 2, 3] }
		])
	);
	const { train, heldOut } = splitByPrompt(setPairs(sets, answers, HALF), 0.25, 4);
	const groups = new Set(train.map(({ groupId }) => groupId));
	expect(heldOut.length).toBeGreaterThan(0);
	expect(heldOut.some(({ groupId }) => groups.has(groupId))).toBe(false);
	expect(train.length + heldOut.length).toBe(24);
});

test('a rewrite is better than what it rewrote; one that changed no word says nothing', () => {
	const set = makeSet('demonstration', 1);
	const rewritten = answersTo([
		set,
		{ kind: 'demonstration', text: ' word0 and much more', ids: [7, 8] }
	]);
	expect(short(setPairs([set], rewritten, HALF))).toEqual(['7,8>0:1']);
	const commaOnly = answersTo([set, { kind: 'demonstration', text: ' word0, and more', ids: [7] }]);
	expect(setPairs([set], commaOnly, HALF)).toEqual([]);
});

test('ratings, thumbs, skips and open sets compare nothing; simulated answers only where asked for', () => {
	const [rated, thumbed, open, skipped] = [
		makeSet('rating', 1),
		makeSet('thumb', 1),
		makeSet('ranking', 3),
		makeSet('ranking', 3)
	];
	const answers = answersTo(
		[rated, { kind: 'rating', value: 5, scale: 5 }],
		[thumbed, { kind: 'thumb', isUp: true }]
	);
	const { given: _given, ...skip } = makeSetAnswer(skipped, { kind: 'thumb', isUp: true });
	answers.set(skipped.id, { ...skip, outcome: 'skip' });
	expect(setPairs([rated, thumbed, open, skipped], answers, HALF)).toEqual([]);

	const simulated = answersTo([
		open,
		{ kind: 'ranking', ranks: [1, 2, 3] },
		{ source: 'simulated' }
	]);
	expect(setPairs([open], simulated, HALF).every((pair) => pair.simulated)).toBe(true);
	expect(setPairs([open], simulated, { ...HALF, includeSimulated: false })).toEqual([]);
});

test('the hash of a dataset covers what was ranked, and not under which id', () => {
	const set = makeSet('ranking', 3);
	const pairsOf = (ranks: number[], id: string) => {
		const renamed = { ...set, id };
		return setPairs([renamed], answersTo([renamed, { kind: 'ranking', ranks }]), HALF);
	};
	expect(datasetHash(pairsOf([1, 2, 3], 'x'))).toBe(datasetHash(pairsOf([1, 2, 3], 'y')));
	expect(datasetHash(pairsOf([1, 2, 3], 'x'))).not.toBe(datasetHash(pairsOf([1, 2, 2], 'x')));
});
