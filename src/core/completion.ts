/**
 * Where a completion ends. Small models rarely finish a text within a completion's length, so what follows the last sentence
 * end is dropped. Works on token ids: what is kept is exactly what was sampled, never text encoded again.
 */

const SENTENCE_END = /[.!?…]["'”’)]*\s*$/u;
const CLOSING_QUOTE = /^["'”’]+$/u;
/** A full stop after these does not end a sentence. */
const ABBREVIATION = /(?:^|[^\p{L}])(?:Mr|Mrs|Ms|Dr|St)\.$/u;
/** More tokens than any abbreviation is written with. */
const ABBREVIATION_TOKENS = 6;

/** [vocabulary], 1 for a token whose text ends a sentence; from the decoded text of every token. */
export function sentenceEnds(tokens: readonly string[]): Uint8Array {
	return Uint8Array.from(tokens, (text) => (SENTENCE_END.test(text) ? 1 : 0));
}

/**
 * How many of `ids` to keep: through the last sentence end and a closing quote right after it. All of them if there is no
 * sentence end, or if a stop id is among them: the text then ended by itself.
 */
export function cutAtSentenceEnd(
	ids: ArrayLike<number>,
	table: Uint8Array,
	tokenText: (id: number) => string,
	stop: readonly number[] = []
): number {
	const tokens = Array.from(ids);
	if (tokens.some((id) => stop.includes(id))) {
		return tokens.length;
	}
	const textAt = (i: number): string => {
		const id = tokens[i];
		return id === undefined ? '' : tokenText(id);
	};
	const isEnd = (id: number, i: number): boolean => {
		if (table[id] !== 1 || /^\d/.test(textAt(i + 1))) {
			return false;
		}
		const tail = tokens.slice(Math.max(0, i + 1 - ABBREVIATION_TOKENS), i + 1);
		return !ABBREVIATION.test(tail.map(tokenText).join(''));
	};
	const end = tokens.findLastIndex(isEnd);
	if (end === -1) {
		return tokens.length;
	}
	return CLOSING_QUOTE.test(textAt(end + 1)) ? end + 2 : end + 1;
}
