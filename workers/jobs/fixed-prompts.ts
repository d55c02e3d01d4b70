/** Before and after: the same prompts, seeds and rows under the base and under the policy as it is now, token by token. */
import type { PpoConfig } from '../../src/core/config';
import type { TextTokenizer } from '../../src/core/formats/tokenizer';
import { deriveSeed } from '../../src/core/random';
import type { FixedPromptSample } from '../../src/core/records';
import type { Batch, LanguageModel } from '../engine/language-model';
import { completionIds, cutRollout, type TextRules } from './rollout';
import { scoreRows, type RewardFunction } from './reward-function';

export interface Showcase {
	policy: LanguageModel;
	reference: LanguageModel;
	/** Absent: the texts are shown without a score. */
	reward?: RewardFunction;
	prompts: readonly string[];
	tokenizer: TextTokenizer;
	text: TextRules;
	config: Pick<PpoConfig, 'temperature' | 'maxNew' | 'microTokens'>;
	seed: number;
}

/** A function that writes the samples of this moment; the base's own are written once. */
export function createShowcase(o: Showcase): () => Promise<FixedPromptSample[]> {
	const prompts = o.prompts.map((text) => Int32Array.from(o.tokenizer.promptIds(text)));
	const pass = { temperature: o.config.temperature, microTokens: o.config.microTokens };
	const write = async (model: LanguageModel): Promise<Batch> =>
		cutRollout(
			await model.sample(prompts, {
				...pass,
				maxNew: o.config.maxNew,
				stop: o.text.stop,
				seed: deriveSeed(o.seed, 'fixed prompts'),
				first: 0
			}),
			o.text
		);
	let before: Promise<string[]> | null = null;
	return async () => {
		if (prompts.length === 0) {
			return [];
		}
		before ??= write(o.reference).then((batch) => textsOf(batch, o.tokenizer));
		const baseTexts = await before;
		const batch = await write(o.policy);
		const { logProb } = await o.policy.score(batch, { ...pass, want: ['logProb'] });
		const { logProb: refLogProb } = await o.reference.score(batch, { ...pass, want: ['logProb'] });
		const { signal } = new AbortController();
		const scores = o.reward ? (await scoreRows(o.reward, batch, signal)).scores : null;
		return textsOf(batch, o.tokenizer).map((after, b) => {
			const start = b * batch.T + (batch.promptLength[b] ?? 0);
			return {
				prompt: o.prompts[b] ?? '',
				before: baseTexts[b] ?? '',
				after,
				tokens: completionIds(batch, b).map((id, k) => ({
					text: o.tokenizer.tokenTexts[id] ?? '',
					logProb: logProb[start + k] ?? 0,
					refLogProb: refLogProb[start + k] ?? 0
				})),
				score: scores?.[b] ?? null
			};
		});
	};
}

function textsOf(batch: Batch, tokenizer: TextTokenizer): string[] {
	return Array.from({ length: batch.B }, (_, b) => tokenizer.decode(completionIds(batch, b)));
}
