/**
 * The interface on WebGPU: a reward epoch with the numbers of the cpu backend, and a PPO iteration with every light green (the backends
 * draw their tokens differently, so there the losses have nothing to be compared with; on equal tokens the engine's own tests
 * compare them). SwiftShader computes here what a graphics card would, some hundred times slower, so everything is small.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MetricRow, Run } from '../../src/core/records';
import { startApp, type App, type OpenedBrowser } from '../support/app';
import {
	openStudioPage,
	readStore,
	setSettings,
	storedRuns,
	visit,
	waitForRun
} from '../support/studio-page';

const SEED = 5;

let app: App;
let browser: OpenedBrowser;

beforeAll(async () => {
	app = await startApp();
	browser = await app.open();
});
afterAll(() => app.close());

async function metricsOf(run: Run): Promise<Record<string, number>> {
	const rows = (await readStore(browser.page, 'metrics')) as MetricRow[];
	return rows.filter((row) => row.runId === run.id).at(-1)?.values ?? {};
}

/** Chooses a backend on the Sample view and waits until it is in use. */
async function useBackend(name: string, inUse: string): Promise<void> {
	const { page } = browser;
	await visit(page, 'sample');
	const panel = page.locator('details', { hasText: 'Runs on' });
	if (!(await panel.evaluate((d) => (d as HTMLDetailsElement).open))) {
		await panel.locator('summary').click();
	}
	await panel.getByLabel('Runs on').selectOption({ label: name });
	await page.getByRole('contentinfo').getByText(inUse).waitFor({ timeout: 60_000 });
}

/** Presses a button that starts a job, and waits until its run is stored and done. */
async function runJob(kind: Run['kind'], button: string): Promise<Run> {
	const { page } = browser;
	const before = (await storedRuns(page)).filter((run) => run.kind === kind).length;
	await page.getByRole('button', { name: button, exact: true }).click();
	await expect
		.poll(async () => (await storedRuns(page)).filter((run) => run.kind === kind).length, {
			timeout: 30_000
		})
		.toBe(before + 1);
	// Away from the view: it would have the model write and score a dozen texts.
	await visit(page, 'learn');
	return waitForRun(page, kind, 'done', 240_000);
}

test(
	'one reward epoch on 8 pairs gives the losses of the cpu, and a PPO iteration of 8 x 16 tokens holds every invariant',
	{ timeout: 560_000 },
	async () => {
		const { page } = browser;
		await openStudioPage(page, { url: app.url, seed: SEED, backend: 'cpu', model: 'stories-1m' });
		await visit(page, 'compare');
		// Eight answers by hand, by keyboard. A key pressed before the next pair is armed is not an answer, so it is pressed again.
		const answers = async () => (await readStore(page, 'answers')).length;
		for (let n = 1; n <= 8; n++) {
			await page.getByTestId('book').waitFor({ timeout: 60_000 });
			while ((await answers()) < n) {
				await page.keyboard.press(n % 2 === 0 ? '1' : '2');
				await page.waitForTimeout(500);
			}
		}
		expect(await answers()).toBe(8);
		await useBackend('plain JavaScript', 'cpu');
		await visit(page, 'reward');
		await setSettings(page, {
			Epochs: '1',
			'Pairs per step': '4',
			'Kept back': '0',
			'Samples for the scale': '8'
		});
		const onCpu = await runJob('reward', 'Train the reward model');
		await useBackend('WebGPU', 'webgpu');
		await visit(page, 'reward');
		const onGpu = await runJob('reward', 'Train again');
		const [cpu, gpu] = [await metricsOf(onCpu), await metricsOf(onGpu)];
		for (const key of ['reward/loss', 'reward/margin', 'grad_norm']) {
			console.log(`${key.padEnd(14)} cpu ${cpu[key]?.toFixed(6)}  webgpu ${gpu[key]?.toFixed(6)}`);
			expect(Math.abs((cpu[key] ?? NaN) - (gpu[key] ?? NaN)), key).toBeLessThanOrEqual(1e-3);
		}

		await visit(page, 'tune');
		await setSettings(page, { Iterations: '1', 'Completions per iteration': '8', Length: '16' });
		const ppo = await runJob('ppo', 'Start tuning');
		expect([onCpu.backend, onGpu.backend, ppo.backend]).toEqual(['cpu', 'webgpu', 'webgpu']);
		expect(ppo.invariants?.map((check) => [check.key, check.ok])).toEqual(
			[
				'first-minibatch-ratio',
				'first-minibatch-approxkl',
				'first-minibatch-clipfrac',
				'sampler-log-prob',
				'kl-at-start',
				'entropy',
				'reference-unchanged',
				'finite'
			].map((key) => [key, true])
		);
		const after = await metricsOf(ppo);
		expect(after['grad_norm']).toBeGreaterThan(0);
		expect(browser.problems).toEqual([]);
	}
);
