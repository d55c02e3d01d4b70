/** What can be measured of texts without a judge: variety, repetition. Sequences are of words or of token ids. */

type Item = string | number;

function gramsOf(sequence: ArrayLike<Item>, size: number): string[] {
	const items = Array.from(sequence);
	// A space separates: no word and no number contains one.
	return items.slice(size - 1).map((_, i) => items.slice(i, i + size).join(' '));
}

/**
 * distinct-2 (Li et al. 2016, arXiv 1510.03055): different bigrams over all bigrams of all sequences together, 0 to 1. It
 * falls when completions repeat themselves or each other. NaN where there is no bigram.
 */
export function distinct2(sequences: readonly ArrayLike<Item>[]): number {
	const grams = sequences.flatMap((sequence) => gramsOf(sequence, 2));
	return new Set(grams).size / grams.length;
}

/** Share of a sequence's n-grams that already occurred in it, 0 to 1; 0 where there is none. */
export function repeatedShare(sequence: ArrayLike<Item>, size: number): number {
	const grams = gramsOf(sequence, size);
	return grams.length === 0 ? 0 : 1 - new Set(grams).size / grams.length;
}

/** Mean over sequences of the share of repeated trigrams, 0 to 1: completions that go round in circles. NaN for none. */
export function repetitionRate(sequences: readonly ArrayLike<Item>[]): number {
	const shares = sequences.map((sequence) => repeatedShare(sequence, 3));
	return shares.reduce((sum, share) => sum + share, 0) / shares.length;
}
