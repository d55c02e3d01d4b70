import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { SetJudgement, SetKind } from '../../../src/core/records';
import { GUARD_MS } from '../../../src/state/showing-timer';
import { listAnswers, listCompletionSets } from '../../../src/storage/comparisons';
import { goTo, openApp, type Opened } from './open-app';
import { runAxe } from './run-axe';

const rest = () => new Promise((resolve) => setTimeout(resolve, GUARD_MS + 50));

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
	delete document.documentElement.dataset.theme;
	await page.viewport(1280, 860);
});

async function openMode(address: string): Promise<Opened> {
	app = await openApp();
	goTo(`compare/${address}`);
	const kind = KINDS[address] ?? 'ranking';
	await expect.poll(() => app?.studio.sets.waiting(kind).length ?? 0).toBeGreaterThan(0);
	await rest();
	return app;
}

const KINDS: Readonly<Record<string, SetKind>> = {
	ranking: 'ranking',
	rating: 'rating',
	thumbs: 'thumb',
	rewrite: 'demonstration'
};

/** Everything given so far, in the order of the log. */
const given = ({ studio }: Opened): (SetJudgement | undefined)[] =>
	[...studio.log.answers.values()].map((answer) => answer.given);
const answered = (opened: Opened, n: number) =>
	expect.poll(() => opened.studio.log.answers.size, { timeout: 5000, interval: 20 }).toBe(n);

/** Ranks by place on screen. */
function ranksOnScreen({ studio }: Opened, i = 0): number[] {
	const [answer, set] = [[...studio.log.answers.values()][i], studio.sets.sets[i]];
	const ranks = answer?.given?.kind === 'ranking' ? answer.given.ranks : [];
	return (set?.order ?? []).map((completion) => ranks[completion] ?? 0);
}

test('leaves are ranked by their numbers, equal ones with Shift, and kept by Enter', async () => {
	const opened = await openMode('ranking');
	await userEvent.keyboard('3');
	await userEvent.keyboard('{Enter}');
	await userEvent.keyboard('1');
	await userEvent.keyboard('{Shift>}2{/Shift}');
	await expect.element(page.getByRole('button', { name: 'Leaf 2, =2nd' })).toBeVisible();
	expect(given(opened)).toEqual([]);
	await userEvent.keyboard('{Enter}');
	await answered(opened, 1);
	expect(ranksOnScreen(opened)).toEqual([2, 2, 1]);
	// Three leaves are three pairs for the reward model, one of them a tie.
	expect(opened.studio.reward.pairs.map(({ y }) => y).toSorted()).toEqual([0.5, 1, 1]);
	const db = await opened.db();
	const studyId = opened.studio.study?.id ?? '';
	const [[event], sets] = [await listAnswers(db, studyId), await listCompletionSets(db, studyId)];
	db.close();
	expect(event).toMatchObject({ kind: 'answer', source: 'human', blind: true });
	expect(event?.showing?.input).toBe('key');
	expect(sets.find(({ id }) => id === event?.presentationId)?.completions).toHaveLength(3);
});

test('an order is changed by its buttons, by keys on a leaf, and by dragging', async () => {
	const opened = await openMode('ranking');
	for (const key of ['1', '2', '3']) {
		await userEvent.keyboard(key);
	}
	const line = () =>
		[...document.querySelectorAll('[data-leaf]')].map(
			(card) => Number(card.getAttribute('data-leaf')) + 1
		);
	expect(line()).toEqual([1, 2, 3]);
	await page.getByRole('button', { name: 'Leaf 3 is better' }).click();
	expect(line()).toEqual([1, 3, 2]);
	const card = document.querySelector<HTMLElement>('[data-leaf="0"]');
	card?.focus();
	await userEvent.keyboard('{ArrowRight}');
	await expect.poll(line).toEqual([3, 1, 2]);
	expect(document.activeElement?.getAttribute('data-leaf')).toBe('0');
	await userEvent.keyboard('=');
	await expect.element(page.getByRole('button', { name: 'Leaf 1, =1st' })).toBeVisible();
	await userEvent.keyboard('=');
	await drag('[data-leaf="1"]', '[data-leaf="2"]', 0.1);
	await expect.poll(line).toEqual([2, 3, 1]);
	await drag('[data-leaf="0"]', '[data-leaf="2"]', 0.5);
	await expect.element(page.getByRole('button', { name: 'Leaf 1, =2nd' })).toBeVisible();
	await page.getByRole('button', { name: 'Keep this order' }).click();
	await answered(opened, 1);
	expect(ranksOnScreen(opened)).toEqual([2, 1, 2]);
});

/** Pulls one card over another, to a share of its width. */
async function drag(from: string, to: string, share: number): Promise<void> {
	const card = document.querySelector<HTMLElement>(from);
	const target = document.querySelector(to)?.getBoundingClientRect();
	const start = card?.getBoundingClientRect();
	if (!card || !target || !start) {
		return expect.fail('nothing to drag');
	}
	const at = (x: number, y: number) => ({
		pointerId: 1,
		button: 0,
		bubbles: true,
		clientX: x,
		clientY: y
	});
	// A synthetic pointer cannot be captured.
	card.setPointerCapture = () => undefined;
	const [x, y] = [target.left + share * target.width, target.top + target.height / 2];
	card.dispatchEvent(new PointerEvent('pointerdown', at(start.left + start.width / 2, y)));
	card.dispatchEvent(new PointerEvent('pointermove', at((start.left + x) / 2, y)));
	card.dispatchEvent(new PointerEvent('pointermove', at(x, y)));
	card.dispatchEvent(new PointerEvent('pointerup', at(x, y)));
	await new Promise((resolve) => requestAnimationFrame(resolve));
}

test('a page is rated by one key, and by a press on a mark', async () => {
	const opened = await openMode('rating');
	await userEvent.keyboard('4');
	await answered(opened, 1);
	await rest();
	await page.getByRole('button', { name: 'poor' }).click();
	await answered(opened, 2);
	expect(given(opened)).toEqual([
		{ kind: 'rating', value: 4, scale: 5 },
		{ kind: 'rating', value: 1, scale: 5 }
	]);
	expect([...opened.studio.log.answers.values()][1]?.showing?.input).toBe('pointer');
});

test('thumbs go up and down, and teach no comparison', async () => {
	const opened = await openMode('thumbs');
	await userEvent.keyboard('2');
	await answered(opened, 1);
	await rest();
	await userEvent.keyboard('{ArrowLeft}');
	await answered(opened, 2);
	expect(given(opened)).toEqual([
		{ kind: 'thumb', isUp: true },
		{ kind: 'thumb', isUp: false }
	]);
	expect(opened.studio.reward.pairs).toEqual([]);
});

test('a rewrite is kept with its tokens, and only once it says something else', async () => {
	const opened = await openMode('rewrite');
	const [set] = opened.studio.sets.waiting('demonstration');
	const written = set?.completions[0]?.text ?? '';
	expect(written.startsWith(' ')).toBe(true);
	await expect.element(page.getByRole('button', { name: 'Keep this text' })).toBeDisabled();
	const field = page.getByRole('textbox', { name: 'What you wanted' });
	await field.fill('The fox came home. 1 2 s u x');
	await expect.element(page.getByText('story', { exact: false }).first()).toBeVisible();
	await userEvent.keyboard('{Control>}{Enter}{/Control}');
	await answered(opened, 1);
	const text = ' The fox came home. 1 2 s u x';
	expect(given(opened)).toEqual([
		{ kind: 'demonstration', text, ids: Array.from(text, (c) => c.charCodeAt(0)) }
	]);
	expect(opened.studio.reward.pairs).toMatchObject([
		{ y: 1, aIds: Array.from(text, (c) => c.charCodeAt(0)), bIds: set?.completions[0]?.ids }
	]);
	// The next one stands there as it was written.
	await expect.element(field).not.toHaveValue('The fox came home. 1 2 s u x');
});

test('undo goes back through every kind of feedback, and shows what it took back', async () => {
	const opened = await openMode('thumbs');
	await userEvent.keyboard('2');
	await answered(opened, 1);
	goTo('compare/ranking');
	await expect.element(page.getByTestId('leaves')).toBeVisible();
	await rest();
	const [set] = opened.studio.sets.waiting('ranking');
	for (const key of ['2', '1', '3', '{Enter}']) {
		await userEvent.keyboard(key);
	}
	await answered(opened, 2);
	goTo('compare');
	await expect.element(page.getByTestId('book')).toBeVisible();
	await rest();
	await userEvent.keyboard('1');
	await answered(opened, 3);
	await userEvent.keyboard('u');
	await answered(opened, 2);
	await userEvent.keyboard('u');
	await answered(opened, 1);
	await expect.element(page.getByTestId('leaves')).toBeVisible();
	expect(opened.studio.sets.waiting('ranking')[0]?.id).toBe(set?.id);
	await userEvent.keyboard('u');
	await answered(opened, 0);
	await expect.element(page.getByTestId('single-page')).toBeVisible();
	await userEvent.keyboard('{Control>}{Shift>}z{/Shift}{/Control}');
	await answered(opened, 1);
	const db = await opened.db();
	const events = await listAnswers(db, opened.studio.study?.id ?? '');
	db.close();
	expect(events.map(({ kind }) => kind)).toEqual([
		'answer',
		'answer',
		'answer',
		'revoke',
		'revoke',
		'revoke',
		'answer'
	]);
});

test('an earlier answer of any kind is changed from the history as a new event', async () => {
	const opened = await openMode('rating');
	await userEvent.keyboard('2');
	await answered(opened, 1);
	await page.getByRole('button', { name: 'History (1)' }).click();
	await page.getByTestId('history').getByRole('button', { name: 'rated weak' }).click();
	const dialog = page.getByRole('dialog', { name: 'Change this answer' });
	await dialog.getByRole('button', { name: 'excellent' }).click();
	await expect.poll(() => given(opened)).toEqual([{ kind: 'rating', value: 5, scale: 5 }]);
	await page.getByRole('button', { name: 'Answer 1: rated excellent' }).click();
	await dialog.getByRole('button', { name: 'humour' }).click();
	await dialog.getByLabelText('Why? (kept with this answer)').fill('it rhymes');
	await dialog.getByRole('button', { name: 'Keep these reasons' }).click();
	await expect
		.poll(() => [...opened.studio.log.answers.values()][0])
		.toMatchObject({
			given: { kind: 'rating', value: 5 },
			reasonTags: ['humour'],
			rationale: 'it rhymes',
			revision: 3
		});
	const db = await opened.db();
	expect(await listAnswers(db, opened.studio.study?.id ?? '')).toHaveLength(3);
	db.close();
});

test('answers are counted under the name of who is answering, and undone by them alone', async () => {
	const opened = await openMode('thumbs');
	await userEvent.keyboard('2');
	await answered(opened, 1);
	await page.getByRole('button', { name: /Annotator 1/ }).click();
	await page.getByLabelText('Someone else').fill('Bob');
	await page.getByRole('button', { name: 'Add' }).click();
	await expect.element(page.getByRole('radio', { name: 'Bob 0 answers' })).toBeChecked();
	await userEvent.keyboard('{Escape}');
	await rest();
	await userEvent.keyboard('1');
	await answered(opened, 2);
	expect([...opened.studio.log.answers.values()].map((a) => a.annotator.name)).toEqual([
		'Annotator 1',
		'Bob'
	]);
	await userEvent.keyboard('u');
	await answered(opened, 1);
	await userEvent.keyboard('u');
	await rest();
	expect(opened.studio.log.answers.size).toBe(1);
	await expect.element(page.getByRole('button', { name: /^Undo/ })).toBeDisabled();
});

for (const theme of ['light', 'dark'] as const) {
	test(`every way to answer is accessible in ${theme}, and no wider than a phone`, async () => {
		app = await openApp();
		app.studio.theme.choose(theme);
		for (const address of Object.keys(KINDS)) {
			await page.viewport(1280, 860);
			goTo(`compare/${address}`);
			const kind = KINDS[address] ?? 'ranking';
			await expect.poll(() => app?.studio.sets.waiting(kind).length ?? 0).toBeGreaterThan(0);
			await rest();
			if (kind === 'ranking' || kind === 'demonstration') {
				await userEvent.keyboard(kind === 'ranking' ? '3' : 'e');
			}
			await rest();
			const { violations } = await runAxe(document.body, {
				rules: { region: { enabled: false } }
			});
			expect(
				violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
				address
			).toEqual([]);
			await page.viewport(360, 740);
			await rest();
			const root = document.documentElement;
			expect(root.scrollWidth - root.clientWidth, address).toBeLessThanOrEqual(0);
		}
	});
}
