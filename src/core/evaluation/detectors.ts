/**
 * Detectors of what a completion should not be, or should: rules about a text as a person writes them (contains, regex, word
 * count: `feedback/rule-list`), lists of words, and repetition, each of which can be turned into its opposite. Read from plain
 * data, which may come from a file: what is wrong is left out with a reason.
 */
import { readRules, type RuleReason } from '../feedback/rule-list';
import { repetitionOf } from '../feedback/text-measures';
import { wordsOf } from '../feedback/words';

interface DetectorBase {
	/** Fires where it otherwise would not. */
	negate?: boolean;
}

export type Detector =
	| (DetectorBase & { kind: 'contains'; text: string; matchCase?: boolean })
	| (DetectorBase & { kind: 'regex'; pattern: string; matchCase?: boolean })
	| (DetectorBase & { kind: 'word-count'; least?: number; most?: number })
	/** At least so many of these words, each occurrence counted; 1 unless stated. */
	| (DetectorBase & { kind: 'lexicon'; words: readonly string[]; least?: number })
	/** Share of two- and three-word phrases that occurred before, from `least` on. */
	| (DetectorBase & { kind: 'repetition'; least: number });

export interface DetectorProblem {
	/** Place in the list, from 0. */
	index: number;
	reason: Exclude<RuleReason, 'weight'> | 'words' | 'share';
	/** In a pattern: the character at which it is not understood. */
	at?: number;
}

export interface Detectors {
	detectors: Detector[];
	/** Whether any fires. Without detectors none does. */
	fires(text: string): boolean;
	/** Places, among `detectors`, of those that fire. */
	firing(text: string): number[];
	problems: DetectorProblem[];
}

const MOST_DETECTORS = 50;
const MOST_WORDS = 1000;
const MOST_WORD = 50;

interface Checked {
	detector: Detector;
	holds: (text: string) => boolean;
}

type Check = Checked | Omit<DetectorProblem, 'index'>;

function checkLexicon(fields: Record<string, unknown>, base: DetectorBase): Check {
	const { words, least = 1 } = fields;
	const isList =
		Array.isArray(words) &&
		words.length > 0 &&
		words.length <= MOST_WORDS &&
		words.every(
			(word: unknown) =>
				typeof word === 'string' && word.length <= MOST_WORD && wordsOf(word).length === 1
		);
	if (!isList || typeof least !== 'number' || !Number.isSafeInteger(least) || least < 1) {
		return { reason: 'words' };
	}
	const list = words as string[];
	const sought = new Set(list.flatMap(wordsOf));
	return {
		detector: { ...base, kind: 'lexicon', words: list, least },
		holds: (text) => wordsOf(text).filter((word) => sought.has(word)).length >= least
	};
}

function checkRepetition({ least }: Record<string, unknown>, base: DetectorBase): Check {
	if (typeof least !== 'number' || !(least > 0 && least <= 1)) {
		return { reason: 'share' };
	}
	return {
		detector: { ...base, kind: 'repetition', least },
		holds: (text) => repetitionOf(wordsOf(text)) >= least
	};
}

/** The three kinds that are rules already: one rule of weight 1, without its negation, which is done here. */
function checkAsRule(value: object, base: DetectorBase): Check {
	const { rules, score, problems } = readRules([{ ...value, weight: 1, negate: false }]);
	const [rule] = rules;
	if (!rule) {
		const { reason, at } = problems[0] ?? { reason: 'not-a-rule' as const };
		// The weight is ours and cannot be wrong.
		return { reason: reason === 'weight' ? 'not-a-rule' : reason, ...(at !== undefined && { at }) };
	}
	const { weight: _, ...plain } = rule;
	return { detector: { ...plain, ...base }, holds: (text) => score(text) === 1 };
}

function checkDetector(value: unknown): Check {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		return { reason: 'not-a-rule' };
	}
	const fields = value as Record<string, unknown>;
	const base: DetectorBase = fields['negate'] === true ? { negate: true } : {};
	switch (fields['kind']) {
		case 'lexicon':
			return checkLexicon(fields, base);
		case 'repetition':
			return checkRepetition(fields, base);
		default:
			return checkAsRule(value, base);
	}
}

/** The detectors of a list that can be used, and what is wrong with the others. */
export function readDetectors(value: unknown): Detectors {
	const list: unknown[] = Array.isArray(value) ? value : [];
	const problems: DetectorProblem[] = Array.isArray(value)
		? []
		: [{ index: 0, reason: 'not-a-list' }];
	if (list.length > MOST_DETECTORS) {
		problems.push({ index: MOST_DETECTORS, reason: 'too-many-rules' });
	}
	const checked = list.slice(0, MOST_DETECTORS).flatMap((item, index): Checked[] => {
		const check = checkDetector(item);
		if ('reason' in check) {
			problems.push({ index, ...check });
			return [];
		}
		return [check];
	});
	const firing = (text: string): number[] =>
		checked.flatMap(({ detector, holds }, i) =>
			holds(text) !== (detector.negate ?? false) ? [i] : []
		);
	return {
		detectors: checked.map(({ detector }) => detector),
		fires: (text) => firing(text).length > 0,
		firing,
		problems
	};
}
