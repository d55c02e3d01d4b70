import { describe, expect, test } from 'vitest';
import {
	median,
	responseTimes,
	type TimedAnswer,
	timeFlags
} from '../../../../src/core/feedback/response-time';

const answer = (words: number, seconds: number, wasHidden = false): TimedAnswer => ({
	words,
	ms: seconds * 1000,
	wasHidden
});

describe('timeFlags', () => {
	test('flag answers quicker than 2 s, and than 600 words a minute', () => {
		const answers = [answer(5, 1.9), answer(5, 2), answer(100, 9.9), answer(100, 10)];
		expect(timeFlags(answers)).toEqual([
			['quicker-than-reading'],
			[],
			['quicker-than-reading'],
			[]
		]);
	});

	test('flag answers in half of the usual time for that length, once there is a usual time', () => {
		const usual = Array.from({ length: 5 }, () => answer(70, 20));
		expect(timeFlags([...usual.slice(1), answer(70, 9)]).at(-1)).toEqual([]);
		expect(timeFlags([...usual, answer(70, 9)]).at(-1)).toEqual(['half-own-median']);
		expect(timeFlags([...usual, answer(70, 10)]).at(-1)).toEqual([]);
		expect(timeFlags([...usual, answer(20, 3)]).at(-1)).toEqual([]);
	});

	test('call an answer after five minutes or a hidden page away, and leave it out of the usual time', () => {
		const answers = [answer(70, 301), answer(70, 1, true), answer(70, 300)];
		expect(timeFlags(answers)).toEqual([['away'], ['away'], []]);
		const pauses = Array.from({ length: 9 }, () => answer(70, 200, true));
		expect(timeFlags([...pauses, answer(70, 9)]).at(-1)).toEqual([]);
	});
});

describe('responseTimes', () => {
	test('are medians of the answers that were not interrupted', () => {
		const result = responseTimes([answer(10, 4), answer(10, 1), answer(20, 5), answer(9, 999)]);
		expect(result).toEqual({
			value: 4000,
			n: 3,
			perWord: 250,
			flagged: { 'quicker-than-reading': 1, 'half-own-median': 0, away: 1 }
		});
		expect(responseTimes([answer(9, 5, true)])).toEqual({
			value: null,
			reason: 'no-uninterrupted-answers'
		});
	});

	test('a median of two is their middle, of none is none', () => {
		expect(median([1, 4, 2, 3])).toBe(2.5);
		expect(median([3, 1, 2])).toBe(2);
		expect(median([])).toBeNull();
	});
});
