/** Features of completions for a linear reward: what a model makes of each text, averaged along the completion. */
import { batchOf } from './engine/micro-batches';
import type { F, LanguageModel } from './engine/language-model';

export interface TokenText {
	promptIds: readonly number[];
	ids: readonly number[];
}

/**
 * Prefixes of each completion that are read. The engine tells the state after a row's last token; a reward is read as the mean
 * over tokens, and of a hundred answers a linear head learns much more from that (67 against 53 % of fresh pairs, happier
 * stories, 1M model). Four evenly spaced states stand for the mean.
 */
const PREFIXES = 4;

/** Lengths of the prefixes of n tokens, the whole last; fewer where there are fewer tokens. */
export function prefixLengths(n: number): number[] {
	const lengths = Array.from({ length: PREFIXES }, (_, k) => Math.round((n * (k + 1)) / PREFIXES));
	return [...new Set(lengths)].filter((length) => length > 0);
}

/** [n * hiddenSize], the last layer's normalised states at the prefixes' ends, averaged; an empty completion is read at its prompt. */
export async function embedTexts(
	model: LanguageModel,
	items: readonly TokenText[],
	signal?: AbortSignal
): Promise<F> {
	const d = model.config.hiddenSize;
	const features = new Float64Array(items.length * d);
	if (items.length === 0) {
		return features;
	}
	const rows = items.flatMap(({ promptIds, ids }, item) => {
		const lengths = prefixLengths(ids.length);
		const share = 1 / Math.max(1, lengths.length);
		return (lengths.length > 0 ? lengths : [0]).map((length) => ({
			item,
			share,
			promptIds,
			ids: ids.slice(0, length)
		}));
	});
	const { hidden } = await model.score(batchOf(rows), { temperature: 1, want: ['hidden'], signal });
	rows.forEach(({ item, share }, row) => {
		for (let k = 0; k < d; k++) {
			features[item * d + k] = (features[item * d + k] ?? 0) + share * (hidden?.[row * d + k] ?? 0);
		}
	});
	return features;
}
