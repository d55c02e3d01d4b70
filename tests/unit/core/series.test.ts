import { describe, expect, test } from 'vitest';
import { Series, thin } from '../../../src/core/series';

function seriesOf(...rows: [number, Record<string, number>][]): Series {
	const series = new Series();
	for (const [step, values] of rows) {
		series.append(step, values);
	}
	return series;
}

describe('Series', () => {
	test('keeps a column a metric over shared steps, with gaps where a step did not report it', () => {
		const series = seriesOf([0, { kl: 0 }], [1, { reward: 2 }], [2, { kl: 1, reward: 3 }]);
		expect(series.keys).toEqual(['kl', 'reward']);
		expect([...series.steps]).toEqual([0, 1, 2]);
		expect([...series.values('kl')]).toEqual([0, NaN, 1]);
		expect([...series.values('reward')]).toEqual([NaN, 2, 3]);
		expect([...series.values('unheard of')]).toEqual([NaN, NaN, NaN]);
	});

	test('grows beyond its first capacity without losing a value', () => {
		const series = new Series();
		for (let step = 0; step < 1000; step++) {
			series.append(step, step % 2 === 0 ? { even: step } : { odd: -step });
		}
		expect(series.length).toBe(1000);
		expect(series.values('even')[998]).toBe(998);
		expect(series.values('odd')[999]).toBe(-999);
		expect(series.points('odd').x).toHaveLength(500);
	});

	test('adds to the last step when it comes again', () => {
		const series = seriesOf([4, { kl: 1, reward: 1 }], [4, { kl: 2 }]);
		expect(series.length).toBe(1);
		expect([series.last('kl'), series.last('reward')]).toEqual([2, 1]);
	});

	test('drops later rows when a resumed job runs an earlier step again', () => {
		const series = seriesOf(
			[1, { kl: 1 }],
			[2, { kl: 2, lost: 5 }],
			[3, { kl: 3 }],
			[2, { kl: 9 }]
		);
		series.append(4, {});
		expect([...series.steps]).toEqual([1, 2, 4]);
		expect([...series.values('kl')]).toEqual([1, 9, NaN]);
	});

	test('takes rows as they travel, with NaN for what is absent', () => {
		const series = seriesOf([0, { kl: 5 }]);
		series.appendColumns({
			steps: Float64Array.of(0, 1),
			keys: ['kl', 'reward'],
			columns: [Float64Array.of(NaN, 6), Float64Array.of(7, NaN)]
		});
		expect([...series.values('kl')]).toEqual([5, 6]);
		expect([...series.values('reward')]).toEqual([7, NaN]);
	});

	test('knows the last value that is a number, and points without gaps', () => {
		const series = seriesOf([0, { kl: 1 }], [1, { kl: NaN }], [2, {}]);
		expect(series.last('kl')).toBe(1);
		expect(series.last('reward')).toBeNaN();
		expect(series.points('kl')).toEqual({ x: Float64Array.of(0), y: Float64Array.of(1) });
		expect(() => series.append(NaN, {})).toThrow(RangeError);
	});
});

describe('thin', () => {
	const n = 5000;
	const x = Float64Array.from({ length: n }, (_, i) => i);
	const y = x.map((i) => Math.sin(i / 50));

	test('keeps within the limit, in order, with both ends', () => {
		const thinned = thin({ x, y }, 200);
		expect(thinned.x.length).toBeLessThanOrEqual(200);
		expect(thinned.x.length).toBeGreaterThan(100);
		expect([thinned.x[0], thinned.x.at(-1)]).toEqual([0, n - 1]);
		expect(thinned.x).toEqual(thinned.x.toSorted());
	});

	test('never loses a spike or a gap', () => {
		const spiked = y.slice();
		spiked[1234] = 50;
		spiked[4321] = -50;
		spiked[3000] = NaN;
		const thinned = thin({ x, y: spiked }, 100);
		expect(thinned.x).toContain(1234);
		expect(thinned.x).toContain(4321);
		expect(thinned.x).toContain(3000);
	});

	test('leaves a short series as it is, as a copy', () => {
		const short = { x: Float64Array.of(1, 2), y: Float64Array.of(3, NaN) };
		const thinned = thin(short, 100);
		expect(thinned).toEqual(short);
		expect(thinned.y).not.toBe(short.y);
	});
});
