/** What can be measured of a story without a model: mood, speech, repetition, how hard it is to read. */
import type { StyleCounts } from '../evaluation/style-control';
import { repeatedShare } from '../evaluation/text-statistics';
import { HAPPY_WORDS, SAD_WORDS } from './mood-words';
import { wordsOf } from './words';

/**
 * Happy families of words less sad ones, each counted once, over the root of how many there are: saturating, so that
 * heaping up mood words or writing longer gains little. "not happy" counts as sad, "not sad" as nothing.
 */
export function moodOf(words: readonly string[]): number {
	const happy = new Set<string>();
	const sad = new Set<string>();
	words.forEach((word, i) => {
		const happyFamily = HAPPY_WORDS.get(word);
		const sadFamily = SAD_WORDS.get(word);
		const negated =
			isNegation(words[i - 1]) || (isNegation(words[i - 2]) && isDegree(words[i - 1]));
		if (happyFamily !== undefined) {
			(negated ? sad : happy).add(happyFamily);
		}
		if (sadFamily !== undefined && !negated) {
			sad.add(sadFamily);
		}
	});
	return (happy.size - sad.size) / Math.sqrt(happy.size + sad.size + 1);
}

function isNegation(word = ''): boolean {
	return word === 'not' || word === 'never' || word === 'no' || word.endsWith("n't");
}

function isDegree(word = ''): boolean {
	return word === 'very' || word === 'so' || word === 'too' || word === 'really' || word === 'a';
}

/** A quote opens after a space, a dash or nothing, and closes at the next quote or at the end of the text. */
const SPOKEN = /(?:^|[\s(—-])["“]([^"“”]*)/gu;

/** Different things said in quotes. */
export function spokenSpans(text: string): Set<string> {
	const spans = Array.from(text.matchAll(SPOKEN), (match) => wordsOf(match[1] ?? '').join(' '));
	return new Set(spans.filter((span) => span !== ''));
}

/** Share of bigrams and trigrams that occurred before, their mean; 0 to 1. */
export function repetitionOf(words: readonly string[]): number {
	return (repeatedShare(words, 2) + repeatedShare(words, 3)) / 2;
}

const SENTENCE_END = /[.!?…]+/gu;

/**
 * Automated Readability Index (Senter & Smith 1967), about the school year that a text asks for:
 * 4.71 characters per word + 0.5 words per sentence - 21.43. 0 for a text without words.
 */
export function readingGrade(text: string): number {
	const words = wordsOf(text);
	if (words.length === 0) {
		return 0;
	}
	const characters = words.reduce((sum, word) => sum + Array.from(word).length, 0);
	const sentences = text.split(SENTENCE_END).filter((part) => wordsOf(part).length > 0).length;
	return (4.71 * characters) / words.length + (0.5 * words.length) / sentences - 21.43;
}

/** What style control weighs: words, different things said, trigrams that occurred before. */
export function styleCounts(text: string): StyleCounts {
	const words = wordsOf(text);
	return {
		length: words.length,
		dialogue: spokenSpans(text).size,
		repetition: Math.round(repeatedShare(words, 3) * Math.max(0, words.length - 2))
	};
}
