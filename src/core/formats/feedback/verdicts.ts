/** What a row says in the terms of other formats: this completion over that one, or this one good or bad. */
import { demonstrationRows } from '../../feedback/rankings';
import { completionText } from './content';
import type { DropReason } from './losses';
import type { FeedbackCompletion, FeedbackJudgement, FeedbackRow, Given } from './row';

type GivenDemonstration = Extract<Given, { kind: 'demonstration' }>;

/** The better and the worse completion, and the judgement's words about each. */
export interface Preference {
	chosen: FeedbackCompletion;
	rejected: FeedbackCompletion;
	/** Places of the two in the row's completions; null for what the annotator wrote. */
	places: readonly [number | null, number];
}

export type Verdicts<T> = { verdicts: T[]; isPartial: boolean } | { dropped: DropReason };

const dropped = (reason: DropReason) => ({ dropped: reason });

/** Why a row that holds no judgement holds none. */
function unanswered(row: FeedbackRow): { dropped: DropReason } {
	return dropped(row.event?.action === 'revoke' ? 'taken-back' : 'not-answered');
}

export const isBothBad = ({ judgement }: FeedbackRow): boolean =>
	judgement?.qualityA === 'bad' && judgement.qualityB === 'bad';

/** Pairs of better and worse; `isPartial` where a ranking held equal ranks, which are no preference. */
export function preferencesOf(row: FeedbackRow): Verdicts<Preference> {
	const { judgement, completions } = row;
	if (!judgement) {
		return row.kind === 'prompt' ? dropped('no-place') : unanswered(row);
	}
	if (judgement.outcome === 'skip') {
		return dropped('skip');
	}
	const { given } = judgement;
	const [a, b] = completions;
	switch (row.kind) {
		case 'comparison':
			if (!a || !b || judgement.outcome === undefined) {
				return unanswered(row);
			}
			if (judgement.outcome === 'tie') {
				return dropped(isBothBad(row) ? 'both-bad' : 'tie');
			}
			return {
				verdicts: [
					judgement.outcome === 'a'
						? { chosen: a, rejected: b, places: [0, 1] }
						: { chosen: b, rejected: a, places: [1, 0] }
				],
				isPartial: false
			};
		case 'ranking':
			return given?.kind === 'ranking' ? ofRanking(completions, given.ranks) : unanswered(row);
		case 'demonstration':
			return given?.kind === 'demonstration' ? ofRewrite(given, a) : unanswered(row);
		default:
			return dropped('no-place');
	}
}

/** What was written is better than what it was written from, if a word was changed. */
function ofRewrite(
	given: GivenDemonstration,
	original: FeedbackCompletion | undefined
): Verdicts<Preference> {
	if (!original) {
		return dropped('no-original');
	}
	const ids = { promptId: '', originalId: '', editedId: '' };
	const originalText = completionText(original);
	const rows = demonstrationRows({ ...ids, originalText, editedText: given.text });
	return rows.value === null
		? dropped(rows.reason)
		: {
				verdicts: [{ chosen: demonstrated(given), rejected: original, places: [null, 0] }],
				isPartial: false
			};
}

/** Every pair of unequal ranks, 1 being the best: C(K, 2) pairs of one ranking. */
function ofRanking(
	completions: readonly FeedbackCompletion[],
	ranks: readonly number[]
): Verdicts<Preference> {
	const verdicts: Preference[] = [];
	let ties = 0;
	for (const [i, x] of completions.entries()) {
		for (const [j, y] of completions.entries()) {
			const lead = (ranks[j] ?? 0) - (ranks[i] ?? 0);
			if (lead > 0) {
				verdicts.push({ chosen: x, rejected: y, places: [i, j] });
			} else if (lead === 0 && i < j) {
				ties++;
			}
		}
	}
	return verdicts.length === 0 ? dropped('tie') : { verdicts, isPartial: ties > 0 };
}

/** What a person wrote in place of a completion. */
export function demonstrated({ text, messages }: GivenDemonstration): FeedbackCompletion {
	return messages ? { messages } : { text };
}

export interface Label {
	completion: FeedbackCompletion;
	isGood: boolean;
	/** Place in the row's completions; null for what the annotator wrote. */
	place: number | null;
}

/**
 * Single completions called good or bad. What was said of a side alone counts before what was said of the two: the better of
 * two bad ones is bad. Without it the winner is good and the loser bad, as TRL turns pairs into labels. `isPartial` where one
 * of two sides has no verdict.
 */
export function labelsOf(row: FeedbackRow): Verdicts<Label> {
	const { judgement, completions } = row;
	if (!judgement) {
		return row.kind === 'prompt' ? dropped('no-place') : unanswered(row);
	}
	if (judgement.outcome === 'skip') {
		return dropped('skip');
	}
	const { given } = judgement;
	const [completion] = completions;
	switch (row.kind) {
		case 'comparison':
			return ofSides(row, judgement);
		case 'thumb':
			return given?.kind === 'thumb' && completion
				? { verdicts: [{ completion, isGood: given.isUp, place: 0 }], isPartial: false }
				: unanswered(row);
		case 'rating': {
			if (given?.kind !== 'rating' || !completion) {
				return unanswered(row);
			}
			const middle = (1 + given.scale) / 2;
			return given.value === middle
				? dropped('no-verdict')
				: { verdicts: [{ completion, isGood: given.value > middle, place: 0 }], isPartial: false };
		}
		case 'demonstration':
			return given?.kind === 'demonstration'
				? {
						verdicts: [{ completion: demonstrated(given), isGood: true, place: null }],
						isPartial: false
					}
				: unanswered(row);
		default:
			return dropped('no-place');
	}
}

function ofSides(
	{ completions: [a, b] }: FeedbackRow,
	{ outcome, qualityA, qualityB }: FeedbackJudgement
): Verdicts<Label> {
	const isWinner = (side: 'a' | 'b') =>
		outcome === 'a' || outcome === 'b' ? outcome === side : undefined;
	const sides = [
		{ completion: a, isGood: qualityA ? qualityA === 'good' : isWinner('a'), place: 0 },
		{ completion: b, isGood: qualityB ? qualityB === 'good' : isWinner('b'), place: 1 }
	];
	const verdicts = sides.flatMap(({ completion, isGood, place }) =>
		completion && isGood !== undefined ? [{ completion, isGood, place }] : []
	);
	return verdicts.length === 0 ? dropped('tie') : { verdicts, isPartial: verdicts.length < 2 };
}
