/**
 * PPO from a learned reward (Ziegler et al. 2019; openai/lm-human-preferences train_policy.py): sample -> score -> advantages ->
 * update. The policy and its critic share a trunk, the value head starts at zero; the reward is given once, at the last real
 * token.
 * Deviations: old log-probabilities come from a score pass, never from the sampler; advantages are whitened over the whole
 * rollout batch, not per minibatch; the adaptive controller's horizon scales with the run; completions are cut at their last
 * sentence end before they are scored.
 */
import type { PpoConfig } from '../../src/core/config';
import type { F, Loss } from '../../src/core/methods/loss';
import { ppoLoss, type PpoLossOptions } from '../../src/core/methods/ppo';
import { ppoTargets, type PpoStep } from '../../src/core/methods/ppo-targets';
import { selectTokens } from '../../src/core/methods/response';
import type { JobFrame } from '../run-loop';
import { updatePolicy } from './minibatches';
import { runOnPolicy, type OnPolicyJob, type OnPolicyState, type Rollout } from './on-policy';

export type PpoJob = OnPolicyJob<PpoConfig>;

export function runPpo(job: PpoJob, loop: JobFrame): Promise<OnPolicyState> {
	const { config } = job;
	return runOnPolicy(job, loop, {
		perPrompt: 1,
		passes: config.ppoEpochs,
		price: config,
		async learn(rollout, { index, beta, lr }) {
			const { sampled, batch } = rollout;
			const targets = ppoTargets({ ...rollout, stopped: sampled.stopped }, beta, config);
			await loop.phase('update');
			const isWarmup = index < config.criticWarmup;
			const outcome = await updatePolicy({
				policy: job.policy,
				batch,
				config,
				epochs: config.ppoEpochs,
				minibatches: config.minibatches,
				unit: 1,
				seed: job.seed,
				iteration: index,
				lr: isWarmup ? { heads: lr.heads ?? 0 } : lr,
				targetPolicyKl: config.targetPolicyKl,
				signal: loop.signal,
				lossOf: (rows) =>
					ppoMinibatchLoss(rollout, targets, rows, { ...config, valueOnly: isWarmup })
			});
			return { objective: targets.metrics, ...outcome };
		}
	});
}

/** The loss of some rows of a rollout. */
export function ppoMinibatchLoss(
	{ batch, old }: Pick<Rollout, 'batch' | 'old'>,
	targets: Pick<PpoStep, 'advantages' | 'returns'>,
	rows: readonly number[],
	options: PpoLossOptions
): Loss {
	const pick = (values: F) => selectTokens(values, batch.T, rows);
	return ppoLoss(
		{
			oldLogProb: pick(old.logProb),
			oldValue: pick(old.value[0] ?? new Float64Array()),
			advantages: pick(targets.advantages),
			returns: pick(targets.returns)
		},
		options
	);
}
