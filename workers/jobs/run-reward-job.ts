/** The `trainReward` command: from stored answers to a stored reward model. */
import { RECORD_VERSION, type RewardModelRecord, type Run } from '../../src/core/records';
import { DEFAULT_SAMPLING } from '../../src/core/config';
import { writeSafetensors } from '../../src/core/formats/safetensors';
import { StudioError, toStudioError } from '../../src/protocol/errors';
import type { JobResult, RewardJobArgs } from '../../src/protocol/trainer';
import { finishRun, newId, readCheckpoint } from '../../src/storage/checkpoints';
import { RunLoop } from '../run-loop';
import type { Trainer } from '../trainer';
import { openRun, recordEngine, settleFailed } from './run-record';
import { BEST_PREFIX, rewardSteps, runReward, type RewardJob, type RewardState } from './reward';
import { textRules } from './rollout';
import { ensembleTensor, modelTensors, openWeights, unpack } from './weights-io';

export async function runRewardJob(
	trainer: Trainer,
	args: RewardJobArgs,
	signal: AbortSignal
): Promise<JobResult> {
	const db = await trainer.db();
	return trainer.withControl(args.runId, args.startPaused, async (control) => {
		const stored = await openRun(db, args, rewardSteps(args.pairs, args.config, args.seed));
		const run = recordEngine(stored, trainer.backend.device, args.resume);
		const loop = new RunLoop({ run, control, signal, db, emit: trainer.emit });
		const { config: modelConfig, tokenizer } = await trainer.files(args.model);
		const model = await trainer.freshModel(args.model, 1);
		try {
			const resumeFrom = args.resume
				? await restore(await readCheckpoint(db, run.id), model)
				: undefined;
			const job: RewardJob = {
				model,
				reference: await trainer.writer({ model: args.model, policyId: null }),
				pairs: args.pairs,
				prompts: args.prompts.map((text) => Int32Array.from(tokenizer.promptIds(text))),
				text: textRules(tokenizer, modelConfig, true),
				maxNew: DEFAULT_SAMPLING.maxNew,
				config: args.config,
				seed: args.seed,
				withHeads: (heads) => trainer.withHeads(args.model, model, heads),
				...(resumeFrom && { resumeFrom })
			};
			const outcome = await runReward(job, loop);
			const { ensemble } = outcome;
			const weights = writeSafetensors([
				...(await modelTensors(model, false)),
				...(ensemble ? [ensembleTensor(ensemble.heads)] : [])
			]).buffer;
			const record: RewardModelRecord = {
				id: newId(),
				studyId: args.studyId,
				version: RECORD_VERSION,
				createdAt: Date.now(),
				name: args.name,
				model: args.model,
				runId: run.id,
				datasetHash: args.datasetHash,
				pooling: args.config.pooling,
				...outcome.normalisation,
				trainAccuracy: outcome.trainAccuracy,
				heldOutAccuracy: outcome.heldOutAccuracy,
				trainPairs: outcome.trainPairs,
				heldOutPairs: outcome.heldOutPairs,
				...(ensemble && { ensemble: { members: ensemble.members, ridge: ensemble.ridge } }),
				report: outcome.report,
				simulatedShare: args.pairs.filter((p) => p.simulated).length / args.pairs.length,
				weightsBytes: weights.byteLength
			};
			loop.flush();
			const done: Run = { ...loop.run, status: 'done', resultId: record.id, updatedAt: Date.now() };
			await finishRun(db, { run: done, rewardModel: { record, weights } });
			return { status: 'done', step: done.step, resultId: record.id };
		} catch (cause) {
			loop.flush();
			const error = toStudioError(cause);
			await settleFailed(db, run.id, error);
			if (error.code !== 'aborted') {
				throw error;
			}
			return { status: 'stopped', step: loop.run.step, resultId: null };
		} finally {
			model.dispose();
		}
	});
}

async function restore(
	checkpoint: Awaited<ReturnType<typeof readCheckpoint>>,
	model: RewardJob['model']
): Promise<RewardJob['resumeFrom']> {
	if (!checkpoint) {
		throw new StudioError('missing-file', 'This run has no stored state to go on from.');
	}
	const file = openWeights(checkpoint.weights);
	const best = [...unpack(file, BEST_PREFIX)];
	await model.load([...unpack(file)].filter((t) => !t.name.startsWith(BEST_PREFIX)));
	return { state: checkpoint.state as RewardState, best }; // written by runReward alone
}
