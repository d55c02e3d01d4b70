/**
 * A reward model from comparisons (Bradley-Terry; Ziegler et al. 2019, Stiennon et al. 2020): split by prompt, several epochs over
 * the answers, the epoch with the best held-out loss kept, then gain and bias so that samples of the frozen reference score with
 * mean 0 and standard deviation 1.
 * Deviations: some epochs instead of one (there are tens to hundreds of answers, not tens of thousands); the head starts at zero
 * (a random one is noise that so few answers do not wash out); the reward is read as a mean over the response by default.
 * All randomness is a function of (seed, epoch), so a checkpoint needs no generator state.
 */
import type { RewardConfig } from '../../src/core/config';
import type { PreferencePair } from '../../src/core/feedback/comparison';
import { splitByPrompt } from '../../src/core/feedback/split';
import {
	bradleyTerry,
	bradleyTerryLoss,
	type PairMetrics
} from '../../src/core/methods/bradley-terry';
import { correlation } from '../../src/core/methods/math';
import type { F } from '../../src/core/methods/loss';
import { responseLengths } from '../../src/core/methods/response';
import { normalisationOf, type Normalisation } from '../../src/core/methods/reward-normalisation';
import { readRewards } from '../../src/core/methods/reward-reading';
import { strengthMargins } from '../../src/core/methods/strength-margin';
import { Random, deriveSeed } from '../../src/core/random';
import type { RewardReport } from '../../src/core/records';
import { StudioError } from '../../src/protocol/errors';
import type { Batch, LanguageModel, NamedTensor } from '../engine/language-model';
import type { RunLoop } from '../run-loop';
import { writeSafetensors } from '../../src/core/formats/safetensors';
import { assertCompared } from './bad-data';
import { fitEnsemble, type HeadEnsemble } from './head-ensemble';
import { pairBatch } from './preference';
import { rewardReport } from './reward-report';
import { promptsAt, cutRollout, type TextRules } from './rollout';
import { modelTensors } from './weights-io';

/** Fewer tell nothing: two for each side of the split. */
export const FEWEST_PAIRS = 4;
/** Before the names of the best epoch's weights in a checkpoint. */
export const BEST_PREFIX = 'best.';

export interface RewardJob {
	/** With one scalar head, the reward. Trained in place; holds the best epoch's weights at the end. */
	model: LanguageModel;
	/** Writes the samples that the reward is normalised on. */
	reference: LanguageModel;
	pairs: readonly PreferencePair[];
	prompts: readonly Int32Array[];
	text: TextRules;
	/** New tokens of a normalisation sample. */
	maxNew: number;
	config: RewardConfig;
	seed: number;
	/** For an ensemble: a copy of the model with these heads; absent: there will be none. */
	withHeads?: (heads: readonly F[]) => Promise<LanguageModel>;
	resumeFrom?: { state: RewardState; best: NamedTensor[] };
}

/** What a checkpoint holds beside weights, moments and the best epoch's weights. */
export interface RewardState {
	epoch: number;
	bestLoss: number;
	epochsSinceBest: number;
	/** Now, where it sets itself; absent: that of the settings. */
	weightDecay?: number;
}

export interface RewardOutcome {
	normalisation: Normalisation;
	trainAccuracy: number;
	heldOutAccuracy: number | null;
	trainPairs: number;
	heldOutPairs: number;
	report: RewardReport;
	/** Absent where none was asked for, or no pair differs. */
	ensemble?: HeadEnsemble;
}

/** Steps the job will take, for its run record. */
export function rewardSteps(
	pairs: readonly PreferencePair[],
	config: RewardConfig,
	seed: number
): number {
	return (
		config.epochs *
		Math.ceil(splitByPrompt(pairs, config.heldOut, seed).train.length / config.batchPairs)
	);
}

/** Throws 'not-enough-data', 'aborted' on stop, 'not-finite' on NaN; the last committed epoch stays. */
export async function runReward(job: RewardJob, loop: RunLoop): Promise<RewardOutcome> {
	const { config, seed } = job;
	if (job.pairs.length < FEWEST_PAIRS) {
		throw new StudioError(
			'not-enough-data',
			`There are ${job.pairs.length} answers to learn from; ${FEWEST_PAIRS} are needed.`,
			{
				detail: { pairs: job.pairs.length, needed: FEWEST_PAIRS }
			}
		);
	}
	assertCompared(job.pairs);
	const { train, heldOut } = splitByPrompt(job.pairs, config.heldOut, seed);
	let state: RewardState = job.resumeFrom?.state ?? {
		epoch: 0,
		bestLoss: Infinity,
		epochsSinceBest: 0
	};
	let best = job.resumeFrom?.best ?? (await copyOf(job.model));
	const isPatient = () =>
		config.patience === 0 || heldOut.length === 0 || state.epochsSinceBest < config.patience;
	if (state.epoch === 0) {
		await commit(job, loop, state, best);
	}
	while (state.epoch < config.epochs && isPatient()) {
		const weightDecay = state.weightDecay ?? config.weightDecay;
		const last = await trainEpoch(job, loop, train, state.epoch, weightDecay);
		await loop.phase('hold-out');
		const judged = heldOut.length > 0 ? await judge(job, heldOut, loop.signal) : null;
		const bestLoss = judged?.loss ?? -Infinity;
		const isBest = bestLoss < state.bestLoss || judged === null;
		if (isBest) {
			best = await copyOf(job.model);
		}
		state = {
			epoch: state.epoch + 1,
			bestLoss: isBest ? bestLoss : state.bestLoss,
			epochsSinceBest: isBest ? 0 : state.epochsSinceBest + 1,
			...(config.autoDecay && {
				weightDecay: nextDecay(weightDecay, last.meanLoss, judged?.loss ?? null)
			})
		};
		loop.finishStep(last.step, {
			values: {
				...last.values,
				...(config.autoDecay && { 'reward/weight_decay': weightDecay }),
				...(judged &&
					known({
						'reward/held_out_loss': judged.loss,
						'reward/held_out_accuracy': judged.metrics.accuracy,
						'reward/len_corr': judged.lengthCorrelation
					}))
			}
		});
		await loop.phase('save');
		await commit(job, loop, state, best);
	}
	await job.model.load(best);
	return finish(job, loop, train, heldOut);
}

async function finish(
	job: RewardJob,
	loop: RunLoop,
	train: readonly PreferencePair[],
	heldOut: readonly PreferencePair[]
): Promise<RewardOutcome> {
	await loop.phase('normalise');
	const onTrain = await judge(job, train, loop.signal);
	const onHeldOut = heldOut.length > 0 ? await judge(job, heldOut, loop.signal) : null;
	const samples = await normalisationSamples(job, loop.signal);
	const normalisation = normalisationOf(
		await rewardsOf(job.model, samples, job.config, loop.signal)
	);
	const ensemble = await fitEnsemble(job, loop, train, samples);
	return {
		normalisation,
		trainAccuracy: finiteOr(0.5, onTrain.metrics.accuracy),
		heldOutAccuracy: accuracyOf(onHeldOut),
		trainPairs: train.length,
		heldOutPairs: heldOut.length,
		report: onHeldOut
			? rewardReport('held-out', heldOut, onHeldOut.rewards)
			: rewardReport('train', train, onTrain.rewards),
		...(ensemble && { ensemble })
	};
}

interface LastStep {
	step: number;
	values: Record<string, number>;
	/** Of the whole epoch, as it was learned. */
	meanLoss: number;
}

/** Of imitation's interval: held-out over training loss below and above which the decay moves, and by how much. */
const TOLERATED_GAP = { low: 1.1, high: 1.5 };
const DECAY_FACTOR = 2;
const LEAST_DECAY = 1e-3;
const MOST_DECAY = 10;

/**
 * Weight decay of the next epoch (HumanCompatibleAI/imitation, regularization/updaters.py: up where the held-out loss is well above
 * the training loss, down where it is not). Without held-out pairs it stays.
 */
export function nextDecay(decay: number, trainLoss: number, heldOutLoss: number | null): number {
	if (heldOutLoss === null || !(trainLoss > 0)) {
		return decay;
	}
	const gap = heldOutLoss / trainLoss;
	const factor =
		gap > TOLERATED_GAP.high ? DECAY_FACTOR : gap < TOLERATED_GAP.low ? 1 / DECAY_FACTOR : 1;
	return Math.min(MOST_DECAY, Math.max(LEAST_DECAY, decay * factor));
}

/** One pass over the answers in a fresh order; the last step is left to the caller, who adds what the held-out pairs say. */
async function trainEpoch(
	job: RewardJob,
	loop: RunLoop,
	train: readonly PreferencePair[],
	epoch: number,
	weightDecay: number
): Promise<LastStep> {
	const { config } = job;
	let lossSum = 0;
	const perEpoch = Math.ceil(train.length / config.batchPairs);
	const order = new Random(deriveSeed(job.seed, `pairs ${epoch}`)).shuffle(train);
	for (let i = 0; ; i++) {
		await loop.phase('train');
		const started = performance.now();
		const part = order.slice(i * config.batchPairs, (i + 1) * config.batchPairs);
		const batch = pairBatch(part);
		const { metrics } = await job.model.backward(
			batch,
			bradleyTerryLoss(
				Float64Array.from(part, (p) => p.y),
				{ ...config, ...marginsOf(part, config) }
			),
			{
				temperature: 1,
				want: ['value'],
				groups: config.headOnly ? ['heads'] : ['trunk', 'heads'],
				microTokens: config.microTokens,
				signal: loop.signal
			}
		);
		lossSum += ((metrics['reward/loss'] ?? NaN) * part.length) / train.length;
		const step = epoch * perEpoch + i + 1;
		const scale = 1 - (step - 1) / (config.epochs * perEpoch);
		const { gradNorm } = await job.model.step({
			lr: {
				heads: config.headLr * scale,
				...(config.headOnly ? {} : { trunk: config.lr * scale })
			},
			clipNorm: config.clipNorm,
			weightDecay
		});
		const tokens = batch.length.reduce((sum, n) => sum + n, 0);
		const tokensPerSecond = tokens / ((performance.now() - started) / 1000);
		loop.setSpeed(tokensPerSecond);
		const values = {
			...known(metrics),
			lr: config.lr * scale,
			grad_norm: gradNorm,
			'perf/tokens_per_second': tokensPerSecond
		};
		if (i === perEpoch - 1) {
			return { step, values, meanLoss: lossSum };
		}
		loop.finishStep(step, { values });
	}
}

/** Margins of a batch, where answers with a strength ask for one. */
function marginsOf(
	pairs: readonly PreferencePair[],
	{ marginScale }: Pick<RewardConfig, 'marginScale'>
): { margin?: F } {
	return marginScale > 0
		? {
				margin: strengthMargins(
					pairs.map(({ strength }) => strength),
					Float64Array.from(pairs, ({ y }) => y),
					marginScale
				)
			}
		: {};
}

interface Judged {
	/** [2n], a_0, b_0, a_1, … */
	rewards: F;
	loss: number;
	metrics: PairMetrics;
	/** Between reward and length in tokens, over all completions. */
	lengthCorrelation: number;
}

async function judge(
	job: RewardJob,
	pairs: readonly PreferencePair[],
	signal: AbortSignal
): Promise<Judged> {
	const batch = pairBatch(pairs);
	const rewards = await rewardsOf(job.model, batch, job.config, signal);
	const side = (which: number) => rewards.filter((_, row) => row % 2 === which);
	const y = Float64Array.from(pairs, (p) => p.y);
	const { loss, metrics } = bradleyTerry(
		{ a: side(0), b: side(1), y },
		{ lapse: job.config.lapse }
	);
	return {
		rewards,
		loss,
		metrics,
		lengthCorrelation: correlation(rewards, responseLengths(batch))
	};
}

/** [B], raw. */
export async function rewardsOf(
	model: LanguageModel,
	batch: Batch,
	{ pooling, microTokens }: Pick<RewardConfig, 'pooling' | 'microTokens'>,
	signal?: AbortSignal
): Promise<F> {
	const { value } = await model.score(batch, {
		temperature: 1,
		want: ['value'],
		microTokens,
		signal
	});
	const head = value[0];
	if (!head) {
		throw new StudioError('internal', 'A reward model needs a scalar head.');
	}
	return readRewards(batch, head, pooling);
}

/** Completions of the frozen reference, on which scores are brought to a known scale. */
async function normalisationSamples(job: RewardJob, signal: AbortSignal): Promise<Batch> {
	const { config, seed } = job;
	const sampled = await job.reference.sample(
		promptsAt(job.prompts, deriveSeed(seed, 'normalise'), 0, config.normaliseSamples),
		{
			temperature: 1,
			maxNew: job.maxNew,
			stop: job.text.stop,
			seed: deriveSeed(seed, 'normalise samples'),
			first: 0,
			signal
		}
	);
	return cutRollout(sampled, job.text);
}

/** A metric that nothing can be said of (accuracy where all are ties, a correlation with equal lengths) is no point on a chart. */
const known = (metrics: Record<string, number>): Record<string, number> =>
	Object.fromEntries(Object.entries(metrics).filter(([, value]) => !Number.isNaN(value)));

/** null where nothing was decided. */
const accuracyOf = (judged: Judged | null): number | null =>
	judged && Number.isFinite(judged.metrics.accuracy) ? judged.metrics.accuracy : null;

const finiteOr = (otherwise: number, x: number): number => (Number.isFinite(x) ? x : otherwise);

async function copyOf(model: LanguageModel): Promise<NamedTensor[]> {
	return (await modelTensors(model, false)).map((t) => ({ ...t, data: t.data.slice() }));
}

async function commit(
	job: RewardJob,
	loop: RunLoop,
	state: RewardState,
	best: readonly NamedTensor[]
): Promise<void> {
	const tensors = [
		...(await modelTensors(job.model, true)),
		...best.map((t) => ({ ...t, name: BEST_PREFIX + t.name }))
	];
	await loop.commit({ state, weights: writeSafetensors(tensors).buffer });
}
