import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
	curvesOf,
	stepsOf,
	summaryOf,
	tableOf,
	valueAt,
	valuesWithin
} from '../../../src/ui/charts/chart-data';
import { zoomed } from '../../../src/ui/charts/step-range';
import { logYBounds } from '../../../src/ui/charts/y-bounds';

const line = (label: string, xs: number[], ys: number[], sparse = false) => ({
	label,
	tone: 'reward' as const,
	sparse,
	xs,
	ys
});

describe('what a chart says', () => {
	test('steps of several runs are one ascending list', () => {
		expect(stepsOf([line('a', [1, 2, 3], [0, 0, 0]), line('b', [2, 4], [0, 0])])).toEqual([
			1, 2, 3, 4
		]);
		expect(stepsOf([])).toEqual([]);
	});

	test('a value is read at its step, the newest number for no step, and kept between rare ones', () => {
		const [steady] = curvesOf([line('a', [1, 2, 3], [5, 6, NaN])], 0);
		const [rare] = curvesOf([line('b', [1, 4], [7, 9], true)], 0.5);
		expect(steady && valueAt(steady, null)).toBe(6);
		expect(steady && valueAt(steady, 3)).toBeNaN();
		expect(rare && valueAt(rare, 3)).toBe(7);
		expect(rare && valueAt(rare, 0)).toBeNaN();
	});

	test('the table has measured and smoothed columns, and gaps where a run has no step', () => {
		const table = tableOf([line('a', [1, 2], [1, 3]), line('b', [2], [8], true)], 0.5);
		expect(table.steps).toEqual([1, 2]);
		// Debiased: s_2 = (0.5 * 0.5 * 1 + 0.5 * 3) / (1 - 0.25) = 7/3.
		expect(table.columns.map(({ label, isSmoothed }) => [label, isSmoothed])).toEqual([
			['a', false],
			['a', true],
			['b', false]
		]);
		expect(table.columns[1]?.values[1]).toBeCloseTo(7 / 3, 12);
		expect(table.columns[2]?.values).toEqual([NaN, 8]);
	});

	test('a summary is of what was measured: from, to, best by the direction', () => {
		const curve = line('a', [1, 2, 3, 4], [NaN, 2, 5, 3]);
		expect(summaryOf(curve, 'up')).toMatchObject({
			...{ first: 2, firstStep: 2, last: 3, lastStep: 4 },
			best: { value: 5, step: 3 }
		});
		expect(summaryOf(curve, 'down')?.best).toEqual({ value: 2, step: 2 });
		expect(summaryOf(curve, 'neither')?.best).toBeNull();
		expect(summaryOf(line('b', [1], [NaN]), 'up')).toBeNull();
	});
});

describe('zoom', () => {
	const full = { from: 0, to: 100 };

	test('keeps the step under the pointer in its place', () => {
		const near = zoomed(full, full, 25, 0.5);
		expect(near).toEqual({ from: 12.5, to: 62.5 });
		const nearer = near && zoomed(near, full, 25, 0.5);
		expect(nearer && (25 - nearer.from) / (nearer.to - nearer.from)).toBeCloseTo(0.25, 12);
	});

	test('stays inside, stops at two steps, and ends where everything is in sight', () => {
		expect(zoomed({ from: 90, to: 100 }, full, 100, 2)).toEqual({ from: 80, to: 100 });
		expect(zoomed({ from: 4, to: 6 }, full, 5, 0.1)).toEqual({ from: 4, to: 6 });
		expect(zoomed({ from: 20, to: 90 }, full, 50, 2)).toBeNull();
	});

	test('only what is in sight makes the axis', () => {
		expect(Array.from(valuesWithin([1, 2, 3], [7, 8, 9], { from: 1.5, to: 3 }))).toEqual([8, 9]);
		expect(valuesWithin([1], [7], null)).toEqual([7]);
	});

	test('a logarithmic axis has room for what is above 0, and ends for nothing', () => {
		const [low, high] = logYBounds([[0, -3, 0.01, 100, NaN]]);
		expect(low).toBeCloseTo(0.01 / 1e4 ** 0.06, 12);
		expect(high).toBeCloseTo(100 * 1e4 ** 0.06, 9);
		expect(logYBounds([[0, -1]])).toEqual([0.1, 1]);
	});
});

/** Colours of the runs in one theme, as linear RGB. */
function runColours(theme: 0 | 1): number[][] {
	const css = readFileSync('src/styles/tokens.css', 'utf8');
	const names = ['paper', ...Array.from({ length: 6 }, (_, i) => `run-${i + 1}`)];
	return names.map((name) => {
		const pair = new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css);
		const hex = pair?.[theme + 1] ?? '';
		return [1, 3, 5].map((at) => {
			const c = parseInt(hex.slice(at, at + 2), 16) / 255;
			return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
		});
	});
}

type Matrix = readonly (readonly number[])[];
const times = (matrix: Matrix, vector: readonly number[]) =>
	matrix.map((row) => row.reduce((sum, value, i) => sum + value * (vector[i] ?? 0), 0));

/** Machado, Oliveira and Fernandes 2009, severity 1. */
const VISION: Record<string, Matrix> = {
	usual: [
		[1, 0, 0],
		[0, 1, 0],
		[0, 0, 1]
	],
	protanopia: [
		[0.152286, 1.052583, -0.204868],
		[0.114503, 0.786281, 0.099216],
		[-0.003882, -0.048116, 1.051998]
	],
	deuteranopia: [
		[0.367322, 0.860646, -0.227968],
		[0.280085, 0.672501, 0.047413],
		[-0.01182, 0.04294, 0.968881]
	],
	tritanopia: [
		[1.255528, -0.076749, -0.178779],
		[-0.078411, 0.930809, 0.147602],
		[0.004733, 0.691367, 0.3039]
	]
};

/** Ottosson 2020. */
function oklab(rgb: readonly number[]): number[] {
	const lms = times(
		[
			[0.4122214708, 0.5363325363, 0.0514459929],
			[0.2119034982, 0.6806995451, 0.1073969566],
			[0.0883024619, 0.2817188376, 0.6299787005]
		],
		rgb
	).map((value) => Math.cbrt(Math.max(0, value)));
	return times(
		[
			[0.2104542553, 0.793617785, -0.0040720468],
			[1.9779984951, -2.428592205, 0.4505937099],
			[0.0259040371, 0.7827717662, -0.808675766]
		],
		lms
	);
}

describe('colours of runs', () => {
	const luminance = ([r = 0, g = 0, b = 0]: readonly number[]) =>
		0.2126 * r + 0.7152 * g + 0.0722 * b;

	test.each([
		['light', 0],
		['dark', 1]
	] as const)('%s: 3 to 1 on paper, and apart for every kind of colour vision', (_, theme) => {
		const [paper = [], ...runs] = runColours(theme);
		for (const run of runs) {
			const [bright = 0, dim = 0] = [luminance(paper), luminance(run)].sort((x, y) => y - x);
			expect((bright + 0.05) / (dim + 0.05)).toBeGreaterThan(3);
		}
		for (const [vision, matrix] of Object.entries(VISION)) {
			const seen = runs.map((run) => oklab(times(matrix, run)));
			const distances = seen.flatMap((one, i) =>
				seen.slice(i + 1).map((other, k) => ({
					pair: `${vision} ${i + 1} ${i + k + 2}`,
					distance: Math.hypot(...one.map((value, c) => value - (other[c] ?? 0)))
				}))
			);
			const nearest = distances.reduce((x, y) => (x.distance < y.distance ? x : y));
			expect(nearest.distance, nearest.pair).toBeGreaterThan(0.06);
		}
	});
});
