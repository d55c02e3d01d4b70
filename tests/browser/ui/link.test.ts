import { afterEach, expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { DEFAULT_PPO } from '../../../src/core/config';
import { goTo, openApp, type Opened } from './open-app';
import { runAxe } from './run-axe';

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
	history.replaceState(null, '', '#/');
});

async function open(hash: string): Promise<Opened> {
	await page.viewport(1280, 860);
	app ??= await openApp();
	location.hash = hash;
	return app;
}

const dialog = () => page.getByRole('dialog', { name: 'Settings from a link' });
const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

test('a link shows what differs and changes nothing until one says yes', async () => {
	const { studio } = await open('#/tune?v=1&p=bold&batch=16&seed=77');
	await expect.element(dialog()).toBeVisible();
	await expect.element(dialog()).toHaveTextContent(/Learning rate.*0.0002.*0.0005/);
	await expect.element(dialog()).toHaveTextContent(/seed.*77/);
	expect(studio.tune.config).toEqual(DEFAULT_PPO);
	const { violations } = await runAxe('dialog[open]');
	expect(violations.map(({ id }) => id)).toEqual([]);
	await press('Use these settings');
	await expect.element(dialog()).not.toBeInTheDocument();
	expect(studio.tune.config).toMatchObject({ lr: 5e-4, batch: 16, klTarget: 40 });
	expect(studio.tune.seed).toBe(77);
	// From now on the address is one's own, and follows one's settings.
	await expect.poll(() => location.hash).toBe('#/tune?v=1&p=bold&batch=16');
	studio.tune.setConfig({ batch: 64 });
	await expect.poll(() => location.hash).toBe('#/tune?v=1&p=bold&batch=64');
	studio.tune.setConfig(DEFAULT_PPO);
	await expect.poll(() => location.hash).toBe('#/tune');
});

test('another method comes by link; keeping mine keeps it', async () => {
	const { studio } = await open('#/tune?v=1&m=dpo&beta=0.3');
	await expect.element(dialog()).toHaveTextContent(/method.*PPO.*DPO/);
	await press('Keep mine');
	expect(studio.tune.method).toBe('ppo');
	await expect.poll(() => location.hash).toBe('#/tune');
	await open('#/tune?v=1&m=dpo&beta=0.3');
	await press('Use these settings');
	expect(studio.tune.method).toBe('dpo');
	expect(studio.tune.configOf('dpo').beta).toBe(0.3);
	expect(studio.link.address(studio.link.current('tune'))).toMatch(
		/#\/tune\?v=1&m=dpo&beta=0.3&seed=\d+$/
	);
});

test('a hostile link is told in sentences, leaves the defaults, and runs nothing', async () => {
	const bad = encodeURIComponent('<img src=x onerror=alert(1)>');
	const { studio } = await open(`#/tune?v=1&lr=99&${bad}=1&m=constructor`);
	await expect.element(dialog()).toHaveTextContent('Learning rate: 99 is not between');
	await expect
		.element(dialog())
		.toHaveTextContent('There is no setting “<img src=x onerror=alert(1)>”');
	await expect.element(dialog()).toHaveTextContent('There is no method “constructor”');
	expect(document.querySelector('dialog img')).toBeNull();
	await dialog().getByRole('button', { name: 'Close' }).last().click();
	expect(studio.tune.config).toEqual(DEFAULT_PPO);
	await open(`#/reward?${'x'.repeat(10_000)}`);
	await expect.element(dialog()).toHaveTextContent('The link is 10000 characters long');
});

test('a link to what one has asks nothing; one’s own address is taken without a question', async () => {
	const { studio } = await open('#/tune?v=1');
	await expect
		.element(page.getByText('The link has the settings that you have already.').first())
		.toBeVisible();
	expect(studio.link.offer).toBeNull();
	// As after a reload: the entry is one that this page wrote.
	goTo('library');
	await expect.poll(() => studio.route.view).toBe('library');
	history.replaceState({ isOwnSettings: true }, '', '#/reward?v=1&epochs=3');
	dispatchEvent(new HashChangeEvent('hashchange'));
	await expect.poll(() => studio.reward.config.epochs).toBe(3);
	expect(studio.link.offer).toBeNull();
});
