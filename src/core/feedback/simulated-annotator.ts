/**
 * Annotators with a known taste: each scores text by a rule and prefers the higher score, except for lapses. What they
 * answer is a function of seed and pair, so that answers can be made again. Their scores are the `gold` reward against which
 * a learned reward is judged; nothing that trains may read them.
 */
import type { SimulatedAnnotatorConfig, SimulatedRule } from '../records';
import { deriveSeed, Random } from '../random';
import { repeatedShare } from '../evaluation/text-statistics';
import { HAPPY_WORDS, SAD_WORDS } from './mood-words';
import { wordsOf } from './words';

/** Repetition up to this share is ordinary prose (the median of children's stories lies far below it). */
const TOLERATED_REPETITION = 0.1;
/** What a text of nothing but repetition loses; more than any ordinary text can gain. */
const REPETITION_COST = 8;

export interface SimulatedAnswer {
	outcome: 'a' | 'b';
	/** Answered at random: the outcome says nothing about the texts. */
	lapsed: boolean;
}

/** How good a text is by a rule; higher is better. Scores of different rules are not comparable. */
export function goldScore(rule: SimulatedRule, text: string): number {
	const words = wordsOf(text);
	switch (rule) {
		case 'longer':
			return words.length;
		case 'shorter':
			return -words.length;
		case 'happier':
			return moodOf(words) - repetitionCost(words);
		case 'dialogue':
			return spokenSpans(text).size - repetitionCost(words);
	}
}

/**
 * Happy families of words less sad ones, each counted once, over the root of how many there are: saturating, so that
 * heaping up mood words or writing longer gains little. "not happy" counts as sad, "not sad" as nothing.
 */
function moodOf(words: readonly string[]): number {
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

function repetitionCost(words: readonly string[]): number {
	const share = (repeatedShare(words, 2) + repeatedShare(words, 3)) / 2;
	return REPETITION_COST * Math.max(0, share - TOLERATED_REPETITION);
}

/** A quote opens after a space, a dash or nothing, and closes at the next quote or at the end of the text. */
const SPOKEN = /(?:^|[\s(—-])["“]([^"“”]*)/gu;

/** Different things said in quotes. */
function spokenSpans(text: string): Set<string> {
	const spans = Array.from(text.matchAll(SPOKEN), (match) => wordsOf(match[1] ?? '').join(' '));
	return new Set(spans.filter((span) => span !== ''));
}

/**
 * The answer to a pair of texts, or null where the rule scores them equal: the caller draws another pair. The pair key
 * names the pair (a presentation's id): the same key under the same seed lapses alike.
 */
export function simulatedAnswer(
	config: SimulatedAnnotatorConfig,
	pairKey: string,
	textA: string,
	textB: string
): SimulatedAnswer | null {
	const lead = goldScore(config.rule, textA) - goldScore(config.rule, textB);
	if (lead === 0) {
		return null;
	}
	const random = new Random(deriveSeed(config.seed, `simulated annotator ${pairKey}`));
	const lapsed = random.next() < config.lapse;
	const prefersA = lapsed ? random.next() < 0.5 : lead > 0;
	return { outcome: prefersA ? 'a' : 'b', lapsed };
}
