import { expect, test } from 'vitest';
import { askAgain } from '../../../../src/core/evaluation/ask-again';

const base = [0.2, 0.3, 0.25, 0.2, 0.3, 0.25, 0.2, 0.3];

test('asks where the tuned texts are surely the less certain ones', () => {
	const result = askAgain(
		base,
		base.map((x, i) => x + 0.1 + 0.01 * (i % 2))
	);
	expect(result).toMatchObject({ verdict: 'ask', before: 0.25 });
	// Differences 0.10 and 0.11: mean 0.105, unbiased sd 0.00535, half width 1.96 sd / sqrt(8).
	if (result.verdict !== 'unknown') {
		expect(result.after).toBeCloseTo(0.355, 12);
		expect(result.difference.estimate).toBeCloseTo(0.105, 12);
		expect(result.difference.low).toBeCloseTo(0.105 - (1.959964 * 0.0053452) / Math.sqrt(8), 6);
	}
});

test('goes on where they are as certain, or where it might be luck', () => {
	expect(askAgain(base, base).verdict).toBe('go-on');
	expect(askAgain(base, [0.9, 0.1, 0.25, 0.2, 0.3, 0.25, 0.1, 0.4]).verdict).toBe('go-on');
	expect(
		askAgain(
			base,
			base.map((x) => x - 0.1)
		).verdict
	).toBe('go-on');
});

test('says so where it cannot know', () => {
	expect(askAgain(undefined, base)).toEqual({ verdict: 'unknown' });
	expect(askAgain(base.slice(0, 7), base.slice(0, 7))).toEqual({ verdict: 'unknown' });
	expect(askAgain(base, base.slice(1))).toEqual({ verdict: 'unknown' });
});
