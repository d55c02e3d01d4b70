import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { DEFAULT_PPO, DEFAULT_REWARD } from '../../../src/core/config';
import { commitStep, finishRun } from '../../../src/storage/checkpoints';
import { putEvaluation } from '../../../src/storage/evaluations';
import { makeEvaluation, makePolicy, makeRewardModel, makeRun } from '../../support/records';
import { goTo, openApp, twoMoods, type Opened } from './open-app';
import { runAxe } from './run-axe';

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
});

const bytes = () => Uint8Array.of(1).buffer;

/** Twelve answers, a reward model on them, two PPO runs towards it, a model and a blind test of the first. */
async function openFilled(width = 1280): Promise<Opened & { ids: Record<string, string> }> {
	await page.viewport(width, 860);
	const trained: string[] = [];
	app = await openApp({
		handlers: {
			...twoMoods,
			trainReward: ({ runId }) => {
				trained.push(runId);
				return Promise.resolve({ status: 'done' as const, step: 5, resultId: null });
			}
		}
	});
	const { studio } = app;
	const config = { rule: 'happier', lapse: 0, seed: 1 } as const;
	await studio.robot.run(studio.comparisons, { config, n: 12 });
	const version = await studio.versions.keepForTraining(DEFAULT_REWARD, 7);
	const db = await app.db();
	const studyId = studio.study?.id ?? '';
	const rewardRun = makeRun(studyId, {
		...{ kind: 'reward', name: 'Reward training', status: 'done', config: DEFAULT_REWARD },
		parents: { datasetVersionId: version.dataset.id, datasetHash: 'h' }
	});
	const reward = makeRewardModel(rewardRun, { name: 'Happy', simulatedShare: 1 });
	const first = makeRun(studyId, {
		...{ name: 'Careful', status: 'done', step: 3, totalSteps: 3 },
		parents: { rewardModelId: reward.id }
	});
	const second = makeRun(studyId, {
		...{ name: 'Bold <b>', status: 'done', step: 3, totalSteps: 3, seed: 8 },
		config: { ...DEFAULT_PPO, lr: 5e-4, klCoef: 0.01 },
		parents: { rewardModelId: reward.id }
	});
	const policy = makePolicy(first, reward.id, { name: 'Tuned 1', step: 3 });
	const blind = makeEvaluation(studyId, policy.id);
	await finishRun(db, { run: rewardRun, rewardModel: { record: reward, weights: bytes() } });
	for (const [i, run] of [first, second].entries()) {
		const metrics = [1, 2, 3].map((step) => ({
			...{ runId: run.id, step },
			values: { 'objective/scores': step * (i + 1), 'objective/kl': 4 - step }
		}));
		await commitStep(db, { run, metrics, samples: [], checkpoint: null });
	}
	await finishRun(db, { run: first, policy: { record: policy, weights: bytes() } });
	await putEvaluation(db, blind);
	db.close();
	await Promise.all([studio.reward.reload(), studio.tune.reload(), studio.evaluate.reload()]);
	await studio.library.reload();
	goTo('library');
	await expect.element(page.getByRole('heading', { name: 'What you made' })).toBeVisible();
	const ids = {
		...{ version: version.id, rewardRun: rewardRun.id, reward: reward.id },
		...{ first: first.id, second: second.id, policy: policy.id, blind: blind.id }
	};
	return { ...app, ids };
}

async function violations(): Promise<string[]> {
	const { violations } = await runAxe(document.body, { rules: { region: { enabled: false } } });
	return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

const rows = () => page.getByTestId('shelf-row');
const press = (name: string | RegExp) => page.getByRole('button', { name, exact: true }).click();

test('everything is on the shelf, drawn and listed, and the drawing goes by arrows', async () => {
	const { ids } = await openFilled();
	await expect.poll(() => rows().elements().length).toBe(7);
	const graph = page.getByTestId('lineage');
	expect(graph.element().querySelectorAll('a')).toHaveLength(7);
	expect(graph.element().querySelectorAll('path.edge')).toHaveLength(6);
	const node = (id: string | undefined) =>
		graph.element().querySelector<SVGAElement>(`a[data-id="${id}"]`);
	node(ids['version'])?.focus();
	await userEvent.keyboard('{ArrowRight}{ArrowRight}{ArrowRight}');
	expect([ids['first'], ids['second']]).toContain(
		document.activeElement?.getAttribute('data-id') ?? ''
	);
	await userEvent.keyboard('{ArrowLeft}');
	expect(document.activeElement?.getAttribute('data-id')).toBe(ids['reward']);
	await userEvent.keyboard('{Enter}');
	await expect.element(page.getByRole('heading', { name: 'Happy', level: 1 })).toBeVisible();
	expect(await violations()).toEqual([]);
});

test('alias, tags and note are kept, shown and found again', async () => {
	const { studio, ids } = await openFilled();
	location.hash = `#/library/item/${ids['policy']}`;
	await page.getByRole('textbox', { name: 'Alias' }).fill('For Class');
	await page.getByRole('textbox', { name: 'Tags' }).fill('happy, Seed one, happy');
	await page.getByRole('textbox', { name: 'Note' }).fill('Reads well until step 3.');
	await userEvent.tab();
	await expect
		.poll(() => studio.library.noteOf(ids['policy'] ?? ''))
		.toMatchObject({
			alias: 'for-class',
			tags: ['happy', 'seed-one'],
			note: 'Reads well until step 3.'
		});
	goTo('library');
	await page.getByRole('textbox', { name: 'Find' }).fill('until reads');
	await expect.poll(() => rows().elements().length).toBe(1);
	await expect.element(rows().first()).toHaveTextContent('@for-class');
	await press('Clear');
	await page.getByRole('combobox', { name: 'Tag' }).selectOptions('seed-one');
	await expect.poll(() => rows().elements().length).toBe(1);
	await press('Clear');
	await page.getByText('reward models', { exact: false }).first().click();
	await expect.poll(() => rows().elements().length).toBe(1);
});

test('an undo marks all that rests on the answer, says why, and the reward model is built again', async () => {
	const { studio, ids } = await openFilled();
	expect(studio.library.stale.size).toBe(0);
	await studio.comparisons.undo();
	await expect.poll(() => studio.library.stale.size).toBe(6);
	await expect.element(page.getByText('stale only (6)')).toBeVisible();
	location.hash = `#/library/item/${ids['policy']}`;
	const note = page.getByTestId('stale-note');
	await expect.element(note).toHaveTextContent(/1 answer was taken back/);
	await expect.element(note).toHaveTextContent('They came in by Reward training.');
	await press('Rebuild on today’s answers');
	await expect.poll(() => studio.route.view).toBe('reward');
	await expect
		.poll(() => studio.library.runs.filter(({ kind }) => kind === 'reward').length)
		.toBe(2);
	// Of today's answers, with the settings and seed of then.
	const rebuilt = studio.library.runs.at(-1);
	expect(rebuilt?.seed).toBe(studio.library.runs.find(({ id }) => id === ids['rewardRun'])?.seed);
	expect(studio.reward.pairs).toHaveLength(11);
});

test('runs side by side: what differs, the default marked, curves under one crosshair', async () => {
	await openFilled();
	await page.getByLabelText('Choose “Careful” for comparing').click();
	await page.getByLabelText('Choose “Bold <b>” for comparing').click();
	await press('Compare 2 runs');
	const diff = page.getByTestId('config-diff');
	await expect.element(diff).toHaveTextContent(/Learning rate\s*0.0002\s*default\s*0.0005/);
	expect(diff.element().querySelectorAll('tbody tr')).toHaveLength(3);
	await expect
		.element(
			page.getByRole('img', {
				name: /How much the reward model likes it: Careful [\d.]+, Bold <b> [\d.]+/
			})
		)
		.toBeVisible();
	page
		.getByRole('slider', { name: /Read “How much/ })
		.element()
		.dispatchEvent(new FocusEvent('focus'));
	await expect.poll(() => page.getByText('at step 3').elements().length).toBeGreaterThan(1);
	await page.getByLabelText('Values by logarithm').click();
	await page.getByRole('button', { name: /Table of “How far/ }).click();
	await expect.element(page.getByRole('table', { name: /How far/ })).toBeVisible();
	expect(await violations()).toEqual([]);
});

test('cards tell what is stored and what was not measured', async () => {
	const { ids } = await openFilled();
	location.hash = `#/library/item/${ids['policy']}`;
	await press('Model card');
	const card = page.getByTestId('card');
	await expect.element(card).toHaveTextContent('# Model Card for Tuned 1');
	await expect.element(card).toHaveTextContent('No blind test of this model was made');
	await expect.element(card).toHaveTextContent('12 of simulated annotators (100.0 % simulated)');
	await expect.element(card).toHaveTextContent('`objective/scores`');
	await press('Close');
	location.hash = `#/library/item/${ids['reward']}`;
	await press('Reward card');
	await expect.element(card).toHaveTextContent('# Model Card for Happy');
	expect(await violations()).toEqual([]);
});

test.each(['library', 'item', 'compare'])('%s fits 360 px', async (part) => {
	const { ids } = await openFilled(360);
	if (part === 'item') {
		location.hash = `#/library/item/${ids['first']}`;
		await expect.element(page.getByRole('heading', { name: 'Careful' })).toBeVisible();
	} else if (part === 'compare') {
		location.hash = `#/library/compare/${ids['first']},${ids['second']}`;
		await expect.element(page.getByTestId('config-diff')).toBeVisible();
		await page.getByRole('button', { name: /Table of “How far/ }).click();
		await expect.element(page.getByRole('table', { name: /How far/ })).toBeVisible();
	} else {
		// The drawing is for wide windows; the indented list says the same.
		await expect.element(page.getByTestId('lineage')).not.toBeVisible();
		await expect.poll(() => rows().elements().length).toBe(7);
	}
	const { scrollWidth, clientWidth } = document.documentElement;
	for (const figure of document.querySelectorAll('figure')) {
		expect(figure.scrollWidth).toBeLessThanOrEqual(figure.clientWidth);
	}
	expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
	expect(await violations()).toEqual([]);
});
