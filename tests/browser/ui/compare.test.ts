import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { listAnswers } from '../../../src/storage/comparisons';
import { makeCompletion } from '../../support/records';
import { goTo, openApp, twoMoods, type Opened } from './open-app';

/** A little more than the guard between two answers. */
const GUARD_MS = 400;
const rest = () => new Promise((resolve) => setTimeout(resolve, GUARD_MS));

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
});

async function openCompare(): Promise<Opened> {
	await page.viewport(1280, 860);
	app = await openApp();
	goTo('compare');
	await expect.element(page.getByTestId('book')).toBeVisible();
	await rest();
	return app;
}

/** What was answered, in order. */
const outcomes = ({ studio }: Opened) => {
	const { comparisons } = studio;
	return comparisons.presentations.flatMap((pair) => {
		const answer = comparisons.answers.get(pair.id);
		if (!answer) {
			return [];
		}
		const side = answer.outcome === 'a' ? pair.aSide : pair.aSide === 'left' ? 'right' : 'left';
		return answer.outcome === 'a' || answer.outcome === 'b' ? [side] : [answer.outcome];
	});
};

const until = (condition: () => boolean) =>
	expect.poll(condition, { timeout: 5000, interval: 20 }).toBe(true);

test('keys choose sides, ties and both bad, and every answer is stored', async () => {
	const opened = await openCompare();
	for (const key of ['1', '{ArrowRight}', '0', 'x']) {
		const before = outcomes(opened).length;
		await userEvent.keyboard(key);
		await until(() => outcomes(opened).length === before + 1);
		await rest();
	}
	expect(outcomes(opened)).toEqual(['left', 'right', 'tie', 'tie']);
	const db = await opened.db();
	const stored = await listAnswers(db, opened.studio.study?.id ?? '');
	db.close();
	expect(stored.map((event) => event.kind)).toEqual(['answer', 'answer', 'answer', 'answer']);
	expect(stored[3]).toMatchObject({ outcome: 'tie', qualityA: 'bad', qualityB: 'bad' });
	expect(stored.every((event) => event.blind && event.source === 'human')).toBe(true);
});

test('a second press within 350 ms does not answer the next pair', async () => {
	const opened = await openCompare();
	await userEvent.keyboard('1');
	await until(() => outcomes(opened).length === 1);
	await userEvent.keyboard('1');
	await rest();
	expect(outcomes(opened)).toHaveLength(1);
});

test('pairs that join the queue do not disarm the keys', async () => {
	const opened = await openCompare();
	const { comparisons, study } = opened.studio;
	const db = await opened.db();
	if (study) {
		await comparisons.store({ db, study }, await comparisons.draw({ db, study }, 2));
	}
	db.close();
	await userEvent.keyboard('1');
	await until(() => outcomes(opened).length === 1);
});

test('undo brings the pair back, redo answers it again, and both are appended', async () => {
	const opened = await openCompare();
	const first = opened.studio.comparisons.current?.id;
	await userEvent.keyboard('1');
	await until(() => opened.studio.comparisons.current?.id !== first);
	await userEvent.keyboard('u');
	await until(() => opened.studio.comparisons.current?.id === first);
	await userEvent.keyboard('{Control>}{Shift>}z{/Shift}{/Control}');
	await until(() => opened.studio.comparisons.current?.id !== first);
	const db = await opened.db();
	const stored = await listAnswers(db, opened.studio.study?.id ?? '');
	db.close();
	expect(stored.map((event) => event.kind)).toEqual(['answer', 'revoke', 'answer']);
});

test('keys do nothing while a person types a reason, and the reason is kept with the answer', async () => {
	const opened = await openCompare();
	await userEvent.keyboard('r');
	await expect.element(page.getByLabelText('Why?')).toHaveFocus();
	await userEvent.keyboard('because 1 is 2{Escape}');
	expect(outcomes(opened)).toHaveLength(0);
	await userEvent.keyboard('2');
	await until(() => outcomes(opened).length === 1);
	const answer = [...opened.studio.comparisons.answers.values()][0];
	expect(answer?.rationale).toBe('because 1 is 2');
});

test('skip asks why and is no label', async () => {
	const opened = await openCompare();
	await userEvent.keyboard('s');
	await expect.element(page.getByRole('dialog')).toBeVisible();
	await page.getByRole('button', { name: 'They cannot be compared' }).click();
	await until(() => outcomes(opened).length === 1);
	expect([...opened.studio.comparisons.answers.values()][0]).toMatchObject({
		outcome: 'skip',
		skipReason: 'not-comparable'
	});
	expect(opened.studio.reward.pairs).toHaveLength(0);
});

test('keys can be switched off, and buttons still work', async () => {
	const opened = await openCompare();
	opened.studio.shortcuts.switch(false);
	await userEvent.keyboard('1');
	await rest();
	expect(outcomes(opened)).toHaveLength(0);
	await page.getByRole('button', { name: 'Left is better', exact: true }).click();
	await until(() => outcomes(opened).length === 1);
});

test('a stitch of the ribbon opens its pair, and the answer can be changed', async () => {
	const opened = await openCompare();
	await userEvent.keyboard('1');
	await until(() => outcomes(opened).length === 1);
	await page.getByRole('button', { name: 'Answer 1: left better' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Right is better' }).click();
	await until(() => outcomes(opened)[0] === 'right');
	const id = [...opened.studio.comparisons.answers.values()][0]?.revision;
	expect(id).toBe(2);
});

test('ten pairs wait, and a reload shows the same answers and the same next pair', async () => {
	const opened = await openCompare();
	await userEvent.keyboard('1');
	await until(() => outcomes(opened).length === 1);
	await until(() => !opened.studio.comparisons.isFilling);
	expect(opened.studio.comparisons.waiting.length).toBeGreaterThanOrEqual(10);
	const next = opened.studio.comparisons.current?.id;
	const db = await opened.db();
	const { name } = db;
	db.close();
	await opened.close();
	app = await openApp({ name });
	expect(outcomes(app)).toEqual(['left']);
	expect(app.studio.comparisons.current?.id).toBe(next);
});

test('the legend lists the keys of the open view', async () => {
	await openCompare();
	await userEvent.keyboard('?');
	await expect.element(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
	await expect.element(page.getByText('Left is much better')).toBeVisible();
	await userEvent.keyboard('{Escape}');
	await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
});

test('the simulated annotator answers through the same door, marked for ever', async () => {
	app = await openApp({ handlers: twoMoods });
	goTo('compare');
	await page.getByRole('button', { name: 'Simulated annotator' }).click();
	await page.getByLabelText('How many').selectOptions('20');
	await page.getByRole('button', { name: 'Answer 20 pairs' }).click();
	await expect
		.element(page.getByTestId('answer-count'))
		.toHaveTextContent(/20 answers, 20 simulated/);
	const answers = [...app.studio.comparisons.answers.values()];
	expect(answers.every((event) => event.source === 'simulated')).toBe(true);
	expect(answers[0]?.annotator.simulated?.rule).toBe('happier');
});

test('a simulated annotator that scores every pair the same gives up and says so', async () => {
	app = await openApp({
		handlers: {
			sample: ({ prompts, perPrompt }) =>
				Promise.resolve(
					prompts.flatMap(() =>
						Array.from({ length: perPrompt }, (_, i) => makeCompletion({ text: `It rained ${i}.` }))
					)
				)
		}
	});
	const { robot, comparisons } = app.studio;
	const config = { rule: 'happier', lapse: 0.1, seed: 1 } as const;
	expect(await robot.run(comparisons, { config, n: 5 })).toBe(0);
	expect(robot.isStuck).toBe(true);
});
