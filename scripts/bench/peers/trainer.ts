/** One training step as every peer of the benchmark offers it. */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import type { Batch } from '../../../src/core/methods/loss';

export interface PeerTrainer {
	/** Mean next-token loss before the update; AdamW with a clipped global norm after it. */
	step(batch: Batch): Promise<number>;
	dispose(): void;
}

/** Factors of one AdamW step that depend on its number (src/core/methods/adamw.ts): lr / (1 - b1^t) and 1 / sqrt(1 - b2^t). */
export function biasCorrections(
	lr: number,
	step: number,
	beta1: number,
	beta2: number
): { stepSize: number; rootCorrection: number } {
	return {
		stepSize: lr / (1 - beta1 ** step),
		rootCorrection: 1 / Math.sqrt(1 - beta2 ** step)
	};
}

/** The id after each position, and the weight of its loss: the last column of a row has no next token. */
export function nextTokenTargets({ B, T, ids }: Batch): { next: Int32Array; weight: Float32Array } {
	const next = new Int32Array(B * T);
	const weight = new Float32Array(B * T);
	for (let n = 0; n < B * T; n++) {
		const isLast = n % T === T - 1;
		next[n] = isLast ? 0 : (ids[n + 1] ?? 0);
		weight[n] = isLast ? 0 : 1 / (B * (T - 1));
	}
	return { next, weight };
}

/** cos and sin [T, hd/2] of position * theta^(-2i/hd), for rotary embeddings in the half-split form. */
export function rotaryAngles(
	T: number,
	{ headDim, ropeTheta }: ModelConfig
): { cos: Float32Array; sin: Float32Array } {
	const half = headDim / 2;
	const angle = (n: number) => Math.floor(n / half) * ropeTheta ** (-(n % half) / half);
	return {
		cos: Float32Array.from({ length: T * half }, (_, n) => Math.cos(angle(n))),
		sin: Float32Array.from({ length: T * half }, (_, n) => Math.sin(angle(n)))
	};
}
