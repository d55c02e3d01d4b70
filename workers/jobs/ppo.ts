/**
 * PPO from a learned reward (Ziegler et al. 2019; openai/lm-human-preferences train_policy.py), one iteration after another:
 * sample -> score -> advantages -> update. The policy and its critic share a trunk, the value head starts at zero; the reference is
 * a frozen clone; the reward is given once, at the last real token.
 * Deviations: old log-probabilities come from a score pass with the training kernels, never from the sampler (so the first
 * minibatch's ratio is 1 exactly); advantages are whitened over the whole rollout batch, not per minibatch; the adaptive
 * controller's horizon scales with the run; completions are cut at their last sentence end before they are scored.
 * All randomness is a function of (seed, iteration), so a checkpoint needs no generator state.
 */
import type { PpoConfig } from '../../src/core/config';
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
import { ppoAdvantages } from '../../src/core/methods/gae';
import { ppoLoss } from '../../src/core/methods/ppo';
import { responseMask, selectRows, selectTokens } from '../../src/core/methods/response';
import { assembleRewards } from '../../src/core/methods/reward-assembly';
import { whiten } from '../../src/core/methods/whiten';
import { Random, deriveSeed } from '../../src/core/random';
import type { FixedPromptSample, InvariantCheck } from '../../src/core/records';
import { StudioError } from '../../src/protocol/errors';
import type {
	Batch,
	F,
	LanguageModel,
	LossResult,
	Sampled,
	Scores
} from '../engine/language-model';
import type { RunLoop } from '../run-loop';
import { completionIds, cutRollout, promptsAt, type TextRules } from './rollout';
import { packModel, weightsHash } from './weights-io';

/** [B], normalised: mean 0 and standard deviation 1 on the reference. */
export type RewardFunction = (batch: Batch, signal: AbortSignal) => Promise<F>;

export interface PpoJob {
	/** With one scalar head, the value. Trained in place. */
	policy: LanguageModel;
	/** Never stepped. */
	reference: LanguageModel;
	reward: RewardFunction;
	prompts: readonly Int32Array[];
	text: TextRules;
	config: PpoConfig;
	seed: number;
	/** Texts of fixed prompts under the policy now; absent in tests without text. */
	showSamples?: () => Promise<FixedPromptSample[]>;
	/** Iteration and controller to go on from; the policy's weights are loaded already. */
	resumeFrom?: PpoState;
}

/** What a checkpoint holds beside weights and moments. */
export interface PpoState {
	iteration: number;
	klController: KlControllerState;
	referenceHash: string;
}

interface Rollout {
	sampled: Sampled;
	batch: Batch;
	old: Scores;
	refLogProb: F;
	scores: F;
}

interface Update {
	metrics: Record<string, number>;
	/** Of the first minibatch, before its step. */
	first: LossResult | null;
}

/** Runs to the last iteration. Throws 'aborted' on stop, 'not-finite' on NaN; the last committed step stays. */
export async function runPpo(job: PpoJob, loop: RunLoop): Promise<PpoState> {
	const { config } = job;
	const controller = job.resumeFrom
		? KlController.from(job.resumeFrom.klController)
		: KlController.create({
				kind: config.klController,
				coef: config.klCoef,
				target: config.klTarget,
				horizon: config.klHorizon,
				totalEpisodes: config.iterations * config.batch
			});
	const referenceHash = job.resumeFrom?.referenceHash ?? (await weightsHash(job.reference));
	let state: PpoState = job.resumeFrom ?? {
		iteration: 0,
		klController: controller.state(),
		referenceHash
	};
	if (state.iteration === 0) {
		await commit(job, loop, state);
	}
	let atStart: InvariantCheck[] = loop.run.invariants?.filter((c) => c.key === 'kl-at-start') ?? [];
	while (state.iteration < config.iterations) {
		const started = performance.now();
		const { iteration } = state;
		const rollout = await collect(job, loop, iteration);

		await loop.phase('advantages');
		const rewards = assembleRewards({
			batch: rollout.batch,
			scores: rollout.scores,
			logProb: rollout.old.logProb,
			refLogProb: rollout.refLogProb,
			beta: controller.coef,
			stopped: rollout.sampled.stopped,
			missingEos: config.missingEos,
			missingEosPenalty: config.missingEosPenalty,
			scoreClip: config.scoreClip
		});
		const mask = responseMask(rollout.batch);
		const perToken = config.whitenRewards
			? whiten(rewards.rewards, mask, { shiftMean: false })
			: rewards.rewards;
		const { advantages, returns } = ppoAdvantages(
			rollout.batch,
			perToken,
			valueHead(rollout.old),
			config
		);

		await loop.phase('update');
		const lr = learningRates(config, iteration);
		const update = await optimise(job, loop, rollout, {
			advantages: config.whitenAdvantages
				? whiten(advantages, mask, { shiftMean: true })
				: advantages,
			returns,
			lr,
			iteration
		});

		const kl = rewards.metrics['objective/kl'] ?? NaN;
		controller.update(kl, config.batch);
		const tokens = rollout.batch.length.reduce((sum, n) => sum + n, 0);
		const tokensPerSecond =
			(tokens * (4 + config.ppoEpochs)) / ((performance.now() - started) / 1000);
		loop.setSpeed(tokensPerSecond);
		const checks = await check(job, rollout, update, { iteration, kl, referenceHash });
		// KL at the start is seen once and stays shown.
		const invariants = iteration === 0 ? checks : [...checks, ...atStart];
		atStart = invariants.filter((c) => c.key === 'kl-at-start');
		loop.finishStep(iteration + 1, {
			values: {
				...rewards.metrics,
				...update.metrics,
				'val/first_minibatch_ratio': update.first?.metrics['val/ratio'] ?? NaN,
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
		state = { iteration: iteration + 1, klController: controller.state(), referenceHash };
		await commit(job, loop, state);
	}
	return state;
}

async function commit(job: PpoJob, loop: RunLoop, state: PpoState): Promise<void> {
	await loop.commit({ state, weights: await packModel(job.policy, true) });
}

async function collect(job: PpoJob, loop: RunLoop, iteration: number): Promise<Rollout> {
	const { config, seed } = job;
	const pass = {
		temperature: config.temperature,
		microTokens: config.microTokens,
		signal: loop.signal
	};
	await loop.phase('sample');
	const sampled = await job.policy.sample(promptsAt(job.prompts, seed, iteration, config.batch), {
		...pass,
		maxNew: config.maxNew,
		stop: job.text.stop,
		seed: deriveSeed(seed, 'rollout'),
		first: iteration * config.batch
	});
	const batch = cutRollout(sampled, job.text);
	await loop.phase('score');
	const scores = await job.reward(batch, loop.signal);
	const old = await job.policy.score(batch, pass);
	const { logProb: refLogProb } = await job.reference.score(batch, { ...pass, want: ['logProb'] });
	return { sampled, batch, old, refLogProb, scores };
}

interface UpdateInput {
	advantages: F;
	returns: F;
	lr: { trunk: number; heads: number };
	iteration: number;
}

/** ppoEpochs passes over the rollout in freshly shuffled minibatches; metrics are means over the minibatches. */
async function optimise(
	job: PpoJob,
	loop: RunLoop,
	rollout: Rollout,
	input: UpdateInput
): Promise<Update> {
	const { config } = job;
	const { T, B } = rollout.batch;
	const isWarmup = input.iteration < config.criticWarmup;
	const sums: Record<string, number> = {};
	let first: LossResult | null = null;
	let count = 0;
	for (let epoch = 0; epoch < config.ppoEpochs; epoch++) {
		const random = new Random(deriveSeed(job.seed, `minibatches ${input.iteration} ${epoch}`));
		const rows = Array.from({ length: B }, (_, b) => b);
		// One minibatch keeps the rollout's order: its sums are then those of the score pass, to the last bit.
		const order = config.minibatches > 1 ? random.shuffle(rows) : rows;
		const size = Math.ceil(B / config.minibatches);
		for (let start = 0; start < B; start += size) {
			const part = order.slice(start, start + size);
			const pick = (values: F) => selectTokens(values, T, part);
			const result = await job.policy.backward(
				selectRows(rollout.batch, part),
				ppoLoss(
					{
						oldLogProb: pick(rollout.old.logProb),
						oldValue: pick(valueHead(rollout.old)),
						advantages: pick(input.advantages),
						returns: pick(input.returns)
					},
					{ ...config, valueOnly: isWarmup }
				),
				{ temperature: config.temperature, microTokens: config.microTokens, signal: loop.signal }
			);
			first ??= result;
			const isTooFar =
				config.targetPolicyKl > 0 &&
				(result.metrics['policy/policykl'] ?? 0) > 1.5 * config.targetPolicyKl;
			if (result.skip !== undefined || isTooFar) {
				job.policy.zeroGrad();
			} else {
				const { gradNorm } = await job.policy.step({
					lr: isWarmup ? { heads: input.lr.heads } : input.lr,
					clipNorm: config.clipNorm,
					weightDecay: config.weightDecay
				});
				addTo(sums, { ...result.metrics, grad_norm: gradNorm });
				count++;
			}
			if (isTooFar) {
				return { metrics: dividedBy(sums, count), first };
			}
		}
	}
	return { metrics: dividedBy(sums, count), first };
}

/** The live invariants of one iteration. */
async function check(
	job: PpoJob,
	{ sampled, batch, old, refLogProb, scores }: Rollout,
	{ first, metrics }: Update,
	o: { iteration: number; kl: number; referenceHash: string }
): Promise<InvariantCheck[]> {
	const { backend } = job.policy;
	const hashNow = await weightsHash(job.reference);
	return [
		...(first ? firstMinibatchChecks(first, backend) : []),
		samplerCheck(batch, sampled.behaviourLogProb, old.logProb),
		...(o.iteration === 0 ? [startKlCheck(o.kl, backend)] : []),
		entropyCheck(batch, old.entropy, backend),
		referenceCheck(o.referenceHash, hashNow),
		finiteCheck([
			old.logProb,
			refLogProb,
			valueHead(old),
			scores,
			...(first ? [Object.values(metrics)] : [])
		])
	];
}

function completionStatistics(batch: Batch): Record<string, number> {
	const completions = Array.from({ length: batch.B }, (_, b) => completionIds(batch, b));
	return {
		'val/distinct_2': distinct2(completions),
		'val/repetition_rate': repetitionRate(completions)
	};
}

export function learningRates(
	config: Pick<PpoConfig, 'lr' | 'headLr' | 'lrSchedule' | 'iterations'>,
	iteration: number
): { trunk: number; heads: number } {
	const scale = config.lrSchedule === 'linear' ? 1 - iteration / config.iterations : 1;
	return { trunk: config.lr * scale, heads: config.headLr * scale };
}

/** A broken invariant that makes every later number meaningless ends the run; the others are shown and left to the person. */
function assertSound(checks: readonly InvariantCheck[]): void {
	const broken = checks.find(
		(check) => !check.ok && (check.key === 'finite' || check.key === 'reference-unchanged')
	);
	if (broken) {
		throw new StudioError('not-finite', `The check "${broken.key}" failed: ${broken.value}.`, {
			detail: { check: broken.key }
		});
	}
}

function valueHead(scores: Scores): F {
	const value = scores.value[0];
	if (!value) {
		throw new StudioError('internal', 'PPO needs a policy with a value head.');
	}
	return value;
}

function addTo(sums: Record<string, number>, values: Record<string, number>): void {
	for (const [key, value] of Object.entries(values)) {
		sums[key] = (sums[key] ?? 0) + value;
	}
}

function dividedBy(sums: Record<string, number>, count: number): Record<string, number> {
	return Object.fromEntries(
		Object.entries(sums).map(([key, sum]) => [key, sum / Math.max(1, count)])
	);
}
