import { expect, test } from 'vitest';
import { DEFAULT_PPO } from '../../../src/core/config';
import { goldScore } from '../../../src/core/feedback/simulated-annotator';
import { getPolicy } from '../../../src/storage/checkpoints';
import { keepSnapshot } from '../../../src/storage/evaluations';
import { putRun } from '../../../src/storage/runs';
import { startNodeTrainer } from '../../support/node-trainer';
import { testRun } from '../../support/records-of-jobs';
import {
	collectPairs,
	storyPrompts,
	toPreferencePairs,
	trainReward,
	type Loop
} from '../../support/whole-loop';

const MODEL = 'stories-1m';

test(
	'weights are measured alike by the same seed, a kept state can be gone back to, and what differs is the weights',
	{ timeout: 120_000 },
	async () => {
		const trainer = await startNodeTrainer();
		await trainer.call('load', { model: MODEL, backend: 'wasm' });
		const prompts = storyPrompts().slice(0, 3);
		const annotator = { rule: 'longer' as const, lapse: 0, seed: 1 };
		const loop: Loop = { trainer, model: MODEL, seed: 1, annotator };
		const pairs = toPreferencePairs(await collectPairs(loop, prompts, 6, 'pairs'));
		const { resultId: rewardModelId } = await trainReward(loop, pairs, prompts, {
			epochs: 1,
			normaliseSamples: 8
		});
		const config = { ...DEFAULT_PPO, iterations: 2, batch: 4, maxNew: 8 };
		const run = { ...testRun('ppo', config, 2), parents: { rewardModelId } };
		await putRun(trainer.db, run);
		await trainer.call('tune', {
			method: 'ppo',
			...{ runId: run.id, studyId: run.studyId, name: 'ppo', model: MODEL, prompts, config },
			...{ fixedPrompts: [], rewardModelId, seed: 1, resume: false, startPaused: false }
		});
		const args = {
			model: MODEL,
			prompts,
			perPrompt: 2,
			sampling: { temperature: 1, maxNew: 8, cutAtSentence: false },
			seed: 5,
			rewardModelId,
			gold: { kind: 'rule', rule: 'longer' } as const
		};
		const base = await trainer.call('measure', { ...args, writer: { kind: 'base' } });
		expect(base.prompts).toEqual([0, 0, 1, 1, 2, 2]);
		expect(base.logRatio).toEqual([0, 0, 0, 0, 0, 0]);
		expect(base.gold).toEqual(base.texts.map((text) => goldScore('longer', text)));
		expect(base.uncertainty).toHaveLength(6);
		expect([...base.entropy, ...(base.proxy ?? [])].every(Number.isFinite)).toBe(true);
		expect(await trainer.call('measure', { ...args, writer: { kind: 'base' } })).toEqual(base);

		const kept = await keepSnapshot(trainer.db, { runId: run.id, step: 1, name: 'Kept', now: 1 });
		expect(await getPolicy(trainer.db, kept.id)).toMatchObject({
			...{ step: 1, runId: run.id, method: 'ppo', rewardModelId },
			start: { kind: 'snapshot', runId: run.id, step: 1 }
		});
		const again = await keepSnapshot(trainer.db, { runId: run.id, step: 1, name: 'B', now: 2 });
		expect(again.id).toBe(kept.id);
		const [asPolicy, asSnapshot] = [
			await trainer.call('measure', { ...args, writer: { kind: 'policy', policyId: kept.id } }),
			await trainer.call('measure', {
				...args,
				writer: { kind: 'snapshot', runId: run.id, step: 1 }
			})
		];
		expect(asPolicy).toEqual(asSnapshot);
		expect(asPolicy.logRatio.some((ratio) => ratio !== 0)).toBe(true);
		await expect(
			keepSnapshot(trainer.db, { runId: run.id, step: 99, name: 'C', now: 2 })
		).rejects.toMatchObject({ code: 'missing-file' });
	}
);
