import { describe, expect, test } from 'vitest';
import {
	areNearDuplicates,
	normalisedText,
	refusalOf,
	tokenOverlap
} from '../../../../src/core/feedback/near-duplicates';

describe('normalisedText', () => {
	test('keeps words alone, in one spelling of Unicode', () => {
		expect(normalisedText('  “Don’t!”\n said   TIM. ')).toBe("don't said tim");
		expect(normalisedText('ﬁsh Ｃａｆe\u0301')).toBe(normalisedText('fish Café'));
	});
});

describe('tokenOverlap', () => {
	test('is shared words over all words, counting repetitions', () => {
		expect(tokenOverlap('a b c', 'b c d')).toBe(0.5);
		expect(tokenOverlap('a a a', 'a')).toBeCloseTo(1 / 3, 15);
		expect(tokenOverlap('', '...')).toBe(1);
		expect(tokenOverlap('a', '')).toBe(0);
	});
});

describe('areNearDuplicates', () => {
	const story = 'Tim saw a big red ball in the park and his friend said hello to him there today';

	test('are texts that differ in case, marks or a word in twenty', () => {
		expect(areNearDuplicates(story, ` ${story.toUpperCase()}!!`)).toBe(true);
		expect(areNearDuplicates(`${story} very late`, `${story} very soon`)).toBe(true);
		expect(areNearDuplicates(story, story.replace('red ball', 'blue kite'))).toBe(false);
		expect(areNearDuplicates('🙂', ' 🙂')).toBe(true);
		expect(areNearDuplicates('🙂', '🙁')).toBe(false);
		expect(areNearDuplicates('', 'word')).toBe(false);
	});
});

describe('refusalOf', () => {
	const pair = (promptId: string, aText: string, bText: string) => ({ promptId, aText, bText });

	test('refuses a pair of the same completion', () => {
		expect(refusalOf(pair('p', 'The cat sat.', 'the cat  sat'), [])).toBe('same-completions');
		expect(refusalOf(pair('p', '', ' '), [])).toBe('same-completions');
	});

	test('refuses what was asked, either way round, for that prompt alone', () => {
		const asked = [pair('p', 'one thing', 'another')];
		expect(refusalOf(pair('p', 'Another!', 'one thing.'), asked)).toBe('asked-before');
		expect(refusalOf(pair('p', 'one thing', 'another'), asked)).toBe('asked-before');
		expect(refusalOf(pair('p', 'one thing', 'something new'), asked)).toBeNull();
		expect(refusalOf(pair('q', 'one thing', 'another'), asked)).toBeNull();
	});
});
