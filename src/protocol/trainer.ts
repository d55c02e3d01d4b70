/** Commands and events between the page and the trainer worker. Arguments are plain cloneable data. */
import type {
	OnPolicyMethodName,
	PairMethodName,
	RewardConfig,
	SamplingConfig,
	TuneConfigs
} from '../core/config';
import type { Measured } from '../core/evaluation/measured';
import type { LabRun } from '../core/evaluation/planted';
import type { PreferencePair } from '../core/feedback/comparison';
import type { LabelledCompletion, TrainingText } from '../core/feedback/labelled';
import type { PlannedQueue, QueueTask } from '../core/feedback/plan-queue';
import type { ModelConfig } from '../core/formats/model-config';
import type {
	Completion,
	FixedPromptSample,
	GoldJudge,
	InvariantCheck,
	PolicyRef,
	RewardRule,
	WeightsRef
} from '../core/records';
import type { WireError } from './errors';
import type { PlaygroundCommands } from './playground';
import type { StepCommands } from './step-through';

/**
 * What computes, fastest first: our own kernels on the graphics card and on the processor, then TensorFlow.js on both, then its
 * plain JavaScript.
 */
export type BackendName = 'webgpu' | 'wasm' | 'tfjs-webgpu' | 'tfjs-wasm' | 'cpu';

/** The operations of a language model that are counted apart. */
export type EngineOperation = 'sample' | 'score' | 'backward' | 'step';

/** Sums since the engine started. Counts that an engine does not know (TensorFlow.js) are null. */
export interface OperationCounts {
	calls: number;
	/** Tokens drawn by `sample`; positions passed forward by `score` and `backward`; 0 for `step`. */
	tokens: number;
	/** From call to answer. */
	wallMs: number;
	/** JavaScript of the engine's own thread: recording, submitting, copying; never waiting. */
	jsMs: number | null;
	/** By timestamp-query, where the adapter has it. */
	gpuMs: number | null;
	dispatches: number | null;
	submits: number | null;
	/** Buffers mapped for reading. */
	readbacks: number | null;
	bindGroups: number | null;
}

export interface EngineStatistics {
	backend: BackendName;
	device: string;
	/** What was chosen for this machine (kernel variants, threads, SIMD level); recorded with a run. */
	kernels: Record<string, string>;
	operations: Record<EngineOperation, OperationCounts>;
	/** Held on the device (or in the WebAssembly memories) now; null where unknown. */
	bytesAllocated: number | null;
	/** Of those, in use. */
	bytesLive: number | null;
}

/** Outcome of the capability check of one backend. */
export interface BackendReport {
	backend: BackendName;
	ok: boolean;
	/** Why it was chosen, or why it cannot be used: a sentence for a person. */
	reason: string;
	/** GPU adapter or SIMD level, where known. */
	device: string;
	selfTestMs: number | null;
}

export interface LoadedModel {
	model: string;
	config: ModelConfig;
	parameters: number;
	backend: BackendName;
	backendReason: string;
	device: string;
	reports: BackendReport[];
	bytes: number;
	loadMs: number;
	/** As in EngineStatistics: worth keeping, for the next load on this device. */
	kernels: Record<string, string>;
}

export interface LoadArgs {
	model: string;
	backend: BackendName | 'auto';
	/**
	 * What earlier loads have chosen, by `deviceKey`: measuring again could choose otherwise, and the same seed would
	 * give a run with other last digits.
	 */
	knownKernels?: Record<string, Record<string, string>>;
}

/** Name of a graphics device under which its kernels are kept. */
export const deviceKey = ({ backend, device }: Pick<LoadedModel, 'backend' | 'device'>): string =>
	`${backend} ${device}`;

export interface SampleArgs {
	writer: PolicyRef;
	prompts: string[];
	/** Completions per prompt; rows are numbered prompt by prompt from `first`. */
	perPrompt: number;
	sampling: SamplingConfig;
	seed: number;
	first: number;
}

export interface MeasureArgs {
	model: string;
	/** Weights that write. */
	writer: WeightsRef;
	/** What drift is measured from: absent, the base model. */
	reference?: WeightsRef;
	prompts: string[];
	/** Completions of each prompt, standing together. */
	perPrompt: number;
	sampling: Pick<SamplingConfig, 'temperature' | 'maxNew' | 'cutAtSentence'>;
	/** The same prompts and seed with other weights: completions that can be compared one by one. */
	seed: number;
	rewardModelId?: string;
	gold?: GoldJudge;
}

export interface RewardJobArgs {
	runId: string;
	studyId: string;
	name: string;
	model: string;
	pairs: PreferencePair[];
	/** Content hash of the pairs. */
	datasetHash: string;
	/** Task prompts, for normalisation on samples of the frozen reference. */
	prompts: string[];
	config: RewardConfig;
	seed: number;
	/** Go on from the run's checkpoint instead of starting anew. */
	resume: boolean;
	startPaused: boolean;
}

interface TuneJobArgs {
	runId: string;
	studyId: string;
	name: string;
	model: string;
	prompts: string[];
	/** Prompts whose before/after text is shown at every step (offline: after every epoch). */
	fixedPrompts: string[];
	seed: number;
	/** Go on from the run's checkpoint instead of starting anew. */
	resume: boolean;
	startPaused: boolean;
	/** Weights it starts from: absent, the base model. A fork is a new run that starts from a `snapshot`. */
	start?: WeightsRef;
	/** What its drift is measured from and paid for: absent, the base model. */
	reference?: WeightsRef;
	/** How an ensemble becomes one reward: absent, the score of the reward model's own head. */
	rewardRule?: RewardRule;
	/** Judges every step as `objective/gold`; nothing learns from it. */
	gold?: GoldJudge;
}

/** Learns from completions of its own, scored by a reward model. */
type OnPolicyArgs = {
	[M in OnPolicyMethodName]: TuneJobArgs & {
		method: M;
		config: TuneConfigs[M];
		rewardModelId: string;
	};
}[OnPolicyMethodName];

/** What a method that learns from answers may be measured with. */
interface OfflineArgs extends TuneJobArgs {
	/** Content hash of what it learns from. */
	datasetHash: string;
	/** Scores completions after each epoch; nothing learns from it. */
	rewardModelId?: string;
}

/** Learns from compared pairs. */
type PairArgs = {
	[M in PairMethodName]: OfflineArgs & {
		method: M;
		config: TuneConfigs[M];
		pairs: PreferencePair[];
	};
}[PairMethodName];

/** One interface for each method, told apart by `method`. */
export type TuneArgs =
	| OnPolicyArgs
	| PairArgs
	| (OfflineArgs & { method: 'kto'; config: TuneConfigs['kto']; rows: LabelledCompletion[] })
	| (OfflineArgs & { method: 'sft'; config: TuneConfigs['sft']; texts: TrainingText[] })
	| (TuneJobArgs & {
			method: 'best-of-n';
			config: TuneConfigs['best-of-n'];
			rewardModelId: string;
	  });

/** What the time of a run depends on. */
export type EstimateArgs = { model: string; prompts: string[] } & (
	| { [M in OnPolicyMethodName]: { method: M; config: TuneConfigs[M] } }[OnPolicyMethodName]
	| {
			[M in PairMethodName | 'kto' | 'sft']: {
				method: M;
				config: TuneConfigs[M];
				/** Rows to learn from. */
				rows: number;
			};
	  }[PairMethodName | 'kto' | 'sft']
	| { method: 'best-of-n'; config: TuneConfigs['best-of-n'] }
);

export interface JobResult {
	status: 'done' | 'stopped';
	step: number;
	/** Reward model, policy or (best of n) report now stored; null if the job stopped before its first step. */
	resultId: string | null;
}

export interface TuneEstimate {
	/** Of an iteration; offline, of an optimiser step. */
	msPerIteration: number;
	totalMs: number;
	bytes: number;
	tokensPerSecond: number;
}

export type JobVerb = 'pause' | 'resume' | 'step';

export interface TrainerCommands
	extends Record<string, { args: unknown; result: unknown }>, StepCommands, PlaygroundCommands {
	/** Checks backends in order webgpu, wasm, cpu and loads a built-in model on the first that passes, or on `backend`. */
	load: { args: LoadArgs; result: LoadedModel };
	sample: { args: SampleArgs; result: Completion[] };
	/**
	 * Token ids of continuations of a prompt: no special tokens, as a model's own completions are stored. Fails with 'too-large'
	 * where prompt and text together do not fit the model's context.
	 */
	encode: {
		args: { model: string; items: { promptIds: number[]; text: string }[] };
		result: { ids: number[][] };
	};
	/** Token ids of prompts, as the model is asked with them, and of texts that go on from them; however long they are. */
	tokenize: {
		args: { model: string; items: { prompt: string; texts: string[] }[] };
		result: { items: { promptIds: number[]; ids: number[][] }[] };
	};
	/** [n * dimension], what the base model makes of each text: the last layer's states, averaged along the completion. */
	embed: {
		args: { model: string; items: { promptIds: number[]; ids: number[] }[] };
		result: { dimension: number; features: Float64Array };
	};
	/** Which pairs to ask next, by what the answers so far have taught; off the page, because fitting takes its time. */
	planQueue: { args: QueueTask; result: PlannedQueue };
	/** Mean normalised reward of each text by a stored reward model. */
	scoreCompletions: {
		args: { rewardModelId: string; items: { promptIds: number[]; ids: number[] }[] };
		result: { scores: Float64Array };
	};
	/** Completions of stored weights with all that is known of each; nothing is stored. */
	measure: { args: MeasureArgs; result: Measured };
	/** As many clean runs as planted ones in a world with a known truth: what the monitors make of them. No model is needed. */
	plantedLab: { args: { runs: number; strength: number; seed: number }; result: LabRun[] };
	/** Stop with the call's AbortSignal: the job ends with status 'stopped' and keeps everything. */
	trainReward: { args: RewardJobArgs; result: JobResult };
	tune: { args: TuneArgs; result: JobResult };
	/** Measures a short rollout and a score pass, then multiplies. */
	estimateTune: { args: EstimateArgs; result: TuneEstimate };
	control: { args: { runId: string; verb: JobVerb }; result: null };
	/** Counters of the engine in use; null before a model is loaded. */
	engineStatistics: { args: null; result: EngineStatistics | null };
	/** Facts for "copy diagnostics". */
	diagnostics: { args: null; result: Record<string, unknown> };
}

export type JobPhase =
	| 'prepare'
	| 'sample'
	| 'score'
	| 'advantages'
	| 'update'
	| 'train'
	| 'hold-out'
	| 'ensemble'
	| 'normalise'
	| 'save';

export type TrainerEvent =
	| {
			type: 'progress';
			runId: string;
			phase: JobPhase;
			/** Steps of the job: iterations of a method that samples, optimiser steps of one that does not. */
			step: number;
			totalSteps: number;
			tokensPerSecond: number | null;
			elapsedMs: number;
			/** null until five steps are measured. */
			etaMs: number | null;
	  }
	/** Rows since the last event, as transferred columns: value of keys[k] at steps[i] is columns[k][i], NaN where absent. */
	| { type: 'metrics'; runId: string; steps: Float64Array; keys: string[]; columns: Float64Array[] }
	| { type: 'samples'; runId: string; step: number; samples: FixedPromptSample[] }
	| { type: 'invariants'; runId: string; step: number; checks: InvariantCheck[] }
	| { type: 'jobState'; runId: string; state: 'running' | 'paused' }
	| { type: 'deviceLost'; error: WireError }
	| { type: 'loading'; loadedBytes: number; totalBytes: number };
