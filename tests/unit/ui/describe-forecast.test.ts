import { expect, test } from 'vitest';
import type { Forecast } from '../../../src/core/feedback/forecast';
import { describeForecast } from '../../../src/ui/reliability/describe-forecast';

const told = (value: Forecast['value']) =>
	describeForecast({ predictions: 60, result: { value, reached: 0, never: 0 } });

test('small numbers are exact, the others rounded up to ever larger steps', () => {
	expect(told({ low: 3.2, median: 19.5, high: 60.1 })).toEqual({
		headline: 'About 20 more answers to reach 80\u00a0%',
		range: '80\u00a0% interval: 4 to 65'
	});
	expect(told({ low: 0, median: 0.4, high: 1201 })).toEqual({
		headline: 'About 1 more answer to reach 80\u00a0%',
		range: '80\u00a0% interval: 0 to 1,300'
	});
	expect(told({ low: 199, median: 201, high: 999 }).range).toBe('80\u00a0% interval: 200 to 1,000');
});

test('an end that is not in sight, and a target that is reached, are said in words', () => {
	expect(told({ low: 150, median: null, high: null })).toEqual({
		headline: 'More answers than anyone gives to reach 80\u00a0%, perhaps never',
		range: '80\u00a0% interval: 150 or more'
	});
	expect(told({ low: 0, median: 0, high: 12 }).headline).toBe(
		'80\u00a0% foreseen: most likely it is there already'
	);
});

test('what cannot be told is a sentence without a range', () => {
	for (const reason of ['too-few-predictions', 'cannot-tell-yet', 'out-of-reach'] as const) {
		const { headline, range } = describeForecast({
			predictions: 0,
			result: { value: null, reason }
		});
		expect(headline).not.toMatch(/NaN|undefined|null/);
		expect(range).toBe('');
	}
	expect(
		describeForecast({ predictions: 7, result: { value: null, reason: 'too-few-predictions' } })
			.headline
	).toContain('from 30 predicted random pairs; so far 7');
});
