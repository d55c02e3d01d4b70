/**
 * Annotators with a known taste: each scores text by a rule and prefers the higher score, except for lapses. What they
 * answer is a function of seed and pair, so that answers can be made again. Their scores are the `gold` reward against which
 * a learned reward is judged; nothing that trains may read them.
 */
import type { SimulatedAnnotatorConfig, SimulatedRule } from '../records';
import { deriveSeed, Random } from '../random';
import { moodOf, repetitionOf, spokenSpans } from './text-measures';
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

function repetitionCost(words: readonly string[]): number {
	return REPETITION_COST * Math.max(0, repetitionOf(words) - TOLERATED_REPETITION);
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
