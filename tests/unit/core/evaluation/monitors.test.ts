import { describe, expect, test } from 'vitest';
import { anchorDrift, ANCHORS } from '../../../../src/core/evaluation/monitors/anchor-drift';
import { BASELINE_POINTS, cusumLight } from '../../../../src/core/evaluation/monitors/cusum';
import { ksTest } from '../../../../src/core/evaluation/monitors/kolmogorov-smirnov';
import {
	alarmsOf,
	alarmScore,
	type MonitorInputs,
	readMonitors
} from '../../../../src/core/evaluation/monitors/monitors';
import { permutationTest } from '../../../../src/core/evaluation/monitors/permutation';
import { psi } from '../../../../src/core/evaluation/monitors/psi';
import { areaUnderRoc } from '../../../../src/core/evaluation/roc';
import { Random } from '../../../../src/core/random';

const normals = (random: Random, n: number, center = 0, spread = 1): number[] =>
	Array.from({ length: n }, () => center + spread * random.normal());
const rateOf = (runs: number, happens: (run: number) => boolean): number =>
	Array.from({ length: runs }, (_, run) => Number(happens(run))).reduce((sum, x) => sum + x, 0) /
	runs;

describe('ksTest', () => {
	test('by hand: the largest distance of two distributions', () => {
		const x = [1, 2, 3, 4, 5, 6, 7, 8];
		expect(ksTest(x, x)).toMatchObject({ statistic: 0, p: 1 });
		expect(
			ksTest(
				x,
				x.map((v) => v + 4)
			)
		).toMatchObject({ statistic: 0.5 });
		expect(
			ksTest(
				x,
				x.map((v) => v + 100)
			)
		).toMatchObject({ statistic: 1 });
		// 1.358 sqrt(1 / 200 + 1 / 200) is the usual 5 % limit: p at D = 0.1358 of 200 and 200.
		const many = Array.from({ length: 200 }, (_, i) => i);
		const result = ksTest(
			many,
			many.map((v) => v + 27.5)
		);
		expect('p' in result ? result.p : NaN).toBeGreaterThan(0.035);
		expect('p' in result ? result.p : NaN).toBeLessThan(0.055);
	});

	test('raises few false alarms and finds a shift of half a standard deviation', () => {
		const random = new Random(1);
		const isFound = (shift: number) => () => {
			const result = ksTest(normals(random, 100), normals(random, 100, shift));
			return 'p' in result && result.p < 0.05;
		};
		expect(rateOf(400, isFound(0))).toBeLessThan(0.08);
		expect(rateOf(200, isFound(0.5))).toBeGreaterThan(0.75);
	});

	test('constant values are alike or apart, and few are not tested', () => {
		const same: number[] = Array(10).fill(3);
		expect(ksTest(same, same)).toMatchObject({ statistic: 0, p: 1 });
		expect(ksTest(same, Array(10).fill(4))).toMatchObject({ statistic: 1 });
		expect(ksTest([1], same)).toEqual({ value: null, reason: 'too-few' });
	});
});

describe('permutationTest', () => {
	test('is right for few values: two divisions of 20 are as extreme', () => {
		const result = permutationTest([1, 2, 3], [10, 11, 12], 4, 20_000);
		expect(result).toMatchObject({ difference: 9 });
		expect('p' in result ? result.p : NaN).toBeCloseTo(0.1, 1.7);
		expect(permutationTest([1, 2, 3], [10, 11, 12], 4)).toEqual(
			permutationTest([1, 2, 3], [10, 11, 12], 4)
		);
	});

	test('holds its level, is never 0, and calls equal values alike', () => {
		const random = new Random(2);
		const rate = rateOf(200, (run) => {
			const result = permutationTest(normals(random, 15), normals(random, 15), run, 199);
			return 'p' in result && result.p <= 0.05;
		});
		expect(rate).toBeLessThan(0.1);
		expect(permutationTest([2, 2, 2], [2, 2], 1)).toMatchObject({ difference: 0, p: 1 });
		const far = permutationTest(normals(random, 40), normals(random, 40, 9), 1);
		expect('p' in far ? far.p : NaN).toBe(1 / 1000);
		expect(permutationTest([1], [1, 2], 1)).toEqual({ value: null, reason: 'too-few' });
	});
});

describe('cusumLight', () => {
	test('by hand: sums above the slack of 0.5 + 1 / 2, lit above 5', () => {
		// Level 0, unbiased spread 1 of the beginning.
		const start = [1, -1, 1, -1].map((x) => (x * Math.sqrt(3)) / 2);
		const light = cusumLight([...start, 0, 2.5, 2.5, 2.5, 2.5], 4);
		expect(light).toMatchObject({ light: 'risen', at: 8, since: 5 });
		expect('up' in light ? light.up : NaN).toBeCloseTo(6, 12);
		expect(cusumLight([...start, 0, -2.5, -2.5, -2.5, -2.5], 4)).toMatchObject({
			light: 'fallen',
			at: 8
		});
		expect(cusumLight([...start, 0.4, -0.4, 0.4], 4)).toMatchObject({
			light: 'steady',
			up: 0,
			down: 0
		});
	});

	test('finds a shift of two standard deviations soon, and is mostly quiet without', () => {
		const random = new Random(3);
		const isLit = (shift: number) => () => {
			const light = cusumLight([
				...normals(random, BASELINE_POINTS),
				...normals(random, 20, shift)
			]);
			return 'light' in light && light.light !== 'steady';
		};
		expect(rateOf(200, isLit(2))).toBeGreaterThan(0.95);
		expect(rateOf(400, isLit(0))).toBeLessThan(0.14);
	});

	test('says why it cannot tell', () => {
		expect(cusumLight([1, 2, 3])).toEqual({ value: null, reason: 'too-few' });
		expect(cusumLight(Array(30).fill(1))).toEqual({ value: null, reason: 'no-spread' });
	});
});

describe('psi', () => {
	test('its limit knows the sizes: 1 % false alarms where 0.1 has most', () => {
		const random = new Random(4);
		let usual = 0;
		const own = rateOf(600, () => {
			const result = psi(normals(random, 50), normals(random, 50));
			usual += 'bins' in result && result.value > 0.1 ? 1 : 0;
			return 'bins' in result && result.isDrift;
		});
		expect(own).toBeLessThan(0.025);
		expect(usual / 600).toBeGreaterThan(0.4);
		const found = psi(normals(random, 200), normals(random, 200, 0.8));
		expect('bins' in found && found.isDrift).toBe(true);
	});

	test('by hand: two bins', () => {
		const half = Array.from({ length: 40 }, (_, i) => i % 2);
		const three = Array.from({ length: 40 }, (_, i) => Number(i % 4 !== 0));
		const [p, q] = [20.5 / 41, 10.5 / 41];
		const expected = (q - p) * Math.log(q / p) + (1 - q - (1 - p)) * Math.log((1 - q) / (1 - p));
		const result = psi(half, three, 2);
		expect(result.value).toBeCloseTo(expected, 12);
		expect(result).toMatchObject({ bins: 2, limit: (2 / 40) * 6.635 });
	});

	test('few values, and equal ones, are not divided', () => {
		expect(psi([1, 2], [1, 2])).toEqual({ value: null, reason: 'too-few' });
		expect(psi(Array(60).fill(1), Array(60).fill(2))).toEqual({
			value: null,
			reason: 'same-values'
		});
	});
});

describe('anchorDrift', () => {
	const random = new Random(5);
	const before = normals(random, ANCHORS);

	test('takes level and scale for nothing', () => {
		const drift = anchorDrift(
			before,
			before.map((r) => 3 * r + 10)
		);
		expect(drift).toMatchObject({ verdict: 'alike', turned: 0, kendall: 1 });
		expect('scale' in drift ? drift.scale : NaN).toBeCloseTo(3, 12);
		expect('pearson' in drift ? drift.pearson.value : NaN).toBeCloseTo(1, 12);
	});

	test('sees a changed mind, a turned one and a collapsed one', () => {
		expect(anchorDrift(before, normals(random, ANCHORS))).toMatchObject({ verdict: 'changed' });
		expect(
			anchorDrift(
				before,
				before.map((r) => -r)
			)
		).toMatchObject({
			verdict: 'changed',
			turned: 1,
			kendall: -1
		});
		expect(
			anchorDrift(
				before,
				before.map(() => 2)
			)
		).toMatchObject({
			verdict: 'collapsed',
			turned: 0,
			kendall: null,
			scale: 0
		});
	});

	test('lets noise of a tenth pass, in 100 versions', () => {
		const rate = rateOf(100, () => {
			const drift = anchorDrift(
				before,
				before.map((r) => r + 0.1 * random.normal())
			);
			return 'verdict' in drift && drift.verdict !== 'alike';
		});
		expect(rate).toBe(0);
	});

	test('needs enough completions, the same ones', () => {
		expect(anchorDrift([1, 2], [1, 2])).toEqual({ value: null, reason: 'too-few' });
		expect(() => anchorDrift([1], [])).toThrow(RangeError);
		expect(anchorDrift(Array(20).fill(1), normals(random, 20))).toMatchObject({ scale: null });
	});
});

/** Completions of a run: what is measured of 48 at the start and 48 at the end. `planted`: how much longer texts pay. */
function run(random: Random, planted: number): MonitorInputs {
	const n = 48;
	const pair = (before: number[], after: number[]) => ({ before, after });
	const lengths = normals(random, n, 30 * (1 + planted), 6);
	return {
		length: pair(normals(random, n, 30, 6), lengths),
		repetition: pair(
			normals(random, n, 0.05, 0.04),
			normals(random, n, 0.05 + 0.1 * planted, 0.05)
		),
		variety: pair(normals(random, n, 0.9, 0.05), normals(random, n, 0.87, 0.05)),
		entropy: pair(normals(random, n, 2, 0.3), normals(random, n, 1.7, 0.3)),
		ends: pair(
			Array.from({ length: n }, () => Number(random.next() < 0.8)),
			Array.from({ length: n }, () => Number(random.next() < 0.8))
		),
		uncertainty: pair(normals(random, n, 0.4, 0.1), normals(random, n, 0.44 + 0.1 * planted, 0.1)),
		'proxy-against-held-out': {
			proxy: pair(normals(random, n), normals(random, n, 1.5)),
			heldOut: pair(normals(random, n), normals(random, n, 0.6 - 1.8 * planted))
		},
		'reward-follows-length': {
			rewards: lengths.map((l) => 0.15 * planted * l + random.normal()),
			lengths
		}
	};
}

describe('readMonitors', () => {
	test('tell planted failures from runs that merely learn: area above 0.9, false alarms below 5 %', () => {
		const random = new Random(6);
		const clean = Array.from({ length: 100 }, () => readMonitors(run(random, 0)));
		const planted = Array.from({ length: 100 }, () => readMonitors(run(random, 0.8)));
		const area = areaUnderRoc(planted.map(alarmScore), clean.map(alarmScore));
		expect('low' in area ? area.low : NaN).toBeGreaterThan(0.9);
		const falseAlarms = clean.filter((readings) => alarmsOf(readings).length > 0).length;
		expect(falseAlarms).toBeLessThan(5);
		expect(planted.filter((readings) => alarmsOf(readings).length > 0).length).toBeGreaterThan(90);
	});

	test('an alarm carries its evidence and what to do', () => {
		const random = new Random(7);
		const alarms = alarmsOf(readMonitors(run(random, 1)));
		const length = alarms.find(({ monitor }) => monitor === 'length');
		expect(length).toMatchObject({
			action: 'answer-pairs-of-equal-length',
			evidence: { test: 'kolmogorov-smirnov', n: 48, level: 0.05 / 8 }
		});
		expect(length?.evidence.before).toBeCloseTo(30, -0.7);
		const proxy = alarms.find(({ monitor }) => monitor === 'proxy-against-held-out');
		expect(proxy).toMatchObject({ action: 'keep-an-earlier-step' });
		expect(proxy && proxy.evidence.after < (proxy.evidence.before ?? NaN)).toBe(true);
		expect(alarms.map(({ score }) => score)).toEqual(
			alarms.map(({ score }) => score).toSorted((a, b) => b - a)
		);
	});

	test('a clear but small change, and a large but unclear one, are none', () => {
		const random = new Random(8);
		const small = readMonitors({
			length: { before: normals(random, 900, 30, 2), after: normals(random, 900, 33, 2) }
		});
		expect(alarmsOf(small)).toEqual([]);
		const unclear = readMonitors({
			length: { before: normals(random, 8, 30, 40), after: normals(random, 8, 60, 40) }
		});
		expect(alarmsOf(unclear)).toEqual([]);
	});

	test('a proxy that falls with the judge is no over-optimisation', () => {
		const random = new Random(9);
		const fallen = { before: normals(random, 60), after: normals(random, 60, -3) };
		const readings = readMonitors({ 'proxy-against-held-out': { proxy: fallen, heldOut: fallen } });
		expect(alarmScore(readings)).toBeLessThan(0.1);
	});

	test('more looks ask for more evidence', () => {
		const inputs: MonitorInputs = run(new Random(10), 0.5);
		const level = (looks: number) =>
			readMonitors(inputs, looks).flatMap((r) => ('evidence' in r ? r.evidence.level : []))[0];
		expect(level(20)).toBeCloseTo((level(1) ?? NaN) / 20, 14);
		expect(() => readMonitors(inputs, 0)).toThrow(RangeError);
	});

	test('nothing, too little and constant values: no reading or no alarm, never NaN', () => {
		expect(readMonitors({})).toEqual([]);
		expect(alarmScore([])).toBe(0);
		const few = { before: [1], after: [2] };
		const silent = readMonitors({
			length: few,
			'proxy-against-held-out': { proxy: few, heldOut: few },
			'reward-follows-length': { rewards: [1], lengths: [1] }
		});
		expect(silent.every((r) => 'reason' in r && r.reason === 'too-few')).toBe(true);
		const zeros = { before: Array<number>(20).fill(0), after: Array<number>(20).fill(0) };
		const flat = readMonitors({
			length: zeros,
			repetition: zeros,
			variety: zeros,
			entropy: zeros,
			ends: zeros,
			uncertainty: zeros,
			'proxy-against-held-out': { proxy: zeros, heldOut: zeros },
			'reward-follows-length': { rewards: zeros.before, lengths: zeros.before }
		});
		expect(flat.map((r) => ('score' in r ? r.score : NaN))).toEqual(flat.map(() => 0));
	});
});
