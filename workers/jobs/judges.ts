/** From a run's settings to what scores its completions: stored reward models, ensembles, scripted judges. */
import { textJudge } from '../../src/core/evaluation/text-judge';
import type { TextTokenizer } from '../../src/core/formats/tokenizer';
import { ensembleScores, ensembleSpread } from '../../src/core/methods/reward-ensemble';
import { normalise } from '../../src/core/methods/reward-normalisation';
import { readRewards } from '../../src/core/methods/reward-reading';
import type { GoldJudge, RewardRule } from '../../src/core/records';
import { StudioError } from '../../src/protocol/errors';
import type { Batch } from '../engine/language-model';
import type { Trainer } from '../trainer';
import type { RewardFunction } from './reward-function';
import { completionIds } from './rollout';

/** The reward of a stored model, normalised. With a rule, of its ensemble. */
export async function storedReward(
	trainer: Trainer,
	rewardModelId: string,
	microTokens: number,
	rule?: RewardRule
): Promise<RewardFunction> {
	const { model, gain, bias, members, pooling } = await trainer.rewardModel(rewardModelId);
	if (rule && members.length === 0) {
		throw new StudioError(
			'bad-settings',
			'This reward model was trained without an ensemble, so it cannot say how unsure it is.',
			{ detail: { rewardModelId } }
		);
	}
	return async (batch, signal) => {
		const { value } = await model.score(batch, {
			temperature: 1,
			want: ['value'],
			microTokens,
			signal
		});
		const [own, ...others] = value.map((head) => readRewards(batch, head, pooling));
		if (!own) {
			throw new StudioError('internal', 'A reward model needs a scalar head.');
		}
		const scores = normalise(own, { gain, bias });
		if (members.length === 0) {
			return scores;
		}
		const scaled = others.map((raw, k) => normalise(raw, members[k] ?? { gain: 1, bias: 0 }));
		return {
			scores: rule ? ensembleScores(scaled, rule.rule, rule.lambda) : scores,
			uncertainty: ensembleSpread(scaled)
		};
	};
}

/** A judge that nothing learns from. */
export async function goldReward(
	trainer: Trainer,
	gold: GoldJudge,
	tokenizer: TextTokenizer,
	microTokens: number
): Promise<RewardFunction> {
	return gold.kind === 'reward-model'
		? storedReward(trainer, gold.rewardModelId, microTokens)
		: byText(tokenizer, textJudge(gold));
}

function byText(tokenizer: TextTokenizer, score: (text: string) => number): RewardFunction {
	return (batch: Batch) =>
		Promise.resolve(
			Float64Array.from({ length: batch.B }, (_, b) =>
				score(tokenizer.decode(completionIds(batch, b)))
			)
		);
}
