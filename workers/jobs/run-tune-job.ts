/** The `tune` command: from stored things and a method's settings to a stored policy. */
import {
	RECORD_VERSION,
	type PolicyRecord,
	type Run,
	type WeightsRef
} from '../../src/core/records';
import { StudioError, toStudioError } from '../../src/protocol/errors';
import type { JobResult, TuneArgs } from '../../src/protocol/trainer';
import { finishRun, listMetrics, newId, readCheckpoint } from '../../src/storage/checkpoints';
import type { StudioDb } from '../../src/storage/db';
import type { LanguageModel } from '../engine/language-model';
import { RunLoop } from '../run-loop';
import type { Trainer } from '../trainer';
import { createShowcase } from './fixed-prompts';
import { goldReward, storedReward } from './judges';
import { runMethod, stepsOf, type Assembled } from './methods';
import { runBestOfNJob } from './run-best-of-n-job';
import { openRun, recordEngine, settleFailed } from './run-record';
import { textRules } from './rollout';
import { openWeights, packModel, unpack } from './weights-io';

const BASE: WeightsRef = { kind: 'base' };
/** Every method of `tune` that makes a policy. */
export type PolicyArgs = Exclude<TuneArgs, { method: 'best-of-n' }>;

export function runTuneJob(
	trainer: Trainer,
	args: TuneArgs,
	signal: AbortSignal
): Promise<JobResult> {
	return args.method === 'best-of-n'
		? runBestOfNJob(trainer, args, signal)
		: runPolicyJob(trainer, args, signal);
}

async function runPolicyJob(
	trainer: Trainer,
	args: PolicyArgs,
	signal: AbortSignal
): Promise<JobResult> {
	const db = await trainer.db();
	return trainer.withControl(args.runId, args.startPaused, async (control) => {
		const stored = await openRun(db, args, stepsOf(args));
		const run = withChoices(recordEngine(stored, trainer.backend.device, args.resume), args);
		const loop = new RunLoop({
			run,
			control,
			signal,
			db,
			emit: trainer.emit,
			keepsSnapshots: true
		});
		const models: LanguageModel[] = [];
		try {
			const policy = await trainer.freshFrom(
				args.model,
				args.start ?? BASE,
				args.method === 'ppo' ? 1 : 0
			);
			models.push(policy);
			const reference = await referenceOf(trainer, args, models);
			const assembled = await assemble(trainer, args, policy, reference);
			const resumeFrom = args.resume ? await restore(db, run.id, policy) : undefined;
			await runMethod(args, { ...assembled, resumeFrom }, loop);
			loop.flush();
			return settled(trainer, await keep(db, args, { ...loop.run, status: 'done' }, policy));
		} catch (cause) {
			loop.flush();
			const error = toStudioError(cause);
			const [policy] = models;
			if (error.code !== 'aborted' || !policy) {
				await settleFailed(db, run.id, error);
				throw error;
			}
			return settled(trainer, await stop(db, args, run.id, policy, error));
		} finally {
			models.forEach((model) => model.dispose());
		}
	});
}

/** What was chosen for the run beside its settings, for the record. */
function withChoices(
	run: Run,
	{
		start,
		reference,
		gold,
		rewardRule
	}: Pick<TuneArgs, 'start' | 'reference' | 'gold' | 'rewardRule'>
): Run {
	return {
		...run,
		...(start && { start }),
		...(reference && { reference }),
		...(gold && { gold }),
		...(rewardRule && { rewardRule })
	};
}

const isSame = (x: WeightsRef = BASE, y: WeightsRef = BASE): boolean =>
	JSON.stringify(Object.entries(x).toSorted()) === JSON.stringify(Object.entries(y).toSorted());

/** The base is shared; anything else is loaded for this run, and disposed of with it. */
async function referenceOf(
	trainer: Trainer,
	{ model, reference = BASE }: PolicyArgs,
	models: LanguageModel[]
): Promise<LanguageModel> {
	if (reference.kind === 'base') {
		return trainer.writer({ model, policyId: null });
	}
	const loaded = await trainer.freshFrom(model, reference, 0);
	models.push(loaded);
	return loaded;
}

async function assemble(
	trainer: Trainer,
	args: PolicyArgs,
	policy: LanguageModel,
	reference: LanguageModel
): Promise<Assembled> {
	const { config: modelConfig, tokenizer } = await trainer.files(args.model);
	const { cutAtSentence, microTokens } = args.config;
	const text = textRules(tokenizer, modelConfig, cutAtSentence);
	const reward =
		args.rewardModelId === undefined
			? undefined
			: await storedReward(trainer, args.rewardModelId, microTokens, args.rewardRule);
	const gold = args.gold && (await goldReward(trainer, args.gold, tokenizer, microTokens));
	return {
		policy,
		reference,
		reward,
		gold,
		prompts: args.prompts.map((prompt) => Int32Array.from(tokenizer.promptIds(prompt))),
		text,
		startsElsewhere: !isSame(args.start, args.reference),
		resumeFrom: undefined,
		showSamples: createShowcase({
			policy,
			reference,
			...(reward && { reward }),
			prompts: args.fixedPrompts,
			tokenizer,
			text,
			config: args.config,
			seed: args.seed
		})
	};
}

/** The state that a job's own loop wrote, with the weights it belongs to. */
async function restore(db: StudioDb, runId: string, policy: LanguageModel): Promise<unknown> {
	const checkpoint = await readCheckpoint(db, runId);
	if (!checkpoint) {
		throw new StudioError('missing-file', 'This run has no stored state to go on from.');
	}
	await policy.load(unpack(openWeights(checkpoint.weights)));
	return checkpoint.state;
}

/** A run that was stopped and went on has replaced its policy's weights. */
function settled(trainer: Trainer, result: JobResult): JobResult {
	if (result.resultId !== null) {
		trainer.forgetPolicy(result.resultId);
	}
	return result;
}

/** Stop keeps everything: the policy of the last committed step, and the state to go on from. */
async function stop(
	db: StudioDb,
	args: PolicyArgs,
	runId: string,
	policy: LanguageModel,
	error: StudioError
): Promise<JobResult> {
	await settleFailed(db, runId, error);
	const run = await openRun(db, { runId, resume: true }, stepsOf(args));
	if (run.step === 0) {
		return { status: 'stopped', step: 0, resultId: null };
	}
	await restore(db, runId, policy);
	return keep(db, args, { ...run, status: 'stopped' }, policy);
}

async function keep(
	db: StudioDb,
	args: PolicyArgs,
	run: Run & { status: 'done' | 'stopped' },
	policy: LanguageModel
): Promise<JobResult> {
	const rows = await listMetrics(db, run.id);
	/** Offline methods measure after an epoch alone: the last step that has the number. */
	const last = (key: string) => rows.findLast(({ values }) => key in values)?.values[key] ?? NaN;
	const weights = await packModel(policy, false);
	const record: PolicyRecord = {
		// A run that was stopped and went on replaces its own policy.
		id: run.resultId ?? newId(),
		studyId: args.studyId,
		version: RECORD_VERSION,
		createdAt: Date.now(),
		name: args.name,
		model: args.model,
		runId: run.id,
		method: args.method,
		config: args.config,
		...(args.start && { start: args.start }),
		...(args.reference && { reference: args.reference }),
		...(args.rewardModelId !== undefined && { rewardModelId: args.rewardModelId }),
		...('datasetHash' in args && { datasetHash: args.datasetHash }),
		step: run.step,
		kl: last('objective/kl'),
		reward: last('objective/scores'),
		weightsBytes: weights.byteLength
	};
	await finishRun(db, {
		run: { ...run, resultId: record.id, updatedAt: Date.now() },
		policy: { record, weights }
	});
	return { status: run.status, step: run.step, resultId: record.id };
}
