import { describe, expect, test } from 'vitest';
import {
	fitOverOptimisation,
	type GoldPoint,
	type OverOptimisationForm,
	peakOf,
	predictedGain
} from '../../../../src/core/evaluation/over-optimisation';
import { type RunPoint, stepToKeep } from '../../../../src/core/evaluation/step-to-keep';
import { t95 } from '../../../../src/core/evaluation/student';
import { Random } from '../../../../src/core/random';
import { expectClose, golden } from '../numeric';

interface Fixture {
	overoptimisation: {
		alpha_bon: number;
		beta_bon: number;
		alpha_rl: number;
		beta_rl: number;
		d: number[];
		bon: number[];
		rl: number[];
		peak_bon: { d: number; kl: number; gold: number };
		peak_rl: { d: number; kl: number; gold: number };
		zero_rl_d: number;
	};
}

const { overoptimisation: curve } = golden<Fixture>('12_best_of_n_overoptimisation');
const FORMS = [
	{
		form: 'best-of-n' as const,
		coefficients: { alpha: curve.alpha_bon, beta: curve.beta_bon },
		gains: curve.bon,
		peak: curve.peak_bon
	},
	{
		form: 'reinforcement' as const,
		coefficients: { alpha: curve.alpha_rl, beta: curve.beta_rl },
		gains: curve.rl,
		peak: curve.peak_rl
	}
];
const fitted = (points: readonly GoldPoint[], form: OverOptimisationForm) => {
	const fit = fitOverOptimisation(points, form);
	if (!('form' in fit)) {
		throw new Error(fit.reason);
	}
	return fit;
};

describe('the curves of over-optimisation', () => {
	test.each(FORMS)('$form: golden values, peak, and the fit that finds them again', (c) => {
		expectClose(
			curve.d.map((d) => predictedGain(c.form, c.coefficients, d)),
			c.gains
		);
		const peak = peakOf(c.form, c.coefficients);
		expectClose(
			[peak?.d ?? NaN, peak?.kl ?? NaN, peak?.gain ?? NaN],
			[c.peak.d, c.peak.kl, c.peak.gold]
		);
		const fit = fitted(
			curve.d.map((d, i) => ({ kl: d * d, gain: c.gains[i] ?? NaN })),
			c.form
		);
		expectClose([fit.alpha, fit.beta], [c.coefficients.alpha, c.coefficients.beta], 1e-9);
		expectClose([fit.peak?.d ?? NaN, fit.residual], [c.peak.d, 0], 1e-9);
		// Without noise the interval closes on the peak.
		expectClose([fit.interval?.low ?? NaN, fit.interval?.high ?? NaN], [c.peak.d, c.peak.d], 1e-6);
		expect(fit.points).toBe(curve.d.length - 1);
	});

	test('the RL curve is back at 0 where it should be', () => {
		const { alpha, beta } = FORMS[1]?.coefficients ?? { alpha: NaN, beta: NaN };
		expect(predictedGain('reinforcement', { alpha, beta }, curve.zero_rl_d)).toBeCloseTo(0, 9);
	});

	test.each(FORMS)(
		'$form: the interval holds the peak in 95 % of noisy runs',
		({ form, coefficients, peak }) => {
			const random = new Random(5);
			let held = 0;
			for (let run = 0; run < 400; run++) {
				const points = Array.from({ length: 12 }, (_, i) => {
					const d = ((i + 1) / 8) * peak.d;
					const gain = predictedGain(form, coefficients, d) + 0.1 * peak.gold * random.normal();
					return { kl: d * d, gain };
				});
				const { interval } = fitted(points, form);
				held += interval && interval.low <= peak.d && peak.d <= interval.high ? 1 : 0;
			}
			expect(held / 400).toBeGreaterThan(0.92);
			expect(held / 400).toBeLessThan(0.98);
		}
	);

	test('weights follow the errors: a point that is hardly known hardly counts', () => {
		const points = curve.d.map((d, i) => ({ kl: d * d, gain: curve.bon[i] ?? NaN, error: 0.01 }));
		const spoilt = points.map((p, i) => (i === 3 ? { ...p, gain: p.gain + 5, error: 1e4 } : p));
		expectClose([fitted(spoilt, 'best-of-n').beta], [curve.beta_bon], 1e-4);
	});

	test('a curve that never turns has no peak, and one that may not an interval without end', () => {
		const rising = Array.from({ length: 6 }, (_, i) => ({ kl: (i + 1) ** 2, gain: (i + 1) ** 2 }));
		expect(fitted(rising, 'best-of-n')).toMatchObject({ peak: null, interval: null });
		const random = new Random(2);
		const vague = Array.from({ length: 6 }, (_, i) => ({
			kl: (i + 1) / 6,
			gain: Math.sqrt((i + 1) / 6) + 0.2 * random.normal()
		}));
		const { peak, interval } = fitted(vague, 'best-of-n');
		expect(peak === null || interval?.high === Infinity).toBe(true);
	});

	test.each<[string, GoldPoint[], string]>([
		['no points', [], 'too-few-points'],
		['the start alone, many times', Array(9).fill({ kl: 0, gain: 0 }), 'too-few-points'],
		['three points', [1, 2, 3].map((kl) => ({ kl, gain: 1 })), 'too-few-points'],
		['gains that are no numbers', Array(9).fill({ kl: 1, gain: NaN }), 'too-few-points'],
		['one distance', Array(9).fill({ kl: 2, gain: 1 }), 'same-distance']
	])('%s: no fit, with the reason', (_, points, reason) => {
		for (const form of ['best-of-n', 'reinforcement'] as const) {
			expect(fitOverOptimisation(points, form)).toMatchObject({ value: null, reason });
		}
	});

	test('a constant gold reward has a fit without NaN', () => {
		const flat = [1, 2, 3, 4, 5].map((kl) => ({ kl, gain: 0 }));
		expect(fitted(flat, 'reinforcement')).toMatchObject({ alpha: 0, beta: -0, peak: null });
	});
});

describe('stepToKeep', () => {
	const run = (gain: (d: number) => number, noise = 0, seed = 1): RunPoint[] => {
		const random = new Random(seed);
		return Array.from({ length: 40 }, (_, step) => {
			const d = (3 * step) / 39;
			return { step, kl: d * d, gain: gain(d) + noise * random.normal() };
		});
	};
	/** Peak at d = 1.5, step 19.5. */
	const turning = (d: number): number =>
		predictedGain('reinforcement', { alpha: 1 + Math.log(1.5), beta: 1 }, d);

	test('names the top of a run that turns, within a quarter, for many seeds', () => {
		for (let seed = 0; seed < 20; seed++) {
			const advice = stepToKeep(run(turning, 0.08, seed));
			expect(advice.kind).toBe('keep');
			const step = advice.kind === 'keep' ? advice.step : NaN;
			expect(Math.abs(step - 19.5) / 19.5).toBeLessThan(0.25);
		}
	});

	test('sees no fall in a run that rises or stands still, noise or not', () => {
		expect(stepToKeep(run((d) => d))).toMatchObject({ kind: 'still-rising', step: 39 });
		let early = 0;
		for (let seed = 0; seed < 40; seed++) {
			early += stepToKeep(run((d) => d, 0.3, seed)).kind === 'still-rising' ? 0 : 1;
		}
		expect(early).toBeLessThanOrEqual(2);
	});

	test('finds a top that no curve of Gao fits', () => {
		const advice = stepToKeep(run((d) => (d < 2.5 ? d : 2.5 - 6 * (d - 2.5))));
		expect(advice).toMatchObject({ kind: 'keep' });
		expect(advice.kind === 'keep' && Math.abs(advice.step - 32) <= 3).toBe(true);
	});

	test('says so where gold was never better, or too little is known', () => {
		expect(stepToKeep(run((d) => -d))).toEqual({ kind: 'never-better', step: 0 });
		expect(stepToKeep(run((d) => d).slice(0, 4))).toEqual({ kind: 'too-few-points' });
		expect(stepToKeep([])).toEqual({ kind: 'too-few-points' });
		expect(stepToKeep(run(() => 0))).toEqual({ kind: 'never-better', step: 0 });
	});
});

describe('t95', () => {
	test.each([
		[1, 12.7062],
		[2, 4.30265],
		[3, 3.18245],
		[5, 2.57058],
		[10, 2.22814],
		[30, 2.04227],
		[1000, 1.96234]
	])('with %i degrees of freedom is %f', (degrees, value) => {
		expect(Math.abs(t95(degrees) / value - 1)).toBeLessThan(0.0015);
		expect(() => t95(0)).toThrow(RangeError);
	});
});
