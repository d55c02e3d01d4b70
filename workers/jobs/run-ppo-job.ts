/** The `tune` command: from a stored reward model to a stored policy. */
import { RECORD_VERSION, type PolicyRecord, type Run } from '../../src/core/records';
import { normalise } from '../../src/core/methods/reward-normalisation';
import { StudioError, toStudioError } from '../../src/protocol/errors';
import type { JobResult, PpoJobArgs } from '../../src/protocol/trainer';
import { finishRun, listMetrics, newId, readCheckpoint } from '../../src/storage/checkpoints';
import type { StudioDb } from '../../src/storage/db';
import type { LanguageModel } from '../engine/language-model';
import { RunLoop } from '../run-loop';
import type { Trainer } from '../trainer';
import { createShowcase } from './fixed-prompts';
import { runPpo, type PpoJob, type PpoState } from './ppo';
import { rewardsOf } from './reward';
import { openRun, recordEngine, settleFailed } from './run-record';
import { textRules } from './rollout';
import { openWeights, packModel, unpack } from './weights-io';

export async function runPpoJob(
	trainer: Trainer,
	args: PpoJobArgs,
	signal: AbortSignal
): Promise<JobResult> {
	const db = await trainer.db();
	return trainer.withControl(args.runId, args.startPaused, async (control) => {
		const stored = await openRun(db, args, args.config.iterations);
		const run = recordEngine(stored, trainer.backend.device, args.resume);
		const loop = new RunLoop({ run, control, signal, db, emit: trainer.emit });
		const policy = await trainer.freshModel(args.model, 1);
		try {
			const job = await assemble(trainer, args, policy);
			const resumeFrom = args.resume ? await restore(db, run.id, policy) : undefined;
			await runPpo({ ...job, ...(resumeFrom && { resumeFrom }) }, loop);
			loop.flush();
			return settled(trainer, await keep(db, args, { ...loop.run, status: 'done' }, policy));
		} catch (cause) {
			loop.flush();
			const error = toStudioError(cause);
			if (error.code !== 'aborted') {
				await settleFailed(db, run.id, error);
				throw error;
			}
			return settled(trainer, await stop(db, args, run.id, policy, error));
		} finally {
			policy.dispose();
		}
	});
}

async function assemble(
	trainer: Trainer,
	args: PpoJobArgs,
	policy: LanguageModel
): Promise<PpoJob> {
	const { config: modelConfig, tokenizer } = await trainer.files(args.model);
	const reference = await trainer.writer({ model: args.model, policyId: null });
	const { model, gain, bias, pooling } = await trainer.rewardModel(args.rewardModelId);
	const { config } = args;
	const text = textRules(tokenizer, modelConfig, config.cutAtSentence);
	const reward: PpoJob['reward'] = async (batch, signal) =>
		normalise(await rewardsOf(model, batch, { pooling, microTokens: config.microTokens }, signal), {
			gain,
			bias
		});
	return {
		policy,
		reference,
		reward,
		prompts: args.prompts.map((prompt) => Int32Array.from(tokenizer.promptIds(prompt))),
		text,
		config,
		seed: args.seed,
		showSamples: createShowcase({
			policy,
			reference,
			reward,
			prompts: args.fixedPrompts,
			tokenizer,
			text,
			config,
			seed: args.seed
		})
	};
}

async function restore(db: StudioDb, runId: string, policy: LanguageModel): Promise<PpoState> {
	const checkpoint = await readCheckpoint(db, runId);
	if (!checkpoint) {
		throw new StudioError('missing-file', 'This run has no stored state to go on from.');
	}
	await policy.load(unpack(openWeights(checkpoint.weights)));
	return checkpoint.state as PpoState; // written by runPpo alone
}

/** A run that was stopped and went on has replaced its policy's weights. */
function settled(trainer: Trainer, result: JobResult): JobResult {
	if (result.resultId !== null) {
		trainer.forgetPolicy(result.resultId);
	}
	return result;
}

/** Stop keeps everything: the policy of the last finished iteration, and the state to go on from. */
async function stop(
	db: StudioDb,
	args: PpoJobArgs,
	runId: string,
	policy: LanguageModel,
	error: StudioError
): Promise<JobResult> {
	await settleFailed(db, runId, error);
	const run = await openRun(db, { runId, resume: true }, args.config.iterations);
	if (run.step === 0) {
		return { status: 'stopped', step: 0, resultId: null };
	}
	await restore(db, runId, policy);
	return keep(db, args, { ...run, status: 'stopped' }, policy);
}

async function keep(
	db: StudioDb,
	args: PpoJobArgs,
	run: Run & { status: 'done' | 'stopped' },
	policy: LanguageModel
): Promise<JobResult> {
	const last = (await listMetrics(db, run.id)).at(-1)?.values ?? {};
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
		rewardModelId: args.rewardModelId,
		step: run.step,
		kl: last['objective/kl'] ?? NaN,
		reward: last['objective/scores'] ?? NaN,
		weightsBytes: weights.byteLength
	};
	await finishRun(db, {
		run: { ...run, resultId: record.id, updatedAt: Date.now() },
		policy: { record, weights }
	});
	return { status: run.status, step: run.step, resultId: record.id };
}
