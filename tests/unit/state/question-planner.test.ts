import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SAMPLING } from '../../../src/core/config';
import { planQueue, type QueueTask } from '../../../src/core/feedback/plan-queue';
import { isSealIntact } from '../../../src/core/feedback/prequential';
import { LEAST_REPEAT_GAP, type Asking } from '../../../src/core/feedback/selection';
import { Random } from '../../../src/core/random';
import type { AnswerEvent, Presentation } from '../../../src/core/records';
import type { SampleArgs } from '../../../src/protocol/trainer';
import type { Desk } from '../../../src/state/desk';
import { PairWriter, type PairWriterDependencies } from '../../../src/state/pair-writer';
import { CHOOSE_FROM, QuestionPlanner } from '../../../src/state/question-planner';
import { RewardFeatures } from '../../../src/state/reward-features';
import type { TrainerState } from '../../../src/state/trainer.svelte';
import { makeAnswer, makeCompletion, makeRewardModel, makeRun } from '../../support/records';

const WORDS = ['fox', 'sea', 'cake', 'moon', 'rain', 'song', 'bear', 'kite', 'well', 'hill'];
const DIMENSION = WORDS.length;
const POLICY = { model: 'stories-1m', policyId: null };
const PROMPTS = Array.from({ length: 12 }, (_, i) => `Prompt ${i}`);

interface Bench {
	planner: QuestionPlanner;
	features: RewardFeatures;
	desk: Desk;
	state: { presentations: Presentation[]; answers: Map<string, AnswerEvent> };
	calls: string[];
	/** Plans n pairs, and has someone answer them by a taste for certain words. */
	ask: (n: number, who?: string) => Promise<Presentation[]>;
	options: { isBusy: boolean; current: string; hasModel: boolean; asking: Asking };
}

/** A trainer port that writes five words of a seeded draw, and reads a text as how often it has each word. */
function bench({ studyId = 'study', seed = 1 } = {}): Bench {
	const calls: string[] = [];
	const commands: Record<string, (args: never) => unknown> = {
		sample: ({ prompts, perPrompt, seed: sampleSeed, first }: SampleArgs) =>
			prompts.flatMap((_, p) =>
				Array.from({ length: perPrompt }, (_, k) => {
					const row = first + p * perPrompt + k;
					const random = new Random(sampleSeed, row);
					const ids = Array.from({ length: 5 }, () => random.int(DIMENSION));
					return makeCompletion({
						id: `${sampleSeed} ${row}`,
						ids,
						text: ids.map((id) => ` ${WORDS[id]}`).join('')
					});
				})
			),
		embed: ({ items }: { items: { ids: number[] }[] }) => ({
			dimension: DIMENSION,
			features: Float64Array.from(
				items.flatMap(({ ids }) => WORDS.map((_, k) => ids.filter((id) => id === k).length))
			)
		}),
		planQueue: (task: QueueTask) => planQueue(task),
		scoreCompletions: ({ items }: { items: { ids: number[] }[] }) => ({
			scores: Float64Array.from(items, ({ ids }) => 2 * taste(ids) + 5)
		})
	};
	const trainer = {
		call: (command: string, args: never) => {
			calls.push(command);
			return Promise.resolve(commands[command]?.(args));
		}
	} as unknown as TrainerState; // of the trainer only its port is used
	const prompts = {
		asked: PROMPTS.map((text) => ({ text, weight: 1 })),
		keep: (_db: unknown, _study: unknown, text: string) => Promise.resolve({ id: `id of ${text}` })
	} as unknown as PairWriterDependencies['prompts'];
	let clock = 1000;
	const writer = new PairWriter({ trainer, prompts, now: () => clock++ });
	const features = new RewardFeatures(trainer);
	const seeds = new Random(seed);
	const options = { isBusy: false, current: 'ada', hasModel: false, asking: 'bald' as Asking };
	const model = makeRewardModel(makeRun('study'), { gain: 2 });
	const planner = new QuestionPlanner({
		trainer,
		writer,
		features,
		randomSeed: () => seeds.int(2 ** 32),
		isBusy: () => options.isBusy,
		includeSimulated: () => true,
		asking: () => options.asking,
		keyOf: ({ annotator }) => annotator.id ?? '',
		current: () => options.current,
		rewardModel: () => (options.hasModel ? model : null)
	});
	const desk = { db: null, study: { id: studyId } } as unknown as Desk; // nothing is stored here
	const state = { presentations: [] as Presentation[], answers: new Map<string, AnswerEvent>() };
	const used = () => state.presentations.map(({ prompt }) => prompt);
	const ask = async (n: number, who = options.current): Promise<Presentation[]> => {
		const made = await planner.plan(desk, {
			n,
			policy: POLICY,
			sampling: DEFAULT_SAMPLING,
			used,
			...state
		});
		state.presentations = [...state.presentations, ...made];
		for (const pair of made) {
			const outcome = taste(pair.a.ids) >= taste(pair.b.ids) ? 'a' : 'b';
			const annotator = { kind: 'human', name: who, id: who } as const;
			state.answers.set(pair.id, makeAnswer(pair, { outcome, annotator }));
		}
		return made;
	};
	return { planner, features, desk, state, calls, ask, options };
}

/** Likes foxes and the moon, dislikes rain. */
const taste = (ids: readonly number[]) =>
	ids.reduce((sum, id) => sum + ([2, 0, 0, 1, -2][id] ?? 0) + id * 0.01, 0);

const policies = (pairs: readonly Presentation[]) => pairs.map((p) => p.selection?.policy);

async function askMany(b: Bench, n: number, who?: string): Promise<Presentation[]> {
	const asked: Presentation[] = [];
	while (asked.length < n) {
		asked.push(...(await b.ask(Math.min(4, n - asked.length), who)));
	}
	return asked;
}

describe('the next pairs', { timeout: 30_000 }, () => {
	test('are drawn at random until something is known, and nothing is read for them', async () => {
		const b = bench();
		const first = await askMany(b, CHOOSE_FROM);
		expect(new Set(policies(first))).toEqual(new Set(['random']));
		expect(first.every(({ selection }) => selection?.propensity === 1)).toBe(true);
		expect(b.calls).not.toContain('embed');
		const next = await askMany(b, 20);
		expect(policies(next)).toContain('bald');
		expect(b.calls).toContain('embed');
	});

	test('are a mixture: three in ten at random at least, half by what they teach, a tenth repeated', async () => {
		const b = bench();
		await askMany(b, CHOOSE_FROM);
		const asked = await askMany(b, 200);
		const share = (policy: string) =>
			policies(asked).filter((name) => name === policy).length / asked.length;
		expect(share('random')).toBeGreaterThan(0.2);
		expect(share('random')).toBeLessThan(0.42);
		expect(share('bald')).toBeGreaterThan(0.4);
		expect(share('repeat')).toBeGreaterThan(0.05);
		expect(share('repeat')).toBeLessThan(0.16);
		expect(share('triangle')).toBeGreaterThan(0.04);
		for (const { selection } of asked) {
			expect(selection?.why.kind).toBe(selection?.policy);
			expect(selection?.propensity).toBeGreaterThan(0);
			expect(selection?.propensity).toBeLessThanOrEqual(1);
		}
	});

	test('are chosen as a person says, from then on', async () => {
		const b = bench();
		await askMany(b, CHOOSE_FROM + 20);
		for (const asking of ['d-optimal', 'disagreement', 'random'] as const) {
			b.options.asking = asking;
			const asked = new Set<string | undefined>(policies(await askMany(b, 40)));
			expect(asked).toContain(asking);
			const others = ['bald', 'd-optimal', 'disagreement'].filter((name) => name !== asking);
			expect(others.filter((name) => asked.has(name))).toEqual([]);
		}
	});

	test('repeat the same completions on the other sides, long enough after', async () => {
		const b = bench();
		const asked = await askMany(b, 150);
		const place = new Map(asked.map((pair, i) => [pair.id, i]));
		const repeats = asked.filter(({ repeatOf }) => repeatOf !== undefined);
		expect(repeats.length).toBeGreaterThan(5);
		for (const pair of repeats) {
			const before = asked.find(({ id }) => id === pair.repeatOf);
			expect(pair.a).toEqual(before?.a);
			expect(pair.b).toEqual(before?.b);
			expect(pair.aSide).not.toBe(before?.aSide);
			expect(pair.repeatSwapped).toBe(true);
			expect((place.get(pair.id) ?? 0) - (place.get(pair.repeatOf ?? '') ?? 0)).toBeGreaterThan(
				LEAST_REPEAT_GAP
			);
		}
		expect(new Set(repeats.map(({ repeatOf }) => repeatOf)).size).toBe(repeats.length);
	});

	test('never ask the same thing twice by accident, and never about two texts that say the same', async () => {
		const b = bench();
		const asked = (await askMany(b, 150)).filter(({ repeatOf }) => repeatOf === undefined);
		const names = asked.map(({ a, b: other }) => [a.id, other.id].toSorted().join(' | '));
		expect(new Set(names).size).toBe(names.length);
		expect(asked.some(({ a, b: other }) => a.text === other.text)).toBe(false);
	});

	test('are the same for the same seeds, and others for another study', async () => {
		const texts = async (options: Parameters<typeof bench>[0]) =>
			(await askMany(bench(options), 40)).map(
				({ prompt, a, b, aSide, selection }) =>
					`${prompt} ${a.id} ${b.id} ${aSide} ${JSON.stringify(selection)}`
			);
		const one = await texts({ seed: 5 });
		expect(await texts({ seed: 5 })).toEqual(one);
		expect(await texts({ seed: 5, studyId: 'another' })).not.toEqual(one);
	});

	test('are drawn at random beside a job, which has the engine to itself', async () => {
		const b = bench();
		await askMany(b, 30);
		const before = b.calls.filter((call) => call === 'embed').length;
		b.options.isBusy = true;
		expect(new Set(policies(await askMany(b, 12)))).toEqual(new Set(['random']));
		expect(b.calls.filter((call) => call === 'embed').length).toBe(before);
	});

	test('are drawn at random after a reload, until the answers of before were read', async () => {
		const b = bench();
		await askMany(b, 60);
		b.planner.clear();
		const first = await b.ask(4);
		expect(new Set(policies(first))).toEqual(new Set(['random']));
		await new Promise((resolve) => setTimeout(resolve, 20));
		expect(policies(await askMany(b, 12))).toContain('bald');
	});

	test('cover what another person answered, once each', async () => {
		const b = bench();
		const adas = await askMany(b, 60);
		b.options.current = 'bob';
		const bobs = await askMany(b, 100);
		const seconds = bobs.filter(({ selection }) => selection?.policy === 'second-opinion');
		expect(seconds.length).toBeGreaterThan(8);
		expect(seconds.length).toBeLessThan(32);
		const ids = new Set(adas.map(({ id }) => id));
		expect(seconds.every(({ repeatOf }) => ids.has(repeatOf ?? ''))).toBe(true);
		expect(new Set(seconds.map(({ repeatOf }) => repeatOf)).size).toBe(seconds.length);
		for (const pair of seconds) {
			const before = adas.find(({ id }) => id === pair.repeatOf);
			expect(pair.repeatSwapped).toBe(pair.aSide !== before?.aSide);
		}
		// Bob's own repeats are of his own answers.
		const own = new Set(bobs.map(({ id }) => id));
		const repeats = bobs.filter(({ selection }) => selection?.policy === 'repeat');
		expect(repeats.every(({ repeatOf }) => own.has(repeatOf ?? ''))).toBe(true);
	});
});

describe('predictions', { timeout: 30_000 }, () => {
	const textsOf = ({ prompt, a, b }: Presentation) => ({
		prompt,
		aText: a.text,
		bText: b.text
	});

	test('are sealed into every pair but repeats as soon as something can predict', async () => {
		const b = bench();
		const first = await askMany(b, CHOOSE_FROM);
		expect(first.every(({ sealed }) => sealed === undefined)).toBe(true);
		const next = await askMany(b, 80);
		for (const pair of next) {
			expect(pair.sealed === undefined).toBe(pair.repeatOf !== undefined);
			if (pair.sealed) {
				expect(isSealIntact(textsOf(pair), pair.sealed)).toBe(true);
				expect(isSealIntact(textsOf(pair), { ...pair.sealed, pA: 0.5 })).toBe(false);
				expect(pair.sealed.predictor.kind).toBe('posterior');
			}
		}
		expect(new Set(next.map(({ sealed }) => sealed?.salt)).size).toBeGreaterThan(60);
	});

	test('get better with the answers', async () => {
		const b = bench();
		await askMany(b, 150);
		const late = (await askMany(b, 60)).filter(({ selection }) => selection?.policy === 'random');
		const right = late.filter(({ sealed, a, b: other }) => {
			const isA = taste(a.ids) >= taste(other.ids);
			return (sealed?.pA ?? NaN) > 0.5 === isA;
		});
		expect(right.length / late.length).toBeGreaterThan(0.8);
	});

	test('come from the trained reward model where there is one, on its own scale', async () => {
		const b = bench();
		b.options.hasModel = true;
		const [pair] = await b.ask(4);
		const lead = pair ? taste(pair.a.ids) - taste(pair.b.ids) : NaN;
		expect(pair?.sealed?.pA).toBeCloseTo(1 / (1 + Math.exp(-lead)), 12);
		expect(pair?.sealed?.predictor.kind).toBe('reward-model');
	});
});
