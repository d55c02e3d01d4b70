/**
 * Generalised advantage estimation (Schulman et al. 2016, arXiv 1506.02438), as openai/lm-human-preferences
 * train_policy.py:327-336: delta_t = r_t + gamma V_{t+1} - V_t with V after the last real token = 0,
 * A_t = delta_t + gamma lambda A_{t+1}, returns = A + V before any whitening. No deviations. The score stands at the last
 * real token, not one slot after it as in TRL (methods differ; see reward-assembly).
 */
import type { Batch, F } from './loss';
import { at } from './math';
import { responseSpan, valuesBefore } from './response';

export interface Advantages {
	advantages: F;
	/** What the value before each token should have been. */
	returns: F;
}

export interface Discounts {
	gamma: number;
	lambda: number;
}

/** One sequence: rewards[t] for token t, values[t] = V before token t; both of its real length. */
export function gae(rewards: F, values: F, { gamma, lambda }: Discounts): Advantages {
	const n = rewards.length;
	if (values.length !== n) {
		throw new RangeError(`${n} rewards with ${values.length} values`);
	}
	const advantages = new Float64Array(n);
	const returns = new Float64Array(n);
	let next = 0;
	let nextValue = 0;
	for (let t = n - 1; t >= 0; t--) {
		const value = at(values, t);
		next = at(rewards, t) + gamma * nextValue - value + gamma * lambda * next;
		nextValue = value;
		advantages[t] = next;
		returns[t] = next + value;
	}
	return { advantages, returns };
}

/**
 * GAE over the response tokens of a batch. rewards: [B*T] at the response columns. value: [B*T] as the model gives it,
 * read AFTER each token, so that V before response token t is taken from column t - 1.
 * Advantages and returns are at the response columns, 0 elsewhere.
 */
export function ppoAdvantages(
	batch: Batch,
	rewards: F,
	value: F,
	discounts: Discounts
): Advantages {
	const before = valuesBefore(batch, value);
	const advantages = new Float64Array(batch.B * batch.T);
	const returns = new Float64Array(batch.B * batch.T);
	for (let b = 0; b < batch.B; b++) {
		const { start, end } = responseSpan(batch, b);
		if (start >= end) {
			continue;
		}
		const from = b * batch.T + start;
		const to = b * batch.T + end;
		const row = gae(rewards.subarray(from, to), before.subarray(from, to), discounts);
		advantages.set(row.advantages, from);
		returns.set(row.returns, from);
	}
	return { advantages, returns };
}
