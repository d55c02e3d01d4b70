/**
 * What must hold in every tuning run, checked while it runs. A red light means that the arithmetic is wrong, not that learning
 * goes badly. Limits depend on the backend: GPU kernels round differently from one shape to the next.
 */
import type { Batch, F, LossResult } from './methods/loss';
import { at } from './methods/math';
import { responseMask } from './methods/response';
import type { InvariantCheck } from './records';

export type InvariantKey =
	| 'first-minibatch-ratio'
	| 'first-minibatch-approxkl'
	| 'first-minibatch-clipfrac'
	| 'sampler-log-prob'
	| 'kl-at-start'
	| 'entropy'
	| 'reference-unchanged'
	| 'finite';

export interface InvariantText {
	label: string;
	/** Why it must hold. */
	help: string;
	/** What a red light points at. */
	whenBroken: string;
}

export const INVARIANTS: Readonly<Record<InvariantKey, InvariantText>> = {
	'first-minibatch-ratio': {
		label: 'The update starts at ratio 1',
		help: 'Before anything is learned the policy is compared with itself, so every token is exactly as likely as before.',
		whenBroken:
			'The pass that scores the batch and the pass that learns from it give different numbers: a faulty kernel, or a temperature that differs between them.'
	},
	'first-minibatch-approxkl': {
		label: 'The update starts at no drift',
		help: 'The policy has no distance from itself.',
		whenBroken:
			'The pass that scores the batch and the pass that learns from it give different numbers, even if they agree on average.'
	},
	'first-minibatch-clipfrac': {
		label: 'The update starts with nothing clipped',
		help: 'A ratio of 1 is inside any clip range.',
		whenBroken:
			'Some tokens are scored very differently by the two passes: look at long rows and at padding.'
	},
	'sampler-log-prob': {
		label: 'The sampler agrees with the scorer',
		help: 'What the sampler says about the tokens it drew must be what a full pass says about them.',
		whenBroken:
			'The cached attention of the sampler and the full pass disagree, or the sampler drew from another distribution than the one that is scored.'
	},
	'kl-at-start': {
		label: 'No drift from the base at the start',
		help: 'Before the first update the policy and the reference are the same model.',
		whenBroken:
			'The reference is not the model that tuning started from, or the two are scored at different temperatures.'
	},
	entropy: {
		label: 'Uncertainty is never negative',
		help: 'The entropy of a distribution cannot be below 0.',
		whenBroken: 'Padding was counted, or the probabilities do not sum to 1.'
	},
	'reference-unchanged': {
		label: 'The reference has not changed',
		help: 'The drift is measured from a fixed point; its weights have the hash they had at the start.',
		whenBroken: 'An update reached the weights of the reference: policy and reference share memory.'
	},
	finite: {
		label: 'All numbers are numbers',
		help: 'No log-probability, value or reward is NaN or infinite.',
		whenBroken:
			'Something overflowed. Go back to the last checkpoint and lower the learning rate; if it comes back, choose another backend.'
	}
};

type Backend = 'webgpu' | 'wasm' | 'tfjs-webgpu' | 'tfjs-wasm' | 'cpu' | 'tabular';

/** Largest differences that rounding explains. */
export function roundingLimit(backend: Backend): number {
	return backend.endsWith('webgpu') ? 1e-4 : 1e-6;
}

const SAMPLER_LIMIT = 1e-3;

/** A check that holds while value <= limit; a NaN never holds. */
function atMost(key: InvariantKey, value: number, limit: number): InvariantCheck {
	return { key, ok: value <= limit, value, limit };
}

/** From a loss with ratios of the first minibatch of an update, before its step. */
export function firstMinibatchChecks(result: LossResult, backend: Backend): InvariantCheck[] {
	const limit = roundingLimit(backend);
	const ratio = result.trace?.['ratio'] ?? new Float64Array([NaN]);
	// Off the response the trace is 0, which no ratio can be.
	const distance = ratio.reduce((max, r) => (r === 0 ? max : larger(max, Math.abs(r - 1))), 0);
	const { metrics } = result;
	// Methods that take a completion for one action report their drift by completion.
	const drift = metrics['policy/approxkl_avg'] ?? Math.abs(metrics['policy/sequence_kl'] ?? NaN);
	return [
		atMost('first-minibatch-ratio', distance, limit),
		atMost('first-minibatch-approxkl', drift, limit),
		atMost('first-minibatch-clipfrac', metrics['policy/clipfrac_avg'] ?? NaN, 0)
	];
}

/** Math.max, in which NaN wins whatever the order. */
function larger(x: number, y: number): number {
	return Number.isNaN(x) || Number.isNaN(y) ? NaN : Math.max(x, y);
}

/** Largest difference over response tokens between the sampler's log-probabilities and those of a full pass. */
export function samplerCheck(batch: Batch, behaviourLogProb: F, logProb: F): InvariantCheck {
	const worst = responseMask(batch).reduce(
		(max, bit, i) =>
			bit === 1 ? larger(max, Math.abs(at(behaviourLogProb, i) - at(logProb, i))) : max,
		0
	);
	return atMost('sampler-log-prob', worst, SAMPLER_LIMIT);
}

/** kl: objective/kl of the first iteration, before its update. */
export function startKlCheck(kl: number, backend: Backend): InvariantCheck {
	return atMost('kl-at-start', Math.abs(kl), roundingLimit(backend));
}

/** Smallest entropy of any response token. Holds while value >= limit, which is 0 less rounding. */
export function entropyCheck(batch: Batch, entropy: F, backend: Backend): InvariantCheck {
	const smallest = responseMask(batch).reduce(
		(min, bit, i) => (bit === 1 ? -larger(-min, -at(entropy, i)) : min),
		Infinity
	);
	const limit = -roundingLimit(backend);
	const value = smallest === Infinity ? 0 : smallest;
	return { key: 'entropy', ok: value >= limit, value, limit };
}

/** Hashes of the reference's weights at the start and now; value is 1 if they differ. */
export function referenceCheck(hashAtStart: string, hashNow: string): InvariantCheck {
	return atMost('reference-unchanged', hashAtStart === hashNow ? 0 : 1, 0);
}

/** value: how many of the numbers are NaN or infinite. */
export function finiteCheck(arrays: Iterable<ArrayLike<number>>): InvariantCheck {
	let count = 0;
	for (const array of arrays) {
		for (let i = 0; i < array.length; i++) {
			if (!Number.isFinite(array[i])) {
				count++;
			}
		}
	}
	return atMost('finite', count, 0);
}
