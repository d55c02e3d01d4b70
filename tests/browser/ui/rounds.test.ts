import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import type { MeasureArgs, RewardJobArgs, TuneArgs } from '../../../src/protocol/trainer';
import { finishRun, getRun } from '../../../src/storage/checkpoints';
import { makePolicy, makeRewardModel } from '../../support/records';
import { goTo, openApp, twoMoods, type Opened } from './open-app';
import { runAxe } from './run-axe';

let app: Opened | null = null;
let tuned: TuneArgs | null = null;
let fitted = 0;
afterEach(async () => {
	await app?.close();
	app = null;
	tuned = null;
	fitted = 0;
});

/** Jobs that store what the real ones do; `unsure` is how far the ensemble disagrees about the tuned model's texts. */
const jobs = (unsure: number) => () => ({
	measure: ({ writer }: MeasureArgs) =>
		Promise.resolve({
			...{ texts: [], prompts: [], length: [], logRatio: [], entropy: [] },
			...{ ends: [], repetition: [], variety: [] },
			uncertainty: Array.from({ length: 32 }, (_, i) =>
				writer.kind === 'base' ? 0.2 + 0.001 * i : unsure + 0.002 * i
			)
		}),
	trainReward: async (args: RewardJobArgs) => {
		fitted++;
		const record = await settle(args.runId, 'reward', args.datasetHash);
		return { status: 'done' as const, step: 1, resultId: record };
	},
	tune: async (args: TuneArgs) => {
		tuned = args;
		return {
			status: 'done' as const,
			step: 1,
			resultId: await settle(args.runId, 'policy', '')
		};
	}
});

async function settle(runId: string, kind: 'reward' | 'policy', hash: string): Promise<string> {
	const db = await app?.db();
	const run = db && (await getRun(db, runId));
	if (!db || !run) {
		throw new Error('the run is stored before its job begins');
	}
	const weights = new ArrayBuffer(8);
	if (kind === 'reward') {
		const record = makeRewardModel(run, { datasetHash: hash });
		const done = { ...run, status: 'done' as const, step: 1, resultId: record.id };
		await finishRun(db, { run: done, rewardModel: { record, weights } });
		db.close();
		return record.id;
	}
	const record = makePolicy(run, '', { name: run.name, ...(run.start && { start: run.start }) });
	const done = { ...run, status: 'done' as const, step: 1, resultId: record.id };
	await finishRun(db, { run: done, policy: { record, weights } });
	db.close();
	return record.id;
}

/** Twelve answers, a reward model of them, and one tuned model. */
async function openTuned(unsure: number): Promise<Opened> {
	const opened = await openApp({ handlers: twoMoods, jobs: jobs(unsure) });
	app = opened;
	const { studio } = opened;
	const config = { rule: 'happier', lapse: 0, seed: 1 } as const;
	await studio.robot.run(studio.comparisons, { config, n: 12 });
	await studio.reward.train();
	await studio.tune.start();
	expect(studio.tune.policies).toHaveLength(1);
	goTo('tune');
	return opened;
}

test('where the reward model is as sure, a round tunes on at once from the model of the last one', async () => {
	const { studio } = await openTuned(0.1);
	await expect.element(page.getByTestId('rounds')).toHaveTextContent('Round 1 made Run 1.');
	await page
		.getByRole('combobox', { name: /^Drift of the next round/ })
		.selectOptions("this round's model");
	const { violations } = await runAxe('main', { rules: { region: { enabled: false } } });
	expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
	const first = studio.tune.policies[0]?.id;
	await page.getByRole('button', { name: 'Go round again' }).click();
	await expect.poll(() => studio.tune.policies.length).toBe(2);
	await expect.poll(() => studio.rounds.phase).toBe('idle');
	const from = { kind: 'policy', policyId: first };
	expect(tuned).toMatchObject({ start: from, reference: from });
	// Nothing new was answered: there is nothing new to fit.
	expect(fitted).toBe(1);
	await expect.element(page.getByTestId('rounds')).toHaveTextContent('Round 2 made Run 2.');
});

test('where it is less sure it asks, with pairs by the tuned model, and fits anew before it tunes on', async () => {
	const { studio } = await openTuned(0.6);
	await page.getByRole('button', { name: 'Go round again' }).click();
	await expect.element(page.getByText(/It is time to ask you/)).toBeVisible();
	expect(studio.rounds.phase).toBe('asking');
	expect(studio.rounds.writer).toMatchObject({ policyId: studio.tune.policies[0]?.id });
	const config = { rule: 'happier', lapse: 0, seed: 2 } as const;
	await studio.robot.run(studio.comparisons, { config, n: 12 });
	await page.getByRole('button', { name: 'Fit and tune on' }).click();
	await expect.poll(() => studio.tune.policies.length).toBe(2);
	expect(fitted).toBe(2);
	expect(tuned && 'reference' in tuned).toBe(false);
	expect(studio.rounds.writer).toBeNull();
});
