/**
 * The price of drifting inside a loss: sum of share * estimate of KL(policy || reference) over tokens. k2 has the gradient of the KL
 * on the policy's own tokens; k3, as GRPO was published, that of the forward KL; k1 has none at all and is not offered
 * (arXiv 2510.01555).
 */
import { klOf } from './kl';
import type { F } from './loss';
import { at } from './math';

export type LossKlEstimator = 'k2' | 'k3';

/**
 * shares: [B*T], coefficient times weight of each token, 0 off the response. The reference may be missing where all shares are
 * 0; else throws RangeError.
 */
export function klLoss(
	logProb: F,
	refLogProb: F | undefined,
	shares: F,
	estimator: LossKlEstimator
): { loss: number; dLogProb: F } {
	const dLogProb = new Float64Array(shares.length);
	let loss = 0;
	shares.forEach((share, i) => {
		if (share !== 0) {
			if (!refLogProb) {
				throw new RangeError('a price of drifting in the loss needs the reference');
			}
			const difference = at(logProb, i) - at(refLogProb, i);
			loss += share * klOf(difference, estimator);
			dLogProb[i] = share * (estimator === 'k2' ? difference : -Math.expm1(-difference));
		}
	});
	return { loss, dLogProb };
}
