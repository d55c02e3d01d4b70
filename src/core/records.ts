/**
 * What Tiller keeps: one interface per stored record. Every record carries `studyId` (a shared laptop must not mix people)
 * and `version` (readers accept older ones and refuse newer ones by name). Judgements are append-only events.
 */
import type { PpoConfig, RewardConfig, RewardPooling, SamplingConfig } from './config';

export const RECORD_VERSION = 1;

interface StudyRecord {
	id: string;
	studyId: string;
	version: number;
	/** Milliseconds since the epoch. */
	createdAt: number;
}

export interface Study {
	id: string;
	version: number;
	name: string;
	createdAt: number;
	updatedAt: number;
}

export interface Prompt extends StudyRecord {
	text: string;
	source: 'built-in' | 'typed';
}

/** Which weights wrote a completion: a built-in model's name, and a policy tuned from it unless it is the base itself. */
export interface PolicyRef {
	model: string;
	/** null: the base model. */
	policyId: string | null;
}

export interface Completion {
	id: string;
	/** Decoded, after the cut at the last sentence end if one was asked for; the prompt is not part of it. */
	text: string;
	promptIds: number[];
	/** Token ids after the prompt, up to and including the cut or the end-of-text token. */
	ids: number[];
	/** Log-probability of each of `ids` under the sampling distribution (needed later for off-policy evaluation). */
	behaviourLogProb: number[];
	/** An end-of-text token ended it. */
	stopped: boolean;
	/** Tokens dropped by the cut. */
	cutTokens: number;
	writer: PolicyRef;
	sampling: SamplingConfig;
	seed: number;
	/** Row in the seed's stream: philox(seed, row, t). */
	row: number;
}

/** Two completions of one prompt as they were put before a person. Stored before they are shown; never changed. */
export interface Presentation extends StudyRecord {
	promptId: string;
	prompt: string;
	a: Completion;
	b: Completion;
	/** The side on which `a` stands; drawn from `sideSeed`. Answers are always stored as a or b, never left or right. */
	aSide: 'left' | 'right';
	sideSeed: number;
	/** What the pair is for: answers of an `evaluation` never train anything. */
	purpose: 'feedback' | 'evaluation';
	evaluationId?: string;
}

export type Outcome = 'a' | 'b' | 'tie' | 'skip';
export type Quality = 'good' | 'bad';
export type SkipReason = 'cannot-tell' | 'not-comparable' | 'sensitive' | 'broken';

export interface Annotator {
	kind: 'human' | 'simulated';
	name: string;
	/** For a simulated annotator: rule, lapse rate and seed, so that its answers can be made again. */
	simulated?: SimulatedAnnotatorConfig;
}

export type SimulatedRule = 'longer' | 'shorter' | 'happier' | 'dialogue';

export interface SimulatedAnnotatorConfig {
	rule: SimulatedRule;
	/** Probability of answering at random (a or b with even odds) whatever the texts say. */
	lapse: number;
	seed: number;
}

/** One judgement event; append-only. The latest event of a presentation that is not revoked is the current answer. */
export interface AnswerEvent extends StudyRecord {
	kind: 'answer' | 'revoke';
	presentationId: string;
	/** 1 for the first event of a presentation, then counting up. */
	revision: number;
	/** Event that this one replaces or revokes. */
	supersedes?: string;
	/** Absent on `revoke`. */
	outcome?: Outcome;
	/** 0 a tie or skip, 1 better, 2 much better. */
	strength?: 0 | 1 | 2 | 3;
	qualityA?: Quality;
	qualityB?: Quality;
	skipReason?: SkipReason;
	rationale?: string;
	annotator: Annotator;
	/** Mixed in never silently: simulated answers stay marked for ever. */
	source: 'human' | 'simulated';
	/** From keys armed to answer, milliseconds; null for simulated answers. */
	responseMs: number | null;
	blind: boolean;
}

export type JobKind = 'reward' | 'ppo';
export type RunStatus = 'running' | 'paused' | 'done' | 'stopped' | 'failed';

export interface FixedPromptSample {
	prompt: string;
	/** Text by the base model, sampled once with the same seed and rows. */
	before: string;
	after: string;
	/** Tokens of `after` with their log-probability under the policy and the reference; empty where not measured. */
	tokens: { text: string; logProb: number; refLogProb: number }[];
	score: number | null;
}

export interface InvariantCheck {
	key: string;
	ok: boolean;
	value: number;
	limit: number;
}

/** A training job and where it stands. Its metrics are stored one row per step, its last state as a checkpoint. */
export interface Run extends StudyRecord {
	kind: JobKind;
	name: string;
	status: RunStatus;
	seed: number;
	config: RewardConfig | PpoConfig;
	/** Built-in model it starts from. */
	model: string;
	backend: string;
	backendReason: string;
	/** Reward models and policies it was made from. */
	parents: { rewardModelId?: string; datasetHash?: string; runId?: string };
	step: number;
	totalSteps: number;
	updatedAt: number;
	elapsedMs: number;
	/** Reward model or policy it made. */
	resultId?: string;
	invariants?: InvariantCheck[];
	error?: { code: string; message: string };
}

export interface MetricRow {
	runId: string;
	step: number;
	values: Record<string, number>;
}

export interface SampleRow {
	runId: string;
	step: number;
	samples: FixedPromptSample[];
}

/** State of a job at a step, enough to go on from it exactly. */
export interface Checkpoint {
	runId: string;
	step: number;
	version: number;
	savedAt: number;
	/** Job's own plain state: controllers, PRNG counters, data position, running moments. */
	state: unknown;
	/** safetensors with optimizer state. */
	weights: ArrayBuffer;
}

export interface RewardModelRecord extends StudyRecord {
	name: string;
	model: string;
	runId: string;
	datasetHash: string;
	pooling: RewardPooling;
	/** Normalisation on samples of the frozen reference: r' = gain * r + bias. */
	gain: number;
	bias: number;
	trainAccuracy: number;
	heldOutAccuracy: number | null;
	heldOutPairs: number;
	trainPairs: number;
	/** Share of the answers it learned from that were simulated, 0 to 1. */
	simulatedShare: number;
	weightsBytes: number;
}

export interface PolicyRecord extends StudyRecord {
	name: string;
	model: string;
	runId: string;
	rewardModelId: string;
	step: number;
	/** objective/kl at that step, nats. */
	kl: number;
	/** objective/scores at that step, in reference standard deviations. */
	reward: number;
	weightsBytes: number;
}

/** A blind A/B of two writers: its presentations carry its id; the tally is derived from their answers. */
export interface EvaluationRecord extends StudyRecord {
	name: string;
	baseline: PolicyRef;
	candidate: PolicyRef;
	pairs: number;
	seed: number;
	finishedAt?: number;
}
