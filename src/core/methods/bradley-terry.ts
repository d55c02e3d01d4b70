/**
 * Bradley-Terry reward modelling: P(a better than b) = sigmoid(r_a - r_b), fitted by cross-entropy.
 * Bradley & Terry 1952; for language models Ziegler et al. 2019, Stiennon et al. 2020, Ouyang et al. 2022.
 * Follows TRL reward_trainer.py:749-756 (margin, centering; centering is eq. 2 of arXiv 2312.09244) and imitation
 * preference_comparisons.py:520-525, 1088-1090 (soft labels, lapse noise).
 * Deviations: ties stay in, as label 0.5 (TRL's advice is to drop them). Lapse noise, p = n/2 + (1-n) sigmoid(d), is not
 * clipped at |d| = 50: the sum is stable as it stands. A margin always counts for the better side.
 */
import type { RewardPooling } from '../config';
import type { F, Loss } from './loss';
import { at, clamp, sigmoid, softplus } from './math';
import { readRewards, spreadRewards } from './reward-reading';

export interface BradleyTerryOptions {
	/** Weight of mean((r_a + r_b)^2), which keeps rewards around 0; 0 = off. */
	center?: number;
	/** Probability that an answer is the wrong way round; 0 = off. */
	labelSmoothing?: number;
	/** Probability of an answer given at random: caps what one mis-click can cost. 0 = off. */
	lapse?: number;
	/** [n], by how much the better side should lead; absent = 0. */
	margin?: F;
}

export interface Pairs {
	/** [n], rewards of both sides. */
	a: F;
	b: F;
	/** [n], probability that a is better: 1, 0, 0.5 for a tie, or anything between. */
	y: F;
}

export interface PairMetrics {
	/** Share of decided pairs (y not 0.5) whose better side has the higher reward; equal rewards count half. NaN if none. */
	accuracy: number;
	/** The same with equal rewards counted as wrong (RewardBench). */
	strictAccuracy: number;
	/** Mean lead of the better side over decided pairs; NaN if none. */
	margin: number;
	/** Over both sides of all pairs. */
	meanReward: number;
	minReward: number;
	maxReward: number;
}

export interface BradleyTerryResult {
	/** Mean over pairs, nats. */
	loss: number;
	/** [n], gradients of the mean. */
	dA: F;
	dB: F;
	/** [n], without centering. */
	perPair: F;
	metrics: PairMetrics;
}

/** -ln(n/2 + (1-n) sigmoid(d)) and its derivative by d. */
function lapsedNll(d: number, lapse: number): [number, number] {
	if (lapse === 0) {
		return [softplus(-d), -sigmoid(-d)];
	}
	const p = sigmoid(d);
	const seen = lapse / 2 + (1 - lapse) * p;
	return [-Math.log(seen), (-(1 - lapse) * p * sigmoid(-d)) / seen];
}

/** Loss of a lead d for the side called better, and its derivative. */
function leadNll(d: number, lapse: number, smoothing: number): [number, number] {
	const [right, dRight] = lapsedNll(d, lapse);
	if (smoothing === 0) {
		return [right, dRight];
	}
	const [wrong, dWrong] = lapsedNll(-d, lapse);
	return [
		(1 - smoothing) * right + smoothing * wrong,
		(1 - smoothing) * dRight - smoothing * dWrong
	];
}

/** Loss, gradients and metrics of n pairs. Throws RangeError on lengths that differ or a probability outside [0, 1]. */
export function bradleyTerry(pairs: Pairs, options: BradleyTerryOptions = {}): BradleyTerryResult {
	const { center = 0, labelSmoothing = 0, lapse = 0, margin } = options;
	const n = pairs.y.length;
	assertPairs(pairs, options);
	const dA = new Float64Array(n);
	const dB = new Float64Array(n);
	const perPair = new Float64Array(n);
	let loss = 0;
	for (let i = 0; i < n; i++) {
		const a = at(pairs.a, i);
		const b = at(pairs.b, i);
		const y = at(pairs.y, i);
		const m = margin ? at(margin, i) : 0;
		const [lossA, slopeA] = leadNll(a - b - m, lapse, labelSmoothing);
		const [lossB, slopeB] = leadNll(b - a - m, lapse, labelSmoothing);
		const slope = y * slopeA - (1 - y) * slopeB;
		perPair[i] = y * lossA + (1 - y) * lossB;
		loss += (at(perPair, i) + center * (a + b) ** 2) / n;
		dA[i] = (slope + 2 * center * (a + b)) / n;
		dB[i] = (-slope + 2 * center * (a + b)) / n;
	}
	return { loss: n === 0 ? NaN : loss, dA, dB, perPair, metrics: pairMetrics(pairs) };
}

function assertPairs({ a, b, y }: Pairs, options: BradleyTerryOptions): void {
	const { labelSmoothing = 0, lapse = 0, margin = y } = options;
	if (a.length !== y.length || b.length !== y.length || margin.length !== y.length) {
		throw new RangeError(`lengths differ: ${a.length}, ${b.length}, ${y.length}, ${margin.length}`);
	}
	for (const p of [lapse, labelSmoothing, ...y]) {
		if (p !== clamp(p, 0, 1)) {
			throw new RangeError(`${p} is not a probability`);
		}
	}
}

/** What is reported about pairs; ties say nothing about which reward should be higher, so accuracy leaves them out. */
export function pairMetrics({ a, b, y }: Pairs): PairMetrics {
	let decided = 0;
	let right = 0;
	let level = 0;
	let lead = 0;
	let sum = 0;
	let low = Infinity;
	let high = -Infinity;
	for (let i = 0; i < y.length; i++) {
		const difference = (at(a, i) - at(b, i)) * Math.sign(at(y, i) - 0.5);
		sum += at(a, i) + at(b, i);
		low = Math.min(low, at(a, i), at(b, i));
		high = Math.max(high, at(a, i), at(b, i));
		if (at(y, i) === 0.5) {
			continue;
		}
		decided++;
		lead += difference;
		if (difference > 0) {
			right++;
		}
		if (difference === 0) {
			level++;
		}
	}
	return {
		accuracy: (right + level / 2) / decided,
		strictAccuracy: right / decided,
		margin: lead / decided,
		meanReward: sum / (2 * y.length),
		minReward: low,
		maxReward: high
	};
}

/**
 * The loss of a batch whose rows are a_0, b_0, a_1, b_1, …, rewards read from head 0 as `pooling` says.
 * y: [B/2]. Metrics carry the keys of the catalogue.
 */
export function bradleyTerryLoss(
	y: F,
	options: BradleyTerryOptions & { pooling?: RewardPooling } = {}
): Loss {
	const { pooling = 'last', ...rest } = options;
	return (scores, batch) => {
		const value = scores.value[0];
		if (value === undefined) {
			throw new Error('the reward loss needs a model with a scalar head');
		}
		if (batch.B !== 2 * y.length) {
			throw new RangeError(`${batch.B} rows for ${y.length} pairs`);
		}
		const rewards = readRewards(batch, value, pooling);
		const a = rewards.filter((_, row) => row % 2 === 0);
		const b = rewards.filter((_, row) => row % 2 === 1);
		const result = bradleyTerry({ a, b, y }, rest);
		const dReward = rewards.map((_, row) =>
			at(row % 2 === 0 ? result.dA : result.dB, Math.floor(row / 2))
		);
		const { accuracy, margin, meanReward } = result.metrics;
		return {
			loss: result.loss,
			dValue: [spreadRewards(batch, dReward, pooling)],
			metrics: {
				'reward/loss': result.loss,
				'reward/accuracy': accuracy,
				'reward/margin': margin,
				'reward/mean': meanReward
			}
		};
	};
}
