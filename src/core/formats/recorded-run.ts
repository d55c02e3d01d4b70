/**
 * A recorded run: one turn of the whole loop, small enough to ship with the page and draw before any model is loaded.
 * Plain JSON, written by a command of the repository; this file says what it holds and refuses what it cannot be.
 */
import type { PpoConfig, RewardConfig } from '../config';
import type { FixedPromptSample, InvariantCheck, Outcome } from '../records';

export const RECORDED_RUN_FORMAT = 'tiller-recorded-run';
export const RECORDED_RUN_VERSION = 1;

export interface RecordedCompletion {
	prompt: string;
	text: string;
}

export interface RecordedComparison {
	prompt: string;
	a: string;
	b: string;
	/** The side on which `a` stood. */
	aSide: 'left' | 'right';
	outcome: Outcome;
	simulated: boolean;
}

/** Metrics of a job: value of `metrics[key]` at `steps[i]` is `metrics[key][i]`; null where the step has none. */
export interface RecordedMetrics {
	seed: number;
	backend: string;
	elapsedMs: number;
	steps: number[];
	metrics: Record<string, (number | null)[]>;
}

export interface RecordedRewardRun extends RecordedMetrics {
	config: RewardConfig;
	trainPairs: number;
	heldOutPairs: number;
	trainAccuracy: number;
	heldOutAccuracy: number | null;
	/** Share of the answers that were simulated, 0 to 1. */
	simulatedShare: number;
}

export interface RecordedTuneRun extends RecordedMetrics {
	config: PpoConfig;
	/** Before/after texts of the same few prompts at recorded steps. */
	samples: { step: number; samples: FixedPromptSample[] }[];
	invariants: InvariantCheck[];
}

export interface RecordedScore extends RecordedCompletion {
	/** Normalised reward: 0 is the mean of the base model's own texts, 1 its standard deviation. */
	score: number;
}

export interface RecordedEvaluation {
	/** Pairs in which the tuned model was preferred, the base was, and neither was. */
	wins: number;
	losses: number;
	ties: number;
	skips: number;
	simulated: boolean;
	/** A few prompts with the answers of both, to read side by side. */
	texts: { prompt: string; base: string; tuned: string }[];
}

export interface RecordedRun {
	format: typeof RECORDED_RUN_FORMAT;
	version: typeof RECORDED_RUN_VERSION;
	study: string;
	model: string;
	/** ISO 8601, UTC. */
	recordedAt: string;
	/** What the annotator looked for, as one sentence; empty for a person. */
	annotator: string;
	/** How many answers there were in all; `comparisons` holds a few of them. */
	answers: { a: number; b: number; tie: number; skip: number };
	completions: RecordedCompletion[];
	comparisons: RecordedComparison[];
	reward: RecordedRewardRun;
	/** About twelve texts, best first. */
	scores: RecordedScore[];
	tune: RecordedTuneRun;
	evaluation: RecordedEvaluation;
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMetrics(value: unknown): boolean {
	if (!isObject(value) || !Array.isArray(value.steps) || !isObject(value.metrics)) {
		return false;
	}
	const length = value.steps.length;
	return Object.values(value.metrics).every(
		(column) => Array.isArray(column) && column.length === length
	);
}

/** True for a recorded run of this version; anything else is shown as "no recording", never as a broken page. */
export function isRecordedRun(value: unknown): value is RecordedRun {
	if (!isObject(value) || value.format !== RECORDED_RUN_FORMAT) {
		return false;
	}
	const { reward, tune, evaluation } = value;
	return (
		value.version === RECORDED_RUN_VERSION &&
		typeof value.study === 'string' &&
		typeof value.model === 'string' &&
		isObject(value.answers) &&
		Array.isArray(value.completions) &&
		Array.isArray(value.comparisons) &&
		Array.isArray(value.scores) &&
		isMetrics(reward) &&
		isMetrics(tune) &&
		isObject(tune) &&
		Array.isArray(tune.samples) &&
		Array.isArray(tune.invariants) &&
		isObject(evaluation) &&
		Array.isArray(evaluation.texts)
	);
}
