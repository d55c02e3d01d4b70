import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { PreferencePair } from '../../../../src/core/feedback/comparison';
import { datasetHash } from '../../../../src/core/feedback/dataset-hash';
import { splitByPrompt } from '../../../../src/core/feedback/split';
import { sha256 } from '../../../../src/core/sha256';

const pairsOf = (...prompts: string[]) =>
	prompts.map((promptId, index) => ({
		promptId,
		promptIds: Array.from(promptId, (c) => c.charCodeAt(0)),
		index
	}));
const many = pairsOf(...Array.from({ length: 200 }, (_, i) => `prompt ${i % 50}`));

describe('splitByPrompt', () => {
	test('never puts one prompt on both sides and loses no pair', () => {
		const { train, heldOut } = splitByPrompt(many, 0.2, 3);
		const prompts = new Set(train.map((pair) => pair.promptId));
		expect(heldOut.some((pair) => prompts.has(pair.promptId))).toBe(false);
		expect(train.length + heldOut.length).toBe(200);
		expect(heldOut.length).toBe(40);
	});

	test('gives each side a prompt as soon as there are two', () => {
		for (const share of [0.01, 0.5, 0.99]) {
			const { train, heldOut } = splitByPrompt(pairsOf('x', 'x', 'x', 'y'), share, 0);
			expect(train.length).toBeGreaterThan(0);
			expect(heldOut.length).toBeGreaterThan(0);
		}
	});

	test('holds nothing out of a single prompt, or for a share of 0', () => {
		expect(splitByPrompt(pairsOf('x', 'x'), 0.5, 0).heldOut).toEqual([]);
		expect(splitByPrompt(many, 0, 0).heldOut).toEqual([]);
		expect(splitByPrompt([], 0.5, 0)).toEqual({ train: [], heldOut: [] });
	});

	test('is the same for the same seed in any order of pairs, and another for another seed', () => {
		const ids = (pairs: typeof many, seed: number) =>
			new Set(splitByPrompt(pairs, 0.2, seed).heldOut.map((pair) => pair.promptId));
		expect(ids(many.toReversed(), 3)).toEqual(ids(many, 3));
		expect(ids(many, 4)).not.toEqual(ids(many, 3));
	});

	test('keeps the order of the pairs on both sides', () => {
		const { train, heldOut } = splitByPrompt(many, 0.3, 1);
		for (const side of [train, heldOut]) {
			const indices = side.map((pair) => pair.index);
			expect(indices).toEqual(indices.toSorted((x, y) => x - y));
		}
	});
});

describe('datasetHash', () => {
	const pair: PreferencePair = {
		presentationId: 'p',
		promptId: 'x',
		promptIds: [0, 5],
		aIds: [1, 2],
		bIds: [3],
		y: 1,
		simulated: false
	};
	const other = { ...pair, aIds: [9] };

	test('is the same in any order and for other ids, which a copied study has', () => {
		const copied = { ...pair, presentationId: 'q', promptId: 'y' };
		expect(datasetHash([pair, other])).toBe(datasetHash([other, copied]));
	});

	test('changes with everything else: tokens, answers, prompts, marks and counts', () => {
		const variants = [
			[],
			[pair],
			[pair, pair],
			[{ ...pair, y: 0 }],
			[{ ...pair, promptIds: [0] }],
			[{ ...pair, aIds: [1], bIds: [2, 3] }],
			[{ ...pair, simulated: true }]
		];
		expect(new Set(variants.map(datasetHash)).size).toBe(variants.length);
	});
});

describe('sha256', () => {
	test('agrees with the platform at every length around a block, and beyond ASCII', () => {
		const texts = [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000].map((n) => 'x'.repeat(n));
		for (const text of [...texts, 'Zoë – 🦊']) {
			expect(sha256(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'));
		}
	});
});
