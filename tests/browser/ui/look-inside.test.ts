import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { optimalPolicy } from '../../../src/core/methods/closed-form';
import { prefixRewards } from '../../../src/core/methods/prefix-rewards';
import { WORLD_REWARDS, worldReference } from '../../../src/core/methods/closed-form-world';
import type { OpenStepArgs } from '../../../src/protocol/step-through';
import { finishRun } from '../../../src/storage/checkpoints';
import { TabularModel } from '../../../workers/engine/tabular/tabular-model';
import { drawPath } from '../../../workers/jobs/playground';
import { PpoStepper } from '../../../workers/jobs/ppo-stepper';
import { makeRewardModel, makeRun } from '../../support/records';
import { goTo, openApp, type Opened } from './open-app';
import { runAxe } from './run-axe';

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
	await page.viewport(1280, 860);
});

const WORDS = ['a', ' cat', ' ran', '.'];
const signal = new AbortController().signal;

/** The real stepper on a model of four words, behind the worker's commands. */
function smallWorld() {
	let stepper: PpoStepper | null = null;
	const opened = () => {
		if (!stepper) {
			throw new Error('no step is open');
		}
		return stepper;
	};
	return {
		openStep: async ({ config, seed, iteration }: OpenStepArgs) => {
			const world = (heads: number) =>
				TabularModel.create(4, 4, heads, ([first = 0]) => [0.4, first * 0.1, 0, -0.2]);
			stepper = await PpoStepper.open(
				{
					policy: world(1),
					reference: world(0),
					reward: ({ B, T, ids }) =>
						Promise.resolve(Float64Array.from({ length: B }, (_, b) => ids[b * T + 1] ?? 0)),
					prompts: [Int32Array.of(0)],
					text: { stop: [], cut: null },
					config: { ...config, maxNew: 4, lr: 0.2 },
					seed
				},
				iteration,
				signal
			);
			const { batch, old, refLogProb, scores, sampled } = stepper.rollout;
			const value = old.value[0] ?? new Float64Array();
			return {
				batch,
				tokens: Array.from({ length: batch.B }, (_, b) =>
					Array.from(batch.ids.subarray(b * batch.T, (b + 1) * batch.T), (id) => WORDS[id] ?? '')
				),
				logProb: old.logProb,
				value,
				refLogProb,
				scores,
				stopped: sampled.stopped,
				prefixScores: prefixRewards(batch, refLogProb, 'mean', { gain: 1, bias: 0 }),
				minibatches: stepper.minibatches.map((rows) => [...rows])
			};
		},
		takeStep: (settings: Parameters<PpoStepper['take']>[0]) => opened().take(settings, signal),
		nextTokens: async ({ row, column }: { row: number; column: number }) => {
			const { ids, old, now, reference } = await opened().alternatives(row, column);
			return ids.map((id, i) => ({
				id,
				text: WORDS[id] ?? '',
				old: old[i] ?? NaN,
				now: now[i] ?? NaN,
				reference: reference[i] ?? NaN,
				isChosen: id === opened().rollout.batch.ids[row * opened().rollout.batch.T + column]
			}));
		}
	};
}

/** Longer than a colour takes to change. */
const SETTLE_MS = 300;

async function expectAccessible(): Promise<void> {
	await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
	const { violations } = await runAxe('main', { rules: { region: { enabled: false } } });
	expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
}

async function openWithReward(): Promise<Opened> {
	const opened = await openApp({ jobs: smallWorld });
	app = opened;
	const { studio, db } = opened;
	const studyId = studio.study?.id ?? '';
	const store = await db();
	const run = makeRun(studyId, { kind: 'reward', status: 'done' });
	const record = makeRewardModel(run);
	await finishRun(store, {
		run: { ...run, resultId: record.id },
		rewardModel: { record, weights: new ArrayBuffer(8) }
	});
	store.close();
	await studio.reward.reload();
	return opened;
}

test('without a reward model the page says what is missing', async () => {
	app = await openApp();
	goTo('tune/step-through');
	await expect.element(page.getByText(/needs a reward model/)).toBeVisible();
	await expect.element(page.getByRole('link', { name: 'Train one' })).toBeVisible();
});

test('a step is read token by token, worked out again by a knob, and taken', async () => {
	const { studio } = await openWithReward();
	goTo('tune/step-through');
	await page.getByRole('button', { name: 'Write eight texts' }).click();
	await expect.element(page.getByTestId('strips')).toBeVisible();
	await expect.element(page.getByTestId('alternatives')).toBeVisible();
	await expectAccessible();

	const shown = () => studio.stepThrough.displayed?.strips;
	const before = shown()?.rawAdvantage ?? new Float64Array();
	const slider = page.getByRole('slider', { name: 'Look ahead, lambda' });
	(slider.element() as HTMLInputElement).focus();
	await userEvent.keyboard('{Home}');
	expect(studio.stepThrough.settings.lambda).toBe(0);
	expect(shown()?.rawAdvantage).toEqual(shown()?.delta);
	expect(shown()?.rawAdvantage).not.toEqual(before);
	await page.getByRole('button', { name: 'As before' }).click();
	expect(shown()?.rawAdvantage).toEqual(before);

	// From token to token by the arrow keys.
	const { column } = studio.stepThrough;
	const token = page.getByTestId('strips').getByRole('button').first();
	(token.element() as HTMLElement).focus();
	await userEvent.keyboard('{ArrowRight}');
	expect(studio.stepThrough.column).toBe(column + 1);
	await expect.element(page.getByRole('heading', { name: /token 2 of 4/ })).toBeVisible();

	expect(new Set(shown()?.ratio)).toEqual(new Set([0, 1]));
	await page.getByRole('button', { name: 'Learn from minibatch 1 of 8' }).click();
	await expect.element(page.getByText(/Learned from texts/)).toBeVisible();
	expect(new Set(shown()?.ratio).size).toBeGreaterThan(2);
	await page.getByRole('button', { name: 'Back to the start' }).click();
	await expect
		.element(page.getByRole('button', { name: 'Learn from minibatch 1 of 8' }))
		.toBeVisible();
	expect(shown()?.rawAdvantage).toEqual(before);
});

test('the step fits a narrow window, and its copies are given back when one goes', async () => {
	const { studio } = await openWithReward();
	await page.viewport(360, 740);
	goTo('tune/step-through');
	await page.getByRole('button', { name: 'Write eight texts' }).click();
	await expect.element(page.getByTestId('strips')).toBeVisible();
	expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360);
	goTo('tune');
	await expect.poll(() => studio.stepThrough.opened).toBeNull();
});

test('three methods draw their paths to the best policy, and a reward that is changed moves it', async () => {
	app = await openApp({ handlers: { drawPath: (args) => drawPath(args, signal) } });
	const { playground } = app.studio;
	goTo('tune/playground');
	await expect.element(page.getByTestId('ends')).toBeVisible();
	await expect.poll(() => playground.paths.length, { timeout: 50_000 }).toBe(3);
	const best = optimalPolicy(worldReference(), WORLD_REWARDS, playground.beta);
	for (const { places } of playground.paths) {
		expect(places.at(-1)?.kl).toBeCloseTo(best.kl, 1);
		expect(places.at(-1)?.reward).toBeCloseTo(best.expectedReward, 2);
	}
	await expectAccessible();
	await page.viewport(360, 740);
	expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360);

	const reward = page.getByRole('slider', { name: /Reward of “sun sun”/ });
	(reward.element() as HTMLInputElement).focus();
	await userEvent.keyboard('{End}');
	expect(playground.rewards[0]).toBe(1);
	expect(playground.paths).toEqual([]);
	expect(playground.optimum.expectedReward).toBeGreaterThan(best.expectedReward);
	await page.getByRole('button', { name: 'Rewards as they were' }).click();
	expect(playground.rewards).toBe(WORLD_REWARDS);
});
