import { describe, expect, test } from 'vitest';
import { areaUnderRoc, rocCurve } from '../../../../src/core/evaluation/roc';
import { Random } from '../../../../src/core/random';

describe('areaUnderRoc', () => {
	test('is the share of pairs in order, ties half: by hand', () => {
		// 3 > 1, 3 > 2, 2 > 1, 2 = 2.
		expect(areaUnderRoc([3, 2], [1, 2])).toMatchObject({ value: 3.5 / 4, n: 4 });
		expect(areaUnderRoc([1], [2]).value).toBe(0);
		expect(areaUnderRoc([5, 5], [5, 5, 5]).value).toBe(0.5);
	});

	test('is not certain even where the kinds are told apart perfectly', () => {
		const area = areaUnderRoc([2, 3, 4, 5, 6], [1, 0, -1, -2, 1.5]);
		expect(area.value).toBe(1);
		expect('low' in area && area.low < 0.9 && area.low > 0.5 && area.high === 1).toBe(true);
	});

	test('its interval holds the true area in about 95 % of samples', () => {
		const random = new Random(12);
		// Normal scores one standard deviation apart: P(Z > -1 / sqrt 2) = 0.7602.
		let held = 0;
		for (let run = 0; run < 300; run++) {
			const area = areaUnderRoc(
				Array.from({ length: 30 }, () => 1 + random.normal()),
				Array.from({ length: 30 }, () => random.normal())
			);
			held += 'low' in area && area.low <= 0.7602 && area.high >= 0.7602 ? 1 : 0;
		}
		expect(held / 300).toBeGreaterThan(0.91);
	});

	test('needs both kinds', () => {
		expect(areaUnderRoc([], [1])).toEqual({ value: null, reason: 'one-kind-only' });
		expect(areaUnderRoc([1], [])).toEqual({ value: null, reason: 'one-kind-only' });
	});
});

describe('rocCurve', () => {
	test('rises from nothing to everything, and has the same area', () => {
		const random = new Random(1);
		const up = Array.from({ length: 25 }, () => Math.round(2 * (1 + random.normal())));
		const down = Array.from({ length: 35 }, () => Math.round(2 * random.normal()));
		const curve = rocCurve(up, down);
		expect(curve[0]).toMatchObject({ sensitivity: 0, falseAlarms: 0 });
		expect(curve.at(-1)).toMatchObject({ sensitivity: 1, falseAlarms: 1 });
		const area = curve.slice(1).reduce((sum, point, i) => {
			const before = curve[i] ?? point;
			const width = point.falseAlarms - before.falseAlarms;
			return sum + (width * (point.sensitivity + before.sensitivity)) / 2;
		}, 0);
		expect(area).toBeCloseTo(areaUnderRoc(up, down).value ?? NaN, 12);
	});
});
