/** Sampling as the jobs need it: task prompts in a seeded order, completions cut at the last sentence end. */
import { cutAtSentenceEnd, sentenceEnds } from '../../src/core/completion';
import { Random, deriveSeed } from '../../src/core/random';
import type { ModelConfig } from '../../src/core/formats/model-config';
import type { TextTokenizer } from '../../src/core/formats/tokenizer';
import type { Batch, Sampled } from '../engine/language-model';

/** How text ends, for one tokenizer. */
export interface TextRules {
	stop: readonly number[];
	/** Tokens to keep of a completion that did not end by itself; null: all. */
	cut: ((ids: Int32Array) => number) | null;
}

export function textRules(
	tokenizer: TextTokenizer,
	config: ModelConfig,
	isCut: boolean
): TextRules {
	const { tokenTexts } = tokenizer;
	const table = sentenceEnds(tokenTexts);
	const textOf = (id: number) => tokenTexts[id] ?? '';
	return { stop: config.eosIds, cut: isCut ? (ids) => cutAtSentenceEnd(ids, table, textOf) : null };
}

/**
 * Prompts of iteration `i`: position i * count in an endless list of seeded shuffles, so that every prompt is used once before any
 * is used twice, and the place is known from `i` alone.
 */
export function promptsAt<T>(prompts: readonly T[], seed: number, i: number, count: number): T[] {
	const orders = new Map<number, T[]>();
	const orderOf = (round: number): T[] => {
		const order =
			orders.get(round) ?? new Random(deriveSeed(seed, `prompts ${round}`)).shuffle(prompts);
		orders.set(round, order);
		return order;
	};
	return Array.from({ length: count }, (_, k) => {
		const position = i * count + k;
		return orderOf(Math.floor(position / prompts.length))[position % prompts.length] as T; // within the list by the modulo
	});
}

/**
 * The rollout with each completion that did not end by itself cut after its last sentence end. Tokens after the cut are no part of
 * the episode: they get no reward, loss or KL.
 */
export function cutRollout(sampled: Sampled, rules: TextRules): Batch {
	const { B, T, ids, promptLength } = sampled;
	const length = sampled.length.slice();
	if (rules.cut) {
		for (let b = 0; b < B; b++) {
			const start = promptLength[b] ?? 0;
			const completion = ids.subarray(b * T + start, b * T + (length[b] ?? 0));
			if (sampled.stopped[b] !== 1) {
				length[b] = start + rules.cut(completion);
			}
		}
	}
	return { B, T, ids, promptLength, length };
}

/** Ids of row b after its prompt. */
export function completionIds(batch: Batch, b: number): number[] {
	const start = b * batch.T + (batch.promptLength[b] ?? 0);
	return Array.from(batch.ids.subarray(start, b * batch.T + (batch.length[b] ?? 0)));
}
