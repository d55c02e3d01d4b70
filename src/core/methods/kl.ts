/**
 * Estimators of KL(policy || reference) from tokens drawn from the policy, with d = ln pi - ln rho
 * (Schulman, "Approximating KL divergence", 2020; OpenRLHF models/utils.py:64-95):
 * k1 = d, unbiased, can be negative; k2 = d^2 / 2, biased; k3 = e^-d - 1 + d, unbiased, never negative.
 * Where each belongs (arXiv 2510.01555): k1 inside the reward gives the true gradient of the reverse KL; k3 is for display.
 * Deviation: no clamp of the tokens (OpenRLHF clamps to +-10), so that sums stay those of the definition.
 */
import type { Batch, F } from './loss';
import { at } from './math';
import { responseSpan, responseSums } from './response';

export type KlEstimator = 'k1' | 'k2' | 'k3';

/** The estimate of one token from d = ln pi - ln rho, nats. */
export function klOf(difference: number, estimator: KlEstimator): number {
	switch (estimator) {
		case 'k1':
			return difference;
		case 'k2':
			return difference ** 2 / 2;
		case 'k3':
			// expm1 keeps the digits of small differences: e^-d - 1 + d is about d^2 / 2.
			return Math.expm1(-difference) + difference;
	}
}

/** [B*T], estimates at response tokens and 0 elsewhere. Log-probabilities are [B*T], at one temperature. */
export function tokenKl(batch: Batch, logProb: F, refLogProb: F, estimator: KlEstimator): F {
	const kl = new Float64Array(batch.B * batch.T);
	for (let b = 0; b < batch.B; b++) {
		const { start, end } = responseSpan(batch, b);
		for (let i = b * batch.T + start; i < b * batch.T + end; i++) {
			kl[i] = klOf(at(logProb, i) - at(refLogProb, i), estimator);
		}
	}
	return kl;
}

/** [B], sums over response tokens: the KL of each sequence, nats. */
export function sequenceKl(batch: Batch, logProb: F, refLogProb: F, estimator: KlEstimator): F {
	return responseSums(batch, tokenKl(batch, logProb, refLogProb, estimator));
}
