/**
 * What DPO and its relatives share: a loss on the log-probabilities of two whole completions of one prompt. Each method is a
 * `PairObjective`, the loss of a pair whose first completion is the better one. A label y between 0 and 1 mixes both
 * readings, y * loss(a, b) + (1 - y) * loss(b, a): a tie is 0.5, and stays in (TRL's advice is to drop ties).
 * Log-probabilities are sums over response tokens. A pair with an empty side has nothing to compare per token: it is left
 * out of the mean and counted.
 */
import type { Batch, F, Loss } from './loss';
import { at, clamp } from './math';
import { responseLengths, responseSpan, responseSums } from './response';

/** One completion as a whole. */
export interface SequenceScore {
	/** ln pi(y | x), summed over its tokens, nats. */
	policy: number;
	/** ln rho(y | x) of the frozen reference; methods without a reference do not read it. */
	reference: number;
	/** Response tokens, 1 or more. */
	length: number;
}

export interface PairTerm {
	loss: number;
	/** Derivatives by `better.policy` and `worse.policy`. */
	dBetter: number;
	dWorse: number;
}

export interface PairObjective {
	termOf(better: SequenceScore, worse: SequenceScore): PairTerm;
	/** What the method takes for the reward of a completion: the difference decides who is ahead. */
	implicitReward(sequence: SequenceScore): number;
}

export interface SequencePairs {
	/** [n] each. */
	a: readonly SequenceScore[];
	b: readonly SequenceScore[];
	/** [n], probability that a is better. */
	y: ArrayLike<number>;
}

export interface PreferenceResult {
	/** Mean over the pairs used; NaN if there are none. */
	loss: number;
	/** [n], gradients of the mean by the policy's log-probabilities; 0 for pairs left out. */
	dA: F;
	dB: F;
	/** [n], NaN for pairs left out. */
	perPair: F;
	/** Pairs with an empty side. */
	leftOut: number;
	/** Keys of the catalogue. */
	metrics: Record<string, number>;
}

function assertPairs({ a, b, y }: SequencePairs): void {
	if (a.length !== y.length || b.length !== y.length) {
		throw new RangeError(`lengths differ: ${a.length}, ${b.length}, ${y.length}`);
	}
	for (let i = 0; i < y.length; i++) {
		if (at(y, i) !== clamp(at(y, i), 0, 1)) {
			throw new RangeError(`${at(y, i)} is not a probability`);
		}
	}
}

/** Sums for the means over decided pairs; a tie says nothing about which side was chosen. */
class Chosen {
	#n = 0;
	#right = 0;
	readonly #sums = { chosen: 0, rejected: 0, chosenLogProb: 0, rejectedLogProb: 0 };

	add(objective: PairObjective, better: SequenceScore, worse: SequenceScore): void {
		const [chosen, rejected] = [objective.implicitReward(better), objective.implicitReward(worse)];
		this.#n++;
		this.#right += chosen > rejected ? 1 : chosen === rejected ? 0.5 : 0;
		this.#sums.chosen += chosen;
		this.#sums.rejected += rejected;
		this.#sums.chosenLogProb += better.policy;
		this.#sums.rejectedLogProb += worse.policy;
	}

	metrics(): Record<string, number> {
		const { chosen, rejected, chosenLogProb, rejectedLogProb } = this.#sums;
		// Without a decided pair there is no mean, and a key that is absent is no point on a chart.
		return this.#n === 0
			? {}
			: {
					'rewards/chosen': chosen / this.#n,
					'rewards/rejected': rejected / this.#n,
					'rewards/margins': (chosen - rejected) / this.#n,
					'rewards/accuracies': this.#right / this.#n,
					'logps/chosen': chosenLogProb / this.#n,
					'logps/rejected': rejectedLogProb / this.#n
				};
	}
}

/** Loss, gradients and metrics of n pairs. Throws RangeError on lengths that differ or a label outside [0, 1]. */
export function preferenceLoss(pairs: SequencePairs, objective: PairObjective): PreferenceResult {
	assertPairs(pairs);
	const n = pairs.y.length;
	const dA = new Float64Array(n);
	const dB = new Float64Array(n);
	const perPair = new Float64Array(n).fill(NaN);
	const used: number[] = [];
	const chosen = new Chosen();
	for (let i = 0; i < n; i++) {
		const [a, b, y] = [pairs.a[i], pairs.b[i], at(pairs.y, i)];
		if (!a || !b || a.length < 1 || b.length < 1) {
			continue;
		}
		const ab = objective.termOf(a, b);
		const ba = objective.termOf(b, a);
		// Exactly one reading where the label is sure: 0 times an infinite loss would be NaN.
		const mix = (x: number, z: number): number => (y === 1 ? x : y === 0 ? z : y * x + (1 - y) * z);
		perPair[i] = mix(ab.loss, ba.loss);
		dA[i] = mix(ab.dBetter, ba.dWorse);
		dB[i] = mix(ab.dWorse, ba.dBetter);
		used.push(i);
		if (y !== 0.5) {
			chosen.add(objective, y > 0.5 ? a : b, y > 0.5 ? b : a);
		}
	}
	const loss = used.reduce((sum, i) => sum + at(perPair, i), 0) / used.length;
	const scale = 1 / Math.max(1, used.length);
	const leftOut = n - used.length;
	return {
		loss,
		dA: dA.map((d) => d * scale),
		dB: dB.map((d) => d * scale),
		perPair,
		leftOut,
		metrics: {
			...(used.length > 0 && { 'loss/preference': loss }),
			...chosen.metrics(),
			'val/pairs_left_out': leftOut
		}
	};
}

/** Gradients by whole sequences, [B], as gradients by their tokens, [B*T]: a sum hands each of its terms the same. */
export function spreadToTokens(batch: Batch, dSequence: F): F {
	const dLogProb = new Float64Array(batch.B * batch.T);
	for (let b = 0; b < batch.B; b++) {
		const { start, end } = responseSpan(batch, b);
		if (start < end) {
			dLogProb.fill(at(dSequence, b), b * batch.T + start, b * batch.T + end);
		}
	}
	return dLogProb;
}

/** What is known of a batch whose rows are a_0, b_0, a_1, b_1, … before its update. */
export interface PairTargets {
	/** [B/2], probability that a is better. */
	y: ArrayLike<number>;
	/** [B], sums over response tokens under the frozen reference; a method without one takes none. */
	refLogProb?: ArrayLike<number>;
}

/** The loss of a batch of pairs through the policy's log-probabilities. Skipped where no pair can be used. */
export function pairwiseLoss({ y, refLogProb }: PairTargets, objective: PairObjective): Loss {
	return (scores, batch) => {
		if (batch.B !== 2 * y.length || (refLogProb && refLogProb.length !== batch.B)) {
			throw new RangeError(`${batch.B} rows for ${y.length} pairs`);
		}
		const policy = responseSums(batch, scores.logProb);
		const lengths = responseLengths(batch);
		const sequences = Array.from(policy, (sum, row) => ({
			policy: sum,
			reference: refLogProb ? at(refLogProb, row) : 0,
			length: at(lengths, row)
		}));
		const result = preferenceLoss(
			{
				a: sequences.filter((_, row) => row % 2 === 0),
				b: sequences.filter((_, row) => row % 2 === 1),
				y
			},
			objective
		);
		const dSequence = policy.map((_, row) =>
			at(row % 2 === 0 ? result.dA : result.dB, Math.floor(row / 2))
		);
		const isEmpty = result.leftOut === y.length;
		return {
			loss: isEmpty ? 0 : result.loss,
			dLogProb: spreadToTokens(batch, dSequence),
			metrics: result.metrics,
			...(isEmpty && { skip: 'no pair has two completions with a token each' })
		};
	};
}
