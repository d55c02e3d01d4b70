/**
 * Proximal policy optimisation for language models (Schulman et al. 2017, arXiv 1707.06347; Ziegler et al. 2019).
 * Follows openai/lm-human-preferences train_policy.py:343-360: clipped policy loss and clipped value loss, both token
 * means over ALL response tokens of the minibatch; total = policy + valueCoef * value - entropyCoef * entropy.
 * From OpenRLHF models/loss.py:166-193: asymmetric clipping, dual clip (arXiv 1912.09729), log-ratio held to +-20.
 * From TRL v0.11.4 ppo_trainer.py:1244-1251: a minibatch whose mean ratio exceeds 10 is skipped.
 * Deviations: approxkl, entropy and ratio are averaged over response tokens only (TRL averages over padding too, trl#6809);
 * val/ratio_var is the population variance over tokens of the minibatch, not over minibatch means.
 */
import { klLoss } from './kl-loss';
import type { F, Loss } from './loss';
import { at, clamp, mean, populationVariance, selectMasked } from './math';
import { gradientAfter, responseMask, valuesBefore } from './response';

/** e^20 is far beyond any useful ratio and far from overflow. */
const MAX_LOG_RATIO = 20;
const MAX_MEAN_RATIO = 10;

export interface PolicyLossInput {
	/** [n] each: log-probabilities now and when the batch was scored, and advantages. */
	logProb: F;
	oldLogProb: F;
	advantages: F;
	/** [n], 1 at response tokens. */
	mask: Uint8Array;
	/** The ratio is held to 1 - clipLow .. 1 + clipHigh. */
	clipLow: number;
	clipHigh: number;
	/** Where A < 0 the objective is at least dualClip * A (dualClip > 1); 0 = off. */
	dualClip: number;
	/** [n], share of each token in the loss; absent = 1 / tokens, the token mean. Metrics are token means in any case. */
	weights?: F;
}

export interface PolicyLoss {
	loss: number;
	/** [n], gradient of the loss; 0 off the mask. */
	dLogProb: F;
	/** Share of tokens at which the clipped term is the larger. */
	clipFraction: number;
	/** Estimates of KL(old || new), nats a token: mean(old - new), mean((new - old)^2) / 2, mean(expm1(d) - d). */
	approxKl: { k1: number; k2: number; k3: number };
	ratioMean: number;
	ratioVariance: number;
	/** [n], new over old probability; 0 off the mask. */
	ratio: F;
	/** [n], 1 where the clip holds the token. */
	clipped: F;
}

/** mean_mask max(-A ratio, -A clip(ratio)). All zeros, and NaN means, where the mask is empty. */
export function policyLoss(input: PolicyLossInput): PolicyLoss {
	const { mask, clipLow, clipHigh, dualClip, weights } = input;
	const size = input.logProb.length;
	const n = countTokens(mask, [
		input.logProb,
		input.oldLogProb,
		input.advantages,
		...(weights ? [weights] : [])
	]);
	const dLogProb = new Float64Array(size);
	const ratio = new Float64Array(size);
	const clipped = new Float64Array(size);
	const approxKl = { k1: 0, k2: 0, k3: 0 };
	let loss = 0;
	let clipCount = 0;
	for (let i = 0; i < size; i++) {
		if (mask[i] !== 1) {
			continue;
		}
		const difference = at(input.logProb, i) - at(input.oldLogProb, i);
		const advantage = at(input.advantages, i);
		const r = Math.exp(clamp(difference, -MAX_LOG_RATIO, MAX_LOG_RATIO));
		const free = -advantage * r;
		const held = -advantage * clamp(r, 1 - clipLow, 1 + clipHigh);
		const isClipped = held > free;
		const ceiling = dualClip > 0 && advantage < 0 ? -dualClip * advantage : Infinity;
		const term = Math.max(free, held);
		const hasSlope = !isClipped && term < ceiling && Math.abs(difference) < MAX_LOG_RATIO;
		if (weights) {
			loss += Math.min(term, ceiling) * at(weights, i);
			dLogProb[i] = hasSlope ? free * at(weights, i) : 0;
		} else {
			loss += Math.min(term, ceiling) / n;
			dLogProb[i] = hasSlope ? free / n : 0;
		}
		ratio[i] = r;
		clipped[i] = isClipped ? 1 : 0;
		clipCount += isClipped ? 1 : 0;
		approxKl.k1 -= difference / n;
		approxKl.k2 += difference ** 2 / 2 / n;
		approxKl.k3 += (Math.expm1(difference) - difference) / n;
	}
	const ratios = selectMasked(ratio, mask);
	return {
		loss,
		dLogProb,
		clipFraction: clipCount / n,
		approxKl,
		ratioMean: mean(ratios),
		ratioVariance: populationVariance(ratios),
		ratio,
		clipped
	};
}

function countTokens(mask: Uint8Array, arrays: readonly F[]): number {
	for (const array of arrays) {
		if (array.length !== mask.length) {
			throw new RangeError(`${array.length} values with a mask of ${mask.length}`);
		}
	}
	return responseTokens(mask);
}

export interface ValueLossInput {
	/** [n] each: V before each token now, when the batch was scored, and what it should have been. */
	values: F;
	oldValues: F;
	returns: F;
	mask: Uint8Array;
	/** The value may move this far from the old one, in units of reward; 0 = off. */
	clip: number;
}

export interface ValueLoss {
	loss: number;
	/** [n], gradient of the loss; 0 off the mask. */
	dValues: F;
	/** Share of tokens at which the clipped term is the larger. */
	clipFraction: number;
	/** mean((V - R)^2), unclipped. */
	error: number;
	/** 1 - error / var(R): 1 is perfect, 0 no better than the mean, NaN for returns that are all equal. */
	explainedVariance: number;
}

/** 0.5 mean_mask max((V - R)^2, (clip(V, V_old +- c) - R)^2). */
export function valueLoss({ values, oldValues, returns, mask, clip }: ValueLossInput): ValueLoss {
	const n = countTokens(mask, [values, oldValues, returns]);
	const dValues = new Float64Array(values.length);
	let loss = 0;
	let error = 0;
	let clipCount = 0;
	for (let i = 0; i < values.length; i++) {
		if (mask[i] !== 1) {
			continue;
		}
		const value = at(values, i);
		const old = at(oldValues, i);
		const target = at(returns, i);
		const free = (value - target) ** 2;
		const held = clip > 0 ? (clamp(value, old - clip, old + clip) - target) ** 2 : free;
		const isClipped = held > free;
		loss += (0.5 * Math.max(free, held)) / n;
		error += free / n;
		clipCount += isClipped ? 1 : 0;
		dValues[i] = isClipped ? 0 : (value - target) / n;
	}
	return {
		loss,
		dValues,
		clipFraction: clipCount / n,
		error,
		explainedVariance: explainedVariance(error, selectMasked(returns, mask))
	};
}

function explainedVariance(error: number, returns: F): number {
	const variance = populationVariance(returns);
	return variance > 0 ? 1 - error / variance : NaN;
}

/** A scored and rewarded minibatch; every array is [B*T] in the layout of `Scores` and rows of the same batch. */
export interface PpoTargets {
	oldLogProb: F;
	/** `value[0]` of the same score pass: read after each token. */
	oldValue: F;
	/** At the response columns, whitened or not. */
	advantages: F;
	/** At the response columns, never whitened. */
	returns: F;
	/** Of the frozen reference; read where the drift is paid for in the loss. */
	refLogProb?: F;
}

export interface PpoLossOptions {
	clipRange: number;
	/** Upper clip where it differs (`clipRange` is then the lower). */
	clipRangeHigh?: number;
	dualClip: number;
	valueClip: number;
	valueCoef: number;
	entropyCoef: number;
	/** true while the critic warms up: only the value loss has gradients. */
	valueOnly?: boolean;
	/**
	 * Price of drifting in the loss instead of the reward, per nat a token; 0 = off. The estimator is k2, whose gradient on the
	 * policy's own tokens is that of the KL (k1 as a loss has none, k3 as a loss has that of the forward KL: arXiv 2510.01555).
	 */
	klLossCoef?: number;
}

/** The whole PPO loss of one minibatch. Metrics carry the keys of the catalogue; an empty minibatch is skipped. */
export function ppoLoss(targets: PpoTargets, options: PpoLossOptions): Loss {
	return (scores, batch) => {
		const value = scores.value[0];
		if (value === undefined) {
			throw new Error('PPO needs a model with a value head');
		}
		const mask = responseMask(batch);
		const policy = policyLoss({
			logProb: scores.logProb,
			oldLogProb: targets.oldLogProb,
			advantages: targets.advantages,
			mask,
			clipLow: options.clipRange,
			clipHigh: options.clipRangeHigh ?? options.clipRange,
			dualClip: options.dualClip
		});
		const critic = valueLoss({
			values: valuesBefore(batch, value),
			oldValues: valuesBefore(batch, targets.oldValue),
			returns: targets.returns,
			mask,
			clip: options.valueClip
		});
		const entropies = selectMasked(scores.entropy, mask);
		const entropy = mean(entropies);
		const { valueCoef, entropyCoef, valueOnly = false, klLossCoef = 0 } = options;
		const share = klLossCoef / Math.max(1, responseTokens(mask));
		const drift = klLoss(
			scores.logProb,
			targets.refLogProb,
			Float64Array.from(mask, (bit) => bit * share),
			'k2'
		);
		const bonus = entropies.length === 0 ? 0 : entropyCoef * entropy;
		const dValue = gradientAfter(batch, critic.dValues).map((d) => d * valueCoef);
		const dEntropy = Float64Array.from(
			mask,
			(bit) => (-bit * entropyCoef) / Math.max(1, entropies.length)
		);
		const skip = reasonToSkip(entropies.length, policy.ratioMean);
		return {
			loss: (valueOnly ? 0 : policy.loss + drift.loss - bonus) + valueCoef * critic.loss,
			...(valueOnly ? {} : { dLogProb: policy.dLogProb.map((d, i) => d + at(drift.dLogProb, i)) }),
			...(valueOnly || entropyCoef === 0 ? {} : { dEntropy }),
			dValue: [dValue],
			metrics: {
				'policy/approxkl_avg': policy.approxKl.k2,
				'policy/policykl': policy.approxKl.k1,
				'policy/clipfrac_avg': policy.clipFraction,
				'policy/entropy_avg': entropy,
				'loss/policy_avg': policy.loss,
				...(klLossCoef > 0 && { 'loss/kl_avg': drift.loss }),
				'loss/value_avg': critic.loss,
				'val/clipfrac_avg': critic.clipFraction,
				'val/explained_variance': critic.explainedVariance,
				'val/ratio': policy.ratioMean,
				'val/ratio_var': policy.ratioVariance
			},
			trace: { ratio: policy.ratio, clipped: policy.clipped },
			...(skip === null ? {} : { skip })
		};
	};
}

function responseTokens(mask: Uint8Array): number {
	return mask.reduce((sum, bit) => sum + bit, 0);
}

function reasonToSkip(tokens: number, ratioMean: number): string | null {
	if (tokens === 0) {
		return 'the minibatch has no response token';
	}
	if (ratioMean > MAX_MEAN_RATIO) {
		return `the mean probability ratio is ${ratioMean.toFixed(1)}, above ${MAX_MEAN_RATIO}`;
	}
	return null;
}
