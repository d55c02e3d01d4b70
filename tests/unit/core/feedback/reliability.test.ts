import { describe, expect, test } from 'vitest';
import { sealPrediction } from '../../../../src/core/feedback/prequential';
import {
	isBy,
	predictedAnswers,
	streamPredictions
} from '../../../../src/core/feedback/predicted-answers';
import {
	answeredByPeople,
	betweenAnnotators,
	pooledCeiling,
	reliability,
	type AnsweredPair
} from '../../../../src/core/feedback/reliability';
import type { AnswerEvent, Outcome, Presentation } from '../../../../src/core/records';
import {
	makeAnswer,
	makeCompletion,
	makePresentation,
	makeRewardModel,
	makeRun
} from '../../../support/records';

const TEN_WORDS = ' one two three four five six seven eight nine ten';

function ask(fields: Partial<Presentation> = {}): Presentation {
	return makePresentation('study', 'prompt', {
		a: makeCompletion({ text: TEN_WORDS }),
		b: makeCompletion({ text: TEN_WORDS }),
		...fields
	});
}

const again = (pair: Presentation): Presentation =>
	ask({
		...{ promptId: pair.promptId, a: pair.a, b: pair.b },
		aSide: pair.aSide === 'left' ? 'right' : 'left',
		repeatOf: pair.id,
		repeatSwapped: true
	});

function give(
	pair: Presentation,
	outcome: Outcome,
	fields: Partial<AnswerEvent> = {}
): AnsweredPair {
	const answer = makeAnswer(pair, { outcome, ...fields });
	return { pair, answer, at: answer.createdAt };
}

describe('of one person', () => {
	test('nothing is claimed before there is anything to go by', () => {
		const none = reliability([]);
		expect(none).toMatchObject({ answers: 0, repeats: 0, ceiling: null, fatigue: null });
		expect(none.noise).toEqual({ value: null, reason: 'no-decided-repeats' });
		expect(none.selfKappa.value).toBeNull();
		expect(none.left.value).toBeNull();
		expect(none.times.value).toBeNull();
	});

	test('repeats give agreement, kappa, noise and the ceiling, by canonical sides', () => {
		const pairs = Array.from({ length: 10 }, () => ask());
		const firsts = pairs.map((pair, i) => give(pair, i < 5 ? 'a' : 'b'));
		// Two of ten come out the other way.
		const seconds = pairs.map((pair, i) =>
			give(again(pair), i < 5 !== (i === 0 || i === 9) ? 'a' : 'b')
		);
		const found = reliability([...firsts, ...seconds]);
		expect(found).toMatchObject({ answers: 20, repeats: 10 });
		expect(found.selfAgreement).toMatchObject({ value: 0.8, n: 10 });
		// Both passes say a five times: expected agreement 1/2.
		expect(found.selfKappa).toMatchObject({ value: (0.8 - 0.5) / 0.5 });
		const noise = (1 - Math.sqrt(1 - 2 * 0.2)) / 2;
		expect(found.noise).toMatchObject({ n: 10 });
		expect(found.noise.value).toBeCloseTo(noise, 12);
		expect(found.ceiling?.value).toBeCloseTo(1 - noise, 12);
		expect(found.positions).toMatchObject({ value: 0.8, leftBoth: 1, rightBoth: 1 });
	});

	test('noise is told apart by how close the pair was held to be', () => {
		const seal = (pA: number) => ({
			sealed: {
				...sealPrediction({ prompt: '', aText: '', bText: '' }, pA, '0'.repeat(32)),
				predictor: { kind: 'posterior' as const, answers: 20 }
			}
		});
		// Five each at odds of 1:1, 3:1 and 19:1 (for a or for b); of the close ones one comes out the other way.
		const pairs = [0.5, 0.75, 0.05].flatMap((pA) => Array.from({ length: 5 }, () => ask(seal(pA))));
		const answered = pairs.flatMap((pair, i) => [
			give(pair, 'a'),
			give(again(pair), i === 0 ? 'b' : 'a')
		]);
		const thirds = reliability(answered).noiseByTercile.value ?? [];
		expect(thirds.map(({ noise }) => noise.value)).toEqual([(1 - Math.sqrt(0.6)) / 2, 0, 0]);
		expect(thirds.map(({ from }) => from)).toEqual([0, Math.log(3), expect.closeTo(Math.log(19))]);
		expect(reliability(answered.slice(0, 28)).noiseByTercile.value).toBeNull();
		expect(reliability([give(ask(seal(1)), 'a')]).noiseByTercile.value).toBeNull();
	});

	test('sides are those on screen, and a skip is neither a side nor a repeat', () => {
		const [one, two] = [ask({ aSide: 'left' }), ask({ aSide: 'right' })];
		const found = reliability([
			give(one, 'a'),
			give(two, 'b'),
			give(again(one), 'skip', { skipReason: 'cannot-tell' })
		]);
		expect(found.left).toMatchObject({ left: 2, right: 0, verdict: 'not-enough-data' });
		expect(found.repeats).toBe(0);
		expect(found.rates.skip).toMatchObject({ value: 1 / 3 });
	});

	test('a circle among three completions of one prompt is found', () => {
		const named = (id: string) => makeCompletion({ id, text: TEN_WORDS });
		const [x, y, z] = [named('x'), named('y'), named('z')];
		const found = reliability([
			give(ask({ a: x, b: y }), 'a'),
			give(ask({ a: y, b: z }), 'a'),
			give(ask({ a: x, b: z }), 'b')
		]);
		expect(found.triads).toMatchObject({ closed: 1, circular: 1 });
	});

	test('times count reading both texts, and leave out what was interrupted', () => {
		const showing = (ms: number, activeMs = ms) => ({
			showing: { shownAt: 0, armedAt: 350, answeredAt: ms, activeMs, input: 'key' as const }
		});
		const found = reliability([
			give(ask(), 'a', showing(6000)),
			give(ask(), 'b', showing(8000)),
			give(ask(), 'a', showing(900)),
			give(ask(), 'a', showing(60_000, 5000)),
			give(ask(), 'a')
		]);
		expect(found.times).toMatchObject({ value: 6000, n: 3, perWord: 300 });
		expect(found.times.value !== null && found.times.flagged).toMatchObject({
			'quicker-than-reading': 1,
			away: 1
		});
	});

	test('fatigue is of the latest session alone', () => {
		const start = 1_700_000_000_000;
		const session = (from: number, n: number) =>
			Array.from({ length: n }, (_, i) => give(ask(), 'a', { createdAt: from + i * 10_000 }));
		const found = reliability([...session(start, 30), ...session(start + 4e6, 16)]);
		expect(found.fatigue?.windows).toMatchObject([{ from: 0, answers: 16 }]);
	});

	test('simulated answers and evaluations are no part of it', () => {
		const [mine, robots, test] = [ask(), ask(), ask({ purpose: 'evaluation' })];
		const answers = new Map([
			[mine.id, makeAnswer(mine)],
			[robots.id, makeAnswer(robots, { source: 'simulated' })],
			[test.id, makeAnswer(test)]
		]);
		const answered = answeredByPeople([mine, robots, test], answers, [...answers.values()]);
		expect(answered.map(({ pair }) => pair.id)).toEqual([mine.id]);
	});

	test('an answer that is changed the next day keeps its place', () => {
		const [one, two] = [ask(), ask()];
		const first = makeAnswer(one, { outcome: 'a', createdAt: 1000 });
		const second = makeAnswer(two, { outcome: 'a', createdAt: 2000 });
		const changed = makeAnswer(one, {
			...{ outcome: 'b', revision: 2, supersedes: first.id, createdAt: 90_000_000 }
		});
		const current = new Map([
			[one.id, changed],
			[two.id, second]
		]);
		const answered = answeredByPeople([one, two], current, [first, second, changed]);
		expect(answered.map(({ at }) => at)).toEqual([1000, 2000]);
		expect(answered[0]?.answer.outcome).toBe('b');
		expect(reliability(answered).fatigue?.ties).toEqual({ value: null, reason: 'too-few' });
	});

	test('repeats of several people make one ceiling, and no repeat of one is taken for another’s', () => {
		const mine = ask();
		const theirs = ask();
		const people = [
			[give(mine, 'a'), give(again(mine), 'a')],
			[give(theirs, 'a'), give(again(theirs), 'b'), give(again(mine), 'b')]
		];
		// One of two repeats differs: as often as a coin.
		expect(pooledCeiling(people)).toMatchObject({ value: 0.5, n: 2 });
		expect(pooledCeiling(people.slice(0, 1))).toMatchObject({ value: 1, n: 1 });
		expect(pooledCeiling([])).toBeNull();
	});
});

describe('between people', () => {
	const keyOf = ({ annotator }: AnswerEvent) => annotator.id ?? 'first';
	const by = (id: string): Partial<AnswerEvent> => ({
		annotator: { kind: 'human', name: id, id }
	});

	test('the same question put to another person is one unit, and the first answer of each counts', () => {
		const pairs = Array.from({ length: 4 }, (_, i) =>
			ask({ a: makeCompletion({ text: ` a ${i}` }), b: makeCompletion({ text: ` b ${i}` }) })
		);
		const adas: Outcome[] = ['a', 'a', 'b', 'tie'];
		const bobs: Outcome[] = ['a', 'b', 'b', 'tie'];
		const answered = [
			...pairs.map((pair, i) => give(pair, adas[i] ?? 'skip', by('ada'))),
			...pairs.map((pair, i) => give(again(pair), bobs[i] ?? 'skip', by('bob'))),
			// Ada sees her first pair again, and changes her mind: no part of the agreement with Bob.
			...pairs.slice(0, 1).map((pair) => give(again(pair), 'b', by('ada')))
		];
		const found = betweenAnnotators(answered, keyOf);
		expect(found).toMatchObject({ people: ['ada', 'bob'], shared: 4 });
		expect(found.agreement).toMatchObject({ value: 0.75 });
		// Expected by chance: (2 * 1 + 1 * 2 + 1 * 1) / 16.
		const [pairwise] = found.pairwise;
		expect(pairwise).toMatchObject({ one: 'ada', other: 'bob', n: 4 });
		expect(pairwise?.kappa.value).toBeCloseTo((0.75 - 5 / 16) / (1 - 5 / 16), 12);
		// Of 8 labels 3 are a, 3 b, 2 ties: D_o = 1/4, D_e = (64 - 9 - 9 - 4) / 56.
		expect(found.alpha.value).toBeCloseTo(1 - 0.25 / (42 / 56), 12);
	});

	test('the same texts from two files are one question, whichever of them was called a', () => {
		const [first, second] = [makeCompletion({ text: ' one' }), makeCompletion({ text: ' two' })];
		const here = ask({ a: first, b: second });
		// Elsewhere they have other ids and other names.
		const there = ask({ a: makeCompletion({ text: ' two' }), b: makeCompletion({ text: ' one' }) });
		const other = ask({ a: first, b: second, prompt: 'Another beginning' });
		const found = betweenAnnotators(
			[give(here, 'a', by('ada')), give(there, 'b', by('bob')), give(other, 'b', by('cy'))],
			keyOf
		);
		expect(found).toMatchObject({ people: ['ada', 'bob', 'cy'], shared: 1 });
		expect(found.agreement).toMatchObject({ value: 1, n: 1 });
		expect(found.alpha).toEqual({ value: null, reason: 'one-label' });
	});

	test('one person agrees with nobody', () => {
		const found = betweenAnnotators([give(ask(), 'a', by('ada'))], keyOf);
		expect(found).toMatchObject({ people: ['ada'], shared: 0, pairwise: [] });
		expect(found.alpha).toEqual({ value: null, reason: 'nothing-counted' });
	});
});

describe('predictions', () => {
	const random = {
		selection: {
			policy: 'random',
			propensity: 1,
			poolSize: 1,
			why: { kind: 'random', outOf: 1 }
		}
	} as const;
	const sealed = (pair: Presentation, pA: number, answers: number): Presentation => ({
		...pair,
		...random,
		sealed: {
			...sealPrediction(
				{ prompt: pair.prompt, aText: pair.a.text, bText: pair.b.text },
				pA,
				'0'.repeat(32)
			),
			predictor: { kind: 'posterior', answers }
		}
	});

	test('stand beside the first answer, whatever it was changed to, unless it was taken back', () => {
		const [kept, changed, revoked, open] = [0.7, 0.2, 0.9, 0.5].map((pA) => sealed(ask(), pA, 20));
		const first = [kept, changed, revoked].flatMap((p) => (p ? [makeAnswer(p)] : []));
		const [, answer, back] = first;
		const later = [
			makeAnswer(changed ?? ask(), { outcome: 'b', revision: 2, supersedes: answer?.id ?? '' }),
			makeAnswer(revoked ?? ask(), { kind: 'revoke', revision: 2, supersedes: back?.id ?? '' })
		];
		const current = new Map(
			[first[0], later[0]].flatMap((event) => (event ? [[event.presentationId, event]] : []))
		);
		const found = predictedAnswers(
			[kept, changed, revoked, open].flatMap((p) => p ?? []),
			[...first, ...later],
			current
		);
		expect(found.map(({ prediction, outcome }) => [prediction.pA, outcome])).toEqual([
			[0.7, 'a'],
			[0.2, 'a']
		]);
		expect(found.every(({ isRandom }) => isRandom)).toBe(true);
	});

	test('become points of a learning curve, by what their predictor had learned from', () => {
		const model = makeRewardModel(makeRun('study'), { trainPairs: 80 });
		const byModel = (pair: Presentation, rewardModelId: string): Presentation => ({
			...pair,
			...(pair.sealed && {
				sealed: { ...pair.sealed, predictor: { kind: 'reward-model', rewardModelId } }
			})
		});
		const pairs = [
			sealed(ask(), 0.7, 20),
			sealed(ask(), 0.2, 24),
			byModel(sealed(ask(), 0.6, 0), model.id),
			byModel(sealed(ask(), 0.6, 0), 'deleted'),
			sealed(ask(), 0.5, 28),
			{ ...sealed(ask(), 0.9, 30), selection: undefined }
		] as Presentation[];
		const events = pairs.map((pair) => makeAnswer(pair));
		const predicted = predictedAnswers(
			pairs,
			events,
			new Map(events.map((event) => [event.presentationId, event]))
		);
		expect(streamPredictions(predicted, [model])).toEqual([
			{ answers: 20, right: 1 },
			{ answers: 24, right: 0 },
			{ answers: 80, right: 1 },
			{ answers: 28, right: 0.5 }
		]);
		expect(predicted.filter(({ predictor }) => isBy(predictor, null))).toHaveLength(4);
		expect(predicted.filter(({ predictor }) => isBy(predictor, model.id))).toHaveLength(1);
	});
});
