/**
 * RLOO (Ahmadian et al. 2024): each completion is compared with the others of its prompt, the price of drifting inside the reward.
 * No critic. Formulas: `core/methods/rloo.ts`.
 */
import type { RlooConfig } from '../../src/core/config';
import { groupMetrics, rlooAdvantages, rlooLoss } from '../../src/core/methods/rloo';
import { selectTokens } from '../../src/core/methods/response';
import type { JobFrame } from '../run-loop';
import { updatePolicy } from './minibatches';
import { runOnPolicy, type OnPolicyJob, type OnPolicyState } from './on-policy';
import { pickRows, sequenceOutcome } from './sequence-outcome';

export function runRloo(job: OnPolicyJob<RlooConfig>, loop: JobFrame): Promise<OnPolicyState> {
	const { config } = job;
	return runOnPolicy(job, loop, {
		perPrompt: config.perPrompt,
		passes: config.epochs,
		price: config,
		async learn(rollout, { index, beta, lr }) {
			const { batch, old } = rollout;
			const { rewards, scores, metrics } = sequenceOutcome(rollout, beta, config);
			const advantages = rlooAdvantages(rewards, config.perPrompt);
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
				lossOf: (rows) =>
					rlooLoss(
						{
							oldLogProb: selectTokens(old.logProb, batch.T, rows),
							advantages: pickRows(advantages, rows)
						},
						config
					)
			});
			return { objective: { ...metrics, ...groupMetrics(scores, config.perPrompt) }, ...outcome };
		}
	});
}
