/** REINFORCE (Williams 1992) with a baseline: one step a batch, whole completions. Formulas: `core/methods/reinforce.ts`. */
import type { ReinforceConfig } from '../../src/core/config';
import {
	reinforceAdvantages,
	reinforceLoss,
	RunningBaseline,
	type RunningBaselineState
} from '../../src/core/methods/reinforce';
import type { RunLoop } from '../run-loop';
import { updatePolicy } from './minibatches';
import { runOnPolicy, type OnPolicyJob, type OnPolicyState } from './on-policy';
import { pickRows, sequenceOutcome } from './sequence-outcome';

export function runReinforce(
	job: OnPolicyJob<ReinforceConfig>,
	loop: RunLoop
): Promise<OnPolicyState> {
	const { config, resumeFrom } = job;
	const baseline = resumeFrom?.method
		? RunningBaseline.from(resumeFrom.method as RunningBaselineState) // written below alone
		: RunningBaseline.create(config.baselineDecay);
	return runOnPolicy(job, loop, {
		perPrompt: 1,
		passes: 1,
		price: config,
		state: () => baseline.state(),
		async learn(rollout, { index, beta, lr }) {
			const { rewards, metrics } = sequenceOutcome(rollout, beta, config);
			const advantages = reinforceAdvantages(rewards, config.baseline, baseline.value);
			baseline.update(rewards);
			await loop.phase('update');
			const outcome = await updatePolicy({
				policy: job.policy,
				batch: rollout.batch,
				config,
				epochs: 1,
				minibatches: 1,
				unit: 1,
				seed: job.seed,
				iteration: index,
				lr,
				targetPolicyKl: 0,
				signal: loop.signal,
				lossOf: (rows) => reinforceLoss(pickRows(advantages, rows), config)
			});
			return { objective: metrics, ...outcome };
		}
	});
}
