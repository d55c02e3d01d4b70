/** The judged pairs of a study as rows of a dataset: comparisons, the pairs of rankings, and rewritten completions. */
import type { AnswerEvent, CompletionSet, Presentation } from '../records';
import type { DatasetRow } from './dataset-version';
import { demonstrationRows, rankingPairs } from './rankings';

/** Names whoever gave an answer, the same for all answers of one person. */
export type AnnotatorKey = (answer: AnswerEvent) => string;

/**
 * Every current answer that prefers something or calls a tie. Skips are no comparisons, and answers of an evaluation train
 * nothing. Which rows a version keeps is for its transform to say.
 */
export function datasetRows(
	presentations: Iterable<Presentation>,
	sets: Iterable<CompletionSet>,
	answers: ReadonlyMap<string, AnswerEvent>,
	keyOf: AnnotatorKey
): DatasetRow[] {
	const rows: DatasetRow[] = [];
	for (const pair of presentations) {
		const answer = answers.get(pair.id);
		if (answer && pair.purpose === 'feedback') {
			rows.push(...ofComparison(pair, answer, keyOf));
		}
	}
	for (const set of sets) {
		const answer = answers.get(set.id);
		if (answer?.given) {
			rows.push(...ofSet(set, answer, keyOf));
		}
	}
	return rows;
}

function ofComparison(
	{ id, prompt, a, b }: Presentation,
	answer: AnswerEvent,
	keyOf: AnnotatorKey
): DatasetRow[] {
	const { outcome, strength, qualityA, qualityB, source } = answer;
	if (outcome === undefined || outcome === 'skip') {
		return [];
	}
	return [
		{
			id,
			prompt,
			promptIds: a.promptIds,
			aText: a.text,
			bText: b.text,
			outcome,
			...(strength !== undefined && { strength }),
			...(qualityA && { qualityA }),
			...(qualityB && { qualityB }),
			source,
			annotatorId: keyOf(answer)
		}
	];
}

function ofSet(set: CompletionSet, answer: AnswerEvent, keyOf: AnnotatorKey): DatasetRow[] {
	const { id, prompt, promptId, completions } = set;
	const [first] = completions;
	if (!first || !answer.given) {
		return [];
	}
	const base = {
		prompt,
		promptIds: first.promptIds,
		source: answer.source,
		annotatorId: keyOf(answer)
	};
	switch (answer.given.kind) {
		case 'ranking': {
			const byId = new Map(completions.map((completion, i) => [completion.id, { completion, i }]));
			const pairs = rankingPairs({
				id,
				promptId,
				completionIds: [...byId.keys()],
				ranks: answer.given.ranks
			});
			return pairs.flatMap(({ aId, bId, y }): DatasetRow[] => {
				const [a, b] = [byId.get(aId), byId.get(bId)];
				return a && b
					? [
							{
								...base,
								// By place: a ranking changed later is the same question, pair by pair.
								id: `${id} ${Math.min(a.i, b.i)} ${Math.max(a.i, b.i)}`,
								aText: a.completion.text,
								bText: b.completion.text,
								outcome: y === 1 ? 'a' : 'tie',
								rankingId: id
							}
						]
					: [];
			});
		}
		case 'demonstration': {
			const { text } = answer.given;
			const ids = { promptId, originalId: first.id, editedId: answer.id };
			const rows = demonstrationRows({ ...ids, originalText: first.text, editedText: text });
			return rows.value === null
				? []
				: [{ ...base, id, aText: text, bText: first.text, outcome: 'a' }];
		}
		default:
			return [];
	}
}
