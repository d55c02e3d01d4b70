import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { StudioError } from '../../../src/protocol/errors';
import { goTo, openApp, type Opened } from './open-app';
import { runAxe } from './run-axe';

const VIEWS = [
	'sample',
	'compare',
	'reward',
	'tune',
	'evaluate',
	'library',
	'learn',
	'settings'
] as const;

const readDemo = async () => (await fetch('/runs/demo.json')).text();

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
	delete document.documentElement.dataset.theme;
	await page.viewport(1280, 860);
});

async function violations(): Promise<string[]> {
	const { violations: found } = await runAxe(document.body, {
		// The test runner's page has no landmarks or title of its own.
		rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: true } }
	});
	return found.map(
		({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`
	);
}

/** Transitions over, charts drawn. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 350));

for (const theme of ['light', 'dark'] as const) {
	test(`every view is accessible in ${theme}, with the recorded run on show`, async () => {
		await page.viewport(1280, 860);
		app = await openApp({ demo: await readDemo() });
		app.studio.theme.choose(theme);
		for (const view of VIEWS) {
			goTo(view);
			await expect.element(page.getByRole('heading', { level: 1 })).toBeInTheDocument();
			await settle();
			expect(await violations(), view).toEqual([]);
		}
	});
}

test('nothing is wider than a small phone', async () => {
	await page.viewport(360, 740);
	app = await openApp({ demo: await readDemo() });
	for (const view of VIEWS) {
		goTo(view);
		await settle();
		const root = document.documentElement;
		expect(root.scrollWidth - root.clientWidth, view).toBeLessThanOrEqual(0);
	}
});

test('the recorded run is marked and says what to do next', async () => {
	app = await openApp({ demo: await readDemo() });
	for (const view of ['sample', 'reward', 'tune', 'evaluate']) {
		goTo(view);
		await expect.element(page.getByTestId('recorded')).toHaveTextContent(/Recorded run/i);
	}
});

test('without a recording every view still opens', async () => {
	app = await openApp();
	for (const view of VIEWS) {
		goTo(view);
		await expect.element(page.getByRole('heading', { level: 1 })).toBeInTheDocument();
	}
	expect(app.studio.problems.current).toBeNull();
});

test('a worker that dies is started again once, and the problem says what to press', async () => {
	app = await openApp();
	expect(app.ports).toHaveLength(1);
	app.ports[0]?.crash('out of memory');
	await expect.element(page.getByTestId('problem')).toHaveTextContent(/stopped unexpectedly/);
	await expect.poll(() => app?.studio.trainer.status).toBe('ready');
	expect(app.ports).toHaveLength(2);
	await page.getByRole('button', { name: 'Start the engine again' }).click();
	await expect.element(page.getByTestId('problem')).not.toBeInTheDocument();
});

test('a model that is missing is explained, and trying again can succeed', async () => {
	let isMissing = true;
	app = await openApp({
		handlers: {
			load: async () => {
				if (isMissing) {
					throw new StudioError('missing-file', 'No model.safetensors', {
						detail: { file: 'model.safetensors' }
					});
				}
				throw new StudioError('corrupt-file', 'cut short', { detail: { file: 'tokenizer.json' } });
			}
		}
	});
	await expect
		.element(page.getByTestId('problem'))
		.toHaveTextContent(/model.safetensors is missing/);
	isMissing = false;
	await page.getByRole('button', { name: 'Try again' }).click();
	await expect.element(page.getByTestId('problem')).toHaveTextContent(/tokenizer.json is damaged/);
});

test('where nothing can be stored, the page says so and the model still writes', async () => {
	app = await openApp({ isStorageClosed: true, demo: await readDemo() });
	await expect.element(page.getByTestId('problem')).toHaveTextContent(/could not store/);
	await expect.element(page.getByRole('button', { name: 'Reload' })).toBeVisible();
	await expect.element(page.getByRole('contentinfo')).toHaveTextContent(/not saved/);
	await page.getByRole('button', { name: 'Write', exact: true }).click();
	await expect.element(page.getByRole('button', { name: 'Write again' })).toBeVisible();
	goTo('compare');
	await expect.element(page.getByText(/Nothing can be stored in this window/)).toBeVisible();
});

test('a study can be made, renamed, copied and deleted', async () => {
	app = await openApp();
	goTo('library');
	await page.getByRole('button', { name: 'New study' }).click();
	await page.getByLabelText('Name of the study').fill('Ada');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect.poll(() => app?.studio.study?.name).toBe('Ada');
	await page.getByRole('button', { name: 'Duplicate Ada' }).click();
	await expect.element(page.getByRole('button', { name: 'Open Ada (copy)' })).toBeVisible();
	await page.getByRole('button', { name: 'Delete Ada', exact: true }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await expect.poll(() => app?.studio.study?.name).not.toBe('Ada');
	expect(app.studio.library.studies.map((study) => study.name)).not.toContain('Ada');
});

test('a glossary, a theme and the keys are one press away', async () => {
	app = await openApp();
	goTo('settings');
	await page.getByRole('radio', { name: 'Dark' }).click();
	expect(document.documentElement.dataset.theme).toBe('dark');
	await page.getByRole('button', { name: 'Show all keys' }).click();
	await expect.element(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
});
