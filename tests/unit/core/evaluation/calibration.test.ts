import { describe, expect, test } from 'vitest';
import {
	calibrationReport,
	fitTemperature,
	pairNll
} from '../../../../src/core/evaluation/calibration';
import { kappa } from '../../../../src/core/feedback/agreement';
import { noiseEstimate } from '../../../../src/core/feedback/noise';
import { sigmoid } from '../../../../src/core/methods/math';
import { Random } from '../../../../src/core/random';
import { expectClose, golden } from '../numeric';

interface Fixture {
	margins: number[];
	labels: number[];
	nll: number;
	brier: number;
	accuracy: number;
	ece: number;
	bins: { lo: number; hi: number; n: number; accuracy: number; confidence: number }[];
	'temperature_grid_0.05': { T: number; nll: number };
	agreement: {
		pass1: number[];
		pass2: number[];
		po: number;
		kappa: number;
		flip_rate: number;
		accuracy_ceiling_vs_truth: number;
	};
}

const fixture = golden<Fixture>('16_evaluation');
const data = { leads: fixture.margins, y: fixture.labels };

describe('calibrationReport', () => {
	test('matches the golden values', () => {
		const report = calibrationReport(data);
		if (!('nll' in report)) {
			throw new Error(report.reason);
		}
		expectClose(
			[report.nll, report.brier, report.accuracy ?? NaN, report.ece ?? NaN],
			[fixture.nll, fixture.brier, fixture.accuracy, fixture.ece]
		);
		expectClose(
			report.bins.flatMap((bin) => [bin.low, bin.high, bin.n, bin.accuracy, bin.confidence]),
			fixture.bins.flatMap((bin) => [bin.lo, bin.hi, bin.n, bin.accuracy, bin.confidence])
		);
	});

	test('agreement of two passes: kappa and the rate of turned answers', () => {
		const { pass1, pass2, ...want } = fixture.agreement;
		const found = kappa(pass1, pass2);
		expect(found.value).toBeCloseTo(want.kappa, 12);
		const side = (label: number | undefined): 'a' | 'b' => (label === 1 ? 'a' : 'b');
		const noise = noiseEstimate(
			pass1.map((label, i) => ({ first: side(label), second: side(pass2[i]) }))
		);
		expect(noise.value).toBeCloseTo(want.flip_rate, 12);
		expect(1 - (noise.value ?? NaN)).toBeCloseTo(want.accuracy_ceiling_vs_truth, 12);
		expect('disagreement' in noise && 1 - noise.disagreement).toBeCloseTo(want.po, 12);
	});

	test('knows no more than ln 2 without a lead, and leaves ties out of what is right', () => {
		const report = calibrationReport({ leads: [0, 0, 3], y: [1, 0, 0.5] });
		expect(report).toMatchObject({ n: 3, decided: 2, accuracy: 0.5, ece: 0 });
		expect(pairNll({ leads: [0, 0], y: [1, 0.3] })).toBeCloseTo(Math.LN2, 14);
	});

	test('bad input: nothing, all ties, what is no label', () => {
		expect(calibrationReport({ leads: [], y: [] })).toEqual({ value: null, reason: 'no-labels' });
		expect(calibrationReport({ leads: [1, 2], y: [0.5, 0.5] })).toMatchObject({
			accuracy: null,
			ece: null,
			bins: []
		});
		expect(calibrationReport({ leads: [900, -900], y: [0, 1] })).toMatchObject({
			accuracy: 0,
			ece: 1,
			brier: 1
		});
		expect(() => calibrationReport({ leads: [NaN], y: [1] })).toThrow(RangeError);
		expect(() => calibrationReport({ leads: [1], y: [2] })).toThrow(RangeError);
		expect(() => calibrationReport({ leads: [1], y: [] })).toThrow(RangeError);
	});
});

describe('fitTemperature', () => {
	test('lies at the golden minimum of the grid, and is no worse', () => {
		const { T, nll } = fixture['temperature_grid_0.05'];
		expectClose([pairNll(data, T)], [nll]);
		const fit = fitTemperature(data);
		if (!('temperature' in fit)) {
			throw new Error(fit.reason);
		}
		expect(Math.abs(fit.temperature - T)).toBeLessThanOrEqual(0.05);
		expect(fit.nllAfter).toBeLessThanOrEqual(nll);
		expect(fit.nllBefore).toBeCloseTo(fixture.nll, 12);
		for (const nearby of [0.99, 1.01]) {
			expect(pairNll(data, fit.temperature * nearby)).toBeGreaterThan(fit.nllAfter);
		}
	});

	test('finds by how much a model was too sure', () => {
		const random = new Random(4);
		const truth = Array.from({ length: 4000 }, () => 1.5 * random.normal());
		const y = truth.map((lead) => Number(random.next() < sigmoid(lead)));
		const fit = fitTemperature({ leads: truth.map((lead) => 3 * lead), y });
		expect('temperature' in fit ? fit.temperature : NaN).toBeGreaterThan(2.7);
		expect('temperature' in fit ? fit.temperature : NaN).toBeLessThan(3.3);
	});

	test.each([
		['no labels', [], [], 'no-labels'],
		['one label, on its side', [2], [1], 'separable'],
		['one label, on the other', [2], [0], 'no-signal'],
		['all ties', [1, -2, 0.5], [0.5, 0.5, 0.5], 'no-signal'],
		['contradictory labels', [1, 1], [1, 0], 'no-signal'],
		['constant reward', [0, 0, 0], [1, 0, 1], 'no-signal']
	])('%s: the reason', (_, leads, y, reason) => {
		expect(fitTemperature({ leads, y })).toEqual({ value: null, reason });
	});
});
