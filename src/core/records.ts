/**
 * What Tiller keeps: one interface per stored record. Every record carries `studyId` (a shared laptop must not mix people)
 * and `version` (readers accept older ones and refuse newer ones by name). Judgements are append-only events.
 * Version 2 added how a pair was chosen, sealed predictions, showings, reason tags, annotators with ids, and feedback other
 * than comparisons of two. All of that is optional, so that a record of version 1 is read as it is.
 */
import type { RewardConfig, RewardPooling, SamplingConfig, TuneConfig, TuneMethod } from './config';
import type { CalibrationReport, TemperatureFit } from './evaluation/calibration';
import type { UsualLength } from './evaluation/capped-happiness';
import type { Detector } from './evaluation/detectors';
import type { Standing } from './evaluation/measured';
import type { Reading } from './evaluation/monitors/monitors';
import type { RedTeamCompletion, RedTeamPrompt } from './evaluation/red-team';
import type { LengthReport, SliceReport } from './evaluation/reward-report';
import type { DatasetVersion } from './feedback/dataset-version';
import type { Missing } from './feedback/figure';
import type { AnnotatorModelConfig, AnnotatorScale } from './feedback/annotator-model';
import type { GoldRewardConfig, MeasureScale } from './feedback/gold-rewards';
import type { SelectionReason } from './feedback/selection';
import type { BestOfNPoint } from './methods/best-of-n';
import type { EnsembleRule } from './methods/reward-ensemble';
import type { Normalisation } from './methods/reward-normalisation';

export const RECORD_VERSION = 2;

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
	source: 'built-in' | 'typed' | 'import';
	/** The set it belongs to; absent: the built-in set, or what was typed by hand. */
	setId?: string;
	tags?: string[];
	/** Turns for every one turn of a prompt of weight 1; absent: 1. */
	weight?: number;
	/** Taken out of its set: never asked again, but kept for the pairs that name it. */
	isRetired?: boolean;
}

/** Prompts under one name. The built-in set has a record only once its switch or weight was changed. */
export interface PromptSet extends StudyRecord {
	name: string;
	/** Its prompts are asked. */
	isOn: boolean;
	/** Multiplies the weights of its prompts. */
	weight: number;
	isBuiltIn: boolean;
	/** It holds what was typed by hand, which names no set. */
	isTyped?: boolean;
	/** Only prompts with one of these tags are asked; absent: all. */
	tags?: string[];
}

/** The prompts that were asked at some time. */
export interface PromptUse {
	count: number;
	/** SHA-256 over their texts, sorted. */
	hash: string;
	/** Sets that were on, with the tags they were narrowed to. */
	sets: { name: string; tags: string[] }[];
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

/** Another annotator answered this pair: the same question to see whether two people agree. */
export interface SecondOpinion {
	kind: 'second-opinion';
	/** People who answered it before. */
	answeredBy: number;
}

/** Why a pair was asked. */
export interface Selection {
	/** `random` is the unbiased stream: only its answers may estimate accuracy. */
	policy: (SelectionReason | SecondOpinion)['kind'];
	/** Probability of asking this pair at this step, given the pool; 0 to 1. */
	propensity: number;
	/** Candidates it was chosen from. */
	poolSize: number;
	/** The policy's own numbers: what the sentence "Why this pair?" is made of. */
	why: SelectionReason | SecondOpinion;
}

/** Which model a prediction came from: a stored reward model, or the posterior of a reward head over so many answers. */
export type Predictor =
	{ kind: 'reward-model'; rewardModelId: string } | { kind: 'posterior'; answers: number };

/** What was predicted about a pair, fixed before it was shown and revealed at the earliest after its answer. */
export interface SealedPrediction {
	/** Probability that a is better, 0 to 1. */
	pA: number;
	predictor: Predictor;
	/** Random hexadecimal digits: without them the commitment could be guessed. */
	salt: string;
	/** SHA-256 over the pair's texts, pA and the salt (not over ids, which a copied study renews). */
	commitment: string;
}

/** Where a record came from that was not made in this study. */
export interface ImportedFrom {
	importId: string;
	/** The record's id in the file; in the study it has one of its own, so that a file can go into several studies. */
	id: string;
}

/** Two completions of one prompt as they were put before a person. Stored before they are shown; never changed. */
export interface Presentation extends StudyRecord {
	imported?: ImportedFrom;
	promptId: string;
	prompt: string;
	a: Completion;
	b: Completion;
	/** Imported, and the file did not say which side `a` stood on: `aSide` is then only where it is shown now. */
	isSideUnknown?: true;
	/** The side on which `a` stands; drawn from `sideSeed`. Answers are always stored as a or b, never left or right. */
	aSide: 'left' | 'right';
	sideSeed: number;
	/** What the pair is for: answers of an `evaluation` never train anything. */
	purpose: 'feedback' | 'evaluation';
	evaluationId?: string;
	/** Absent in version 1, where every pair was drawn at random. */
	selection?: Selection;
	/** Absent where nothing could predict yet. */
	sealed?: SealedPrediction;
	/** Of a repeat, or a second opinion: the presentation shown before. a and b are the same completions under the same names. */
	repeatOf?: string;
	/** Of a repeat: a stands on the other side this time. */
	repeatSwapped?: boolean;
}

export type SetKind = 'ranking' | 'rating' | 'thumb' | 'demonstration';

/**
 * Completions put before a person for feedback other than a comparison of two: three or four to rank, or a single one to rate or
 * to rewrite. Like a presentation, stored before it is shown and never changed; its answers are events of the same log.
 */
export interface CompletionSet extends StudyRecord {
	imported?: ImportedFrom;
	kind: SetKind;
	promptId: string;
	prompt: string;
	completions: Completion[];
	/** Places of `completions` in the order in which they stood on screen; drawn from `orderSeed`. */
	order: number[];
	orderSeed: number;
	selection?: Selection;
}

export type Outcome = 'a' | 'b' | 'tie' | 'skip';
export type Quality = 'good' | 'bad';
export type SkipReason = 'cannot-tell' | 'not-comparable' | 'upsetting' | 'sensitive' | 'broken';

/** What a person said about a completion set. */
export type SetJudgement =
	/** Rank of each completion, 1 = best, in the order of `completions`; equal numbers are ties (1, 2, 2, 4). */
	| { kind: 'ranking'; ranks: number[] }
	/** From 1 (poor) to `scale` (excellent). */
	| { kind: 'rating'; value: number; scale: number }
	| { kind: 'thumb'; isUp: boolean }
	/** The completion as it should have been, and its tokens by the tokenizer of the model that wrote the first one. */
	| { kind: 'demonstration'; text: string; ids: number[] };

export interface Annotator {
	kind: 'human' | 'simulated';
	name: string;
	/**
	 * Of the profile that answered; absent in version 1, whose answers belong to the study's first profile. Of a simulated one
	 * with faults: a hash of its settings, so that the same settings are the same annotator.
	 */
	id?: string;
	/** For a simulated annotator: rule, lapse rate and seed, so that its answers can be made again. */
	simulated?: SimulatedAnnotatorConfig;
	/** For one with the faults of people, in place of `simulated`. */
	modelled?: ModelledAnnotator;
}

/** A person who answers in this study on this machine. The id is random: it says nothing about the person. */
export interface AnnotatorProfile extends StudyRecord {
	name: string;
	/** Answers without an annotator's id are this one's. */
	isFirst: boolean;
}

/** How a pair stood on screen when it was answered. A pair may be shown more than once: each answer has its own showing. */
export interface Showing {
	/** Milliseconds since the epoch. */
	shownAt: number;
	/** From here on keys and buttons answered. */
	armedAt: number;
	answeredAt: number;
	/** From shown to answered, less the time in which the page was hidden. */
	activeMs: number;
	input: 'key' | 'pointer' | 'touch';
}

export type SimulatedRule = 'longer' | 'shorter' | 'happier' | 'dialogue';

export interface SimulatedAnnotatorConfig {
	rule: SimulatedRule;
	/** Probability of answering at random (a or b with even odds) whatever the texts say. */
	lapse: number;
	seed: number;
}

/** A simulated annotator with the faults of people: all that its answers were made from. */
export interface ModelledAnnotator {
	/** Key of the preset it was begun from. */
	preset: string;
	config: AnnotatorModelConfig;
	scale: AnnotatorScale;
}

/** One judgement event; append-only. The latest event of a presentation that is not revoked is the current answer. */
export interface AnswerEvent extends StudyRecord {
	kind: 'answer' | 'revoke';
	/** Of a presentation or a completion set. */
	presentationId: string;
	/** 1 for the first event of a presentation, then counting up. */
	revision: number;
	/** Event that this one replaces or revokes. */
	supersedes?: string;
	/** Of a comparison of two, or `skip` of anything; absent on `revoke`. */
	outcome?: Outcome;
	/** 0 a tie or skip, 1 better, 2 much better, 3 better by far. */
	strength?: 0 | 1 | 2 | 3;
	qualityA?: Quality;
	qualityB?: Quality;
	skipReason?: SkipReason;
	/** Keys of `reason-tags.ts`. */
	reasonTags?: string[];
	rationale?: string;
	/** Of a completion set. */
	given?: SetJudgement;
	annotator: Annotator;
	/** Mixed in never silently: simulated answers stay marked for ever. */
	source: 'human' | 'simulated';
	/** Not given in this study but read from a file, which named this source; `import` where it named none. */
	imported?: ImportedFrom & { source: 'human' | 'simulated' | 'rule' | 'import' };
	/** From keys armed to answer, milliseconds; null for simulated answers. */
	responseMs: number | null;
	/** Absent where an earlier answer was changed from a list, or taken back, and on simulated answers. */
	showing?: Showing;
	blind: boolean;
}

/** A run of a method is of the method's kind; runs made before there were others are of kind 'ppo'. */
export type JobKind = 'reward' | TuneMethod;

/** Weights as they are stored: the built-in model, a tuned one, or a run's kept state. */
export type WeightsRef =
	| { kind: 'base' }
	| { kind: 'policy'; policyId: string }
	| { kind: 'snapshot'; runId: string; step: number };

/** From an ensemble's scores to the reward; a reward model without one knows its own score alone. */
export interface RewardRule {
	rule: EnsembleRule;
	/** Read by the rules that subtract disagreement. */
	lambda: number;
}

/** A judge that nothing learns from: what is really wanted, or the nearest thing to it. */
export type GoldJudge =
	| { kind: 'rule'; rule: SimulatedRule }
	| { kind: 'reward-model'; rewardModelId: string }
	/** A scripted reward, on the scale that was fitted to the base model's texts. */
	| { kind: 'scripted'; reward: GoldRewardConfig; scale: MeasureScale }
	/** Of the over-optimisation demonstration. */
	| { kind: 'capped-happiness'; length: UsualLength };

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

/** What computed a run: enough to continue it to the last bit on the same machine, and to say so where that is not possible. */
export interface RunEngine {
	backend: string;
	/** Adapter, SIMD level or the like. */
	device: string;
	/** Variants chosen for that machine, by kernel. */
	kernels: Record<string, string>;
	/** The run went on with another engine than it began with: its numbers differ in the last digits from those of a run that did not. */
	exact?: false;
}

/** A training job and where it stands. Its metrics are stored one row per step, its last state as a checkpoint. */
export interface Run extends StudyRecord {
	kind: JobKind;
	name: string;
	status: RunStatus;
	seed: number;
	config: RewardConfig | TuneConfig;
	/** Built-in model it starts from. */
	model: string;
	backend: string;
	backendReason: string;
	/** Stored by the worker with the first step; runs made before it was recorded have none. */
	engine?: RunEngine;
	/** Reward models and policies it was made from; `datasetVersionId` is of a stored version's content. */
	parents: {
		rewardModelId?: string;
		datasetHash?: string;
		datasetVersionId?: string;
		runId?: string;
	};
	/** Weights it starts from, and the ones that its drift is measured from; absent: the base model. */
	start?: WeightsRef;
	reference?: WeightsRef;
	/** How several reward heads become one reward, and what judges it; absent: the head alone, and nothing. */
	rewardRule?: RewardRule;
	gold?: GoldJudge;
	/** What it was given to write on; absent on runs made before it was recorded. */
	prompts?: PromptUse;
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
	/** Heads fitted on bootstrap samples, each on the scale of the reward itself; absent: none were. */
	ensemble?: { members: Normalisation[]; ridge: number };
	/** What the held-out answers (where there are any, else the learned ones) say about its faults; absent in older records. */
	report?: RewardReport;
	/** Share of the answers it learned from that were simulated, 0 to 1. */
	simulatedShare: number;
	weightsBytes: number;
}

/** Where a reward model can be trusted, and where not. */
export interface RewardReport {
	/** Which answers it is about: those kept back, or, where none were, those it learned from. */
	on: 'held-out' | 'train';
	/** By length, reason tag and annotator. */
	slices: SliceReport[];
	length: LengthReport;
	calibration: CalibrationReport | Missing<'no-labels'>;
	/** Leads divided by the temperature are the likeliest log-odds. */
	temperature: TemperatureFit | Missing<'no-labels' | 'no-signal' | 'separable'>;
}

export interface PolicyRecord extends StudyRecord {
	name: string;
	model: string;
	runId: string;
	/** Absent in records made before there were others: PPO. */
	method?: TuneMethod;
	/** Its settings; absent in older records, whose run has them. */
	config?: TuneConfig;
	start?: WeightsRef;
	reference?: WeightsRef;
	/** What gave the reward; of a method that learns from answers it may have measured alone, or be absent. */
	rewardModelId?: string;
	/** Content hash of the answers it learned from, for a method that does. */
	datasetHash?: string;
	step: number;
	/** objective/kl at that step, nats. */
	kl: number;
	/** objective/scores at that step, in reference standard deviations; NaN where nothing scored it. */
	reward: number;
	weightsBytes: number;
}

/** Weights of a run at a step, kept so that one can go back to it or go on from it with other settings. */
export interface Snapshot {
	runId: string;
	step: number;
	version: number;
	savedAt: number;
	/** safetensors, without optimizer state. */
	weights: ArrayBuffer;
}

/** What the best of n completions of a model are worth. */
export interface BestOfNRecord extends StudyRecord {
	kind: 'best-of-n';
	name: string;
	model: string;
	runId: string;
	rewardModelId: string;
	writer: WeightsRef;
	gold?: GoldJudge;
	/** `gold` is null without a judge. */
	points: (Omit<BestOfNPoint, 'gold' | 'goldError'> & {
		gold: number | null;
		goldError: number | null;
	})[];
}

/** One method's place in a comparison of all. */
export interface FrontierEntry {
	method: TuneMethod;
	status: 'waiting' | 'running' | 'done' | 'failed';
	/** Its run, once it has begun; goes on from where it stopped. */
	runId?: string;
	/** What it made; best of n makes nothing. */
	policyId?: string;
	standing?: Standing;
	/** Why it failed: a sentence. */
	reason?: string;
}

/** The same answers through every method, measured alike: places on the plane of drift and win rate. */
export interface FrontierRecord extends StudyRecord {
	kind: 'frontier';
	name: string;
	model: string;
	seed: number;
	size: 'quick' | 'standard';
	rewardModelId: string;
	gold: GoldJudge;
	/** Content hash and number of the answers that all of them learned from. */
	datasetHash: string;
	pairs: number;
	/** Completions by which each was measured. */
	completions: number;
	entries: FrontierEntry[];
	finishedAt?: number;
}

/** Alarms of a run: completions of its start against those of a later step. */
export interface MonitorRecord extends StudyRecord {
	kind: 'monitors';
	name: string;
	model: string;
	runId: string;
	step: number;
	seed: number;
	completions: number;
	readings: Reading[];
}

/** A suite of prompts put to one model, and all that it answered: rates follow from that. */
export interface RedTeamRecord extends StudyRecord {
	kind: 'red-team';
	name: string;
	suite: string;
	prompts: RedTeamPrompt[];
	unwanted: Detector[];
	refusal: Detector[];
	writer: PolicyRef;
	seed: number;
	completions: RedTeamCompletion[];
}

/** Measurements of a model that a run makes. */
export type ReportRecord = BestOfNRecord;

/** Measurements made beside runs; kept with them. */
export type MeasurementRecord = FrontierRecord | MonitorRecord | RedTeamRecord;

/** A blind A/B of two writers: its presentations carry its id; the tally is derived from their answers. */
export interface EvaluationRecord extends StudyRecord {
	name: string;
	baseline: PolicyRef;
	candidate: PolicyRef;
	pairs: number;
	seed: number;
	finishedAt?: number;
}

/** A file, or several files merged, that was read into a study. */
export interface ImportRecord extends StudyRecord {
	files: {
		name: string;
		/** null where it was not read to its end. */
		sha256: string | null;
		bytes: number;
		schema: string;
		container: string;
	}[];
	/** Rows read, and those of them that are now in the study and were not before. */
	rows: number;
	kept: number;
	duplicates: number;
	/** Rows not taken, by reason. */
	leftOut: Record<string, number>;
	/** It was read to its end; false: it was stopped or failed, and what was stored until then is kept. */
	isWhole: boolean;
}

/** A dataset version as it is kept: the record's id is the study's, the version's own id names its content. */
export interface DatasetVersionRecord extends StudyRecord {
	dataset: DatasetVersion;
	/** Made by hand, or for a reward model that learned from it. */
	madeFor: 'keeping' | 'reward';
}

/**
 * What a person says about a dataset version, run, model, evaluation or report; its id is that one's. The record beside it
 * stays as it was made.
 */
export interface ItemNote extends StudyRecord {
	/** A name that points at one thing of a study at a time, as `best` or `for-class`; '' for none. */
	alias: string;
	tags: string[];
	note: string;
	updatedAt: number;
}
