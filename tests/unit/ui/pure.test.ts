import { expect, test } from 'vitest';
import { chooseSide, seenOutcome } from '../../../src/ui/book/judgement';
import { yBounds } from '../../../src/ui/charts/y-bounds';
import {
	formatBytes,
	formatClock,
	formatNumber,
	formatPercent,
	formatSigned
} from '../../../src/ui/format';
import { makeAnswer, makePresentation } from '../../support/records';

test('sides are stored as a and b, and seen as sides again', () => {
	for (const aSide of ['left', 'right'] as const) {
		const pair = makePresentation('study', 'prompt', { aSide });
		for (const side of ['left', 'right'] as const) {
			const answer = makeAnswer(pair, chooseSide(pair, side, 1));
			expect(seenOutcome(pair, answer)).toBe(side);
		}
	}
});

test('an axis ends at what was asked for, or a little beyond the data', () => {
	expect(yBounds([[1, 2]], [0, 6])).toEqual([0, 6]);
	expect(yBounds([[NaN]], [])).toEqual([0, 1]);
	const [low, high] = yBounds([[-1, 7]], [0, 6]);
	expect(low).toBeLessThan(-1);
	expect(high).toBeGreaterThan(7);
});

test('numbers read as a person writes them', () => {
	expect(formatNumber(NaN)).toBe('–');
	expect(formatNumber(-0.1234)).toBe('\u22120.123');
	expect(formatNumber(0.00002)).toBe('2.0e\u22125');
	expect(formatPercent(0.684)).toBe('68\u00a0%');
	expect(formatSigned(-0.5)).toBe('\u22120.50');
	expect(formatSigned(1)).toBe('+1.00');
	expect(formatBytes(999)).toBe('999 B');
	expect(formatBytes(4_200_000)).toBe('4.2 MB');
	expect(formatClock(75_000)).toBe('1:15');
	expect(formatClock(3_600_000)).toBe('1:00:00');
});
