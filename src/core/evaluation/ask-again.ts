/**
 * Whether a person should be asked again before the next round: the reward model is surer of the base model's texts than of
 * those that the tuned one writes now (Gao et al. 2023; Coste et al. 2024: over-optimisation begins where the ensemble disagrees).
 * Texts are paired by prompt and seed; the mean of the differences decides, by its 95 % interval.
 */
import { type Interval, meanInterval } from './intervals';

/** Fewer texts tell nothing about a mean. */
const LEAST_TEXTS = 8;

export type AskAgain =
	| { verdict: 'ask' | 'go-on'; before: number; after: number; difference: Interval }
	/** The reward model has no ensemble, or too little was written. */
	| { verdict: 'unknown' };

/** Spreads of the ensemble over texts by the base model and by the tuned one, sd of the base; of the same length. */
export function askAgain(
	before: readonly number[] | undefined,
	after: readonly number[] | undefined
): AskAgain {
	if (!before || !after || before.length !== after.length || before.length < LEAST_TEXTS) {
		return { verdict: 'unknown' };
	}
	const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
	const difference = meanInterval(after.map((x, i) => x - (before[i] ?? NaN)));
	return {
		verdict: difference.low > 0 ? 'ask' : 'go-on',
		before: mean(before),
		after: mean(after),
		difference
	};
}
