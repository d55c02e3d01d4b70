import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { StudioError } from '../../../src/protocol/errors';
import { listRuns } from '../../../src/storage/runs';
import { goTo, openApp, type Opened } from './open-app';
import { runAxe } from './run-axe';

/** Of the open dialog. */
async function violations(): Promise<string[]> {
	const { violations: found } = await runAxe('dialog[open]');
	return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
});

async function openRobot(): Promise<Opened> {
	await page.viewport(1280, 860);
	app = app ?? (await openApp());
	goTo('compare');
	await expect.element(page.getByTestId('book')).toBeVisible();
	const { comparisons } = app.studio;
	await expect.poll(() => comparisons.waiting.length, { timeout: 10_000 }).toBeGreaterThan(12);
	await page.getByRole('button', { name: 'Simulated annotator', exact: true }).click();
	return app;
}

const answers = ({ studio }: Opened) => [...studio.comparisons.answers.values()];

async function answerTwenty(opened: Opened, total: number): Promise<void> {
	await page.getByLabelText('How many').selectOptions('20');
	await page.getByRole('button', { name: 'Answer 20 pairs' }).click();
	await expect.poll(() => answers(opened).length, { timeout: 20_000 }).toBe(total);
	await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
}

test('a preset answers with its faults, and its settings, seed and scale are kept with every answer', async () => {
	const opened = await openRobot();
	await page.getByText('Always left').click();
	await expect
		.element(page.getByTestId('annotator-meaning'))
		.toHaveTextContent(/never answers by coin.*picks the left page 100.%/);
	await page.getByRole('textbox', { name: 'Seed' }).fill('123');
	await answerTwenty(opened, 20);
	const { comparisons } = opened.studio;
	for (const pair of comparisons.presentations) {
		const answer = comparisons.answers.get(pair.id);
		if (answer) {
			expect(answer.outcome === 'a').toBe(pair.aSide === 'left');
			expect(answer.source).toBe('simulated');
			expect(answer.annotator.modelled).toMatchObject({
				preset: 'always-left',
				config: { seed: 123, positionBias: 1 }
			});
		}
	}
	const ids = new Set(answers(opened).map(({ annotator }) => annotator.id));
	expect(ids.size).toBe(1);

	// The same again is the same annotator, whatever has been written since.
	await openRobot();
	await page.getByRole('button', { name: 'Same again: Always left, seed 123' }).click();
	await answerTwenty(opened, 40);
	expect(new Set(answers(opened).map(({ annotator }) => annotator.id))).toEqual(ids);
});

test('own rules are checked while they are written, and tried on the desk', async () => {
	const opened = await openRobot();
	await page.getByText('Your own rules').click();
	const pattern = page.getByRole('textbox', { name: 'Rule 2: pattern' });
	await pattern.fill('(number');
	await expect.element(page.getByText(/This pattern is not understood/)).toBeVisible();
	await expect.element(page.getByRole('button', { name: /^Answer 100/ })).toBeDisabled();
	await pattern.fill('(a)\\1');
	await expect.element(page.getByText(/back to a group is not possible/)).toBeVisible();
	await pattern.fill('number \\d+');
	expect(await violations()).toEqual([]);
	const rules = page.getByRole('group', { name: 'Your rules' });
	await expect.element(rules.getByText('Holds for both pages on the desk.').first()).toBeVisible();
	await page.getByRole('button', { name: 'Remove rule 1' }).click();
	await expect.element(page.getByText('Your own rules, changed')).toBeVisible();
	await answerTwenty(opened, 20);
	const { rules: stored } = answers(opened)[0]?.annotator.modelled?.config.reward ?? {};
	expect(stored).toEqual([
		{ kind: 'regex', pattern: 'number \\d+', weight: -0.5 },
		{ kind: 'word-count', least: 10, most: 60, weight: 1 }
	]);
});

test('settings say what they mean, and the pages on the desk are judged by keyboard too', async () => {
	await openRobot();
	page
		.getByRole('radio', { name: /^Simple/ })
		.query()
		?.focus();
	await userEvent.keyboard('{ArrowRight}{ArrowRight}');
	await expect
		.element(page.getByTestId('annotator-meaning'))
		.toHaveTextContent(/About 1 in 7 answers is thrown by coin/);
	await page.getByText('How it sees the pages on the desk').click();
	await expect
		.element(page.getByTestId('annotator-preview'))
		.toHaveTextContent(/It would pick left \d+.%, call a tie \d+.%, pick right \d+.% of the time/);
});

test('simulated answers are left out of training by a visible choice, which the run records', async () => {
	const configs: unknown[] = [];
	app = await openApp({
		handlers: {
			trainReward: ({ config, pairs }) => {
				configs.push({ includeSimulated: config.includeSimulated, pairs: pairs.length });
				return Promise.reject(new StudioError('aborted', 'enough'));
			}
		}
	});
	const opened = await openRobot();
	await page.getByText('Careful', { exact: true }).click();
	await answerTwenty(opened, 20);
	const { comparisons, annotators, log } = opened.studio;
	for (const pair of comparisons.waiting.slice(0, 5)) {
		await log.answer(
			pair.id,
			{ outcome: 'a', strength: 1 },
			{ ...annotators.context, responseMs: 1000 }
		);
	}
	goTo('reward');
	const choice = page.getByRole('checkbox', { name: 'Learn from the 20 simulated answers too' });
	await expect.element(choice).toBeChecked();
	await choice.click();
	expect(opened.studio.reward.pairs).toHaveLength(5);
	await page.getByRole('button', { name: 'Train the reward model' }).click();
	await expect.poll(() => configs).toEqual([{ includeSimulated: false, pairs: 5 }]);
	const db = await opened.db();
	const runs = await listRuns(db, opened.studio.study?.id ?? '');
	db.close();
	expect(runs.at(-1)?.config).toMatchObject({ includeSimulated: false });
});
