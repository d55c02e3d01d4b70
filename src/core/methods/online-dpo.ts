/**
 * Online DPO (Guo et al. 2024, arXiv 2402.04792): pairs are written by the policy as it is now, judged by the reward model, and
 * learned from at once with DPO's loss. What is pure of it is the choice of pairs: of each prompt's completions the best
 * and the worst by score, labelled 1 (`hard`), or with what the reward model believes, sigmoid(r_best - r_worst) (`soft`).
 * Deviation: a prompt whose completions all score the same gives no pair; TRL keeps it with a side picked at random.
 */
import { isConstant, mapGroups } from './groups';
import type { F } from './loss';
import { at, sigmoid } from './math';

export interface OnlinePair {
	/** Rows of the rollout. */
	better: number;
	worse: number;
	/** Probability that `better` is better. */
	y: number;
}

/** scores: [B], raw (the soft label reads their difference as log-odds), group after group. */
export function onlinePairs(scores: F, groupSize: number, labels: 'hard' | 'soft'): OnlinePair[] {
	const pairs: OnlinePair[] = [];
	let start = 0;
	mapGroups(scores, groupSize, (group) => {
		const high = group.indexOf(Math.max(...group));
		const low = group.indexOf(Math.min(...group));
		if (high >= 0 && low >= 0 && !isConstant(group)) {
			const y = labels === 'hard' ? 1 : sigmoid(at(group, high) - at(group, low));
			pairs.push({ better: start + high, worse: start + low, y });
		}
		start += groupSize;
		return group;
	});
	return pairs;
}
