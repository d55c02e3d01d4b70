/**
 * Second opinions of a reward model: linear heads on its last layer, each fitted to answers drawn anew from those it learned from
 * (bootstrap over prompts). Where they disagree, the score is a guess. Formulas: `core/methods/reward-ensemble.ts`.
 * Deviation: a head is fitted on the states at a few places of a completion, averaged (`embedTexts`), and read as the reward is;
 * each head has gain and bias of its own on the reference's samples, so that this changes no scale.
 */
import type { RewardConfig } from '../../src/core/config';
import type { PreferencePair } from '../../src/core/feedback/comparison';
import { likeliestPrecision } from '../../src/core/feedback/reward-posterior';
import { fitHeadEnsemble } from '../../src/core/methods/reward-ensemble';
import { normalisationOf, type Normalisation } from '../../src/core/methods/reward-normalisation';
import { readRewards } from '../../src/core/methods/reward-reading';
import { embedTexts } from '../embed';
import type { Batch, F, LanguageModel } from '../engine/language-model';
import type { RunLoop } from '../run-loop';

export interface HeadEnsemble {
	/** [members][d] */
	heads: F[];
	members: Normalisation[];
	/** Of the penalty, by the evidence of the answers. */
	ridge: number;
}

export interface EnsembleJob {
	/** Trained; its trunk gives the features. */
	model: LanguageModel;
	/** A copy of it with these heads in place of its own, for reading them; disposed of here. Absent in tests without one. */
	withHeads?: (heads: readonly F[]) => Promise<LanguageModel>;
	config: Pick<RewardConfig, 'ensemble' | 'pooling' | 'microTokens'>;
	seed: number;
}

/** undefined where no ensemble is asked for, or no pair differs in its features. */
export async function fitEnsemble(
	{ model, withHeads, config, seed }: EnsembleJob,
	loop: RunLoop,
	pairs: readonly PreferencePair[],
	samples: Batch
): Promise<HeadEnsemble | undefined> {
	if (config.ensemble === 0 || !withHeads) {
		return undefined;
	}
	await loop.phase('ensemble');
	const rows = await differences(model, pairs, loop.signal);
	if (rows.every((row) => row.every((x) => x === 0))) {
		return undefined;
	}
	const data = { rows, y: Float64Array.from(pairs, ({ y }) => y) };
	const ridge = likeliestPrecision(data, model.config.hiddenSize);
	const heads = fitHeadEnsemble(data, {
		members: config.ensemble,
		ridge,
		seed,
		groups: pairs.map(({ promptIds }) => promptIds.join(' '))
	});
	const reader = await withHeads(heads);
	try {
		const { value } = await reader.score(samples, {
			temperature: 1,
			want: ['value'],
			microTokens: config.microTokens,
			signal: loop.signal
		});
		const members = value.map((head) =>
			normalisationOf(readRewards(samples, head, config.pooling))
		);
		return { heads, members, ridge };
	} finally {
		reader.dispose();
	}
}

/** Texts embedded at once: their prefixes are rows of one batch. */
const TEXTS_AT_ONCE = 16;

/** Features of a less those of b, pair by pair. */
async function differences(
	model: LanguageModel,
	pairs: readonly PreferencePair[],
	signal: AbortSignal
): Promise<F[]> {
	const d = model.config.hiddenSize;
	const rows: F[] = [];
	for (let start = 0; start < pairs.length; start += TEXTS_AT_ONCE / 2) {
		const part = pairs.slice(start, start + TEXTS_AT_ONCE / 2);
		const texts = part.flatMap(({ promptIds, aIds, bIds }) => [
			{ promptIds, ids: aIds },
			{ promptIds, ids: bIds }
		]);
		const features = await embedTexts(model, texts, signal);
		part.forEach((_, i) => {
			const a = features.subarray(2 * i * d, (2 * i + 1) * d);
			const b = features.subarray((2 * i + 1) * d, (2 * i + 2) * d);
			rows.push(a.map((x, k) => x - (b[k] ?? 0)));
		});
	}
	return rows;
}
