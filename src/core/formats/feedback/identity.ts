/** Ids by content: the same feedback has the same id wherever and however often it is read. */
import { sha256 } from '../../sha256';
import { completionText, promptText } from './content';
import { canonicalJson } from './json';
import {
	FEEDBACK_FORMAT,
	FEEDBACK_VERSION,
	type FeedbackAnnotator,
	type FeedbackRow,
	type RowDraft
} from './row';

/** As long as the studio's own ids: 128 bits. */
const ID_DIGITS = 32;

/** Native facts in the order in which a native line is written. */
export function nameRow(draft: RowDraft): FeedbackRow {
	const { id = sha256(canonicalJson(draft)).slice(0, ID_DIGITS), ...rest } = draft;
	return { format: FEEDBACK_FORMAT, version: FEEDBACK_VERSION, id, ...rest };
}

/** An id for somebody of whom only a name is known: one name is one person, in every file. */
export function idOfName({ name, kind = 'human' }: FeedbackAnnotator): string {
	return sha256(canonicalJson(['annotator', kind, name])).slice(0, ID_DIGITS);
}

/**
 * Hash of what a row teaches: prompt, texts and judgement as text, whether simulated; not who said so or when. Equal before and
 * after a format that keeps the judgement. Sides of a comparison have no order: a over b is b under a.
 */
export function judgementDigest(row: FeedbackRow): string {
	const texts = row.completions.map(completionText);
	const { outcome, given } = row.judgement ?? {};
	const said =
		outcome === 'b'
			? [texts.toReversed(), 'a']
			: outcome === 'tie'
				? [texts.toSorted(), 'tie']
				: [texts, outcome ?? null];
	return sha256(
		canonicalJson([
			row.kind,
			promptText(row.prompt),
			said,
			given ?? null,
			row.source === 'simulated'
		])
	);
}
