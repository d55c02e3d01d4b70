/** Settings of sampling and of each job. Defaults are for the built-in 1-3 M parameter models; their texts live in `settings.ts`. */

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
	/** Samples of the frozen reference on which rewards are normalised to mean 0, sd 1. */
	normaliseSamples: number;
	/** Answers of simulated annotators count too. */
	includeSimulated: boolean;
	microTokens: number;
}

export interface PpoConfig {
	iterations: number;
	/** Completions per iteration. */
	batch: number;
	maxNew: number;
	temperature: number;
	cutAtSentence: boolean;
	ppoEpochs: number;
	minibatches: number;
	lr: number;
	headLr: number;
	lrSchedule: 'linear' | 'constant';
	clipNorm: number;
	weightDecay: number;
	clipRange: number;
	/** Dual clip constant; 0 = off. */
	dualClip: number;
	/** 0 = off. */
	valueClip: number;
	valueCoef: number;
	entropyCoef: number;
	gamma: number;
	lambda: number;
	klCoef: number;
	klController: 'fixed' | 'adaptive';
	/** Nats per sequence. */
	klTarget: number;
	/** Episodes; 0 = total episodes / 100, so that the controller moves within a browser-size run. */
	klHorizon: number;
	whitenRewards: boolean;
	whitenAdvantages: boolean;
	/** 0 = off, else scores are clipped to +-this. */
	scoreClip: number;
	missingEos: 'none' | 'subtract' | 'replace';
	missingEosPenalty: number;
	/** Stop the epochs of an iteration when mean(old - new) exceeds 1.5 times this; 0 = never. */
	targetPolicyKl: number;
	/** First iterations in which only the value head learns. */
	criticWarmup: number;
	microTokens: number;
}

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
