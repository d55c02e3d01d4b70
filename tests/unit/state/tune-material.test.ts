import { expect, test } from 'vitest';
import { DEFAULT_TUNE, TUNE_METHODS } from '../../../src/core/config';
import type { PreferencePair } from '../../../src/core/feedback/comparison';
import { thumbLabels } from '../../../src/core/feedback/thumbs';
import type { AnswerEvent, CompletionSet } from '../../../src/core/records';
import { METHOD_ENTRIES } from '../../../src/learn/methods/catalogue';
import { plannedSteps, tuneArgs } from '../../../src/state/tune-args';
import { materialHash, materialOf, needState } from '../../../src/state/tune-material';
import { makeCompletion, makeRun } from '../../support/records';

const pair = (y: number, k = 0): PreferencePair => ({
	presentationId: `pair ${k}`,
	promptId: `prompt ${k}`,
	promptIds: [1, k],
	aIds: [2, k],
	bIds: [3, k],
	y,
	simulated: false
});
const thumb = (isUp: boolean, source: 'human' | 'simulated') => {
	const set = {
		id: `${String(isUp)} ${source}`,
		completions: [makeCompletion({ promptIds: [1], ids: [7, 8] })]
	} as unknown as CompletionSet;
	const answer = { given: { kind: 'thumb', isUp }, source } as unknown as AnswerEvent;
	return { set, answer };
};

test('a thumb is one text called good or bad; simulated ones only where they count', () => {
	const given = [thumb(true, 'human'), thumb(false, 'simulated')];
	const answers = new Map(given.map(({ set, answer }) => [set.id, answer]));
	const sets = given.map(({ set }) => set);
	expect(thumbLabels(sets, answers, { includeSimulated: true })).toEqual([
		{ promptIds: [1], ids: [7, 8], isGood: true, simulated: false },
		{ promptIds: [1], ids: [7, 8], isGood: false, simulated: true }
	]);
	expect(thumbLabels(sets, answers, { includeSimulated: false })).toHaveLength(1);
	expect(thumbLabels(sets, new Map(), { includeSimulated: true })).toEqual([]);
});

test('pairs count as pairs, as a good and a bad text, and as a text to imitate; a tie as a pair alone', () => {
	const material = materialOf([pair(1), pair(0, 1), pair(0.5, 2), pair(1, 3)], [], false);
	const count = (id: string) => {
		const entry = METHOD_ENTRIES.find((one) => one.id === id);
		return entry && needState(entry.need, material);
	};
	expect(count('dpo')).toEqual({ count: 4, needed: 4, isMet: true });
	expect(count('kto')).toEqual({ count: 6, needed: 4, isMet: true });
	expect(count('sft')).toEqual({ count: 3, needed: 4, isMet: false });
	expect(count('ppo')).toEqual({ count: 0, needed: 1, isMet: false });
	expect(material.texts.map(({ ids }) => ids)).toEqual([
		[2, 0],
		[3, 1],
		[2, 3]
	]);
});

test('the hash follows the content, not the order, and differs between methods that learn other things', () => {
	const pairs = [pair(1), pair(0, 1), pair(1, 2), pair(1, 3)];
	const one = materialOf(pairs, [], true);
	const two = materialOf(pairs.toReversed(), [], true);
	for (const method of ['dpo', 'kto', 'sft'] as const) {
		expect(materialHash(method, one)).toBe(materialHash(method, two));
		expect(materialHash(method, one)).not.toBe(
			materialHash(method, materialOf(pairs.slice(1), [], true))
		);
	}
	expect(materialHash('ipo', one)).toBe(materialHash('dpo', one));
	expect(materialHash('ppo', one)).toBeNull();
});

test.each(TUNE_METHODS)('%s: the worker is given its method, config and rows', (method) => {
	const material = materialOf([pair(1), pair(0, 1), pair(1, 2), pair(1, 3)], [], true);
	const config = DEFAULT_TUNE[method];
	const start = { kind: 'snapshot', runId: 'r', step: 3 } as const;
	const run = makeRun('study', {
		kind: method,
		config,
		start,
		reference: start,
		parents: { rewardModelId: 'rm', datasetHash: 'h' }
	});
	const args = tuneArgs(method, run, {
		prompts: ['Once'],
		fixedPrompts: [],
		resume: true,
		material
	});
	expect(args).toMatchObject({ method, config, rewardModelId: 'rm', start, reference: start });
	const rows = 'pairs' in args ? args.pairs : 'rows' in args ? args.rows : null;
	const texts = 'texts' in args ? args.texts : rows;
	expect(texts?.length ?? 0).toBe(
		{ dpo: 4, ipo: 4, simpo: 4, orpo: 4, kto: 8, sft: 4 }[method as 'dpo'] ?? 0
	);
	expect(plannedSteps(method, config, material)).toBeGreaterThan(0);
});
