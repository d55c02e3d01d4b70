import { expect, test } from 'vitest';
import type { Sampled } from '../../../workers/engine/language-model';
import { completionIds, cutRollout, promptsAt } from '../../../workers/jobs/rollout';

const prompts = ['a', 'b', 'c', 'd', 'e'];

test('every prompt is used once before any is used twice, across iterations', () => {
	const drawn = Array.from({ length: 5 }, (_, i) => promptsAt(prompts, 7, i, 3)).flat();
	for (const round of [drawn.slice(0, 5), drawn.slice(5, 10), drawn.slice(10, 15)]) {
		expect(round.toSorted()).toEqual(prompts);
	}
	expect(drawn.slice(0, 5)).not.toEqual(drawn.slice(5, 10));
});

test('the place in the list is known from seed and iteration alone', () => {
	expect(promptsAt(prompts, 7, 3, 3)).toEqual(
		Array.from({ length: 4 }, (_, i) => promptsAt(prompts, 7, i, 3))
			.flat()
			.slice(9)
	);
	expect(promptsAt(prompts, 8, 0, 5)).not.toEqual(promptsAt(prompts, 7, 0, 5));
});

test('a completion is cut, unless it ended by itself', () => {
	const sampled: Sampled = {
		B: 2,
		T: 5,
		ids: Int32Array.of(9, 1, 2, 3, 4, 9, 1, 2, 3, 0),
		promptLength: Int32Array.of(1, 1),
		length: Int32Array.of(5, 5),
		behaviourLogProb: new Float64Array(10),
		stopped: Uint8Array.of(0, 1)
	};
	const batch = cutRollout(sampled, { stop: [0], cut: () => 2 });
	expect(completionIds(batch, 0)).toEqual([1, 2]);
	expect(completionIds(batch, 1)).toEqual([1, 2, 3, 0]);
	expect(completionIds(cutRollout(sampled, { stop: [], cut: null }), 0)).toEqual([1, 2, 3, 4]);
});
