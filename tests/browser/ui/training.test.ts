import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import type { JobVerb, RewardJobArgs, TrainerEvent } from '../../../src/protocol/trainer';
import { getRun, putRun } from '../../../src/storage/runs';
import { goTo, openApp, twoMoods, type Opened } from './open-app';

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
});

const verbs: JobVerb[] = [];
let job: RewardJobArgs | null = null;

/** A job that reports one step and then waits to be stopped, as the real one stores and says it. */
function waitingJob(emit: (event: TrainerEvent) => void) {
	return {
		trainReward: async (args: RewardJobArgs, { signal }: { signal: AbortSignal }) => {
			job = args;
			const { runId } = args;
			emit({ type: 'jobState', runId, state: 'running' });
			emit({
				type: 'progress',
				runId,
				phase: 'train',
				step: 1,
				totalSteps: 30,
				tokensPerSecond: 500,
				elapsedMs: 4000,
				etaMs: 116_000
			});
			emit({
				type: 'metrics',
				runId,
				steps: Float64Array.of(1),
				keys: ['reward/loss'],
				columns: [Float64Array.of(0.69)]
			});
			await new Promise((resolve) => signal.addEventListener('abort', resolve));
			const db = await app?.db();
			const run = db && (await getRun(db, runId));
			if (db && run) {
				await putRun(db, { ...run, status: 'stopped', step: 1, totalSteps: 30 });
			}
			db?.close();
			return { status: 'stopped' as const, step: 1, resultId: null };
		},
		control: async ({ runId, verb }: { runId: string; verb: JobVerb }) => {
			verbs.push(verb);
			if (verb !== 'step') {
				emit({ type: 'jobState', runId, state: verb === 'pause' ? 'paused' : 'running' });
			}
			return null;
		}
	};
}

async function startTraining(): Promise<Opened> {
	await page.viewport(1280, 860);
	verbs.length = 0;
	app = await openApp({ handlers: twoMoods, jobs: waitingJob });
	const config = { rule: 'happier', lapse: 0, seed: 1 } as const;
	await app.studio.robot.run(app.studio.comparisons, { config, n: 12 });
	goTo('reward');
	await page.getByRole('button', { name: 'Train the reward model' }).click();
	await expect.element(page.getByTestId('run-bar')).toHaveAttribute('data-state', 'running');
	return app;
}

test('a run shows phase, place, speed and time left, and sends the pairs as they were answered', async () => {
	await startTraining();
	await expect
		.element(page.getByTestId('run-bar'))
		.toHaveTextContent(/learning the answers.*step 1 of 30.*500 tokens\/s.*about 2 min left/);
	expect(job?.pairs).toHaveLength(12);
	expect(job?.pairs.every((pair) => pair.simulated && (pair.y === 0 || pair.y === 1))).toBe(true);
	await expect.poll(() => document.title).toMatch(/^3/);
	await expect.element(page.getByRole('img', { name: /How surprised.*0.69/ })).toBeVisible();
});

test('pause, step and resume by key, stop by button: stopping is no error and keeps the run', async () => {
	const { studio } = await startTraining();
	await userEvent.keyboard(' ');
	await expect.element(page.getByRole('button', { name: 'Resume' })).toBeVisible();
	await userEvent.keyboard('.');
	await page.getByRole('button', { name: 'Resume' }).click();
	await expect.element(page.getByRole('button', { name: 'Pause' })).toBeVisible();
	expect(verbs).toEqual(['pause', 'step', 'resume']);
	await page.getByRole('button', { name: 'Stop' }).click();
	await expect.poll(() => studio.reward.job.run?.status).toBe('stopped');
	expect(studio.problems.current).toBeNull();
	await expect
		.element(page.getByText(/stopped at step 1. Everything is kept/).first())
		.toBeVisible();
	await expect.element(page.getByRole('button', { name: 'Resume' })).toBeVisible();
});

test('a worker that dies in the middle leaves the run paused, ready to go on', async () => {
	const { studio, ports } = await startTraining();
	ports[0]?.crash('gone');
	await expect.poll(() => studio.reward.job.isActive).toBe(false);
	await expect.poll(() => studio.reward.job.run?.status).toBe('paused');
	expect(studio.problems.current?.error.code).toBe('worker-crashed');
	await expect.element(page.getByRole('button', { name: 'Resume' })).toBeVisible();
});

test('an undone answer makes the reward model of those answers stale', async () => {
	const { studio } = await startTraining();
	const before = studio.reward.pairs.length;
	await studio.comparisons.undo();
	expect(studio.reward.pairs).toHaveLength(before - 1);
});
