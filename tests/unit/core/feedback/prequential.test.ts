import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
	isSealIntact,
	type PredictedAnswer,
	type PrequentialScore,
	scorePredictions,
	sealPrediction
} from '../../../../src/core/feedback/prequential';
import { wilson } from '../../../../src/core/evaluation/intervals';
import { Random } from '../../../../src/core/random';
import type { Outcome } from '../../../../src/core/records';

const SALT = '0123456789abcdef0123456789abcdef';
const PAIR = { prompt: 'Once', aText: 'a fox', bText: 'a dog' };

function answer(pA: number, outcome: Outcome, change: Partial<PredictedAnswer> = {}) {
	const prediction = sealPrediction(PAIR, pA, SALT);
	return { pair: PAIR, prediction, sealedAt: 10, answeredAt: 20, outcome, ...change };
}

function scored(answers: PredictedAnswer[]): PrequentialScore {
	const score = scorePredictions(answers);
	if (!('accuracy' in score)) {
		throw new Error(score.reason);
	}
	return score;
}

describe('a seal', () => {
	test('is the SHA-256 of texts, probability and salt', () => {
		const { commitment } = sealPrediction(PAIR, 0.62, SALT);
		const text = JSON.stringify(['sealed prediction 1', 'Once', 'a fox', 'a dog', 0.62, SALT]);
		expect(commitment).toBe(createHash('sha256').update(text).digest('hex'));
	});

	test('breaks where anything of it is changed', () => {
		const seal = sealPrediction(PAIR, 0.62, SALT);
		expect(isSealIntact(PAIR, seal)).toBe(true);
		expect(isSealIntact(PAIR, { ...seal, pA: 0.63 })).toBe(false);
		expect(isSealIntact({ ...PAIR, bText: 'a cat' }, seal)).toBe(false);
		expect(isSealIntact({ ...PAIR, aText: 'a dog', bText: 'a fox' }, seal)).toBe(false);
		expect(isSealIntact(PAIR, { ...seal, salt: SALT.replace('0', '1') })).toBe(false);
	});

	test('is refused for what is no probability, and without enough salt to hide it', () => {
		expect(() => sealPrediction(PAIR, 1.1, SALT)).toThrow(RangeError);
		expect(() => sealPrediction(PAIR, NaN, SALT)).toThrow(RangeError);
		expect(() => sealPrediction(PAIR, 0.5, 'short')).toThrow(RangeError);
	});
});

describe('scorePredictions', () => {
	test('matches values worked by hand', () => {
		const answers = [answer(0.9, 'a'), answer(0.8, 'b'), answer(0.3, 'b'), answer(0.5, 'a')];
		const { accuracy, brier, calibration, calibrationError } = scored(answers);
		const interval = wilson(2.5, 4);
		expect(accuracy).toEqual({ value: 0.625, low: interval.low, high: interval.high, n: 4 });
		// 0.01, 0.64, 0.09, 0.25
		expect(brier.value).toBeCloseTo(0.2475, 15);
		expect(
			calibration.map(({ from, confidence, observed }) => [from, confidence, observed.value])
		).toEqual([
			[0.5, 0.5, 0.5],
			[0.7, 0.7, 1],
			[0.8, 0.8, 0],
			[0.9, 0.9, 1]
		]);
		expect(calibrationError).toBeCloseTo((0 + 0.3 + 0.8 + 0.1) / 4, 14);
	});

	test('leaves out and counts ties, skips, broken seals and predictions made after the answer', () => {
		const broken = { ...sealPrediction(PAIR, 0.9, SALT), pA: 0.99 };
		const { accuracy, left } = scored([
			answer(0.9, 'a'),
			answer(0.9, 'tie'),
			answer(0.9, 'skip'),
			answer(0.9, 'a', { prediction: broken }),
			answer(0.9, 'a', { sealedAt: 21 })
		]);
		expect(accuracy.n).toBe(1);
		expect(left).toEqual({ ties: 1, skips: 1, brokenSeals: 1, sealedTooLate: 1 });
		expect(scorePredictions([answer(0.9, 'tie')])).toMatchObject({
			value: null,
			reason: 'no-decided-answers',
			left: { ties: 1 }
		});
	});

	test('does not mind which completion is called a', () => {
		const random = new Random(3);
		const answers = Array.from({ length: 50 }, () => ({
			pA: random.next(),
			outcome: random.next() < 0.5 ? ('a' as const) : ('b' as const)
		}));
		const one = scored(answers.map(({ pA, outcome }) => answer(pA, outcome)));
		const other = scored(
			answers.map(({ pA, outcome }) => answer(1 - pA, outcome === 'a' ? 'b' : 'a'))
		);
		expect(other.accuracy).toEqual(one.accuracy);
		expect(other.brier.value).toBeCloseTo(one.brier.value, 12);
		expect(other.calibrationError).toBeCloseTo(one.calibrationError, 12);
	});

	test('finds an honest forecaster calibrated and a boaster not', () => {
		const random = new Random(4);
		const outcomes = Array.from({ length: 4000 }, () => {
			const p = random.next();
			return { p, outcome: random.next() < p ? ('a' as const) : ('b' as const) };
		});
		const honest = scored(outcomes.map(({ p, outcome }) => answer(p, outcome)));
		const boastful = scored(
			outcomes.map(({ p, outcome }) => answer(p > 0.5 ? 0.99 : 0.01, outcome))
		);
		expect(honest.calibrationError).toBeLessThan(0.03);
		expect(boastful.calibrationError).toBeGreaterThan(0.15);
		expect(boastful.accuracy.value).toBe(honest.accuracy.value);
		expect(honest.brier.high).toBeLessThan(boastful.brier.low);
		for (const { confidence, observed } of honest.calibration) {
			expect(confidence).toBeGreaterThan(observed.low - 0.02);
			expect(confidence).toBeLessThan(observed.high + 0.02);
		}
	});
});
