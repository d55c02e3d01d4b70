/** What thumbs say: single completions called good or bad. */
import type { AnswerEvent, CompletionSet } from '../records';
import type { PairOptions } from './comparison';
import type { LabelledCompletion } from './labelled';

/** In the order of the sets; those of simulated annotators only where they count. */
export function thumbLabels(
	sets: readonly CompletionSet[],
	answers: ReadonlyMap<string, AnswerEvent>,
	{ includeSimulated }: Pick<PairOptions, 'includeSimulated'>
): LabelledCompletion[] {
	return sets.flatMap(({ id, completions }) => {
		const answer = answers.get(id);
		const [completion] = completions;
		if (answer?.given?.kind !== 'thumb' || !completion) {
			return [];
		}
		const simulated = answer.source === 'simulated';
		const { promptIds, ids } = completion;
		return simulated && !includeSimulated
			? []
			: [{ promptIds, ids, isGood: answer.given.isUp, simulated }];
	});
}
