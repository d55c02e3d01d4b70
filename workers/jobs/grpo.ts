/**
 * GRPO (Shao et al. 2024) and Dr. GRPO (Liu et al. 2025: no division by the spread, `aggregation: 'constant'`): completions of one
 * prompt are compared with each other. The price of drifting stands in the reward, in the loss, or in both as the settings
 * say. Formulas: `core/methods/grpo.ts`.
 */
import type { GrpoConfig } from '../../src/core/config';
import { grpoAdvantages, grpoLoss } from '../../src/core/methods/grpo';
import type { F } from '../../src/core/methods/loss';
import { groupMetrics } from '../../src/core/methods/rloo';
import { selectTokens } from '../../src/core/methods/response';
import type { RunLoop } from '../run-loop';
import { updatePolicy } from './minibatches';
import { runOnPolicy, type OnPolicyJob, type OnPolicyState } from './on-policy';
import { pickRows, sequenceOutcome } from './sequence-outcome';

export function runGrpo(job: OnPolicyJob<GrpoConfig>, loop: RunLoop): Promise<OnPolicyState> {
	const { config } = job;
	return runOnPolicy(job, loop, {
		perPrompt: config.perPrompt,
		passes: config.epochs,
		price: config,
		async learn(rollout, { index, beta, lr }) {
			const { batch, old, refLogProb } = rollout;
			const { rewards, scores, metrics } = sequenceOutcome(rollout, beta, config);
			const advantages = grpoAdvantages(rewards, config.perPrompt, { scale: config.scaleBySpread });
			await loop.phase('update');
			const outcome = await updatePolicy({
				policy: job.policy,
				batch,
				config,
				epochs: config.epochs,
				minibatches: config.minibatches,
				unit: config.perPrompt,
				seed: job.seed,
				iteration: index,
				lr,
				targetPolicyKl: 0,
				signal: loop.signal,
				lossOf: (rows) => {
					const pick = (values: F) => selectTokens(values, batch.T, rows);
					return grpoLoss(
						{
							oldLogProb: pick(old.logProb),
							refLogProb: pick(refLogProb),
							advantages: pickRows(advantages, rows)
						},
						{ ...config, maxLength: config.maxNew }
					);
				}
			});
			return { objective: { ...metrics, ...groupMetrics(scores, config.perPrompt) }, ...outcome };
		}
	});
}
