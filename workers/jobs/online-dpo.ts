/**
 * Online DPO (Guo et al. 2024): the policy writes, the reward model names the best and the worst of each prompt's completions,
 * and DPO's loss learns from the pair at once. Formulas: `core/methods/online-dpo.ts` and `dpo.ts`.
 */
import type { OnlineDpoConfig } from '../../src/core/config';
import { dpoLoss } from '../../src/core/methods/dpo';
import { onlinePairs } from '../../src/core/methods/online-dpo';
import { responseSums, selectRows } from '../../src/core/methods/response';
import { groupMetrics } from '../../src/core/methods/rloo';
import type { RunLoop } from '../run-loop';
import { updatePolicy } from './minibatches';
import { NO_PRICE, runOnPolicy, type OnPolicyJob, type OnPolicyState } from './on-policy';
import { pickRows, sequenceOutcome } from './sequence-outcome';

export function runOnlineDpo(
	job: OnPolicyJob<OnlineDpoConfig>,
	loop: RunLoop
): Promise<OnPolicyState> {
	const { config } = job;
	return runOnPolicy(job, loop, {
		perPrompt: config.perPrompt,
		passes: 1,
		price: NO_PRICE,
		async learn(rollout, { index, lr }) {
			// The price of drifting is in DPO's loss, not in the reward.
			const { scores, metrics } = sequenceOutcome(rollout, 0, config);
			const pairs = onlinePairs(scores, config.perPrompt, config.labels);
			const rows = pairs.flatMap(({ better, worse }) => [better, worse]);
			const refSums = pickRows(responseSums(rollout.batch, rollout.refLogProb), rows);
			await loop.phase('update');
			const outcome =
				pairs.length === 0
					? { update: {}, first: null }
					: await updatePolicy({
							policy: job.policy,
							batch: selectRows(rollout.batch, rows),
							config,
							epochs: 1,
							minibatches: 1,
							unit: 2,
							seed: job.seed,
							iteration: index,
							lr,
							targetPolicyKl: 0,
							signal: loop.signal,
							lossOf: (part) =>
								dpoLoss(
									{
										y: Float64Array.from(pairs, ({ y }) => y),
										refLogProb: pickRows(refSums, part)
									},
									{ kind: config.loss, beta: config.beta, flip: config.flip }
								)
						});
			return { objective: { ...metrics, ...groupMetrics(scores, config.perPrompt) }, ...outcome };
		}
	});
}
