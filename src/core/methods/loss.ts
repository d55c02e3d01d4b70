/** The shapes in which every method speaks to a language model: arrays in, loss and coefficients out. Types only. */

/** Numbers crossing the interface. Per-token arrays are [B*T], index b*T + t. */
export type F = Float64Array;

/** Rows right-padded from column 0; promptLength and length are [B]; the last real token of row b is at length[b] - 1. */
export interface Batch {
	B: number;
	T: number;
	ids: Int32Array;
	promptLength: Int32Array;
	length: Int32Array;
}

/**
 * logProb, entropy: of token t given the tokens before it, at the pass's temperature; 0 at t = 0 and beyond length.
 * value[k]: head k read AFTER token t (a reward is at length-1; PPO's V before token t is at t-1); 0 beyond length.
 * hidden: [B*d], the last layer's normalised state at length-1.
 * An output that the pass did not ask for is all zeros (hidden: absent).
 */
export interface Scores {
	logProb: F;
	entropy: F;
	value: F[];
	hidden?: F;
}

/** Gradient of the loss by each output. Absent = 0; non-zero on padding is a programmer's error. */
export interface Coefficients {
	dLogProb?: F;
	dEntropy?: F;
	dValue?: F[];
}

export interface LossResult extends Coefficients {
	loss: number;
	metrics: Record<string, number>;
	/** Per-token intermediates [B*T] for display; never read by the engine. */
	trace?: Record<string, F>;
	/** Set: no gradient is added, and the reason is reported. */
	skip?: string;
}

/** Pure and synchronous; called once per backward batch (pairs, groups and token means span micro-batches), never per micro-batch. */
export type Loss = (scores: Scores, batch: Batch) => LossResult;
