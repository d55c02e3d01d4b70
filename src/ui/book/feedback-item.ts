/** An answer with what it is about: a pair, or a completion set. */
import type { AnswerEvent, CompletionSet, Presentation } from '../../core/records';

export type FeedbackItem =
	| { answer: AnswerEvent; pair: Presentation; set: null }
	| { answer: AnswerEvent; pair: null; set: CompletionSet };

export function promptOf({ pair, set }: FeedbackItem): string {
	return pair ? pair.prompt : set.prompt;
}

/** The answers whose pairs and sets are known, oldest first. */
export function feedbackItems(
	answers: Iterable<AnswerEvent>,
	pairOf: (id: string) => Presentation | undefined,
	setOf: (id: string) => CompletionSet | undefined
): FeedbackItem[] {
	const items: FeedbackItem[] = [];
	for (const answer of answers) {
		const pair = pairOf(answer.presentationId);
		const set = setOf(answer.presentationId);
		if (pair) {
			items.push({ answer, pair, set: null });
		} else if (set) {
			items.push({ answer, pair: null, set });
		}
	}
	return items.sort((x, y) => x.answer.createdAt - y.answer.createdAt);
}
