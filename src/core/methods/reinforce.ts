/**
 * REINFORCE (Williams 1992) on whole completions: mean over completions of -A ln pi(y), A = r - b, with the KL (k1) inside
 * r. The baseline b takes no part in the gradient: 0, the mean of the batch, or a running mean of earlier batches.
 * On the policy's own completions alone: there is no ratio, so a batch is good for one step.
 * Deviation: the mean of the batch leaves each completion's own reward out of its baseline (n / (n - 1) times r - mean), without
 * which the gradient is too small by that factor.
 */
import type { F, Loss } from './loss';
import { at, mean, selectMasked } from './math';
import { spreadToTokens } from './preference-pairs';
import { responseLengths, responseMask, responseSums } from './response';

export type BaselineKind = 'none' | 'batch' | 'running';

/** Plain data: what `RunningBaseline.from` needs to go on. */
export interface RunningBaselineState {
	value: number;
	batches: number;
	decay: number;
}

/** Exponential mean of the rewards of earlier batches; the first batch is compared with 0. */
export class RunningBaseline {
	#state: RunningBaselineState;

	private constructor(state: RunningBaselineState) {
		this.#state = { ...state };
	}

	/** decay: share of the old value kept by each batch, 0 to below 1. */
	static create(decay: number): RunningBaseline {
		if (!(decay >= 0 && decay < 1)) {
			throw new RangeError(`a baseline with decay ${decay}`);
		}
		return new RunningBaseline({ value: 0, batches: 0, decay });
	}

	static from(state: RunningBaselineState): RunningBaseline {
		return new RunningBaseline(state);
	}

	/** Corrected for its start at 0, as Adam's moments are. */
	get value(): number {
		const { value, batches, decay } = this.#state;
		return batches === 0 ? 0 : value / (1 - decay ** batches);
	}

	state(): RunningBaselineState {
		return { ...this.#state };
	}

	/** Takes in the rewards of a batch, after they were compared. */
	update(rewards: F): void {
		if (rewards.length > 0) {
			const { value, batches, decay } = this.#state;
			this.#state = {
				decay,
				batches: batches + 1,
				value: decay * value + (1 - decay) * mean(rewards)
			};
		}
	}
}

/** [B], r - b. `running`: the baseline's value before this batch. */
export function reinforceAdvantages(rewards: F, kind: BaselineKind, running = 0): F {
	const n = rewards.length;
	switch (kind) {
		case 'none':
			return rewards.slice();
		case 'running':
			return rewards.map((r) => r - running);
		case 'batch': {
			const center = mean(rewards);
			return rewards.map((r) => (n > 1 ? ((r - center) * n) / (n - 1) : r));
		}
	}
}

/** advantages: [B]. Skipped without a response token. */
export function reinforceLoss(advantages: F, { entropyCoef = 0 } = {}): Loss {
	return (scores, batch) => {
		if (advantages.length !== batch.B) {
			throw new RangeError(`${advantages.length} advantages for ${batch.B} rows`);
		}
		const lengths = responseLengths(batch);
		const n = lengths.filter((length) => length > 0).length;
		if (n === 0) {
			return { loss: 0, metrics: {}, skip: 'the batch has no response token' };
		}
		const sums = responseSums(batch, scores.logProb);
		const shares = advantages.map((a, b) => (at(lengths, b) > 0 ? -a / n : 0));
		const policy = shares.reduce((sum, share, b) => sum + share * at(sums, b), 0);
		const mask = responseMask(batch);
		const entropies = selectMasked(scores.entropy, mask);
		const entropy = mean(entropies);
		return {
			loss: policy - entropyCoef * entropy,
			dLogProb: spreadToTokens(batch, shares),
			...(entropyCoef !== 0 && {
				dEntropy: Float64Array.from(mask, (bit) => (-bit * entropyCoef) / entropies.length)
			}),
			metrics: { 'loss/policy_avg': policy, 'policy/entropy_avg': entropy }
		};
	};
}
