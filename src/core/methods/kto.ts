/**
 * KTO (Ethayarajh et al. 2024, arXiv 2402.01306; HALOs trainers.py:855-917; TRL kto_trainer.py:1552-1592): learning from single
 * completions called good or bad. With x = ln pi - ln rho of a completion and z = max(0, mean of x over mismatched prompts
 * and completions), a constant: good ones cost lambda_D (1 - sigmoid(beta (x - z))), bad ones lambda_U (1 - sigmoid(beta (z - x))).
 * Weights balance the two kinds: lambda_D n_D / (lambda_U n_U) between 1 and 4/3 (section 4.2 of the paper).
 * Deviations: rows without a response token are left out of the mean; with one kind of label alone both weights are 1.
 */
import type { Batch, F, Loss } from './loss';
import { at, mean, sigmoid } from './math';
import { spreadToTokens } from './preference-pairs';
import { responseLengths, responseSpan, responseSums } from './response';

const LEAST_BALANCE = 1;
const MOST_BALANCE = 4 / 3;

export interface KtoOptions {
	beta: number;
	weights: KtoWeights;
}

export interface KtoWeights {
	desirable: number;
	undesirable: number;
}

/** Weights from how many completions were called good and bad: the rarer kind is raised just far enough. */
export function ktoWeights(good: number, bad: number): KtoWeights {
	const balance = good / bad;
	if (good === 0 || bad === 0 || (balance >= LEAST_BALANCE && balance <= MOST_BALANCE)) {
		return { desirable: 1, undesirable: 1 };
	}
	return balance < LEAST_BALANCE
		? { desirable: LEAST_BALANCE / balance, undesirable: 1 }
		: { desirable: 1, undesirable: balance / MOST_BALANCE };
}

/**
 * Every prompt with the completion of the next row (the last with that of the first): a batch that the policy would hardly
 * write. Throws RangeError for fewer than two rows.
 */
export function mismatchedBatch(batch: Batch): Batch {
	const { B, T } = batch;
	if (B < 2) {
		throw new RangeError(`${B} rows cannot be mismatched`);
	}
	const rows = Array.from({ length: B }, (_, b) => {
		const next = (b + 1) % B;
		const { start, end } = responseSpan(batch, next);
		const prompt = batch.ids.subarray(b * T, b * T + at(batch.promptLength, b));
		return {
			prompt,
			completion: batch.ids.subarray(next * T + start, next * T + Math.max(start, end))
		};
	});
	const length = Int32Array.from(rows, (row) => row.prompt.length + row.completion.length);
	const width = Math.max(...length);
	const ids = new Int32Array(B * width);
	rows.forEach(({ prompt, completion }, b) => {
		ids.set(prompt, b * width);
		ids.set(completion, b * width + prompt.length);
	});
	return { B, T: width, ids, promptLength: batch.promptLength.slice(), length };
}

/** z from log-probabilities of whole mismatched rows, [B] each: the drift that any completion shows. 0 for none. */
export function ktoReference(policy: ArrayLike<number>, reference: ArrayLike<number>): number {
	if (policy.length !== reference.length) {
		throw new RangeError(`lengths ${policy.length} and ${reference.length} differ`);
	}
	const ratios = Array.from(policy, (p, i) => p - at(reference, i));
	return ratios.length === 0 ? 0 : Math.max(0, mean(ratios));
}

export interface KtoRows {
	/** [n] each: log-probabilities of whole completions. */
	policy: ArrayLike<number>;
	reference: ArrayLike<number>;
	/** [n] */
	desirable: readonly boolean[];
	/** [n], response tokens; absent = none is empty. */
	lengths?: ArrayLike<number>;
}

export interface KtoResult {
	/** Mean over the rows used; NaN if there are none. */
	loss: number;
	/** [n], gradient by the policy's log-probabilities. */
	dPolicy: F;
	leftOut: number;
	metrics: Record<string, number>;
}

/** Loss and gradient of n labelled completions at a given z. */
export function ktoTerms(rows: KtoRows, z: number, { beta, weights }: KtoOptions): KtoResult {
	const n = rows.policy.length;
	if (rows.reference.length !== n || rows.desirable.length !== n || !(beta > 0) || !(z >= 0)) {
		throw new RangeError(`KTO of ${n} rows with beta ${beta} and z ${z}`);
	}
	const dPolicy = new Float64Array(n);
	const rewards: Record<'chosen' | 'rejected', number[]> = { chosen: [], rejected: [] };
	let sum = 0;
	let used = 0;
	for (let i = 0; i < n; i++) {
		if (rows.lengths && at(rows.lengths, i) < 1) {
			continue;
		}
		const isGood = rows.desirable[i] === true;
		const sign = isGood ? 1 : -1;
		const weight = isGood ? weights.desirable : weights.undesirable;
		const x = at(rows.policy, i) - at(rows.reference, i);
		const value = sigmoid(sign * beta * (x - z));
		sum += weight * (1 - value);
		dPolicy[i] = -sign * weight * beta * value * (1 - value);
		rewards[isGood ? 'chosen' : 'rejected'].push(beta * x);
		used++;
	}
	const { chosen, rejected } = rewards;
	return {
		loss: sum / used,
		dPolicy: dPolicy.map((d) => d / Math.max(1, used)),
		leftOut: n - used,
		metrics: {
			...(used > 0 && { 'loss/preference': sum / used }),
			...(chosen.length > 0 && { 'rewards/chosen': mean(chosen) }),
			...(rejected.length > 0 && { 'rewards/rejected': mean(rejected) }),
			...(chosen.length > 0 &&
				rejected.length > 0 && { 'rewards/margins': mean(chosen) - mean(rejected) }),
			'kto/kl': z,
			'val/pairs_left_out': n - used
		}
	};
}

export interface KtoTargets {
	/** [B] */
	desirable: readonly boolean[];
	/** [B], sums over response tokens under the frozen reference. */
	refLogProb: ArrayLike<number>;
	/** `ktoReference` of the same batch, mismatched, under the policy as it is now. */
	z: number;
}

/** The loss of a batch of labelled completions; skipped where every one is empty. */
export function ktoLoss({ desirable, refLogProb, z }: KtoTargets, options: KtoOptions): Loss {
	return (scores, batch) => {
		const { loss, dPolicy, leftOut, metrics } = ktoTerms(
			{
				policy: responseSums(batch, scores.logProb),
				reference: refLogProb,
				desirable,
				lengths: responseLengths(batch)
			},
			z,
			options
		);
		const isEmpty = leftOut === batch.B;
		return {
			loss: isEmpty ? 0 : loss,
			dLogProb: spreadToTokens(batch, dPolicy),
			metrics,
			...(isEmpty && { skip: 'no completion has a token' })
		};
	};
}
