/** Rows of a file with what a record of a study needs beside them: tokens of the loaded model, and who answered. */
import type { FeedbackAnnotator, FeedbackRow } from '../core/formats/feedback/row';
import { textsToEncode } from '../core/formats/feedback/study-records';
import type { PreparedRow } from '../storage/imports';
import type { TrainerState } from './trainer.svelte';

/** More than any model here can read. Of a longer text the beginning is encoded: enough to know that it does not fit. */
const MOST_ENCODED_CHARACTERS = 8192;

const shortened = (text: string) => text.slice(0, MOST_ENCODED_CHARACTERS);

/** @throws StudioError of the trainer */
export async function prepareRows(
	trainer: TrainerState,
	rows: readonly FeedbackRow[],
	annotator: FeedbackAnnotator,
	signal: AbortSignal
): Promise<PreparedRow[]> {
	const { model, config } = await trainer.ready();
	const wanted = rows.map((row) => textsToEncode(row, config.vocabSize));
	const texts = wanted.filter((item) => item !== null);
	const { items } =
		texts.length === 0
			? { items: [] }
			: await trainer.call(
					'tokenize',
					{
						model,
						items: texts.map((item) => ({
							prompt: shortened(item.prompt),
							texts: item.texts.map(shortened)
						}))
					},
					signal
				);
	let at = 0;
	return rows.map((row, i) => ({
		row,
		annotator,
		tokens: wanted[i] ? (items[at++] ?? null) : null
	}));
}
