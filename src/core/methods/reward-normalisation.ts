/**
 * Putting rewards on a known scale, so that a KL coefficient means the same for every reward model.
 * Gain and bias on samples of the FROZEN reference: r' = gain r + bias with gain = 1 / sd, bias = -mean / sd, population sd
 * (openai/lm-human-preferences rewards.py:77-89, train_reward.py:207-254). Running moments: TRL v0.11.4 utils.py:669-707,
 * trlx utils/modeling.py:275-307. Shift only: Stiennon et al. 2020, Ouyang et al. 2022.
 * Deviation: rewards that are all equal get gain 1 (OpenAI would divide by zero).
 */
import type { F } from './loss';
import { mean, populationVariance } from './math';

export interface Normalisation {
	gain: number;
	bias: number;
}

/** Below this standard deviation (relative to the mean's size) rewards count as all equal. */
const RELATIVE_SPREAD = 1e-12;

/** Gain and bias that give the raw rewards mean 0 and standard deviation 1. Throws RangeError on none or a non-finite one. */
export function normalisationOf(raw: ArrayLike<number>): Normalisation {
	const center = mean(raw);
	const sd = Math.sqrt(populationVariance(raw));
	if (!Number.isFinite(center) || !Number.isFinite(sd)) {
		throw new RangeError('rewards to normalise on must be finite, and at least one');
	}
	const gain = sd > RELATIVE_SPREAD * Math.max(1, Math.abs(center)) ? 1 / sd : 1;
	return { gain, bias: -center * gain };
}

/** Shift that gives rewards of the reference mean 0 and keeps their unit. */
export function shiftOf(referenceRewards: ArrayLike<number>): Normalisation {
	return { gain: 1, bias: -mean(referenceRewards) };
}

export function normalise(raw: F, { gain, bias }: Normalisation): F {
	return raw.map((r) => gain * r + bias);
}

/** Plain data: what `RunningMoments.from` needs to go on. */
export interface RunningMomentsState {
	count: number;
	mean: number;
	/** Sum of squared distances from the mean. */
	squares: number;
}

/** Mean and unbiased standard deviation over all batches seen (Chan's parallel update). */
export class RunningMoments {
	#state: RunningMomentsState = { count: 0, mean: 0, squares: 0 };

	static from(state: RunningMomentsState): RunningMoments {
		const moments = new RunningMoments();
		moments.#state = { ...state };
		return moments;
	}

	update(values: F): void {
		if (values.length === 0) {
			return;
		}
		const { count, mean: center, squares } = this.#state;
		const total = count + values.length;
		const delta = mean(values) - center;
		this.#state = {
			count: total,
			mean: center + (delta * values.length) / total,
			squares:
				squares +
				populationVariance(values) * values.length +
				(delta ** 2 * count * values.length) / total
		};
	}

	get mean(): number {
		return this.#state.mean;
	}

	/** 1 until two values have been seen, so that dividing by it is always safe to begin with. */
	get standardDeviation(): number {
		const { count, squares } = this.#state;
		return count > 1 ? Math.sqrt(squares / (count - 1)) : 1;
	}

	state(): RunningMomentsState {
		return { ...this.#state };
	}
}
