/**
 * A step of PPO taken apart for reading: every number under its token, by the functions that train (`ppo-targets.ts`, `gae.ts`,
 * `kl.ts`, `ppo.ts`) and no others. delta_t is the advantage with lambda = 0.
 */
import type { PpoConfig } from '../config';
import { ppoAdvantages } from './gae';
import { tokenKl } from './kl';
import type { F } from './loss';
import { ppoLoss } from './ppo';
import { ppoTargets, type ScoredRollout, type TargetOptions } from './ppo-targets';
import { valuesBefore } from './response';

export interface StepNow {
	/** [B*T], of the policy as it is now; those of the rollout before the first update. */
	logProb: F;
	value: F;
}

export type StepOptions = TargetOptions &
	Pick<PpoConfig, 'clipRange' | 'dualClip' | 'valueClip' | 'valueCoef' | 'entropyCoef'>;

/** [B*T] each, at the response columns. */
export interface StepStrips {
	/** ln pi_old - ln ref, nats. */
	kl: F;
	/** What the critic expected before the token. */
	value: F;
	/** The price of drifting, and the score at the last token. */
	reward: F;
	delta: F;
	/** Before whitening. */
	rawAdvantage: F;
	/** As the loss takes it. */
	advantage: F;
	/** pi now / pi_old. */
	ratio: F;
	/** 1 where the clip holds the token. */
	clipped: F;
}

export interface DisplayedStep {
	strips: StepStrips;
	/** Of the whole rollout against the policy now. */
	loss: number;
	metrics: Record<string, number>;
}

export function displayStep(
	rollout: ScoredRollout,
	now: StepNow,
	beta: number,
	options: StepOptions
): DisplayedStep {
	const { batch, old, refLogProb } = rollout;
	const oldValue = old.value[0] ?? new Float64Array(batch.B * batch.T);
	const targets = ppoTargets({ ...rollout, old: { ...old, value: [oldValue] } }, beta, options);
	const { advantages: delta } = ppoAdvantages(batch, targets.rewards, oldValue, {
		gamma: options.gamma,
		lambda: 0
	});
	const empty = new Float64Array(batch.B * batch.T);
	const { loss, metrics, trace } = ppoLoss(
		{ oldLogProb: old.logProb, oldValue, advantages: targets.advantages, returns: targets.returns },
		options
	)({ logProb: now.logProb, entropy: empty, value: [now.value] }, batch);
	return {
		strips: {
			kl: tokenKl(batch, old.logProb, refLogProb, 'k1'),
			value: valuesBefore(batch, oldValue),
			reward: targets.rewards,
			delta,
			rawAdvantage: targets.rawAdvantages,
			advantage: targets.advantages,
			ratio: trace?.['ratio'] ?? empty,
			clipped: trace?.['clipped'] ?? empty
		},
		loss,
		metrics: { ...targets.metrics, ...metrics }
	};
}
