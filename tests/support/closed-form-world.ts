/** A world of sixteen completions in which the best policy can be counted out (golden file 17). */
import type { PreferencePair } from '../../src/core/feedback/comparison';
import { exactKl, optimalPolicy } from '../../src/core/methods/closed-form';
import { sigmoid } from '../../src/core/methods/math';
import type { Batch, F } from '../../workers/engine/language-model';
import { TabularModel } from '../../workers/engine/tabular/tabular-model';
import { completionIds } from '../../workers/jobs/rollout';
import golden from '../golden/17_closed_form_optimum.json';

const V = golden.vocab;
const rewards = golden.reward.flat();

export const WORLD_PROMPT = Int32Array.of(0);

/** The reference; heads: 1 for PPO's critic, else 0. */
export function world(heads: number): TabularModel {
	return TabularModel.create(V, 2, heads, (prefix) => {
		const [first] = prefix;
		return first === undefined
			? golden.ref_logits_token1
			: (golden.ref_logits_token2_given_token1[first] ?? []);
	});
}

/** [B], the true reward of each completion. */
export function worldReward(batch: Batch): Promise<F> {
	return Promise.resolve(
		Float64Array.from({ length: batch.B }, (_, b) => {
			const [first = 0, second = 0] = completionIds(batch, b);
			return golden.reward[first]?.[second] ?? NaN;
		})
	);
}

/** Every two completions with the probability that a Bradley-Terry annotator of this reward prefers the first. */
export function softLabelTable(): PreferencePair[] {
	const ids = (i: number) => [Math.floor(i / V), i % V];
	return rewards.flatMap((rewardA, a) =>
		rewards.slice(a + 1).map((rewardB, k) => ({
			presentationId: `${a} ${a + 1 + k}`,
			promptId: 'world',
			promptIds: [0],
			aIds: ids(a),
			bIds: ids(a + 1 + k),
			y: sigmoid(rewardA - rewardB),
			simulated: true
		}))
	);
}

export interface Standing {
	expectedReward: number;
	kl: number;
	bestReward: number;
	bestKl: number;
}

/** The enumerated policy beside the optimum at `beta`. */
export function standing(policy: TabularModel, beta: number): Standing {
	const rho = world(0).enumerate();
	const pi = policy.enumerate();
	const best = optimalPolicy(rho, rewards, beta);
	return {
		expectedReward: pi.reduce((sum, p, i) => sum + p * (rewards[i] ?? NaN), 0),
		kl: exactKl(pi, rho),
		bestReward: best.expectedReward,
		bestKl: best.kl
	};
}
