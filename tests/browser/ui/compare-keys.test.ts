import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { GUARD_MS } from '../../../src/state/showing-timer';
import { goTo, openApp, type Opened } from './open-app';

const rest = () => new Promise((resolve) => setTimeout(resolve, GUARD_MS + 50));

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

const answersOf = ({ studio }: Opened) => [...studio.comparisons.answers.values()];
const answered = (opened: Opened, n: number) =>
	expect.poll(() => answersOf(opened).length, { timeout: 5000, interval: 20 }).toBe(n);

/** A key as the browser sends it, with what userEvent cannot say. */
const press = (target: EventTarget, init: KeyboardEventInit) =>
	target.dispatchEvent(
		new KeyboardEvent('keydown', { bubbles: true, cancelable: true, code: 'Digit1', ...init })
	);

test('held keys, input methods and other modifiers answer nothing', async () => {
	const opened = await openCompare();
	press(document.body, { key: '1', repeat: true });
	press(document.body, { key: '1', isComposing: true });
	press(document.body, { key: 'Process', keyCode: 229 });
	press(document.body, { key: '1', altKey: true });
	press(document.body, { key: '1', ctrlKey: true });
	await rest();
	expect(answersOf(opened)).toHaveLength(0);
	press(document.body, { key: '1' });
	await answered(opened, 1);
});

test('each answer knows when its pair was shown, when keys answered, and by what it was given', async () => {
	const opened = await openCompare();
	const before = Date.now();
	await userEvent.keyboard('1');
	await answered(opened, 1);
	await rest();
	await page.getByRole('button', { name: 'Right is better', exact: true }).click();
	await answered(opened, 2);
	const showings = answersOf(opened).map(({ showing }) => showing);
	expect(showings.map((showing) => showing?.input)).toEqual(['key', 'pointer']);
	for (const [i, showing] of showings.entries()) {
		expect(showing?.armedAt).toBe((showing?.shownAt ?? 0) + GUARD_MS);
		expect(showing?.answeredAt).toBeGreaterThanOrEqual(showing?.armedAt ?? Infinity);
		expect(showing?.activeMs).toBe((showing?.answeredAt ?? 0) - (showing?.shownAt ?? 0));
		expect(answersOf(opened)[i]?.responseMs).toBe(
			(showing?.answeredAt ?? 0) - (showing?.armedAt ?? 0)
		);
	}
	expect(showings[0]?.shownAt).toBeLessThanOrEqual(before);
	expect(showings[1]?.shownAt).toBeGreaterThanOrEqual(showings[0]?.answeredAt ?? Infinity);
});

test('where asked to confirm, a choice is kept only by Enter, and the same key makes it stronger', async () => {
	const opened = await openCompare();
	opened.studio.preferences.set({ confirmsAnswers: true });
	const first = opened.studio.comparisons.current;
	await userEvent.keyboard('1');
	await userEvent.keyboard('1');
	await expect.element(page.getByRole('radio', { name: 'much better' })).toBeChecked();
	await rest();
	expect(answersOf(opened)).toHaveLength(0);
	await userEvent.keyboard('2');
	await expect.element(page.getByRole('radio', { name: 'better', exact: true })).toBeChecked();
	await userEvent.keyboard('2');
	await userEvent.keyboard('2');
	await userEvent.keyboard('{Enter}');
	await answered(opened, 1);
	expect(answersOf(opened)[0]).toMatchObject({
		outcome: first?.aSide === 'right' ? 'a' : 'b',
		strength: 3
	});
	// The next pair begins with no choice.
	await rest();
	await userEvent.keyboard('{Enter}');
	await rest();
	expect(answersOf(opened)).toHaveLength(1);
});

test('a key can be changed in the legend, and the old one does nothing then', async () => {
	const opened = await openCompare();
	await userEvent.keyboard('?');
	await page.getByRole('button', { name: 'Change the key of “Left is better”' }).click();
	await userEvent.keyboard('s');
	await expect.element(page.getByText('S is already the key of “Skip”.')).toBeVisible();
	await userEvent.keyboard('{Backspace}');
	await expect.element(page.getByText('is kept for getting about')).toBeVisible();
	await userEvent.keyboard('h');
	await expect
		.element(page.getByRole('button', { name: 'Give “Left is better” its first key back' }))
		.toBeVisible();
	await userEvent.keyboard('{Escape}');
	await expect.element(page.getByRole('dialog')).not.toBeInTheDocument();
	await expect
		.element(page.getByRole('button', { name: 'Left is better', exact: true }))
		.toHaveAttribute('aria-keyshortcuts', 'h');
	await userEvent.keyboard('1');
	await rest();
	expect(answersOf(opened)).toHaveLength(0);
	await userEvent.keyboard('h');
	await answered(opened, 1);
	await rest();
	opened.studio.shortcuts.reset();
	await userEvent.keyboard('1');
	await answered(opened, 2);
});

test('Escape leaves a key as it is and the legend open', async () => {
	const opened = await openCompare();
	await userEvent.keyboard('?');
	await page.getByRole('button', { name: 'Change the key of “Skip”' }).click();
	await userEvent.keyboard('{Escape}');
	await expect.element(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
	expect(opened.studio.shortcuts.hasChanges).toBe(false);
});

test('reasons are offered where one says why, and go with the next answer alone', async () => {
	const opened = await openCompare();
	await userEvent.keyboard('r');
	await page.getByRole('button', { name: 'story' }).click();
	await page.getByRole('button', { name: 'humour' }).click();
	await page.getByRole('button', { name: 'story' }).click();
	await userEvent.keyboard('made me laugh{Escape}');
	await userEvent.keyboard('2');
	await answered(opened, 1);
	expect(answersOf(opened)[0]).toMatchObject({
		reasonTags: ['humour'],
		rationale: 'made me laugh'
	});
	await rest();
	await userEvent.keyboard('2');
	await answered(opened, 2);
	expect(answersOf(opened)[1]?.reasonTags).toBeUndefined();
	expect(answersOf(opened)[1]?.rationale).toBeUndefined();
});

test('a pair that upsets is skipped by that reason and does not come back', async () => {
	const opened = await openCompare();
	const id = opened.studio.comparisons.current?.id;
	await userEvent.keyboard('s');
	await page.getByRole('button', { name: 'It upsets me' }).click();
	await answered(opened, 1);
	expect(answersOf(opened)[0]).toMatchObject({ outcome: 'skip', skipReason: 'upsetting' });
	expect(opened.studio.comparisons.waiting.map((pair) => pair.id)).not.toContain(id);
});
