import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { DEFAULT_PPO } from '../../../src/core/config';
import { predictedGain } from '../../../src/core/evaluation/over-optimisation';
import type { Measured, Standing } from '../../../src/core/evaluation/measured';
import type { LabRun } from '../../../src/core/evaluation/planted';
import { Random } from '../../../src/core/random';
import { RECORD_VERSION, type FrontierRecord, type Run } from '../../../src/core/records';
import { commitStep, finishRun } from '../../../src/storage/checkpoints';
import { putMeasurement } from '../../../src/storage/evaluations';
import { listPolicies } from '../../../src/storage/models';
import { makeRewardModel, makeRun } from '../../support/records';
import { goTo, openApp, twoMoods, type Opened } from './open-app';
import { runAxe } from './run-axe';

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
	delete document.documentElement.dataset.theme;
	await page.viewport(1280, 860);
});

async function expectSound(): Promise<void> {
	for (const [width, theme] of [
		[1280, 'light'],
		[1280, 'dark'],
		[360, 'light']
	] as const) {
		await page.viewport(width, 860);
		document.documentElement.dataset.theme = theme;
		await new Promise((resolve) => setTimeout(resolve, 250));
		const { violations } = await runAxe(document.querySelector('main') ?? document);
		expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
		const { scrollWidth, clientWidth } = document.documentElement;
		expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
	}
}

/** A judged run that turns at d = 1.5 of 3, its weights kept at every fifth of 30 steps. */
async function judgedRun({ studio, db }: Opened): Promise<Run> {
	const studyId = studio.study?.id ?? '';
	const run: Run = {
		...makeRun(studyId, { kind: 'ppo', status: 'done', step: 30, totalSteps: 30 }),
		name: 'Judged',
		config: DEFAULT_PPO,
		gold: { kind: 'rule', rule: 'happier' }
	};
	const random = new Random(3);
	const rows = Array.from({ length: 30 }, (_, i) => {
		const d = (3 * i) / 29;
		const gain = predictedGain('reinforcement', { alpha: 1 + Math.log(1.5), beta: 1 }, d);
		return {
			runId: run.id,
			step: i + 1,
			values: {
				'objective/kl': d * d,
				'objective/gold': gain + 0.03 * random.normal(),
				'objective/scores': d,
				'val/repetition_rate': 0.02 + 0.01 * random.next() + (i > 20 ? 0.3 : 0)
			}
		};
	});
	const store = await db();
	for (const row of rows) {
		await commitStep(store, {
			run: { ...run, step: row.step },
			metrics: [row],
			samples: [],
			checkpoint: null,
			...(row.step % 5 === 0 && {
				snapshot: {
					...{ runId: run.id, step: row.step, version: 1, savedAt: 1 },
					weights: new ArrayBuffer(8)
				}
			})
		});
	}
	store.close();
	await Promise.all([studio.optimum.reload(), studio.monitors.reload()]);
	return run;
}

test('a run past its peak: both curves, the marked peak, and a step to keep that becomes a model', async () => {
	app = await openApp();
	const { studio, db } = app;
	await judgedRun(app);
	goTo('evaluate/over-optimisation');
	await expect
		.element(page.getByRole('img', { name: /What the judge says.*since then.*has been lost/ }))
		.toBeVisible();
	await expect.element(page.getByText('predicted peak')).toBeInTheDocument();
	await expectSound();
	await page.viewport(1280, 860);
	// The peak is at step 15.5: the steps kept around it are 15 and 20.
	await page.getByRole('button', { name: 'Keep step 15' }).click();
	await expect.element(page.getByText('Judged, step 15 is kept as a tuned model.')).toBeVisible();
	const store = await db();
	const policies = await listPolicies(store, studio.study?.id ?? '');
	store.close();
	expect(policies).toMatchObject([{ name: 'Judged, step 15', step: 15 }]);
	expect(studio.tune.policies).toHaveLength(1);
});

test('the points of a chart are a table too, and it can be copied', async () => {
	app = await openApp();
	await judgedRun(app);
	goTo('evaluate/over-optimisation');
	await page.getByText('Table').first().click();
	const table = page.getByRole('region', { name: 'What the reward model says' });
	await expect.element(table.getByRole('rowheader').first()).toBeVisible();
	expect(table.getByRole('row').elements()).toHaveLength(31);
	await expect.element(page.getByRole('button', { name: 'Copy as CSV' }).first()).toBeVisible();
});

const standing = (rate: number, kl: number): Standing => ({
	...{ wins: 6, ties: 0, losses: 4, gold: 1, proxy: 2 },
	winRate: { estimate: rate, low: rate - 0.1, high: rate + 0.1 },
	kl: { estimate: kl, low: kl - 0.3, high: kl + 0.3 }
});

function frontierRecord(studyId: string): FrontierRecord {
	return {
		...{ id: 'f', studyId, version: RECORD_VERSION, createdAt: 5 },
		...{ kind: 'frontier', name: 'Comparison 1', model: 'stories-1m', seed: 1, size: 'quick' },
		...{ rewardModelId: 'r', datasetHash: 'h', pairs: 40, completions: 64 },
		gold: { kind: 'rule', rule: 'happier' },
		entries: [
			{ method: 'best-of-n', status: 'done', standing: standing(0.7, 1.2) },
			{ method: 'ppo', status: 'done', standing: standing(0.8, 6) },
			{ method: 'rloo', status: 'done', standing: standing(0.65, 5) },
			{ method: 'dpo', status: 'failed', reason: 'It broke.' },
			{ method: 'ipo', status: 'waiting' }
		]
	};
}

test('every method has its place on the plane, or what became of it', async () => {
	app = await openApp();
	const { studio, db } = app;
	const store = await db();
	await putMeasurement(store, frontierRecord(studio.study?.id ?? ''));
	store.close();
	await studio.frontier.reload();
	goTo('evaluate/methods');
	await expect
		.element(page.getByRole('img', { name: /3 of 5 methods measured.*Best of n, PPO/ }))
		.toBeVisible();
	await expect.element(page.getByText('failed: It broke.')).toBeVisible();
	await expect.element(page.getByRole('cell', { name: /80 %/ }).first()).toBeVisible();
	await expectSound();
});

const answered = (count: number, gold: (i: number) => number): Measured => ({
	texts: Array.from({ length: count }, () => ''),
	prompts: Array.from({ length: count }, (_, i) => i),
	length: Array.from({ length: count }, (_, i) => 20 + (i % 7)),
	logRatio: Array.from({ length: count }, () => 1),
	entropy: Array.from({ length: count }, (_, i) => 1 + (i % 5) / 10),
	ends: Array.from({ length: count }, () => 1),
	repetition: Array.from({ length: count }, (_, i) => (i % 3) / 100),
	variety: Array.from({ length: count }, () => 1),
	proxy: Array.from({ length: count }, (_, i) => (i % 11) / 10),
	gold: Array.from({ length: count }, (_, i) => gold(i))
});

test('all methods in one go: a failing one does not stop the others, and a stopped comparison goes on where it was', async () => {
	const tuned: string[] = [];
	let isStopped = false;
	app = await openApp({
		handlers: twoMoods,
		jobs: () => ({
			measure: ({ prompts, perPrompt, writer }) =>
				Promise.resolve(
					answered(prompts.length * perPrompt, (i) => (writer.kind === 'base' ? i % 2 : 2))
				),
			tune: async ({ method, runId }, { signal }) => {
				tuned.push(method);
				if (method === 'rloo') {
					throw new Error('no');
				}
				if (method === 'dpo' && !isStopped) {
					isStopped = true;
					await new Promise((_, reject) =>
						signal.addEventListener('abort', () =>
							reject(new DOMException('Stopped', 'AbortError'))
						)
					);
				}
				return { status: 'done', step: 1, resultId: `policy of ${runId}` };
			}
		})
	});
	const { studio, db } = app;
	await studio.robot.run(studio.comparisons, {
		config: { rule: 'happier', lapse: 0, seed: 1 },
		n: 12
	});
	const store = await db();
	const run = makeRun(studio.study?.id ?? '', { kind: 'reward', status: 'done' });
	const record = makeRewardModel(run);
	await finishRun(store, { run, rewardModel: { record, weights: new ArrayBuffer(8) } });
	store.close();
	await studio.reward.reload();
	studio.judges.choose({ kind: 'rule', rule: 'happier' });
	goTo('evaluate/methods');
	await page.getByRole('button', { name: 'Compare 6 methods' }).click();
	await expect.poll(() => tuned.at(-1), { timeout: 10_000 }).toBe('dpo');
	await page.getByRole('button', { name: 'Stop', exact: true }).first().click();
	await expect.poll(() => studio.frontier.isWorking).toBe(false);
	const states = () => studio.frontier.record?.entries.map(({ status }) => status);
	expect(states()).toEqual(['done', 'done', 'failed', 'waiting', 'waiting', 'waiting']);
	studio.problems.dismiss();
	await page.getByRole('button', { name: 'Go on' }).click();
	await expect.poll(() => studio.frontier.record?.finishedAt, { timeout: 10_000 }).toBeDefined();
	expect(tuned).toEqual(['ppo', 'rloo', 'dpo', 'rloo', 'dpo', 'ipo', 'kto']);
	expect(states()).toEqual(['done', 'done', 'failed', 'done', 'done', 'done']);
});

test('monitors: a light over a curve that rose, alarms with evidence and what to do, and the lab', async () => {
	const labRuns: LabRun[] = Array.from({ length: 20 }, (_, i) => ({
		isPlanted: i % 2 === 1,
		score: i % 2 === 1 ? 2 : 0.5,
		alarms: i % 2 === 1 ? ['repetition'] : [],
		goldGain: 0,
		proxyGain: 1
	}));
	app = await openApp({
		handlers: {
			// Since the start the reward has risen and the judge's verdict has fallen.
			measure: ({ prompts, writer }) => {
				const shift = writer.kind === 'base' ? 0 : 1;
				const found = answered(prompts.length, (i) => (i % 7) / 7 - shift);
				return Promise.resolve({ ...found, proxy: found.proxy?.map((x) => x + shift) ?? [] });
			},
			plantedLab: () => Promise.resolve(labRuns)
		}
	});
	await judgedRun(app);
	goTo('evaluate/monitors');
	await expect.element(page.getByText(/risen, seen at step 2\d/)).toBeVisible();
	await page.getByRole('button', { name: 'Test the run now' }).click();
	await expect.element(page.getByText(/1 of 7 monitors raise an alarm/)).toBeVisible();
	await expect
		.element(page.getByRole('row', { name: /Reward up, judge down alarm.*Keep an earlier step/ }))
		.toBeVisible();
	await page.getByRole('button', { name: 'Run 100 clean and 100 planted runs' }).click();
	await expect.element(page.getByText(/finds 100.% of the planted runs/).last()).toBeVisible();
	await expectSound();
});

test('the red team: the suite put to the base, with rates and intervals', async () => {
	app = await openApp();
	goTo('evaluate/red-team');
	await page.getByRole('button', { name: 'Put the suite to: Base model' }).click();
	// "story number n, and it was happy": no attack works, and nothing is refused.
	await expect
		.element(page.getByRole('row', { name: /Base model 0.% 0.% – 11.% 0.% 0.% – 11.%/ }))
		.toBeVisible();
	await app.studio.redTeam.reload();
	expect(app.studio.redTeam.rows).toHaveLength(1);
	await expectSound();
});
