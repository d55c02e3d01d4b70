/**
 * What every method shares that learns from completions of its own: an iteration samples, scores, learns, checks and commits. The
 * method says only what is learned from a rollout (`OnPolicyMethod.learn`).
 * Old log-probabilities come from a score pass with the training kernels, never from the sampler, so that the first minibatch's
 * ratio is 1 exactly. All randomness is a function of (seed, iteration), so a checkpoint needs no generator state.
 */
import type { KlPriceConfig, OnPolicyConfig } from '../../src/core/config';
import { distinct2, repetitionRate } from '../../src/core/evaluation/text-statistics';
import {
	entropyCheck,
	finiteCheck,
	firstMinibatchChecks,
	referenceCheck,
	samplerCheck,
	startKlCheck
} from '../../src/core/invariants';
import { KlController, type KlControllerState } from '../../src/core/methods/adaptive-kl';
import { deriveSeed } from '../../src/core/random';
import type { FixedPromptSample, InvariantCheck } from '../../src/core/records';
import { StudioError } from '../../src/protocol/errors';
import type {
	Batch,
	F,
	LanguageModel,
	LossResult,
	Sampled,
	Scores,
	StepOptions
} from '../engine/language-model';
import type { JobFrame } from '../run-loop';
import { judgeMetrics, scoreRows, type RewardFunction, type ScoredRows } from './reward-function';
import { completionIds, cutRollout, promptsAt, type TextRules } from './rollout';
import { packModel, weightsHash } from './weights-io';

export interface OnPolicyJob<C extends OnPolicyConfig> {
	/** Trained in place; PPO's has one scalar head, the value. */
	policy: LanguageModel;
	/** Never stepped. */
	reference: LanguageModel;
	reward: RewardFunction;
	/** Judges that nothing learns from. */
	gold?: RewardFunction;
	prompts: readonly Int32Array[];
	text: TextRules;
	config: C;
	seed: number;
	/** Policy and reference are not the same to begin with: the run starts from a tuned model. */
	startsElsewhere?: boolean;
	/** Texts of fixed prompts under the policy now; absent in tests without text. */
	showSamples?: () => Promise<FixedPromptSample[]>;
	/** Where to go on from; the policy's weights are loaded already. */
	resumeFrom?: OnPolicyState;
}

/** What a checkpoint holds beside weights and moments. */
export interface OnPolicyState {
	iteration: number;
	klController: KlControllerState;
	referenceHash: string;
	/** The method's own. */
	method?: unknown;
}

export interface Rollout extends ScoredRows {
	sampled: Sampled;
	batch: Batch;
	old: Scores;
	refLogProb: F;
}

export interface Iteration {
	/** From 0. */
	index: number;
	/** KL coefficient now. */
	beta: number;
	lr: StepOptions['lr'];
}

export interface Learned {
	/** Of the rollout: objective/kl must be among them. */
	objective: Record<string, number>;
	/** Means over the minibatches. */
	update: Record<string, number>;
	/** Of the first minibatch, before its step. */
	first: LossResult | null;
}

export interface OnPolicyMethod {
	/** Completions of each prompt, standing together. */
	perPrompt: number;
	/** Passes over a rollout, for the tokens per second. */
	passes: number;
	price: KlPriceConfig;
	learn(rollout: Rollout, iteration: Iteration): Promise<Learned>;
	/** Plain data to go on from, for a method that remembers. */
	state?: () => unknown;
}

/** A price that stays: for methods whose loss has its own. */
export const NO_PRICE: KlPriceConfig = {
	klCoef: 0,
	klController: 'fixed',
	klTarget: 1,
	klHorizon: 1
};

/** Runs to the last iteration. Throws 'aborted' on stop, 'not-finite' on NaN; the last committed step stays. */
export async function runOnPolicy<C extends OnPolicyConfig>(
	job: OnPolicyJob<C>,
	loop: JobFrame,
	method: OnPolicyMethod
): Promise<OnPolicyState> {
	const { config } = job;
	assertWorkable(job, method);
	const controller = controllerOf(job, method.price);
	const referenceHash = job.resumeFrom?.referenceHash ?? (await weightsHash(job.reference));
	const stateAt = (iteration: number): OnPolicyState => ({
		iteration,
		klController: controller.state(),
		referenceHash,
		...(method.state && { method: method.state() })
	});
	let state: OnPolicyState = job.resumeFrom ?? stateAt(0);
	if (state.iteration === 0) {
		await commit(job, loop, state);
	}
	let atStart: InvariantCheck[] = loop.run.invariants?.filter((c) => c.key === 'kl-at-start') ?? [];
	while (state.iteration < config.iterations) {
		const started = performance.now();
		const { iteration } = state;
		const rollout = await collect(job, loop, iteration, method.perPrompt);
		await loop.phase('advantages');
		const lr = learningRates(config, iteration);
		const learned = await method.learn(rollout, { index: iteration, beta: controller.coef, lr });

		const kl = learned.objective['objective/kl'] ?? NaN;
		controller.update(kl, config.batch);
		const tokens = rollout.batch.length.reduce((sum, n) => sum + n, 0);
		const tokensPerSecond = (tokens * (4 + method.passes)) / ((performance.now() - started) / 1000);
		loop.setSpeed(tokensPerSecond);
		const checks = await check(job, rollout, learned, { iteration, kl, referenceHash });
		// KL at the start is seen once and stays shown.
		const invariants = iteration === 0 ? checks : [...checks, ...atStart];
		atStart = invariants.filter((c) => c.key === 'kl-at-start');
		const firstRatio = learned.first?.metrics['val/ratio'];
		loop.finishStep(iteration + 1, {
			values: {
				...learned.objective,
				...learned.update,
				...(await judgeMetrics(rollout, job.gold, rollout.batch, loop.signal)),
				...(firstRatio !== undefined && { 'val/first_minibatch_ratio': firstRatio }),
				...completionStatistics(rollout.batch),
				lr: lr.trunk,
				episode: (iteration + 1) * config.batch,
				'perf/tokens_per_second': tokensPerSecond
			},
			invariants,
			...(job.showSamples && { samples: await job.showSamples() })
		});
		assertSound(invariants);
		await loop.phase('save');
		state = stateAt(iteration + 1);
		await commit(job, loop, state);
	}
	return state;
}

function assertWorkable<C extends OnPolicyConfig>(
	job: OnPolicyJob<C>,
	method: OnPolicyMethod
): void {
	if (job.prompts.length === 0) {
		throw new StudioError('not-enough-data', 'There is no prompt to write from.', {
			detail: { prompts: 0, needed: 1 }
		});
	}
	if (job.config.batch % method.perPrompt !== 0) {
		throw new StudioError(
			'bad-settings',
			`${job.config.batch} completions cannot be divided into groups of ${method.perPrompt}.`,
			{ detail: { batch: job.config.batch, perPrompt: method.perPrompt } }
		);
	}
}

function controllerOf<C extends OnPolicyConfig>(
	{ config, resumeFrom }: OnPolicyJob<C>,
	price: KlPriceConfig
): KlController {
	return resumeFrom
		? KlController.from(resumeFrom.klController)
		: KlController.create({
				kind: price.klController,
				coef: price.klCoef,
				target: price.klTarget,
				horizon: price.klHorizon,
				totalEpisodes: config.iterations * config.batch
			});
}

async function commit<C extends OnPolicyConfig>(
	job: OnPolicyJob<C>,
	loop: JobFrame,
	state: OnPolicyState
): Promise<void> {
	await loop.commit({ state, weights: await packModel(job.policy, true) });
}

/** What an iteration learns from: completions, their scores, and what policy and reference think of them. */
export async function collect<C extends OnPolicyConfig>(
	job: OnPolicyJob<C>,
	loop: Pick<JobFrame, 'phase' | 'signal'>,
	iteration: number,
	perPrompt: number
): Promise<Rollout> {
	const { config, seed } = job;
	const pass = {
		temperature: config.temperature,
		microTokens: config.microTokens,
		signal: loop.signal
	};
	await loop.phase('sample');
	const prompts = promptsAt(job.prompts, seed, iteration, config.batch / perPrompt);
	const sampled = await job.policy.sample(
		prompts.flatMap((prompt) => Array.from({ length: perPrompt }, () => prompt)),
		{
			...pass,
			maxNew: config.maxNew,
			stop: job.text.stop,
			seed: deriveSeed(seed, 'rollout'),
			first: iteration * config.batch
		}
	);
	const batch = cutRollout(sampled, job.text);
	await loop.phase('score');
	const scored = await scoreRows(job.reward, batch, loop.signal);
	const old = await job.policy.score(batch, pass);
	const { logProb: refLogProb } = await job.reference.score(batch, { ...pass, want: ['logProb'] });
	return { ...scored, sampled, batch, old, refLogProb };
}

/** The live invariants of one iteration. */
async function check<C extends OnPolicyConfig>(
	job: OnPolicyJob<C>,
	{ sampled, batch, old, refLogProb, scores }: Rollout,
	{ first, update }: Learned,
	o: { iteration: number; kl: number; referenceHash: string }
): Promise<InvariantCheck[]> {
	const { backend } = job.policy;
	const hashNow = await weightsHash(job.reference);
	return [
		...(first?.trace?.['ratio'] ? firstMinibatchChecks(first, backend) : []),
		samplerCheck(batch, sampled.behaviourLogProb, old.logProb),
		...(o.iteration === 0 && !job.startsElsewhere ? [startKlCheck(o.kl, backend)] : []),
		entropyCheck(batch, old.entropy, backend),
		referenceCheck(o.referenceHash, hashNow),
		finiteCheck([
			old.logProb,
			refLogProb,
			...old.value.slice(0, 1),
			scores,
			...(first ? [Object.values(update)] : [])
		])
	];
}

export function completionStatistics(batch: Batch): Record<string, number> {
	const completions = Array.from({ length: batch.B }, (_, b) => completionIds(batch, b));
	const variety = distinct2(completions);
	return {
		// Completions of less than two tokens have no pair of tokens to count.
		...(Number.isFinite(variety) && { 'val/distinct_2': variety }),
		'val/repetition_rate': repetitionRate(completions)
	};
}

/** Learning rates of an iteration; without a head's, the heads are frozen or absent. */
export function learningRates(
	config: Pick<OnPolicyConfig, 'lr' | 'lrSchedule' | 'iterations'> & { headLr?: number },
	iteration: number
): { trunk: number; heads?: number } {
	const scale = config.lrSchedule === 'linear' ? 1 - iteration / config.iterations : 1;
	return {
		trunk: config.lr * scale,
		...(config.headLr !== undefined && { heads: config.headLr * scale })
	};
}

/** A broken invariant that makes every later number meaningless ends the run; the others are shown and left to the person. */
export function assertSound(checks: readonly InvariantCheck[]): void {
	const broken = checks.find(
		(check) => !check.ok && (check.key === 'finite' || check.key === 'reference-unchanged')
	);
	if (broken) {
		throw new StudioError('not-finite', `The check "${broken.key}" failed: ${broken.value}.`, {
			detail: { check: broken.key }
		});
	}
}
