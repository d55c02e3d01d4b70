/** Why rows of one version are not in another: taken back by a person, or left out for another reason. */
import type { AnswerEvent } from '../records';
import type { VersionDifference } from './dataset-version';

/** The presentation or set that a row is about; a pair of a ranking names its set first. */
export const shownIdOfRow = (rowId: string): string => rowId.split(' ', 1)[0] ?? rowId;

/** Removed rows, parted by whether their question has an answer now. */
export function partRemoved(
	{ removed }: Pick<VersionDifference, 'removed'>,
	answers: ReadonlyMap<string, AnswerEvent>
): { revoked: string[]; leftOut: string[] } {
	const hasAnswer = (id: string) => answers.has(shownIdOfRow(id));
	return {
		revoked: removed.filter((id) => !hasAnswer(id)),
		leftOut: removed.filter(hasAnswer)
	};
}
