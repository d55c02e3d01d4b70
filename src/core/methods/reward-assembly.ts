/**
 * From scores of whole completions to a reward per token (Ziegler et al. 2019; openai/lm-human-preferences
 * train_policy.py:149-154, 388-402; TRL ppo_trainer.py:755-779):
 * r_t = -beta (ln pi_old(y_t) - ln rho(y_t)) at response tokens, plus the score at the LAST real token.
 * A completion without its end token: subtract the penalty from the score (TRL) or replace the score by minus the penalty
 * (OpenAI, N+). Deviations: the score is placed at the last real token (TRL puts it one slot later); a score is clipped
 * before the penalty, so that a penalty is never clipped away; padding is summed nowhere (trl#2022).
 */
import type { Batch, F } from './loss';
import { at, clamp, mean, populationVariance } from './math';
import { sequenceKl, tokenKl } from './kl';
import { responseLengths, responseSpan, responseSums } from './response';

export interface RewardAssembly {
	batch: Batch;
	/** [B], by the reward model, normalised. */
	scores: F;
	/** [B*T], of the rollout as the training kernels score it, and of the frozen reference. */
	logProb: F;
	refLogProb: F;
	/** KL coefficient. */
	beta: number;
	/** [B], 1 where the completion reached its end token. */
	stopped: Uint8Array;
	missingEos: 'none' | 'subtract' | 'replace';
	missingEosPenalty: number;
	/** Scores are clipped to +-this; 0 = off. */
	scoreClip: number;
}

export interface AssembledRewards {
	/** [B*T], 0 off the response. */
	rewards: F;
	/** [B], after clipping and the missing-end rule. */
	scores: F;
	/** Keys of the catalogue; means over sequences of sums over tokens. */
	metrics: Record<string, number>;
}

/**
 * Rewards and metrics of a rollout. A row without a response token gets no reward (there is no token to give it to); its
 * score still counts in objective/scores.
 */
export function assembleRewards(input: RewardAssembly): AssembledRewards {
	const { batch, beta, logProb, refLogProb } = input;
	const scores = finalScores(input);
	const kl = tokenKl(batch, logProb, refLogProb, 'k1');
	const rewards = kl.map((k) => -beta * k);
	const nonScore = responseSums(batch, rewards);
	for (let b = 0; b < batch.B; b++) {
		const { start, end } = responseSpan(batch, b);
		const last = b * batch.T + end - 1;
		if (start < end) {
			rewards[last] = at(rewards, last) + at(scores, b);
		}
	}
	const lengths = responseLengths(batch);
	const ended = input.stopped.reduce((sum, bit) => sum + bit, 0);
	return {
		rewards,
		scores,
		metrics: {
			'objective/kl': mean(responseSums(batch, kl)),
			'objective/kl_seq_k3': mean(sequenceKl(batch, logProb, refLogProb, 'k3')),
			'objective/kl_coef': beta,
			'objective/entropy': -mean(responseSums(batch, logProb)),
			'objective/scores': mean(scores),
			'objective/non_score_reward': mean(nonScore),
			'objective/rlhf_reward': mean(scores) + mean(nonScore),
			'val/num_eos_tokens': ended,
			'val/eos_rate': ended / batch.B,
			'tokens/responses_len_mean': mean(lengths),
			'tokens/responses_len_std': Math.sqrt(populationVariance(lengths))
		}
	};
}

function finalScores(input: RewardAssembly): F {
	const { batch, scores, stopped, missingEos, missingEosPenalty, scoreClip } = input;
	if (scores.length !== batch.B || stopped.length !== batch.B) {
		throw new RangeError(`${scores.length} scores and ${stopped.length} flags for ${batch.B} rows`);
	}
	return scores.map((score, b) => {
		const clipped = scoreClip > 0 ? clamp(score, -scoreClip, scoreClip) : score;
		if (stopped[b] === 1 || missingEos === 'none') {
			return clipped;
		}
		return missingEos === 'subtract' ? clipped - missingEosPenalty : -missingEosPenalty;
	});
}
