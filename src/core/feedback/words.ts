/** Words of a text, as the simulated annotator and the text statistics count them. */

const WORD = /[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/gu;

/** Lower-case words without punctuation; curly apostrophes count as straight ones. */
export function wordsOf(text: string): string[] {
	return text.toLowerCase().replaceAll('’', "'").match(WORD) ?? [];
}
