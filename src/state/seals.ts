/** Predictions about pairs, sealed before the pairs are shown. */
import { sealPrediction } from '../core/feedback/prequential';
import { sigmoid } from '../core/methods/math';
import type { Predictor, Presentation, RewardModelRecord } from '../core/records';
import { newSalt } from '../storage/ids';
import type { TrainerState } from './trainer.svelte';

/** The pair with a prediction sealed into it. A repeat has none: its first answer is known. */
export function withSeal(pair: Presentation, pA: number, predictor: Predictor): Presentation {
	if (pair.repeatOf !== undefined) {
		return pair;
	}
	const texts = { prompt: pair.prompt, aText: pair.a.text, bText: pair.b.text };
	return { ...pair, sealed: { ...sealPrediction(texts, pA, newSalt()), predictor } };
}

/** By a trained reward model: the difference of the raw rewards is the log-odds that Bradley and Terry give it. */
export async function sealByModel(
	trainer: TrainerState,
	model: RewardModelRecord,
	pairs: readonly Presentation[]
): Promise<Presentation[]> {
	const { scores } = await trainer.call('scoreCompletions', {
		rewardModelId: model.id,
		items: pairs.flatMap(({ a, b }) => [a, b].map(({ promptIds, ids }) => ({ promptIds, ids })))
	});
	return pairs.map((pair, i) => {
		const lead = ((scores[2 * i] ?? 0) - (scores[2 * i + 1] ?? 0)) / model.gain;
		return withSeal(pair, sigmoid(lead), { kind: 'reward-model', rewardModelId: model.id });
	});
}
