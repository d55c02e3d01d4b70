/** What fits a model's context: the model's own completions always do, imported texts may not. */
import type { AnswerEvent, Completion, CompletionSet, Presentation } from '../records';

const fits = ({ promptIds, ids }: Pick<Completion, 'promptIds' | 'ids'>, most: number): boolean =>
	promptIds.length + ids.length <= most;

/** Pairs of which both completions fit `most` tokens, prompt included. */
export const readablePairs = (pairs: readonly Presentation[], most: number): Presentation[] =>
	pairs.filter(({ a, b }) => fits(a, most) && fits(b, most));

/** Sets of which every completion fits, and the text that was written in place of one. */
export function readableSets(
	sets: readonly CompletionSet[],
	answers: ReadonlyMap<string, AnswerEvent>,
	most: number
): CompletionSet[] {
	return sets.filter(({ id, completions }) => {
		const given = answers.get(id)?.given;
		const promptIds = completions[0]?.promptIds ?? [];
		const written = given?.kind === 'demonstration' ? [{ promptIds, ids: given.ids }] : [];
		return [...completions, ...written].every((completion) => fits(completion, most));
	});
}
