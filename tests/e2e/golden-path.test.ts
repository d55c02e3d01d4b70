/**
 * The whole loop as a newcomer goes it, in the built app without a graphics card: a hundred simulated answers, a reward model, PPO
 * with a reload in the middle, and then the question that counts: has the text moved towards what was chosen?
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MetricRow } from '../../src/core/records';
import { finishRun } from '../../src/storage/checkpoints';
import { startApp, type App, type OpenedBrowser } from '../support/app';
import { startNodeTrainer } from '../support/node-trainer';
import {
	annotate,
	openStudioPage,
	readStore,
	storedAssets,
	storedRuns,
	visit,
	waitForRun
} from '../support/studio-page';
import { UNSEEN_PROMPTS } from '../support/unseen-prompts';
import { collectPairs, measureGain, rewardAgreement, type Loop } from '../support/whole-loop';

const SEED = 11;
const ITERATIONS = 12;

let app: App;
let browser: OpenedBrowser;
const requests: string[] = [];

beforeAll(async () => {
	app = await startApp();
	browser = await app.open();
	browser.context.on('request', (request) => requests.push(request.url()));
});
afterAll(() => app.close());

test(
	'from a hundred answers to text that has moved towards them, over a reload',
	{ timeout: 420_000 },
	async () => {
		const { page } = browser;
		await openStudioPage(page, {
			url: app.url,
			seed: SEED,
			backend: 'wasm',
			model: 'stories-1m'
		});

		await annotate(page, 100, 60_000);

		await visit(page, 'reward');
		await page.getByRole('button', { name: 'Train the reward model' }).click();
		const rewardRun = await waitForRun(page, 'reward', 'done', 120_000);
		expect(rewardRun.step).toBeGreaterThan(0);

		await visit(page, 'tune');
		await page.getByRole('slider', { name: 'Iterations' }).fill(String(ITERATIONS));
		// 10^-3.5: twelve iterations want larger steps than the default run of twice as many.
		await page.getByRole('slider', { name: 'Learning rate' }).fill('-3.5');
		await page.getByRole('button', { name: 'Start tuning' }).click();
		await expect
			.poll(async () => (await storedRuns(page)).find((run) => run.kind === 'ppo')?.step ?? 0, {
				timeout: 120_000,
				interval: 200
			})
			.toBeGreaterThanOrEqual(3);
		const before = (await storedRuns(page)).find((run) => run.kind === 'ppo');

		// A reload in the middle of an iteration: paused, at most one iteration lost, and it goes on.
		await page.reload();
		const paused = await waitForRun(page, 'ppo', 'paused', 30_000);
		expect(paused.step).toBeGreaterThanOrEqual(before?.step ?? NaN);
		expect(await readStore(page, 'answers')).toHaveLength(100);
		await page.getByRole('button', { name: 'Resume' }).click();
		const tuned = await waitForRun(page, 'ppo', 'done', 240_000);
		expect(tuned.step).toBe(ITERATIONS);

		// And another at the end: everything is still there.
		await page.reload();
		await page.getByRole('main').waitFor();
		expect(await readStore(page, 'answers')).toHaveLength(100);
		const rows = ((await readStore(page, 'metrics')) as MetricRow[]).filter(
			(row) => row.runId === tuned.id
		);
		expect(rows.map((row) => row.step)).toEqual(
			Array.from({ length: ITERATIONS }, (_, i) => i + 1)
		);
		expect(tuned.invariants?.filter((check) => !check.ok)).toEqual([]);
		await page.getByText(`step ${ITERATIONS} of ${ITERATIONS}`).first().waitFor();

		const assets = await storedAssets(page);
		const trainer = await startNodeTrainer();
		await trainer.call('load', { model: 'stories-1m', backend: 'wasm' });
		await finishRun(trainer.db, { run: tuned, ...assets });
		const loop: Loop = {
			trainer,
			model: 'stories-1m',
			seed: SEED,
			annotator: { rule: 'happier', lapse: 0, seed: SEED }
		};
		const { id: rewardModelId } = assets.rewardModel.record;

		const fresh = await collectPairs(loop, UNSEEN_PROMPTS, 200, 'fresh');
		const agreement = await rewardAgreement(loop, rewardModelId, fresh);
		const gain = await measureGain(loop, assets.policy.record.id, rewardModelId, UNSEEN_PROMPTS, 4);
		const test200 = await measureGain(
			{ ...loop, seed: SEED + 1 },
			assets.policy.record.id,
			rewardModelId,
			UNSEEN_PROMPTS.slice(0, 25),
			8
		);
		const kl = rows.at(-1)?.values['objective/kl'] ?? NaN;
		const percent = (x: number) => `${(100 * x).toFixed(1)} %`;
		console.log(
			[
				`reward model agrees with the true preference on ${agreement.n} fresh pairs: ${percent(agreement.share)} [${percent(agreement.low)}, ${percent(agreement.high)}]`,
				`reward on 32 prompts x 4: ${gain.rewardBefore.toFixed(2)} -> ${gain.rewardAfter.toFixed(2)} reference sd, KL ${kl.toFixed(2)} nats`,
				`gold: ${gain.goldBefore.toFixed(2)} -> ${gain.goldAfter.toFixed(2)}`,
				`win rate over ${test200.winRate.n} pairs by the true preference: ${percent(test200.winRate.share)} [${percent(test200.winRate.low)}, ${percent(test200.winRate.high)}]`
			].join('\n')
		);
		expect(agreement.share).toBeGreaterThan(0.6);
		expect(gain.rewardAfter - gain.rewardBefore).toBeGreaterThanOrEqual(1);
		expect(kl).toBeLessThan(15);
		expect(gain.goldAfter).toBeGreaterThan(gain.goldBefore);
		expect(test200.winRate.low).toBeGreaterThan(0.5);
	}
);

test('all of it without an error, and without asking anything of any other address', () => {
	expect(browser.problems).toEqual([]);
	expect(requests.filter((url) => !url.startsWith(app.url) && !url.startsWith('blob:'))).toEqual(
		[]
	);
});
