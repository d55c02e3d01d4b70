import type { AnswerEvent, Presentation, SetJudgement } from '../../core/records';
import { en } from '../../i18n/en';
import type { FeedbackItem } from './feedback-item';
import { isBothBad, seenOutcome } from './judgement';

const words = en.compare;

/** "left better, much", "both bad", "3rd > 1st": what a person answered, in words. */
export function describeItem({ answer, pair, set }: FeedbackItem): string {
	if (pair) {
		return describePair(pair, answer);
	}
	return answer.given ? describeGiven(answer.given, set.order) : skipped(answer);
}

function describePair(pair: Presentation, answer: AnswerEvent): string {
	if (isBothBad(answer)) {
		return words.bad;
	}
	if (answer.outcome === 'skip') {
		return skipped(answer);
	}
	const { strength = 0 } = answer;
	const much = strength === 3 ? words.byFar : words.much;
	const outcome = words.sideOutcome[seenOutcome(pair, answer)];
	return strength >= 2 ? `${outcome}, ${much}` : outcome;
}

function skipped({ skipReason }: AnswerEvent): string {
	const reason = skipReason ? words.skipReasons[skipReason].toLowerCase() : '';
	return [words.sideOutcome.skip, reason].filter(Boolean).join(', ');
}

/** Leaves are named by their place on screen. */
function describeGiven(given: SetJudgement, order: readonly number[]): string {
	switch (given.kind) {
		case 'ranking':
			return words.given.ranking(rankingWords(given.ranks, order));
		case 'rating':
			return words.given.rating(words.rating.marks[given.value - 1] ?? String(given.value));
		case 'thumb':
			return given.isUp ? words.thumb.up.toLowerCase() : words.thumb.down.toLowerCase();
		case 'demonstration':
			return words.given.demonstration;
	}
}

/** "3 > 1 = 4 > 2" */
function rankingWords(ranks: readonly number[], order: readonly number[]): string {
	const placed = order.map((completion, place) => ({
		digit: place + 1,
		rank: ranks[completion] ?? 0
	}));
	return placed
		.toSorted((x, y) => x.rank - y.rank || x.digit - y.digit)
		.map(({ digit, rank }, i, all) => {
			const before = all[i - 1];
			const sign = before === undefined ? '' : before.rank === rank ? ' = ' : ' > ';
			return `${sign}${digit}`;
		})
		.join('');
}
