/** What the trainer thread asks of a shard: plain data, rows without padding. */
import type { ModelConfig } from '../../../src/core/formats/model-config';
import type { ParameterValues } from '../parameters';
import type { MemoryUse } from './heap';
import type { KernelModules, SimdLevel } from './kernels';

export type ParameterShape = Pick<ParameterValues, 'name' | 'shape' | 'group'>;

/** Token rows end to end; a position is an index into `ids`. */
export interface Rows {
	ids: Int32Array;
	lengths: Int32Array;
}

export interface Wanted {
	/** Log-probability and entropy of the token after each position. */
	statistics: boolean;
	/** Scalar heads after each position. */
	values: boolean;
	/** Last normalised state of each row. */
	hidden: boolean;
}

export interface PassOutputs {
	/** By position, 0 at the last one of a row. */
	logProb: Float64Array | null;
	entropy: Float64Array | null;
	/** [positions, heads]. */
	values: Float32Array | null;
	/** [rows, d]. */
	hidden: Float32Array | null;
}

/** Gradients of the loss by the outputs above, by position; null: none. */
export interface PassCoefficients {
	dLogProb: Float32Array | null;
	dEntropy: Float32Array | null;
	dValues: Float32Array | null;
}

/** A place in a backward call: `part` is unique in it, `slice` is a leaf of the sum over `slices` of them. */
export interface PartPlace {
	session: number;
	part: number;
	slice: number;
	slices: number;
	isLastOfSlice: boolean;
}

/** Sum of the gradients of slices low..high-1, over a range of the pool. */
export interface GradientNode {
	low: number;
	high: number;
	values: Float32Array<ArrayBuffer>;
}

export interface SampleStart {
	session: number;
	model: number;
	prompts: Int32Array[];
	/** Number of each row in the seed's stream. */
	rowNumbers: number[];
	/** Most tokens of a row, prompt included. */
	capacity: number;
	maxNew: number;
	temperature: number;
	topK: number;
	topP: number;
	stop: readonly number[];
	seed: number;
}

export interface SampledRows {
	/** Tokens drawn, row after row, with the log-probability of each. */
	ids: Int32Array<ArrayBuffer>;
	logProb: Float64Array<ArrayBuffer>;
	counts: Int32Array<ArrayBuffer>;
	stopped: Uint8Array<ArrayBuffer>;
}

export interface ShardCommands {
	start: {
		args: { modules: KernelModules; level: SimdLevel; memoryLimit: number };
		result: null;
	};
	use: { args: SimdLevel; result: null };
	addModel: {
		args: { model: number; config: ModelConfig; parameters: ParameterShape[] };
		result: null;
	};
	/** The whole pool (parameter-layout.ts). */
	setWeights: { args: { model: number; weights: Float32Array<ArrayBuffer> }; result: null };
	removeModel: { args: number; result: null };
	/** With `keep`, what the gradient needs is kept for `backward` while there is room. */
	forward: {
		args: {
			model: number;
			rows: Rows;
			want: Wanted;
			temperature: number;
			keep: Pick<PartPlace, 'session' | 'part'> | null;
		};
		result: PassOutputs;
	};
	backward: {
		args: {
			model: number;
			rows: Rows;
			temperature: number;
			coefficients: PassCoefficients;
			place: PartPlace;
			/** Range of the pool whose gradients are wanted, in floats. */
			start: number;
			end: number;
		};
		result: null;
	};
	/** The sums of what a session's slices gave; ends the session. */
	gradients: { args: number; result: GradientNode[] };
	/** Forget a session, finished or not. */
	end: { args: number; result: null };
	/** [rows, V], unscaled, after the last position of each row. */
	logits: { args: { model: number; rows: Rows }; result: Float32Array };
	startSample: { args: SampleStart; result: null };
	/** Reads some prompts, or draws at most `steps` tokens a row; ends the session when it is done. */
	advanceSample: {
		args: { session: number; steps: number };
		result: { steps: number; sampled: SampledRows | null };
	};
}

export interface ShardEvent {
	memory: MemoryUse;
}
