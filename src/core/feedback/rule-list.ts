/**
 * A person's own list of rules about a text: what it contains, matches, or how long it is, each with a weight and the choice
 * to mean the opposite. Read from plain data, which may come from a file: every rule is checked, and one that is wrong is
 * left out with a reason, never guessed at.
 */
import { parsePattern } from './pattern';
import type { PatternProblem } from './pattern-syntax';
import { wordsOf } from './words';

interface RuleBase {
	/** What a text gains where the rule holds, in spreads of the rest of the reward; below 0 it loses. */
	weight: number;
	/** Holds where it otherwise would not. */
	negate?: boolean;
}

export type Rule =
	| (RuleBase & { kind: 'contains'; text: string; matchCase?: boolean })
	| (RuleBase & { kind: 'regex'; pattern: string; matchCase?: boolean })
	/** Words from `least` up to and including `most`; one of them may be missing. */
	| (RuleBase & { kind: 'word-count'; least?: number; most?: number });

export type RuleReason =
	| 'not-a-list'
	| 'too-many-rules'
	| 'not-a-rule'
	| 'unknown-kind'
	| 'weight'
	| 'text'
	| 'word-count'
	| PatternProblem;

export interface RuleProblem {
	/** Place in the list, from 0. */
	index: number;
	reason: RuleReason;
	/** In a pattern: the character at which it is not understood. */
	at?: number;
}

export interface RuleList {
	rules: Rule[];
	/** Sum of the weights of the rules that hold for a text. */
	score: (text: string) => number;
	problems: RuleProblem[];
}

const MOST_RULES = 50;
const MOST_TEXT = 200;
const MOST_WEIGHT = 100;

interface Checked {
	rule: Rule;
	holds: (text: string) => boolean;
}

type Check = Checked | { reason: RuleReason; at?: number };

function isCount(value: unknown): value is number | undefined {
	return (
		value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)
	);
}

function checkContains(fields: Record<string, unknown>, base: RuleBase): Check {
	const { text } = fields;
	if (typeof text !== 'string' || text.trim() === '' || text.length > MOST_TEXT) {
		return { reason: 'text' };
	}
	const matchCase = fields['matchCase'] === true;
	const fold = (value: string): string =>
		matchCase ? value.normalize('NFKC') : value.normalize('NFKC').toLowerCase();
	const sought = fold(text);
	return {
		rule: { ...base, kind: 'contains', text, ...(matchCase && { matchCase }) },
		holds: (of) => fold(of).includes(sought)
	};
}

function checkRegex(fields: Record<string, unknown>, base: RuleBase): Check {
	const { pattern: source } = fields;
	if (typeof source !== 'string' || source === '') {
		return { reason: 'text' };
	}
	const matchCase = fields['matchCase'] === true;
	const parsed = parsePattern(source, { ignoreCase: !matchCase });
	if (!parsed.pattern) {
		return { reason: parsed.problem, at: parsed.at };
	}
	const { pattern } = parsed;
	return {
		rule: { ...base, kind: 'regex', pattern: source, ...(matchCase && { matchCase }) },
		holds: (text) => pattern.matches(text)
	};
}

function checkWordCount({ least, most }: Record<string, unknown>, base: RuleBase): Check {
	const isStated = least !== undefined || most !== undefined;
	if (!isStated || !isCount(least) || !isCount(most) || (least ?? 0) > (most ?? Infinity)) {
		return { reason: 'word-count' };
	}
	return {
		rule: {
			...base,
			kind: 'word-count',
			...(least !== undefined && { least }),
			...(most !== undefined && { most })
		},
		holds: (text) => {
			const words = wordsOf(text).length;
			return words >= (least ?? 0) && words <= (most ?? Infinity);
		}
	};
}

function checkRule(value: unknown): Check {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		return { reason: 'not-a-rule' };
	}
	const fields = value as Record<string, unknown>;
	const { weight, negate } = fields;
	if (typeof weight !== 'number' || !(Math.abs(weight) <= MOST_WEIGHT)) {
		return { reason: 'weight' };
	}
	const base: RuleBase = { weight, ...(negate === true && { negate }) };
	switch (fields['kind']) {
		case 'contains':
			return checkContains(fields, base);
		case 'regex':
			return checkRegex(fields, base);
		case 'word-count':
			return checkWordCount(fields, base);
		default:
			return { reason: 'unknown-kind' };
	}
}

/** The rules of a list that can be used, and what is wrong with the others. */
export function readRules(value: unknown): RuleList {
	const problems: RuleProblem[] = [];
	if (!Array.isArray(value)) {
		return { rules: [], score: () => 0, problems: [{ index: 0, reason: 'not-a-list' }] };
	}
	if (value.length > MOST_RULES) {
		problems.push({ index: MOST_RULES, reason: 'too-many-rules' });
	}
	const checked = value.slice(0, MOST_RULES).flatMap((item: unknown, index): Checked[] => {
		const check = checkRule(item);
		if ('reason' in check) {
			problems.push({ index, ...check });
			return [];
		}
		return [check];
	});
	return {
		rules: checked.map(({ rule }) => rule),
		score: (text) =>
			checked.reduce(
				(sum, { rule, holds }) => sum + (holds(text) !== (rule.negate ?? false) ? rule.weight : 0),
				0
			),
		problems
	};
}
