import { describe, expect, test } from 'vitest';
import { answerRates } from '../../../../src/core/feedback/rates';
import { wilson } from '../../../../src/core/evaluation/intervals';

const tally = (answers: number, ties: number, skips: number, bothBad: number) => ({
	answers,
	decided: answers - ties - skips,
	ties,
	skips,
	bothBad,
	simulated: 0,
	simulatedShare: 0
});

describe('answerRates', () => {
	test('are shares with Wilson intervals; skips are no judgements', () => {
		const { tie, skip, bothBad, alarm } = answerRates(tally(50, 8, 10, 4));
		const interval = wilson(8, 40);
		expect(tie).toEqual({ value: 0.2, low: interval.low, high: interval.high, n: 40 });
		expect(skip).toMatchObject({ value: 0.2, n: 50 });
		expect(bothBad).toMatchObject({ value: 0.1, n: 40 });
		expect(alarm).toBe('off');
	});

	test('the alarm about bad completions goes on above 30 % of at least twenty', () => {
		expect(answerRates(tally(100, 30, 0, 30)).alarm).toBe('off');
		expect(answerRates(tally(100, 31, 0, 31)).alarm).toBe('on');
		expect(answerRates(tally(19, 19, 0, 19)).alarm).toBe('not-enough-data');
	});

	test('of nothing have a reason', () => {
		expect(answerRates(tally(0, 0, 0, 0)).tie).toEqual({ value: null, reason: 'nothing-counted' });
		expect(answerRates(tally(3, 0, 3, 0)).bothBad.value).toBeNull();
	});
});
