/** Settings of sampling and of each job. Defaults are for the built-in 1-3 M parameter models; their texts live in `settings.ts`. */
import type { Aggregation } from './methods/aggregation';
import type { DpoKind } from './methods/dpo';
import type { BaselineKind } from './methods/reinforce';
import type { ScheduleKind } from './methods/schedule';
import type { SftTokens } from './methods/sft';

export interface SamplingConfig {
	temperature: number;
	/** Most new tokens. */
	maxNew: number;
	/** 0 = off. */
	topK: number;
	/** 1 = off. */
	topP: number;
	/** Drop what follows the last sentence end (the built-in models rarely end within a completion's length). */
	cutAtSentence: boolean;
}

export type RewardPooling = 'mean' | 'last';

export interface RewardConfig {
	epochs: number;
	/** Pairs per optimiser step. */
	batchPairs: number;
	lr: number;
	headLr: number;
	weightDecay: number;
	clipNorm: number;
	/** Weight of mean((r_a + r_b)^2). */
	center: number;
	/** Assumed probability of a uniformly random answer. */
	lapse: number;
	ties: 'half' | 'drop';
	/** Where the reward is read: the mean over the completion's tokens, or its last token (what Hugging Face's classifiers do). */
	pooling: RewardPooling;
	/** Train the scalar head only; the trunk stays as it was. */
	headOnly: boolean;
	/** Share of prompts kept for held-out accuracy. */
	heldOut: number;
	/** Epochs without a better held-out loss after which training stops; 0 = never. The best epoch is kept. */
	patience: number;
	/** Margin of an answer "better by far", in units of reward; 0 = off. */
	marginScale: number;
	/** Weight decay follows the held-out loss: up where the model learns by heart, down where it does not. */
	autoDecay: boolean;
	/** Heads fitted on bootstrap samples of the answers, which say how unsure the score is; 0 = none. */
	ensemble: number;
	/** Samples of the frozen reference on which rewards are normalised to mean 0, sd 1. */
	normaliseSamples: number;
	/** Answers of simulated annotators count too. */
	includeSimulated: boolean;
	microTokens: number;
}

/** What every method shares that learns from completions of its own. */
export interface OnPolicyConfig {
	iterations: number;
	/** Completions per iteration. */
	batch: number;
	maxNew: number;
	temperature: number;
	cutAtSentence: boolean;
	lr: number;
	lrSchedule: 'linear' | 'constant';
	clipNorm: number;
	weightDecay: number;
	/** 0 = off, else scores are clipped to +-this. */
	scoreClip: number;
	missingEos: 'none' | 'subtract' | 'replace';
	missingEosPenalty: number;
	microTokens: number;
}

/** The price of drifting, taken off the reward. */
export interface KlPriceConfig {
	klCoef: number;
	klController: 'fixed' | 'adaptive';
	/** Nats per sequence. */
	klTarget: number;
	/** Episodes; 0 = total episodes / 100, so that the controller moves within a browser-size run. */
	klHorizon: number;
}

export interface PpoConfig extends OnPolicyConfig, KlPriceConfig {
	ppoEpochs: number;
	minibatches: number;
	headLr: number;
	clipRange: number;
	/** Dual clip constant; 0 = off. */
	dualClip: number;
	/** 0 = off. */
	valueClip: number;
	valueCoef: number;
	entropyCoef: number;
	gamma: number;
	lambda: number;
	whitenRewards: boolean;
	whitenAdvantages: boolean;
	/** Stop the epochs of an iteration when mean(old - new) exceeds 1.5 times this; 0 = never. */
	targetPolicyKl: number;
	/** First iterations in which only the value head learns. */
	criticWarmup: number;
}

/** Several completions of each prompt are compared with each other; there is no critic. */
interface GroupConfig extends OnPolicyConfig, KlPriceConfig {
	/** Completions of each prompt. */
	perPrompt: number;
	/** Passes over each batch. */
	epochs: number;
	minibatches: number;
	clipRange: number;
	entropyCoef: number;
}

export type RlooConfig = GroupConfig;

export interface GrpoConfig extends GroupConfig {
	/** Divide by the spread of the group (GRPO); without it, Dr. GRPO. */
	scaleBySpread: boolean;
	aggregation: Aggregation;
	/** Price of drifting in the loss, per nat a token; 0 = off. */
	klLossCoef: number;
	klLoss: 'k2' | 'k3';
}

export interface ReinforceConfig extends OnPolicyConfig, KlPriceConfig {
	baseline: BaselineKind;
	/** Share of the running baseline that each batch keeps. */
	baselineDecay: number;
	entropyCoef: number;
}

export interface OnlineDpoConfig extends OnPolicyConfig {
	perPrompt: number;
	/** Reward per nat. */
	beta: number;
	loss: DpoKind;
	flip: number;
	labels: 'hard' | 'soft';
}

/** What every method shares that learns from texts written before. */
export interface OfflineConfig {
	epochs: number;
	/** Pairs, completions or texts per optimiser step. */
	batchRows: number;
	lr: number;
	lrSchedule: ScheduleKind;
	/** Steps in which the learning rate rises to its full size. */
	warmup: number;
	clipNorm: number;
	weightDecay: number;
	/** Share of prompts kept for held-out numbers. */
	heldOut: number;
	/** Completions after each epoch on which drift and scores are measured; 0 = none. */
	measureSamples: number;
	maxNew: number;
	temperature: number;
	cutAtSentence: boolean;
	microTokens: number;
}

export interface DpoConfig extends OfflineConfig {
	/** Reward per nat. */
	beta: number;
	/** `robust` and `conservative` read `flip`. */
	loss: DpoKind;
	/** Share of answers taken for turned round. */
	flip: number;
}

export interface IpoConfig extends OfflineConfig {
	tau: number;
	convention: 'mean' | 'sum';
}

export interface SimpoConfig extends OfflineConfig {
	beta: number;
	gamma: number;
}

export interface OrpoConfig extends OfflineConfig {
	/** Weight of the odds beside imitation. */
	oddsWeight: number;
}

export interface KtoConfig extends OfflineConfig {
	beta: number;
	/** Weights of good and bad completions; 0 = balanced by their counts. */
	desirableWeight: number;
	undesirableWeight: number;
}

export interface SftConfig extends OfflineConfig {
	tokens: SftTokens;
}

/** No training: many completions of each prompt, and what the best of n of them would be worth. */
export interface BestOfNConfig {
	/** Completions of each prompt. */
	samples: number;
	/** Prompts asked; the run's prompts are gone through in turn. */
	prompts: number;
	/** Prompts per step. */
	batchPrompts: number;
	maxNew: number;
	temperature: number;
	cutAtSentence: boolean;
	microTokens: number;
}

/** Config of each method, by its name. */
export interface TuneConfigs {
	ppo: PpoConfig;
	rloo: RlooConfig;
	grpo: GrpoConfig;
	reinforce: ReinforceConfig;
	'online-dpo': OnlineDpoConfig;
	dpo: DpoConfig;
	ipo: IpoConfig;
	simpo: SimpoConfig;
	orpo: OrpoConfig;
	kto: KtoConfig;
	sft: SftConfig;
	'best-of-n': BestOfNConfig;
}

export type TuneMethod = keyof TuneConfigs;
export type TuneConfig = TuneConfigs[TuneMethod];
/** Methods that write completions and have them scored by a reward model. */
export type OnPolicyMethodName = 'ppo' | 'rloo' | 'grpo' | 'reinforce' | 'online-dpo';
/** Methods that learn from compared pairs without a reward model. */
export type PairMethodName = 'dpo' | 'ipo' | 'simpo' | 'orpo';

export const DEFAULT_SAMPLING: SamplingConfig = {
	temperature: 1,
	maxNew: 48,
	topK: 0,
	topP: 1,
	cutAtSentence: true
};

export const DEFAULT_REWARD: RewardConfig = {
	epochs: 5,
	batchPairs: 8,
	lr: 2e-5,
	headLr: 1e-2,
	weightDecay: 0.01,
	clipNorm: 1,
	center: 0.01,
	lapse: 0.1,
	ties: 'half',
	pooling: 'mean',
	headOnly: false,
	heldOut: 0.2,
	patience: 3,
	marginScale: 0,
	autoDecay: false,
	ensemble: 8,
	normaliseSamples: 64,
	includeSimulated: true,
	microTokens: 2048
};

export const DEFAULT_PPO: PpoConfig = {
	iterations: 24,
	batch: 32,
	maxNew: 48,
	temperature: 1,
	cutAtSentence: true,
	ppoEpochs: 2,
	minibatches: 1,
	lr: 2e-4,
	headLr: 1e-3,
	lrSchedule: 'linear',
	clipNorm: 1,
	weightDecay: 0,
	clipRange: 0.2,
	dualClip: 0,
	valueClip: 0.2,
	valueCoef: 0.1,
	entropyCoef: 0,
	gamma: 1,
	lambda: 0.95,
	klCoef: 0.05,
	klController: 'adaptive',
	klTarget: 6,
	klHorizon: 160,
	whitenRewards: false,
	whitenAdvantages: true,
	scoreClip: 0,
	missingEos: 'none',
	missingEosPenalty: 1,
	targetPolicyKl: 0.1,
	criticWarmup: 0,
	microTokens: 2048
};

const DEFAULT_ON_POLICY: OnPolicyConfig = {
	iterations: 24,
	batch: 32,
	maxNew: 48,
	temperature: 1,
	cutAtSentence: true,
	lr: 2e-4,
	lrSchedule: 'linear',
	clipNorm: 1,
	weightDecay: 0,
	scoreClip: 0,
	missingEos: 'none',
	missingEosPenalty: 1,
	microTokens: 2048
};

const DEFAULT_PRICE: KlPriceConfig = {
	klCoef: 0.05,
	klController: 'adaptive',
	klTarget: 6,
	klHorizon: 160
};

export const DEFAULT_RLOO: RlooConfig = {
	...DEFAULT_ON_POLICY,
	...DEFAULT_PRICE,
	perPrompt: 4,
	epochs: 2,
	minibatches: 1,
	clipRange: 0.2,
	entropyCoef: 0
};

export const DEFAULT_GRPO: GrpoConfig = {
	...DEFAULT_RLOO,
	scaleBySpread: true,
	aggregation: 'token-mean',
	klLossCoef: 0,
	klLoss: 'k2'
};

export const DEFAULT_REINFORCE: ReinforceConfig = {
	...DEFAULT_ON_POLICY,
	...DEFAULT_PRICE,
	baseline: 'batch',
	baselineDecay: 0.9,
	entropyCoef: 0
};

export const DEFAULT_ONLINE_DPO: OnlineDpoConfig = {
	...DEFAULT_ON_POLICY,
	perPrompt: 4,
	beta: 0.1,
	loss: 'plain',
	flip: 0.1,
	labels: 'hard'
};

const DEFAULT_OFFLINE: OfflineConfig = {
	epochs: 4,
	batchRows: 8,
	lr: 2e-5,
	lrSchedule: 'linear',
	warmup: 0,
	clipNorm: 1,
	weightDecay: 0,
	heldOut: 0.1,
	measureSamples: 32,
	maxNew: 48,
	temperature: 1,
	cutAtSentence: true,
	microTokens: 2048
};

export const DEFAULT_DPO: DpoConfig = {
	...DEFAULT_OFFLINE,
	// 2e-5 hardly moves the built-in models (0.7 nats after 200 answers), 2e-4 drifts 17 nats.
	lr: 1e-4,
	beta: 0.1,
	loss: 'plain',
	flip: 0.1
};

export const DEFAULT_IPO: IpoConfig = { ...DEFAULT_OFFLINE, tau: 0.1, convention: 'mean' };

export const DEFAULT_SIMPO: SimpoConfig = { ...DEFAULT_OFFLINE, beta: 2, gamma: 1 };

export const DEFAULT_ORPO: OrpoConfig = { ...DEFAULT_OFFLINE, oddsWeight: 0.1 };

export const DEFAULT_KTO: KtoConfig = {
	...DEFAULT_OFFLINE,
	batchRows: 16,
	beta: 0.1,
	desirableWeight: 0,
	undesirableWeight: 0
};

export const DEFAULT_SFT: SftConfig = { ...DEFAULT_OFFLINE, tokens: 'response' };

export const DEFAULT_BEST_OF_N: BestOfNConfig = {
	samples: 32,
	prompts: 16,
	batchPrompts: 2,
	maxNew: 48,
	temperature: 1,
	cutAtSentence: true,
	microTokens: 2048
};

export const DEFAULT_TUNE: TuneConfigs = {
	ppo: DEFAULT_PPO,
	rloo: DEFAULT_RLOO,
	grpo: DEFAULT_GRPO,
	reinforce: DEFAULT_REINFORCE,
	'online-dpo': DEFAULT_ONLINE_DPO,
	dpo: DEFAULT_DPO,
	ipo: DEFAULT_IPO,
	simpo: DEFAULT_SIMPO,
	orpo: DEFAULT_ORPO,
	kto: DEFAULT_KTO,
	sft: DEFAULT_SFT,
	'best-of-n': DEFAULT_BEST_OF_N
};

/** In the order in which they are offered. */
export const TUNE_METHODS = Object.keys(DEFAULT_TUNE) as readonly TuneMethod[]; // its own keys

export function isTuneMethod(kind: string): kind is TuneMethod {
	return Object.hasOwn(DEFAULT_TUNE, kind);
}
