import { describe, expect, test } from 'vitest';
import {
	fitOverOptimisation,
	predictedGain
} from '../../../../src/core/evaluation/over-optimisation';
import { fitRun, noiseOf, pointsToFit } from '../../../../src/core/evaluation/run-fit';
import { Random } from '../../../../src/core/random';

/** Peak at d = 2; beyond 3.5 the judge falls by 5 a unit, as where texts break. */
const coefficients = { alpha: 0.5 * (1 + Math.log(2)), beta: 0.5 };
const broken = (d: number): number =>
	predictedGain('reinforcement', coefficients, Math.min(d, 3.5)) - 5 * Math.max(0, d - 3.5);
const run = (gain: (d: number) => number, noise = 0, seed = 1) => {
	const random = new Random(seed);
	return Array.from({ length: 40 }, (_, i) => {
		const d = (6 * i) / 39;
		return { kl: d * d, gain: gain(d) + noise * random.normal() };
	});
};
const peakOf = (fit: ReturnType<typeof fitRun>) => ('peak' in fit ? (fit.peak?.d ?? NaN) : NaN);

describe('the curve through a run', () => {
	test('marks the peak of a run that goes on until its texts break, where all points together do not', () => {
		let worstOfAll = 0;
		for (let seed = 0; seed < 20; seed++) {
			const points = run(broken, 0.1, seed);
			const all = peakOf(fitOverOptimisation(points, 'reinforcement'));
			worstOfAll = Math.max(worstOfAll, Math.abs(all - 2) / 2);
			expect(Math.abs(peakOf(fitRun(points)) - 2) / 2).toBeLessThan(0.25);
		}
		expect(worstOfAll).toBeGreaterThan(0.25);
	});

	test('keeps every point of a run that rises, falls a little, comes back or was never better', () => {
		const kept = (gain: (d: number) => number) => pointsToFit(run(gain)).length;
		expect(kept((d) => d)).toBe(40);
		expect(kept((d) => predictedGain('reinforcement', coefficients, d / 2))).toBe(40);
		expect(kept((d) => Math.cos(2 * Math.PI * (d / 6)))).toBe(40);
		expect(kept((d) => -d)).toBe(40);
		expect(pointsToFit([])).toEqual([]);
	});

	test('drops what comes after the running mean is back at the start, and what comes before 15 % of the gain', () => {
		// Nothing up to point 5, then up to 1 at point 10, down by 0.25 a point. Means of seven: the highest is 4.3 / 7 = 0.614, 15 % of
		// it 0.092; 0.2 / 7 at point 3, 0.6 / 7 = 0.086 at point 4, 1.2 / 7 = 0.171 at point 5; 0 at point 14, -0.25 at 15.
		const rising = (i: number) => (i <= 5 ? 0 : (i - 5) / 5);
		const gains = Array.from({ length: 20 }, (_, i) => (i <= 10 ? rising(i) : 1 - 0.25 * (i - 10)));
		const points = gains.map((gain, i) => ({ kl: i, gain }));
		expect(pointsToFit(points).map(({ kl }) => kl)).toEqual(
			Array.from({ length: 11 }, (_, i) => i + 5)
		);
	});

	test('noise is that of single points, and none on a straight line', () => {
		const random = new Random(3);
		const noisy = Array.from({ length: 4000 }, (_, i) => i / 10 + 0.5 * random.normal());
		expect(noiseOf(noisy)).toBeCloseTo(0.5, 1);
		expect(noiseOf([1, 2, 3, 4])).toBe(0);
	});
});
