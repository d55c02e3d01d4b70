/**
 * The one door between algorithms and tensors. Every RLHF method is written against this interface with plain arrays;
 * no file outside `workers/engine` knows which backend computes, and no file inside it knows which method is running.
 */
import type { ModelConfig } from '../../src/core/formats/model-config';
import type { Batch, Coefficients, F, Loss, LossResult, Scores } from '../../src/core/methods/loss';
import type { BackendName } from '../../src/protocol/trainer';

export type { Batch, Coefficients, F, Loss, LossResult, Scores };

export type Output = 'logProb' | 'entropy' | 'value' | 'hidden';

export interface Pass {
	temperature: number;
	/** Outputs to compute; default logProb, entropy and value. A reward model asks for `value` alone and skips the vocabulary head. */
	want?: readonly Output[];
	/** Most B*T positions in one device pass; larger batches are split by rows. */
	microTokens?: number;
	/** Groups whose gradients `backward` adds; default all. */
	groups?: readonly ParameterGroup[];
	signal?: AbortSignal | undefined;
}

export interface Sampling extends Pass {
	maxNew: number;
	/** Ids that end a row; they count only at columns >= promptLength. */
	stop: readonly number[];
	/** 0 or absent: off. Never used by PPO, whose log-probabilities must be those of the sampling distribution. */
	topK?: number;
	topP?: number;
	seed: number;
	/** Number of the first row in the seed's stream: rows draw philox(seed, first + row, t), the same whatever the batch split. */
	first: number;
	onToken?: (done: number, total: number) => void;
}

export interface Sampled extends Batch {
	/** [B*T], of each sampled token under the distribution it was drawn from (before top-k/top-p), at the sampling temperature. */
	behaviourLogProb: F;
	/** [B], 1 where a stop id ended the row. */
	stopped: Uint8Array;
	/** [B*T], head 0 after token t where a token was drawn from there (promptLength-1 <= t < length-1), else 0. Only of engines that sample on the device. */
	behaviourValue?: F;
}

export type ParameterGroup = 'trunk' | 'heads';

export interface StepOptions {
	/** Learning rate per group; an absent group is frozen. */
	lr: Partial<Record<ParameterGroup, number>>;
	/** Largest global gradient norm; Infinity switches clipping off. */
	clipNorm: number;
	/** Decoupled (AdamW). Matrices only: never norms or heads' biases. */
	weightDecay: number;
}

export interface NamedTensor {
	name: string;
	shape: readonly number[];
	data: Float32Array;
}

export interface LanguageModel {
	readonly config: ModelConfig;
	readonly backend: BackendName | 'tabular';
	/** Bytes held for weights, gradients and moments, on the host and on the device. */
	readonly bytes: number;
	sample(prompts: readonly Int32Array[], o: Sampling): Promise<Sampled>;
	score(batch: Batch, o: Pass): Promise<Scores>;
	/** The vocabulary logits after column `column` of every row, unscaled: [B*V]. */
	logits(batch: Batch, column: number): Promise<F>;
	/**
	 * Adds gradients to the accumulators. Coefficients that need no scores take one pass; a loss over budget is computed
	 * by scoring all micro-batches, calling the loss once and re-forwarding each with its slice (exact).
	 * Abort, NaN or skip before `step` leaves the weights untouched.
	 */
	backward(batch: Batch, loss: Loss | Coefficients, o: Pass): Promise<LossResult>;
	/** Clips, applies AdamW to the groups named in `lr`, clears the gradients. Throws `not-finite` and changes nothing if a gradient is not finite. */
	step(o: StepOptions): Promise<{ gradNorm: number }>;
	/** Forget gradients accumulated since the last step. */
	zeroGrad(): void;
	/** Same weights, own copy; moments start at zero. */
	clone(): Promise<LanguageModel>;
	/** f32 weights by Hugging Face name; with `optimizer`, also `optimizer.m.<name>`, `optimizer.v.<name>` and `optimizer.step.<group>`. */
	save(o?: { optimizer?: boolean }): AsyncIterable<NamedTensor>;
	load(tensors: AsyncIterable<NamedTensor> | Iterable<NamedTensor>): Promise<void>;
	dispose(): void;
}
