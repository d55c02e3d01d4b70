/** Pairs that are not worth asking: two completions that say the same, and questions that were asked before. */
import { wordsOf } from './words';

/** Of the words of both texts together, so many shared (as a multiset) make them near-duplicates. */
const NEAR_DUPLICATE_OVERLAP = 0.9;

/** Words alone, in one Unicode spelling: case, punctuation and white space make no difference worth asking about. */
export function normalisedText(text: string): string {
	return wordsOf(text.normalize('NFKC')).join(' ');
}

/** Weighted Jaccard index of the words of two texts: shared over all, counting how often each occurs; 1 for two empty texts. */
export function tokenOverlap(x: string, y: string): number {
	const counts = new Map<string, number>();
	const [wordsX, wordsY] = [wordsOf(x.normalize('NFKC')), wordsOf(y.normalize('NFKC'))];
	for (const word of wordsX) {
		counts.set(word, (counts.get(word) ?? 0) + 1);
	}
	let shared = 0;
	for (const word of wordsY) {
		const left = counts.get(word) ?? 0;
		if (left > 0) {
			shared++;
			counts.set(word, left - 1);
		}
	}
	const all = wordsX.length + wordsY.length - shared;
	return all === 0 ? 1 : shared / all;
}

/** The same words in the same order, or nearly the same words in any. Texts without words are compared as they stand. */
export function areNearDuplicates(x: string, y: string): boolean {
	const [wordsX, wordsY] = [normalisedText(x), normalisedText(y)];
	if (wordsX === '' || wordsY === '') {
		return x.trim() === y.trim();
	}
	return wordsX === wordsY || tokenOverlap(x, y) >= NEAR_DUPLICATE_OVERLAP;
}

/** Two completions of one prompt, to be asked about or asked before. */
export interface TextPair {
	promptId: string;
	aText: string;
	bText: string;
}

export type Refusal = 'same-completions' | 'asked-before';

/** Why a pair is not asked; null where nothing speaks against it. Of pairs asked before, only those of its prompt matter. */
export function refusalOf(pair: TextPair, asked: readonly TextPair[]): Refusal | null {
	if (areNearDuplicates(pair.aText, pair.bText)) {
		return 'same-completions';
	}
	const isSame = ({ promptId, aText, bText }: TextPair): boolean =>
		promptId === pair.promptId &&
		((areNearDuplicates(aText, pair.aText) && areNearDuplicates(bText, pair.bText)) ||
			(areNearDuplicates(aText, pair.bText) && areNearDuplicates(bText, pair.aText)));
	return asked.some(isSame) ? 'asked-before' : null;
}
