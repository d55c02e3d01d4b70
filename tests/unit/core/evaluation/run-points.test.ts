import { describe, expect, test } from 'vitest';
import { nearestKept, runCurve } from '../../../../src/core/evaluation/run-points';
import { boundsOf, ticksBetween } from '../../../../src/ui/evaluate/ticks';

describe('the curve of a run', () => {
	test('gains are over the mean of the first three verdicts, drift is smoothed and starts where it started', () => {
		const curve = runCurve({
			steps: [1, 2, 3, 4, 5],
			kl: [0, 3, 0, 6, 8],
			gold: [1, 2, 3, 5, NaN],
			proxy: [0, 0, 3, 7, 9]
		});
		expect(curve).toMatchObject({ start: 2, proxyStart: 1, proxy: [-1, -1, 2, 6] });
		expect(curve.points).toEqual([
			{ step: 1, kl: 0, gain: -1 },
			{ step: 2, kl: 1, gain: 0 },
			{ step: 3, kl: 3, gain: 1 },
			{ step: 4, kl: 6, gain: 3 }
		]);
	});

	test('without a verdict there is no point', () => {
		expect(runCurve({ steps: [1], kl: [1], gold: [NaN], proxy: [1] }).points).toEqual([]);
	});

	test('the nearest kept step, the earlier of two as near', () => {
		expect(nearestKept([5, 10, 15], 12)).toBe(10);
		expect(nearestKept([5, 10], 7.5)).toBe(5);
		expect(nearestKept([], 3)).toBeNull();
	});
});

describe('an axis', () => {
	test('has round numbers inside its bounds', () => {
		expect(ticksBetween(-0.3, 1.1, 4)).toEqual([0, 0.5, 1]);
		expect(ticksBetween(0, 15, 7)).toEqual([0, 5, 10, 15]);
		expect(ticksBetween(2, 2)).toEqual([2]);
	});

	test('has bounds with air, whatever the numbers', () => {
		expect(boundsOf([0, 10], 0.1)).toEqual([-1, 11]);
		expect(boundsOf([NaN])).toEqual([0, 1]);
		expect(boundsOf([3, 3])).toEqual([2.5, 3.5]);
	});
});
