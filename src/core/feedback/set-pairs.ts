/** What a reward model may learn from feedback other than comparisons of two: rankings and rewritten completions. */
import type { AnswerEvent, Completion, CompletionSet } from '../records';
import type { PairOptions, PreferencePair } from './comparison';
import { demonstrationRows, rankingPairs } from './rankings';

/**
 * Pairs in the order of the sets. Those of one ranking carry its id as `groupId`; like all pairs of one prompt they stay on
 * one side of a split. Ratings and thumbs compare nothing, and a rewrite that changed no word prefers nothing.
 */
export function setPairs(
	sets: readonly CompletionSet[],
	answers: ReadonlyMap<string, AnswerEvent>,
	{ ties, includeSimulated }: PairOptions
): PreferencePair[] {
	return sets.flatMap((set) => {
		const answer = answers.get(set.id);
		if (!answer?.given || (answer.source === 'simulated' && !includeSimulated)) {
			return [];
		}
		switch (answer.given.kind) {
			case 'ranking':
				return pairsOfRanking(set, answer, answer.given.ranks, ties);
			case 'demonstration':
				return pairOfDemonstration(set, answer, answer.given);
			default:
				return [];
		}
	});
}

function toPair(
	set: CompletionSet,
	answer: AnswerEvent,
	promptIds: readonly number[],
	aIds: readonly number[],
	bIds: readonly number[],
	y: number
): PreferencePair {
	return {
		presentationId: set.id,
		promptId: set.promptId,
		promptIds: [...promptIds],
		aIds: [...aIds],
		bIds: [...bIds],
		y,
		simulated: answer.source === 'simulated'
	};
}

function pairsOfRanking(
	set: CompletionSet,
	answer: AnswerEvent,
	ranks: readonly number[],
	ties: PairOptions['ties']
): PreferencePair[] {
	const byId = new Map<string, Completion>(set.completions.map((c) => [c.id, c]));
	const pairs = rankingPairs({
		id: set.id,
		promptId: set.promptId,
		completionIds: [...byId.keys()],
		ranks
	});
	return pairs.flatMap(({ aId, bId, y }) => {
		const [a, b] = [byId.get(aId), byId.get(bId)];
		return a && b && (y === 1 || ties === 'half')
			? [{ ...toPair(set, answer, a.promptIds, a.ids, b.ids, y), groupId: set.id }]
			: [];
	});
}

function pairOfDemonstration(
	set: CompletionSet,
	answer: AnswerEvent,
	{ text, ids }: { text: string; ids: readonly number[] }
): PreferencePair[] {
	const [original] = set.completions;
	if (!original) {
		return [];
	}
	const rows = demonstrationRows({
		promptId: set.promptId,
		originalId: original.id,
		originalText: original.text,
		editedId: answer.id,
		editedText: text
	});
	return rows.value === null
		? []
		: [toPair(set, answer, original.promptIds, ids, original.ids, rows.pair.y)];
}
