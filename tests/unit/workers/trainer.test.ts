import { expect, test } from 'vitest';
import { DEFAULT_PPO, DEFAULT_SAMPLING } from '../../../src/core/config';
import { getRun, putRun } from '../../../src/storage/runs';
import { startNodeTrainer } from '../../support/node-trainer';
import { testRun } from '../../support/records-of-jobs';
import {
	collectPairs,
	storyPrompts,
	toPreferencePairs,
	trainReward,
	type Loop
} from '../../support/whole-loop';

test(
	'a run stopped, read and resumed is read anew: no stale policy',
	{ timeout: 120_000 },
	async () => {
		const controller = new AbortController();
		const trainer = await startNodeTrainer((event) => {
			if (event.type === 'progress' && event.totalSteps === 4 && event.step === 2) {
				controller.abort();
			}
		});
		await trainer.call('load', { model: 'stories-1m', backend: 'wasm' });
		const loop: Loop = {
			trainer,
			model: 'stories-1m',
			seed: 1,
			annotator: { rule: 'longer', lapse: 0, seed: 1 }
		};
		const prompts = storyPrompts().slice(0, 6);
		const pairs = await collectPairs(loop, prompts, 6, 'pairs');
		const reward = await trainReward(loop, toPreferencePairs(pairs), prompts, {
			epochs: 1,
			normaliseSamples: 4
		});
		const config = { ...DEFAULT_PPO, iterations: 4, batch: 4, maxNew: 8, targetPolicyKl: 0 };
		const run = testRun('ppo', config, 4);
		await putRun(trainer.db, run);
		const args = {
			method: 'ppo' as const,
			runId: run.id,
			studyId: run.studyId,
			name: 'Run',
			model: 'stories-1m',
			rewardModelId: reward.resultId,
			prompts,
			fixedPrompts: [],
			config,
			seed: 1,
			startPaused: false
		};
		const write = async (policyId: string | null) => {
			const [completion] = await trainer.call('sample', {
				writer: { model: 'stories-1m', policyId },
				prompts: prompts.slice(0, 1),
				perPrompt: 1,
				sampling: { ...DEFAULT_SAMPLING, maxNew: 8, cutAtSentence: false },
				seed: 2,
				first: 0
			});
			return completion?.behaviourLogProb;
		};

		const stopped = await trainer.call('tune', { ...args, resume: false }, controller.signal);
		expect(stopped.status).toBe('stopped');
		expect(stopped.resultId).not.toBeNull();
		const early = await write(stopped.resultId);
		const done = await trainer.call('tune', { ...args, resume: true });
		expect(done).toMatchObject({ status: 'done', step: 4, resultId: stopped.resultId });
		expect((await getRun(trainer.db, run.id))?.status).toBe('done');
		expect(await write(done.resultId)).not.toEqual(early);
	}
);
