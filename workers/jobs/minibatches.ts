/** The optimiser steps of one rollout: epochs of freshly shuffled minibatches. */
import type { OnPolicyConfig } from '../../src/core/config';
import { selectRows } from '../../src/core/methods/response';
import { Random, deriveSeed } from '../../src/core/random';
import type { Batch, LanguageModel, Loss, LossResult, StepOptions } from '../engine/language-model';
import { MetricMeans } from './metric-means';

export interface Updates {
	policy: LanguageModel;
	batch: Batch;
	config: Pick<OnPolicyConfig, 'temperature' | 'microTokens' | 'clipNorm' | 'weightDecay'>;
	epochs: number;
	minibatches: number;
	/** Rows that stay together: 1, or the size of a group. */
	unit: number;
	seed: number;
	iteration: number;
	lr: StepOptions['lr'];
	/** Stop the epochs when policy/policykl of a minibatch exceeds 1.5 times this; 0 = never. */
	targetPolicyKl: number;
	signal: AbortSignal;
	/** The loss of the rows of a minibatch. */
	lossOf: (rows: readonly number[]) => Loss;
}

export interface UpdateOutcome {
	/** Means over the minibatches that were learned from. */
	update: Record<string, number>;
	/** Of the first minibatch, before its step. */
	first: LossResult | null;
}

export async function updatePolicy(o: Updates): Promise<UpdateOutcome> {
	const means = new MetricMeans();
	let first: LossResult | null = null;
	for (let epoch = 0; epoch < o.epochs; epoch++) {
		for (const rows of minibatchRows(o, epoch)) {
			const { result, isTooFar, gradNorm } = await learnMinibatch(o, rows);
			first ??= result;
			if (gradNorm !== null) {
				means.add({ ...result.metrics, grad_norm: gradNorm });
			}
			if (isTooFar) {
				return { update: means.means(), first };
			}
		}
	}
	return { update: means.means(), first };
}

export interface MinibatchOutcome {
	/** Before the step. */
	result: LossResult;
	/** The policy has moved further than allowed: nothing was learned, and the epochs end. */
	isTooFar: boolean;
	/** null where nothing was learned. */
	gradNorm: number | null;
}

/** One optimiser step on the rows of a minibatch. */
export async function learnMinibatch(
	o: Pick<Updates, 'policy' | 'config' | 'batch' | 'lossOf' | 'lr' | 'targetPolicyKl' | 'signal'>,
	rows: readonly number[]
): Promise<MinibatchOutcome> {
	const { policy, config } = o;
	const result = await policy.backward(selectRows(o.batch, rows), o.lossOf(rows), {
		temperature: config.temperature,
		microTokens: config.microTokens,
		signal: o.signal
	});
	const isTooFar =
		o.targetPolicyKl > 0 && (result.metrics['policy/policykl'] ?? 0) > 1.5 * o.targetPolicyKl;
	if (result.skip !== undefined || isTooFar) {
		policy.zeroGrad();
		return { result, isTooFar, gradNorm: null };
	}
	const { gradNorm } = await policy.step({
		lr: o.lr,
		clipNorm: config.clipNorm,
		weightDecay: config.weightDecay
	});
	return { result, isTooFar, gradNorm };
}

/** Rows of each minibatch of an epoch. */
export function minibatchRows(
	{
		batch,
		unit,
		minibatches,
		seed,
		iteration
	}: Pick<Updates, 'batch' | 'unit' | 'minibatches' | 'seed' | 'iteration'>,
	epoch: number
): number[][] {
	const random = new Random(deriveSeed(seed, `minibatches ${iteration} ${epoch}`));
	const units = Array.from({ length: batch.B / unit }, (_, u) => u);
	// One minibatch keeps the rollout's order: its sums are then those of the score pass, to the last bit.
	const order = minibatches > 1 ? random.shuffle(units) : units;
	const size = Math.ceil(units.length / minibatches);
	const parts: number[][] = [];
	for (let start = 0; start < units.length; start += size) {
		parts.push(
			order
				.slice(start, start + size)
				.flatMap((u) => Array.from({ length: unit }, (_, k) => u * unit + k))
		);
	}
	return parts;
}
