import { expect, test } from 'vitest';
import { bradleyTerryLoss } from '../../../../src/core/methods/bradley-terry';
import { readRewards, spreadRewards } from '../../../../src/core/methods/reward-reading';
import { batchOf } from '../batches';
import { expectClose, numericalGradient } from '../numeric';

// Rows of prompt and whole length: an ordinary one, one response token, none at all, and the longest.
const batch = batchOf(6, [
	[2, 5],
	[3, 4],
	[4, 4],
	[1, 6]
]);
const value = Float64Array.from({ length: 24 }, (_, i) => Math.sin(i));
const at = (b: number, t: number) => value[b * 6 + t] ?? NaN;

test('the last token, or the mean over the response; a row without one is read at its last token', () => {
	expectClose(readRewards(batch, value, 'last'), [at(0, 4), at(1, 3), at(2, 3), at(3, 5)]);
	const mean = (b: number, from: number, to: number) =>
		Array.from({ length: to - from }, (_, i) => at(b, from + i)).reduce((x, y) => x + y, 0) /
		(to - from);
	expectClose(readRewards(batch, value, 'mean'), [
		mean(0, 2, 5),
		at(1, 3),
		at(2, 3),
		mean(3, 1, 6)
	]);
});

test.each(['mean', 'last'] as const)(
	'the gradient by every value is the finite difference, reading the %s',
	(pooling) => {
		const dReward = Float64Array.of(1, -2, 0.5, 3);
		const along = () =>
			readRewards(batch, value, pooling).reduce((sum, r, b) => sum + r * (dReward[b] ?? 0), 0);
		expectClose(spreadRewards(batch, dReward, pooling), numericalGradient(along, value), 1e-6);
	}
);

test.each(['mean', 'last'] as const)(
	'the whole reward loss has its own gradient, reading the %s',
	(pooling) => {
		const loss = bradleyTerryLoss(Float64Array.of(1, 0.5), { pooling, lapse: 0.1, center: 0.01 });
		const scores = { logProb: new Float64Array(24), entropy: new Float64Array(24), value: [value] };
		const gradient = loss(scores, batch).dValue?.[0] ?? new Float64Array();
		expectClose(
			gradient,
			numericalGradient(() => loss(scores, batch).loss, value),
			1e-6
		);
	}
);

test('a row without any token has no reward', () => {
	expect(() => readRewards(batchOf(2, [[0, 0]]), new Float64Array(2), 'mean')).toThrow(RangeError);
});
