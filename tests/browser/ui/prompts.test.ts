import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { listPrompts, listPromptSets } from '../../../src/storage/prompts';
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

async function openPrompts(options: Parameters<typeof openApp>[0] = {}): Promise<Opened> {
	await page.viewport(1280, 860);
	app = await openApp(options);
	await page.getByRole('button', { name: 'Prompts…' }).click();
	await expect.element(page.getByRole('dialog', { name: 'Prompts' })).toBeVisible();
	return app;
}

const texts = ({ studio }: Opened) => [...studio.prompts.texts].sort();
const BUILT_IN = ['In a house by the sea', 'Once upon a time', 'One day, Mia', 'The old fox'];

async function newSet(name: string): Promise<void> {
	await page.getByRole('button', { name: 'New set' }).click();
	await page.getByLabelText('Name of the set').fill(name);
	await userEvent.keyboard('{Enter}');
	await expect.element(page.getByRole('region', { name })).toBeVisible();
}

test('a set is made, filled from lines with their problems told, switched, and all of it is there after a reload', async () => {
	const opened = await openPrompts();
	await newSet('Sea');
	const box = page.getByLabelText(/Beginnings, one a line/);
	await box.fill(`The whale\nThe whale\n${'x'.repeat(401)}\nThe old fox\nA gull`);
	await page.getByRole('button', { name: 'Add', exact: true }).click();
	await expect.element(page.getByText('line 2: in this set already')).toBeVisible();
	await expect.element(page.getByText('line 3: longer than 400 characters')).toBeVisible();
	await expect
		.element(page.getByText(/2 added\. 1 are in a set already\. 2 left out/))
		.toBeVisible();
	expect(texts(opened)).toEqual([...BUILT_IN, 'The whale', 'A gull'].sort());
	await page.getByLabelText('Ask Story beginnings').click();
	await expect.poll(() => texts(opened)).toEqual(['A gull', 'The whale']);
	const db = await opened.db();
	const { name } = db;
	db.close();
	await opened.close();
	app = await openApp({ name });
	expect(texts(app)).toEqual(['A gull', 'The whale']);
	expect(app.studio.prompts.use.sets).toEqual([{ name: 'Sea', tags: [] }]);
});

test('the last set that asks anything cannot be switched off', async () => {
	const opened = await openPrompts();
	const box = page.getByLabelText('Ask Story beginnings');
	await box.click();
	await expect.element(page.getByText(/Something must be left to ask/)).toBeVisible();
	await expect.element(box).toBeChecked();
	expect(texts(opened)).toEqual(BUILT_IN);
});

test('tags from a file narrow what is asked, and the narrowing is stored', async () => {
	const opened = await openPrompts();
	await newSet('Tagged');
	const lines = [
		{ prompt: 'A cat sat', tags: ['animals'] },
		{ prompt: 'A boat left', tags: ['sea'] },
		{ prompt: 'A seal sang', tags: ['animals', 'sea'] }
	];
	const file = new File([lines.map((line) => JSON.stringify(line)).join('\n')], 'p.jsonl');
	await page.getByLabelText('From a file').upload(file);
	await expect.element(page.getByText('3 added.')).toBeVisible();
	expect(await violations()).toEqual([]);
	await page.getByText('sea', { exact: true }).first().click();
	await expect
		.poll(() => texts(opened))
		.toEqual([...BUILT_IN, 'A boat left', 'A seal sang'].sort());
	const db = await opened.db();
	await userEvent.keyboard('{Escape}');
	await expect
		.element(page.getByRole('button', { name: /^Prompts: Story.*Tagged \(sea\)/ }))
		.toBeVisible();
	const sets = await listPromptSets(db, opened.studio.study?.id ?? '');
	db.close();
	expect(sets).toMatchObject([{ name: 'Tagged', tags: ['sea'], isOn: true }]);
});

test('an edited prompt is a new one, and an answered pair keeps the old one', async () => {
	const opened = await openPrompts();
	await userEvent.keyboard('{Escape}');
	goTo('compare');
	const { comparisons, annotators, prompts } = opened.studio;
	await expect.poll(() => comparisons.waiting.length, { timeout: 10_000 }).toBeGreaterThan(3);
	const pair = comparisons.waiting.find(({ prompt }) => prompt === 'The old fox');
	const context = { ...annotators.context, responseMs: 1000 };
	await comparisons.answer(pair?.id ?? '', { outcome: 'a', strength: 1 }, context);
	await page.getByRole('button', { name: 'Prompts…' }).click();
	await page.getByRole('button', { name: 'Change “The old fox”' }).click();
	await page.getByLabelText('Beginning', { exact: true }).fill('The young fox');
	await page.getByLabelText('Tags, with commas').fill('animals');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect.poll(() => texts(opened)).toContain('The young fox');
	await expect.poll(() => texts(opened)).not.toContain('The old fox');
	await page.getByRole('button', { name: 'Take out “One day, Mia”' }).click();
	await expect.poll(() => texts(opened)).not.toContain('One day, Mia');
	const db = await opened.db();
	const stored = await listPrompts(db, opened.studio.study?.id ?? '');
	db.close();
	const old = stored.find(({ text }) => text === 'The old fox');
	expect(old).toMatchObject({ id: pair?.promptId, isRetired: true });
	expect(stored.find(({ text }) => text === 'The young fox')?.tags).toEqual(['animals']);
	expect(comparisons.presentation(pair?.id ?? '')?.prompt).toBe('The old fox');
	// A built-in set stays what it was: the new one stands among those typed by hand.
	expect(prompts.sets.find(({ holds }) => holds === 'typed')?.prompts).toEqual([
		{ text: 'The young fox', tags: ['animals'], weight: 1 }
	]);
});

test('each prompt has its turn before any comes again, on the desk too', async () => {
	const opened = await openPrompts();
	await userEvent.keyboard('{Escape}');
	goTo('compare');
	const { comparisons } = opened.studio;
	await expect.poll(() => comparisons.waiting.length, { timeout: 10_000 }).toBeGreaterThan(12);
	const asked = comparisons.presentations.map(({ prompt }) => prompt);
	for (let turn = 0; turn < 3; turn++) {
		expect(asked.slice(4 * turn, 4 * turn + 4).sort()).toEqual(BUILT_IN);
	}
});
