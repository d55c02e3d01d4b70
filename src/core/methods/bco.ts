/**
 * Binary classifier optimisation (Jung et al. 2024, arXiv 2404.04656; TRL bco_trainer.py:1252-1263): completions called good
 * or bad, with x = beta (ln pi - ln rho): softplus(-(x - delta)) for good ones, softplus(x - delta) for bad ones. delta is
 * a running mean of x over both kinds and takes no gradient.
 * Deviation: TRL's correction for prompts that differ between the kinds (a learned density ratio) is not made.
 */
import { RunningMoments } from './reward-normalisation';
import type { F, Loss } from './loss';
import { at, mean, sigmoid, softplus } from './math';
import { spreadToTokens } from './preference-pairs';
import { responseLengths, responseSums } from './response';

export interface BcoResult {
	/** Mean over completions; NaN for none. */
	loss: number;
	/** [n], gradient by x. */
	dReward: F;
}

/** rewards: [n], x of each completion. */
export function bcoTerms(
	rewards: ArrayLike<number>,
	desirable: readonly boolean[],
	delta: number
): BcoResult {
	const n = rewards.length;
	if (desirable.length !== n) {
		throw new RangeError(`${n} rewards with ${desirable.length} labels`);
	}
	const signs = desirable.map((isGood) => (isGood ? 1 : -1));
	const leads = Float64Array.from(signs, (sign, i) => sign * (at(rewards, i) - delta));
	return {
		loss: mean(leads.map((lead) => softplus(-lead))),
		dReward: leads.map((lead, i) => (-at(signs, i) * sigmoid(-lead)) / n)
	};
}

/** The running mean of implicit rewards: half the mean over good and half that over bad ones of each batch (TRL). */
export class BcoDelta {
	readonly #moments = new RunningMoments();

	get value(): number {
		return this.#moments.mean;
	}

	update(rewards: F, desirable: readonly boolean[]): void {
		const good = rewards.filter((_, i) => desirable[i] === true);
		const bad = rewards.filter((_, i) => desirable[i] !== true);
		const kinds = [good, bad].filter((kind) => kind.length > 0).map(mean);
		this.#moments.update(Float64Array.from(kinds));
	}
}

export interface BcoTargets {
	desirable: readonly boolean[];
	/** [B], sums over response tokens under the frozen reference. */
	refLogProb: ArrayLike<number>;
	delta: number;
}

/** The loss of a batch of labelled completions, all of which need a response token; skipped where one has none. */
export function bcoLoss({ desirable, refLogProb, delta }: BcoTargets, beta: number): Loss {
	return (scores, batch) => {
		const policy = responseSums(batch, scores.logProb);
		const rewards = policy.map((sum, b) => beta * (sum - at(refLogProb, b)));
		const { loss, dReward } = bcoTerms(rewards, desirable, delta);
		const empty = responseLengths(batch).filter((n) => n === 0).length;
		const isUsable = empty === 0 && batch.B > 0;
		return {
			loss: isUsable ? loss : 0,
			dLogProb: spreadToTokens(
				batch,
				dReward.map((d) => d * beta)
			),
			metrics: { ...(isUsable && { 'loss/preference': loss }), 'val/pairs_left_out': empty },
			...(!isUsable && { skip: `${empty} of ${batch.B} completions have no token` })
		};
	};
}
