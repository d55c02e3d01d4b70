import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { GUARD_MS } from '../../../src/state/showing-timer';
import { makeCompletion } from '../../support/records';
import { goTo, openApp, type Opened } from './open-app';

const rest = () => new Promise((resolve) => setTimeout(resolve, GUARD_MS + 50));

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
});

/** Every text is a dark one, and no two are alike. */
async function openDark(): Promise<Opened> {
	let written = 0;
	app = await openApp({
		handlers: {
			sample: ({ prompts, perPrompt }) =>
				Promise.resolve(
					prompts.flatMap(() =>
						Array.from({ length: perPrompt }, () =>
							makeCompletion({ text: ` story ${written++}: the wolf was dead and bled.` })
						)
					)
				)
		}
	});
	return app;
}

const mainText = () => document.querySelector('main')?.textContent ?? '';

test('a dark pair is not on the page until one asks for it, and cannot be answered unread', async () => {
	const { studio } = await openDark();
	studio.preferences.set({ veilsDarkText: true });
	goTo('compare');
	const veil = page.getByTestId('veil');
	await expect.element(veil).toHaveTextContent('Here stand words about violence and death.');
	expect(mainText()).not.toContain('the wolf');
	await rest();
	await userEvent.keyboard('1');
	await userEvent.keyboard('0');
	await rest();
	expect(studio.log.answers.size).toBe(0);
	await userEvent.keyboard('v');
	await expect.element(page.getByTestId('book')).toHaveTextContent('the wolf was dead');
	// Reading begins now, and so does the guard against a key pressed twice.
	await userEvent.keyboard('1');
	expect(studio.log.answers.size).toBe(0);
	await rest();
	await userEvent.keyboard('1');
	await expect.poll(() => studio.log.answers.size).toBe(1);
	await expect.element(veil).toBeVisible();
});

test('it can be skipped as upsetting without being seen, and does not come back', async () => {
	const { studio } = await openDark();
	studio.preferences.set({ veilsDarkText: true });
	goTo('compare');
	const first = () => studio.comparisons.current?.id ?? '';
	await expect.poll(first).not.toBe('');
	const id = first();
	await rest();
	await page.getByRole('button', { name: 'Skip: it upsets me' }).click();
	await expect
		.poll(() => studio.log.answers.get(id))
		.toMatchObject({
			outcome: 'skip',
			skipReason: 'upsetting',
			showing: { input: 'pointer' }
		});
	expect(studio.comparisons.waiting.map((pair) => pair.id)).not.toContain(id);
	expect(mainText()).not.toContain('the wolf');
});

for (const part of ['ranking', 'rating', 'thumbs', 'rewrite']) {
	test(`${part} is veiled too`, async () => {
		const { studio } = await openDark();
		studio.preferences.set({ veilsDarkText: true });
		goTo(`compare/${part}`);
		await expect.element(page.getByTestId('veil')).toBeVisible();
		expect(mainText()).not.toContain('the wolf');
		await page.getByRole('button', { name: 'Look at it' }).click();
		await expect.poll(mainText).toContain('the wolf was dead');
	});
}

test('without the setting nothing is veiled, and with it what is harmless is not', async () => {
	const { studio } = await openDark();
	goTo('compare');
	await expect.element(page.getByTestId('book')).toHaveTextContent('the wolf was dead');
	await app?.close();
	app = await openApp();
	app.studio.preferences.set({ veilsDarkText: true });
	goTo('compare');
	await expect.element(page.getByTestId('book')).toHaveTextContent('and it was happy');
	expect(studio.preferences.values.veilsDarkText).toBe(false);
});

test('texts that are only read are veiled one by one, and the setting says what it is', async () => {
	const { studio } = await openDark();
	goTo('settings');
	await page.getByLabelText('Veil texts with dark words').click();
	expect(studio.preferences.values.veilsDarkText).toBe(true);
	await expect.element(page.getByText(/not a judgement/)).toBeVisible();
	goTo('sample');
	await page
		.getByRole('button', { name: /^Write/ })
		.first()
		.click();
	const shown = page.getByText('Here stand words about violence and death.');
	await expect.element(shown.first()).toBeVisible();
	const before = shown.elements().length;
	expect(mainText()).not.toContain('the wolf');
	await page.getByRole('button', { name: 'Look at it' }).first().click();
	await expect.poll(mainText).toContain('the wolf was dead');
	expect(shown.elements()).toHaveLength(before - 1);
});
