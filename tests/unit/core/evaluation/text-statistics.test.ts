import { describe, expect, test } from 'vitest';
import {
	distinct2,
	repeatedShare,
	repetitionRate
} from '../../../../src/core/evaluation/text-statistics';

const words = (text: string) => text.split(' ');

describe('distinct2', () => {
	test('is 1 when no pair of neighbours comes twice', () => {
		expect(distinct2([words('a b c a')])).toBe(1);
	});

	test('falls when completions repeat each other or themselves', () => {
		expect(distinct2([words('a b c'), words('a b c')])).toBe(0.5);
		expect(distinct2([[1, 2, 1, 2, 1]])).toBe(0.5);
	});

	test('tells the pairs (1, 23) and (12, 3) apart and knows nothing of single words', () => {
		expect(distinct2([Int32Array.of(1, 23), Int32Array.of(12, 3)])).toBe(1);
		expect(distinct2([['a'], []])).toBeNaN();
	});
});

describe('repetition', () => {
	test('is the share of n-grams that came before', () => {
		expect(repeatedShare(words('a b a b a'), 2)).toBe(0.5);
		expect(repeatedShare(words('a b c d'), 2)).toBe(0);
		expect(repeatedShare(['a'], 2)).toBe(0);
	});

	test('rate is the mean over sequences of repeated trigrams', () => {
		expect(repetitionRate([words('a a a a'), words('a b c d')])).toBe(0.25);
		expect(repetitionRate([])).toBeNaN();
	});
});
