import { tick } from 'svelte';
import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { Random } from '../../../src/core/random';
import { makeAnswer, makeCompletion, makePresentation } from '../../support/records';
import { GUARD_MS } from '../../../src/state/showing-timer';
import { goTo, openApp, type Opened } from './open-app';

const rest = () => new Promise((resolve) => setTimeout(resolve, GUARD_MS + 50));

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
});

const waiting = () => app?.studio.comparisons.waiting.length ?? 0;

test('the next pair stands on the page in the task in which the answer was stored, with a thousand answers behind it', async () => {
	await page.viewport(1280, 860);
	app = await openApp();
	const { studio } = app;
	const { log, comparisons, annotators } = studio;
	goTo('compare');
	await expect.poll(waiting).toBeGreaterThanOrEqual(12);
	const past = Array.from({ length: 1000 }, () =>
		makePresentation(studio.study?.id ?? '', 'prompt')
	);
	log.show(past.map((pair) => makeAnswer(pair)));
	comparisons.show([...past, ...comparisons.presentations]);
	await tick();
	const [shown, next] = comparisons.waiting;
	const book = () => document.querySelector('[data-testid="book"]')?.textContent ?? '';
	expect(book()).toContain(shown?.a.text.trim());
	const hasFrameComeFirst = await Promise.race([
		(async () => {
			await log.answer(
				shown?.id ?? '',
				{ outcome: 'a', strength: 1 },
				{ ...annotators.context, responseMs: 1 }
			);
			// The answer is stored. From here on nothing but microtasks: no frame, no timer, no message.
			await tick();
			expect(book()).toContain(next?.a.text.trim());
			expect(book()).not.toContain(shown?.a.text.trim());
			return false;
		})(),
		stored(log, 1001).then(
			() => new Promise<boolean>((resolve) => requestAnimationFrame(() => resolve(true)))
		)
	]);
	expect(hasFrameComeFirst).toBe(false);
});

/** Resolves once so many answers count. */
async function stored(log: { answers: ReadonlyMap<string, unknown> }, n: number): Promise<void> {
	while (log.answers.size < n) {
		await new Promise((resolve) => setTimeout(resolve, 0));
	}
}

test('at least ten pairs wait while one answers, and keys do not wait for those being written', async () => {
	let release: () => void = () => undefined;
	let isHeld = false;
	let written = 0;
	app = await openApp({
		handlers: {
			sample: async ({ prompts, perPrompt }) => {
				if (isHeld) {
					await new Promise<void>((resolve) => (release = resolve));
				}
				return prompts.flatMap(() =>
					Array.from({ length: perPrompt }, () =>
						makeCompletion({ text: ` tale ${written++} of ${written * 7} birds.` })
					)
				);
			}
		}
	});
	goTo('compare');
	await expect.poll(waiting).toBe(16);
	isHeld = true;
	for (let i = 1; i <= 6; i++) {
		await rest();
		await userEvent.keyboard('1');
		await expect.poll(() => app?.studio.log.answers.size).toBe(i);
	}
	expect(app.studio.comparisons.isFilling).toBe(true);
	expect(waiting()).toBe(10);
	isHeld = false;
	release();
	await expect.poll(waiting).toBeGreaterThanOrEqual(14);
});

test('pairs go on being written while a job holds the engine, and none of them are read', async () => {
	const calls: string[] = [];
	let written = 0;
	app = await openApp({
		handlers: {
			sample: ({ prompts, perPrompt }) => {
				calls.push('sample');
				return Promise.resolve(
					prompts.flatMap(() =>
						Array.from({ length: perPrompt }, () =>
							makeCompletion({ text: ` tale ${written++} of ${written * 7} birds.` })
						)
					)
				);
			},
			embed: () => {
				calls.push('embed');
				return Promise.resolve({ dimension: 1, features: new Float64Array() });
			}
		}
	});
	const handBack = app.studio.trainer.hold('run');
	expect(app.studio.trainer.isBusy).toBe(true);
	goTo('compare');
	await expect.poll(waiting).toBe(16);
	for (let i = 1; i <= 20; i++) {
		const [pair] = app.studio.comparisons.waiting;
		await app.studio.log.answer(
			pair?.id ?? '',
			{ outcome: 'a', strength: 1 },
			{ ...app.studio.annotators.context, responseMs: 1 }
		);
		await expect.poll(waiting).toBeGreaterThanOrEqual(10);
	}
	expect(calls).toContain('sample');
	expect(calls).not.toContain('embed');
	handBack();
});

test('at least ten pairs wait after every answer while a reward model trains, though writing them takes its time', async () => {
	let written = 0;
	let isTraining = false;
	const writtenInJob: number[] = [];
	app = await openApp({
		handlers: {
			sample: async ({ prompts, perPrompt }) => {
				// Nearly as long as it takes to answer as quickly as keys allow.
				await new Promise((resolve) => setTimeout(resolve, isTraining ? 300 : 0));
				writtenInJob.push(...(isTraining ? [prompts.length * perPrompt] : []));
				return prompts.flatMap(() =>
					Array.from({ length: perPrompt }, () =>
						makeCompletion({ text: ` tale ${written++} of ${written * 7} birds.` })
					)
				);
			},
			trainReward: () => {
				isTraining = true;
				return new Promise(() => undefined);
			}
		}
	});
	const { studio } = app;
	goTo('compare');
	for (let i = 1; i <= 6; i++) {
		await expect.poll(waiting).toBeGreaterThanOrEqual(10);
		await rest();
		await userEvent.keyboard('1');
		await expect.poll(() => studio.log.answers.size).toBe(i);
	}
	await expect.poll(waiting).toBeGreaterThanOrEqual(13);
	void studio.reward.train();
	await expect.poll(() => isTraining).toBe(true);
	const counts: number[] = [];
	for (let i = 7; i <= 22; i++) {
		await rest();
		await userEvent.keyboard(i % 2 === 0 ? '1' : '2');
		await expect.poll(() => studio.log.answers.size).toBe(i);
		counts.push(waiting());
	}
	expect(studio.trainer.activeRunId).not.toBeNull();
	expect(Math.min(...counts), counts.join(' ')).toBeGreaterThanOrEqual(10);
	expect(writtenInJob.length).toBeGreaterThan(1);
});

test('after a dozen answers the pairs are chosen, and each knows why and what was predicted of it', async () => {
	const random = new Random(9);
	app = await openApp({
		handlers: {
			sample: ({ prompts, perPrompt }) =>
				Promise.resolve(
					prompts.flatMap(() =>
						Array.from({ length: perPrompt }, () => {
							const ids = Array.from({ length: 6 }, () => random.int(50));
							return makeCompletion({ ids, text: ids.map((id) => ` word${id}`).join('') });
						})
					)
				)
		}
	});
	goTo('compare');
	const { comparisons, log, annotators } = app.studio;
	for (let i = 0; i < 40; i++) {
		await expect.poll(waiting).toBeGreaterThanOrEqual(10);
		const pair = comparisons.current;
		const even = (ids: readonly number[]) => ids.filter((id) => id % 4 === 0).length;
		const isA = even(pair?.a.ids ?? []) >= even(pair?.b.ids ?? []);
		await log.answer(
			pair?.id ?? '',
			{ outcome: isA ? 'a' : 'b', strength: 1 },
			{ ...annotators.context, responseMs: 1 }
		);
	}
	const policies = new Set(comparisons.presentations.map(({ selection }) => selection?.policy));
	expect(policies).toContain('random');
	expect(policies).toContain('bald');
	expect(comparisons.presentations.some(({ sealed }) => sealed !== undefined)).toBe(true);
});

test('a model that always writes the same is said to, instead of being asked for ever', async () => {
	let asked = 0;
	app = await openApp({
		handlers: {
			sample: ({ prompts, perPrompt }) => {
				asked++;
				return Promise.resolve(
					prompts.flatMap(() =>
						Array.from({ length: perPrompt }, () => makeCompletion({ text: ' The end.' }))
					)
				);
			}
		}
	});
	goTo('compare');
	await expect.element(page.getByText(/writes the same thing twice/)).toBeVisible();
	expect(asked).toBeLessThan(10);
	const before = asked;
	await rest();
	expect(asked).toBe(before);
});
