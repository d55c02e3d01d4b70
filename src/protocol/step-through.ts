/** Commands that take one iteration of PPO apart: write, then one minibatch at a time. */
import type { PpoConfig } from '../core/config';
import type { Batch, F } from '../core/methods/loss';
import type { RewardRule, WeightsRef } from '../core/records';

export interface OpenStepArgs {
	model: string;
	/** Weights that write and are then moved: a copy, which is thrown away. */
	start: WeightsRef;
	/** What drift is measured from. */
	reference: WeightsRef;
	rewardModelId: string;
	rewardRule?: RewardRule;
	prompts: string[];
	config: PpoConfig;
	seed: number;
	/** As in a run: which prompts and draws; from 0. */
	iteration: number;
}

/** A rollout with all that is known of it before the first update; arrays are [B*T] unless said otherwise. */
export interface OpenedStep {
	batch: Batch;
	/** [B][T], texts of the tokens. */
	tokens: string[][];
	logProb: F;
	value: F;
	refLogProb: F;
	/** [B], normalised. */
	scores: F;
	/** [B], 1 where an end token ended the row. */
	stopped: Uint8Array;
	/** What the reward model's own head says of each prefix. */
	prefixScores: F;
	/** Rows of each minibatch to come, in order. */
	minibatches: number[][];
}

/** What the sliders may change between two minibatches. */
export type StepSettings = Pick<PpoConfig, 'clipRange' | 'gamma' | 'lambda'> & { beta: number };

export interface TakenStep {
	/** Rows that it learned from. */
	rows: number[];
	/** Of all rows, by the policy after the step. */
	logProb: F;
	value: F;
	/** Of the minibatch, before the step. */
	metrics: Record<string, number>;
	/** null where nothing was learned. */
	gradNorm: number | null;
}

export interface NextToken {
	id: number;
	text: string;
	/** Under the policy that wrote, at the sampling temperature; NaN where it was not asked before the first update. */
	old: number;
	/** Under the policy now, and the reference. */
	now: number;
	reference: number;
	isChosen: boolean;
}

export interface StepCommands {
	/** Closes the one open before. */
	openStep: { args: OpenStepArgs; result: OpenedStep };
	/** The next minibatch; null when there is none left. */
	takeStep: { args: StepSettings; result: TakenStep | null };
	/** What might have stood at a response token instead, likeliest first. */
	nextTokens: { args: { row: number; column: number }; result: NextToken[] };
	closeStep: { args: null; result: null };
}
