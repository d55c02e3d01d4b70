import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import type { JobResult, TuneArgs } from '../../../src/protocol/trainer';
import { finishRun, getRun } from '../../../src/storage/checkpoints';
import { makePolicy } from '../../support/records';
import { goTo, openApp, twoMoods, type Opened } from './open-app';
import { runAxe } from './run-axe';

let app: Opened | null = null;
let given: TuneArgs | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
	given = null;
	await page.viewport(1280, 860);
});

/** Stores a policy as the real job does, and remembers what it was asked. */
async function tune(args: TuneArgs): Promise<JobResult> {
	given = args;
	const db = await app?.db();
	const run = db && (await getRun(db, args.runId));
	if (!db || !run) {
		throw new Error('the run is stored before its job begins');
	}
	const record = makePolicy(run, '', { name: args.name });
	await finishRun(db, {
		run: { ...run, status: 'done', step: 1, totalSteps: 1, resultId: record.id },
		policy: { record, weights: new ArrayBuffer(8) }
	});
	db.close();
	return { status: 'done', step: 1, resultId: record.id };
}

async function openAnswered(answers: number): Promise<Opened> {
	app = await openApp({ handlers: { ...twoMoods, tune } });
	if (answers > 0) {
		const config = { rule: 'happier', lapse: 0, seed: 1 } as const;
		await app.studio.robot.run(app.studio.comparisons, { config, n: answers });
	}
	goTo('tune');
	return app;
}

async function choose(name: RegExp): Promise<void> {
	await page.getByRole('button', { name: 'Change', exact: true }).click();
	await page.getByRole('dialog').getByRole('button', { name }).click();
}

async function violations(where: string): Promise<string[]> {
	const { violations } = await runAxe(where, { rules: { region: { enabled: false } } });
	return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
}

test('all methods with what they need, and what is missing', async () => {
	await openAnswered(0);
	await expect.element(page.getByTestId('method')).toHaveTextContent(/PPO.*there is none yet/);
	await expect.element(page.getByRole('button', { name: 'Start tuning' })).toBeDisabled();
	await page.getByRole('button', { name: 'Change', exact: true }).click();
	const names = ['PPO', 'RLOO', 'GRPO', 'REINFORCE', 'Online DPO', 'Best of n'];
	const offline = ['DPO', 'cDPO', 'Robust DPO', 'IPO', 'KTO', 'SimPO', 'ORPO', 'SFT'];
	const shown = [...document.querySelectorAll('dialog li strong')].map((one) => one.textContent);
	expect(shown.toSorted()).toEqual([...names, ...offline].toSorted());
	await expect.element(page.getByText(/Needs 4 compared pairs; there are 0/).first()).toBeVisible();
	expect(await violations('dialog[open]')).toEqual([]);
});

test('DPO learns from the pairs at hand without a reward model; its settings and charts are its own', async () => {
	const { studio } = await openAnswered(12);
	await choose(/^Robust DPO/);
	await expect.element(page.getByTestId('method')).toHaveTextContent(/12 pairs at hand/);
	expect(studio.tune.configOf('dpo').loss).toBe('robust');
	await page.getByRole('button', { name: 'Start tuning' }).click();
	await expect.poll(() => studio.tune.job.run?.status).toBe('done');
	expect(given).toMatchObject({ method: 'dpo', config: { loss: 'robust' } });
	expect(given && 'pairs' in given && given.pairs).toHaveLength(12);
	expect(given && 'rewardModelId' in given).toBe(false);
	expect(studio.tune.job.run).toMatchObject({ kind: 'dpo' });
	await expect.element(page.getByRole('img', { name: /Loss on the preferences/ })).toBeVisible();
	await expect.element(page.getByRole('button', { name: /Run 1 Robust DPO/ })).toBeVisible();
	expect(await violations('main')).toEqual([]);
});

test('each method keeps its settings; only what differs is listed', async () => {
	const { studio } = await openAnswered(4);
	studio.tune.choose('ipo');
	studio.tune.setConfig({ epochs: 9 });
	await expect.element(page.getByTestId('differs')).toHaveTextContent('Epochs 9 instead of 4');
	studio.tune.choose('kto');
	await expect.element(page.getByTestId('method')).toHaveTextContent(/good and bad texts: 8/);
	expect(page.getByTestId('differs').query()).toBeNull();
	studio.tune.choose('ipo');
	expect(studio.tune.configOf('ipo').epochs).toBe(9);
});

test('a tuned model is gone on from with another method; the drift is measured from where one says', async () => {
	const { studio } = await openAnswered(12);
	studio.tune.choose('dpo');
	await studio.tune.start();
	const [first] = studio.tune.policies;
	studio.tune.choose('sft');
	studio.tune.startFrom({ kind: 'policy', policyId: first?.id ?? '' });
	await page
		.getByRole('combobox', { name: /^Drift is measured from/ })
		.selectOptions('where it starts');
	await studio.tune.start();
	const ref = { kind: 'policy', policyId: first?.id };
	expect(given).toMatchObject({ method: 'sft', start: ref, reference: ref });
	expect(studio.tune.job.run).toMatchObject({ start: ref, reference: ref });
});

test('a run over answers is not gone on with after one was taken back', async () => {
	const { studio, db } = await openAnswered(12);
	studio.tune.choose('dpo');
	await studio.tune.start();
	const run = studio.tune.job.run;
	if (run) {
		const { resultId: _resultId, ...rest } = run;
		const store = await db();
		await finishRun(store, { run: { ...rest, status: 'stopped', totalSteps: 9 } });
		store.close();
		await studio.tune.show({ ...rest, status: 'stopped', totalSteps: 9 });
	}
	await studio.comparisons.undo();
	await studio.tune.resume();
	expect(studio.problems.current?.error.code).toBe('answers-changed');
});

test('the page of a method tells its formula and settings, and takes one to it', async () => {
	const { studio } = await openAnswered(4);
	goTo('learn/kto');
	await expect
		.element(page.getByRole('heading', { name: 'Kahneman-Tversky optimisation' }))
		.toBeVisible();
	await expect.element(page.getByTestId('formula')).toHaveTextContent('good: lambda_D');
	expect(await violations('main')).toEqual([]);
	await page.viewport(360, 740);
	expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360);
	await page.getByRole('button', { name: 'Tune with KTO' }).click();
	await expect.poll(() => studio.route.view).toBe('tune');
	expect(studio.tune.method).toBe('kto');
});

test('the methods fit a narrow window', async () => {
	await page.viewport(360, 740);
	await openAnswered(4);
	expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360);
	await page.getByRole('button', { name: 'Change', exact: true }).click();
	const dialog = document.querySelector('dialog[open]');
	expect(dialog?.scrollWidth).toBeLessThanOrEqual(dialog?.clientWidth ?? 0);
});
