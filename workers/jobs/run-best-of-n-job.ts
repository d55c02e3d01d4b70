/** `tune` with method 'best-of-n': nothing is trained; what is stored is a report. */
import { RECORD_VERSION, type BestOfNRecord, type Run } from '../../src/core/records';
import { StudioError, toStudioError } from '../../src/protocol/errors';
import type { JobResult, TuneArgs } from '../../src/protocol/trainer';
import { finishRun, newId, readCheckpoint } from '../../src/storage/checkpoints';
import { RunLoop } from '../run-loop';
import type { Trainer } from '../trainer';
import { bestOfNSteps, curveOf, runBestOfN, type BestOfNState } from './best-of-n';
import { goldReward, storedReward } from './judges';
import { openRun, recordEngine, settleFailed } from './run-record';
import { textRules } from './rollout';

export async function runBestOfNJob(
	trainer: Trainer,
	args: Extract<TuneArgs, { method: 'best-of-n' }>,
	signal: AbortSignal
): Promise<JobResult> {
	const db = await trainer.db();
	const { config, start = { kind: 'base' }, gold, rewardRule } = args;
	return trainer.withControl(args.runId, args.startPaused, async (control) => {
		const stored = await openRun(db, args, bestOfNSteps(config));
		const run: Run = {
			...recordEngine(stored, trainer.backend.device, args.resume),
			start,
			...(gold && { gold }),
			...(rewardRule && { rewardRule })
		};
		const loop = new RunLoop({ run, control, signal, db, emit: trainer.emit });
		const { config: modelConfig, tokenizer } = await trainer.files(args.model);
		const writer = await trainer.freshFrom(args.model, start, 0);
		try {
			const resumeFrom = args.resume ? await stateOf() : undefined;
			const state = await runBestOfN(
				{
					writer,
					reward: await storedReward(trainer, args.rewardModelId, config.microTokens, rewardRule),
					...(gold && { gold: await goldReward(trainer, gold, tokenizer, config.microTokens) }),
					prompts: args.prompts.map((prompt) => Int32Array.from(tokenizer.promptIds(prompt))),
					text: textRules(tokenizer, modelConfig, config.cutAtSentence),
					config,
					seed: args.seed,
					...(resumeFrom && { resumeFrom })
				},
				loop
			);
			const report: BestOfNRecord = {
				id: newId(),
				kind: 'best-of-n',
				studyId: args.studyId,
				version: RECORD_VERSION,
				createdAt: Date.now(),
				name: args.name,
				model: args.model,
				runId: run.id,
				rewardModelId: args.rewardModelId,
				writer: start,
				...(gold && { gold }),
				points: curveOf(state, config.samples)
			};
			loop.flush();
			const done: Run = { ...loop.run, status: 'done', resultId: report.id, updatedAt: Date.now() };
			await finishRun(db, { run: done, report });
			return { status: 'done', step: done.step, resultId: report.id };
		} catch (cause) {
			loop.flush();
			const error = toStudioError(cause);
			await settleFailed(db, run.id, error);
			if (error.code !== 'aborted') {
				throw error;
			}
			return { status: 'stopped', step: loop.run.step, resultId: null };
		} finally {
			writer.dispose();
		}
	});

	async function stateOf(): Promise<BestOfNState> {
		const checkpoint = await readCheckpoint(db, args.runId);
		if (!checkpoint) {
			throw new StudioError('missing-file', 'This run has no stored state to go on from.');
		}
		return checkpoint.state as BestOfNState; // written by runBestOfN alone
	}
}
