import { afterEach, expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { sealPrediction } from '../../../src/core/feedback/prequential';
import type { AnswerEvent, Presentation } from '../../../src/core/records';
import { GUARD_MS } from '../../../src/state/showing-timer';
import {
	makeAnswer,
	makeCompletion,
	makePresentation,
	makeRewardModel,
	makeRun
} from '../../support/records';
import { finishRun } from '../../../src/storage/checkpoints';
import { goTo, openApp, type Opened } from './open-app';
import { runAxe } from './run-axe';

const rest = () => new Promise((resolve) => setTimeout(resolve, GUARD_MS + 50));

let app: Opened | null = null;
afterEach(async () => {
	await app?.close();
	app = null;
	delete document.documentElement.dataset.theme;
	await page.viewport(1280, 860);
});

/** Every answer is left, and so is every repeat, whose sides are swapped: a person who looks at no text. */
function alwaysLeft(studyId: string, annotatorId: string, n: number) {
	const pairs: Presentation[] = [];
	const events: AnswerEvent[] = [];
	const annotator = { kind: 'human', name: 'Ada', id: annotatorId } as const;
	for (let i = 0; i < n; i++) {
		const isRepeat = i % 10 === 9;
		const before = isRepeat ? pairs[i - 9] : undefined;
		const texts = {
			a: before?.a ?? makeCompletion({ text: ` tale ${i}, first` }),
			b: before?.b ?? makeCompletion({ text: ` tale ${i}, second` })
		};
		const swapped = before?.aSide === 'left' ? 'right' : 'left';
		const seal = sealPrediction(
			{ prompt: 'Once upon a time', aText: texts.a.text, bText: texts.b.text },
			i % 2 === 0 ? 0.8 : 0.3,
			'0'.repeat(32)
		);
		const pair = makePresentation(studyId, 'prompt', {
			...texts,
			aSide: before ? swapped : i % 2 === 0 ? 'left' : 'right',
			...(before && { repeatOf: before.id, repeatSwapped: true }),
			...(!before && {
				selection: {
					policy: 'random',
					propensity: 1,
					poolSize: 1,
					why: { kind: 'random', outOf: 1 }
				},
				sealed: { ...seal, predictor: { kind: 'posterior', answers: i } }
			})
		});
		pairs.push(pair);
		const outcome = pair.aSide === 'left' ? 'a' : 'b';
		events.push(makeAnswer(pair, { outcome, annotator }));
	}
	return { pairs, events };
}

async function openReliability(n: number): Promise<Opened> {
	app = await openApp();
	const { studio } = app;
	const { pairs, events } = alwaysLeft(
		studio.study?.id ?? '',
		studio.annotators.current?.id ?? '',
		n
	);
	studio.log.show(events);
	studio.comparisons.show(pairs);
	goTo('compare/reliability');
	await expect.element(page.getByTestId('reliability')).toBeVisible();
	return app;
}

test('someone who always presses left is told so, and that no reward model could understand them', async () => {
	await openReliability(120);
	const shown = page.getByTestId('reliability');
	await expect.element(shown).toHaveTextContent('120 times left, 0 times right.');
	await expect.element(shown).toHaveTextContent('You lean to the left');
	await expect.element(shown).toHaveTextContent('You chose left 120 times in a row.');
	// Left every time with the sides swapped is the other text every time.
	await expect.element(shown).toHaveTextContent('You agree with yourself 0 % of the time.');
	await expect.element(shown).toHaveTextContent('differ as often as a coin');
	await expect
		.element(shown)
		.toHaveTextContent('With sides swapped the same text won in 0 % of 12');
});

test('with few answers it says what is missing, and claims nothing', async () => {
	await openReliability(8);
	const shown = page.getByTestId('reliability');
	await expect.element(shown).toHaveTextContent('Not enough data: 8 of the 100 choices');
	await expect.element(shown).toHaveTextContent('No pair has come back yet.');
	await expect.element(shown).toHaveTextContent('No three texts of one story');
	await expect.element(shown).toHaveTextContent('so far 8.');
	await expect.element(shown).toHaveTextContent('Add a second person');
});

test('sealed predictions are opened: accuracy, Brier score and calibration', async () => {
	await openReliability(60);
	const shown = page.getByTestId('reliability');
	// 54 predictions of the random stream: 0.8 for a on the even places, where a won; 0.3 on the odd ones, where b did.
	await expect.element(shown).toHaveTextContent('It foresaw 100 % of your answers.');
	await expect.element(shown).toHaveTextContent('Brier score 0.062');
	await expect.element(shown).toHaveTextContent('80 % sure: right 30 of 30');
	await expect.element(shown).toHaveTextContent('70 % sure: right 24 of 24');
	await expect
		.element(page.getByRole('img', { name: 'Is it as sure as it should be?' }))
		.toBeVisible();
});

test('the ceiling that the noise sets stands by the reward chart', async () => {
	const opened = await openReliability(120);
	const { studio } = opened;
	expect(studio.reliability.ceiling).toMatchObject({ value: 0.5, n: 12 });
	const run = makeRun(studio.study?.id ?? '', { kind: 'reward', status: 'done' });
	const db = await opened.db();
	await finishRun(db, {
		run,
		rewardModel: { record: makeRewardModel(run), weights: new ArrayBuffer(8) }
	});
	db.close();
	await studio.reward.reload();
	goTo('reward');
	await expect
		.element(page.getByText(/answered twice set a ceiling here: 50\s% \(50\s% to 50\s%\)/))
		.toBeVisible();
});

test('nothing about a pair is told before its answer, and after it only on request', async () => {
	app = await openApp();
	const { studio } = app;
	const pair = makePresentation(studio.study?.id ?? '', 'prompt', {
		selection: {
			policy: 'repeat',
			propensity: 0.1,
			poolSize: 9,
			why: { kind: 'repeat', answersAgo: 14 }
		}
	});
	const seal = sealPrediction(
		{ prompt: pair.prompt, aText: pair.a.text, bText: pair.b.text },
		0.9,
		'0'.repeat(32)
	);
	const sealed = {
		...pair,
		sealed: { ...seal, predictor: { kind: 'posterior' as const, answers: 20 } }
	};
	const db = await app.db();
	await studio.comparisons.store({ db, study: studio.study ?? expect.fail('no study') }, [sealed]);
	studio.comparisons.show([
		sealed,
		...studio.comparisons.presentations.filter((p) => p.id !== pair.id)
	]);
	db.close();
	goTo('compare');
	await expect.element(page.getByTestId('book')).toBeVisible();
	await rest();
	const nothing = /expected|prediction sealed|repeat|seen it|Why this pair|90\s%/i;
	expect(document.querySelector('main')?.textContent).not.toMatch(nothing);
	await userEvent.keyboard('1');
	await expect.poll(() => studio.log.answers.size).toBe(1);
	await rest();
	// Why it was asked is said at once; what was predicted of it is not.
	const reveal = page.getByTestId('reveal');
	await expect.element(reveal).toHaveTextContent('You had seen it 14 pairs before');
	expect(reveal.element().textContent).not.toMatch(/expected left|sure/);
	expect(studio.reliability.isBlind(pair.id)).toBe(true);
	await page.getByRole('button', { name: /^Answer 1/ }).click();
	await page.getByText('Why this pair?').click();
	const dialog = page.getByRole('dialog');
	await expect.element(dialog).toHaveTextContent('expected left, 90 % sure: as you chose.');
	await expect.element(dialog).toHaveTextContent('You had seen it 14 pairs before');
	await expect.element(dialog).toHaveTextContent('checked just now: it matches');
	await userEvent.keyboard('{Escape}');
	await page.getByRole('button', { name: 'What was expected of it?' }).click();
	await expect.element(reveal).toHaveTextContent('expected left, 90 % sure: as you chose.');
	// Taken back and given again, it is an answer by someone who knows the prediction.
	await rest();
	await userEvent.keyboard('u');
	await expect.poll(() => studio.log.answers.size).toBe(0);
	await expect.element(reveal).not.toBeInTheDocument();
	await rest();
	await userEvent.keyboard('2');
	await expect.poll(() => studio.log.answers.get(pair.id)).toMatchObject({ blind: false });
	await rest();
	await userEvent.keyboard('2');
	await expect.poll(() => studio.log.answers.size).toBe(2);
	await expect.element(reveal).toHaveTextContent('Drawn at random.');
	expect([...studio.log.answers.values()].filter(({ blind }) => blind)).toHaveLength(1);
});

test('a skipped pair keeps its secret, because it comes back', async () => {
	app = await openApp();
	const { studio } = app;
	studio.preferences.set({ reveals: true });
	goTo('compare');
	await expect.element(page.getByTestId('book')).toBeVisible();
	await rest();
	await userEvent.keyboard('s');
	await page.getByRole('button', { name: 'I cannot tell' }).click();
	await expect.poll(() => studio.log.answers.size).toBe(1);
	await rest();
	await expect.element(page.getByTestId('reveal')).not.toBeInTheDocument();
	await page.getByRole('button', { name: /^Answer 1/ }).click();
	await expect.element(page.getByRole('dialog')).toBeVisible();
	await expect.element(page.getByText('Why this pair?')).not.toBeInTheDocument();
});

/** Predicted and answered pairs of the random stream, right with a share that may grow, without repeats. */
function predicted(
	studyId: string,
	annotatorId: string,
	n: number,
	shareAt: (answers: number) => number
) {
	let due = 0;
	const pairs = Array.from({ length: n }, (_, i) => {
		const a = makeCompletion({ text: ` tale ${i}, first` });
		const b = makeCompletion({ text: ` tale ${i}, second` });
		due += shareAt(i);
		const isRight = due >= 1;
		due -= isRight ? 1 : 0;
		const pA = isRight ? 0.8 : 0.2;
		const texts = { prompt: 'Once upon a time', aText: a.text, bText: b.text };
		return makePresentation(studyId, 'prompt', {
			...{ a, b },
			selection: {
				policy: 'random',
				propensity: 1,
				poolSize: 1,
				why: { kind: 'random', outOf: 1 }
			},
			sealed: {
				...sealPrediction(texts, pA, '0'.repeat(32)),
				predictor: { kind: 'posterior', answers: i }
			}
		});
	});
	const annotator = { kind: 'human', name: 'Ada', id: annotatorId } as const;
	return { pairs, events: pairs.map((pair) => makeAnswer(pair, { outcome: 'a', annotator })) };
}

test('beside the book stands how many more answers it takes, and until that can be told, what is missing', async () => {
	app = await openApp();
	const { studio } = app;
	goTo('compare');
	const line = page.getByTestId('forecast');
	await expect.element(line).toHaveTextContent('from 30 predicted random pairs; so far 0.');
	const show = (n: number, shareAt: (answers: number) => number) => {
		const { pairs, events } = predicted(
			studio.study?.id ?? '',
			studio.annotators.current?.id ?? '',
			n,
			shareAt
		);
		studio.log.show(events);
		studio.comparisons.show(pairs);
	};
	show(29, () => 0.7);
	await expect.element(line).toHaveTextContent('so far 29.');
	show(150, (answers) => 0.95 - 0.45 / (1 + answers / 110));
	await expect
		.element(line)
		.toHaveTextContent(/^About [\d,]+ more answers to reach 80 %; 80 % interval: [\d,]+ (to|or)/);
	show(80, () => 0.99);
	await expect.element(line).toHaveTextContent('80 % foreseen: most likely it is there already');
});

for (const n of [0, 1]) {
	test(`with ${n} answers every finding says what is missing, and none of them is not a number`, async () => {
		await openReliability(n);
		const shown = page.getByTestId('reliability').element();
		expect(shown.textContent).not.toMatch(/NaN|undefined|Infinity|–/);
		expect(shown.querySelectorAll('section')).toHaveLength(9);
		for (const section of shown.querySelectorAll('section')) {
			expect(section.querySelectorAll('p').length, section.textContent).toBeGreaterThan(0);
		}
	});
}

test('someone who only ever ties is told that nothing can be said, without a number that is none', async () => {
	app = await openApp();
	const { studio } = app;
	const { pairs, events } = alwaysLeft(
		studio.study?.id ?? '',
		studio.annotators.current?.id ?? '',
		60
	);
	studio.log.show(events.map((event) => ({ ...event, outcome: 'tie' as const, strength: 0 })));
	studio.comparisons.show(pairs);
	goTo('compare/reliability');
	const shown = page.getByTestId('reliability');
	await expect.element(shown).toHaveTextContent('You agree with yourself 100 % of the time.');
	await expect.element(shown).toHaveTextContent('kappa is undefined');
	await expect.element(shown).toHaveTextContent('with a side chosen both times');
	await expect.element(shown).toHaveTextContent('Nothing has been predicted yet');
	expect(shown.element().textContent).not.toMatch(/NaN|undefined(?!\.)|Infinity/);
	expect(studio.reliability.ceiling).toBeNull();
});

test('two people who answered the same pairs see how far they agree', async () => {
	app = await openApp();
	const { studio } = app;
	const [pairs, events] = [new Array<Presentation>(), new Array<AnswerEvent>()];
	await studio.annotators.add('Bob');
	const [ada, bob] = studio.annotators.profiles;
	for (let i = 0; i < 20; i++) {
		const texts = {
			a: makeCompletion({ text: ` tale ${i}, first` }),
			b: makeCompletion({ text: ` tale ${i}, second` })
		};
		for (const [person, outcome] of [
			[ada, i % 2 === 0 ? 'a' : 'b'],
			[bob, i % 2 === 0 && i > 0 ? 'a' : 'b']
		] as const) {
			const pair = makePresentation(studio.study?.id ?? '', 'prompt', texts);
			const annotator = { kind: 'human', name: person?.name ?? '', id: person?.id ?? '' } as const;
			pairs.push(pair);
			events.push(makeAnswer(pair, { outcome, annotator }));
		}
	}
	studio.log.show(events);
	studio.comparisons.show(pairs);
	goTo('compare/reliability');
	const shown = page.getByTestId('reliability');
	// Observed 19/20, by chance (10 * 9 + 10 * 11) / 400: kappa 0.9. Alpha: 1 - 39 * 2 / (2 * 19 * 21).
	await expect.element(shown).toHaveTextContent('Krippendorff’s alpha over everyone: 0.90');
	await expect.element(shown).toHaveTextContent('Annotator 1 and Bob κ 0.90');
	await expect.element(shown).toHaveTextContent('20 pairs answered by more than one person');
});

for (const theme of ['light', 'dark'] as const) {
	test(`the page is accessible in ${theme}, and fits a phone`, async () => {
		const opened = await openReliability(60);
		opened.studio.theme.choose(theme);
		await rest();
		const { violations } = await runAxe(document.body, { rules: { region: { enabled: false } } });
		expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
		await page.viewport(360, 740);
		await rest();
		const root = document.documentElement;
		expect(root.scrollWidth - root.clientWidth).toBeLessThanOrEqual(0);
	});
}
