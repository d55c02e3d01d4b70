import { describe, expect, test } from 'vitest';
import { SECTIONS } from '../../../scripts/bench/catalogue';
import { SIZES } from '../../../scripts/bench/gpu/catalogue';
import { flopsPerStep } from '../../../scripts/bench/gpu/size';
import { median, quantile, sideBySide } from '../../../scripts/bench/measure';
import { readOptions, selected } from '../../../scripts/bench/options';
import {
	failures,
	isMet,
	rowsWith,
	toJson,
	toRows,
	toTable,
	type RowSpec
} from '../../../scripts/bench/rows';
import {
	SHAPE_135M,
	SHAPE_1M,
	nextTokenCoefficients,
	nextTokenLoss,
	randomBatch,
	randomParameters
} from '../../../scripts/bench/shapes';

const specs: RowSpec[] = [
	{ name: 'a', unit: 'ms', target: { is: '<=', value: 2 } },
	{ name: 'b', unit: 'times', target: { is: '>=', value: 1.3 } },
	{ name: 'c', unit: 'bytes', target: { is: '=', value: 0 } },
	{ name: 'd', unit: 'tokens/s', target: null }
];

describe('rows', () => {
	test('a target is met at its edge and not beyond it', () => {
		expect([1.9, 2, 2.1].map((x) => isMet(x, { is: '<=', value: 2 }))).toEqual([true, true, false]);
		expect([1.2, 1.3].map((x) => isMet(x, { is: '>=', value: 1.3 }))).toEqual([false, true]);
		expect([0, 1].map((x) => isMet(x, { is: '=', value: 0 }))).toEqual([true, false]);
	});

	test('rows keep the order of their specs, and say why one has no value', () => {
		const rows = toRows(specs, { d: 12, a: 3, c: { absent: 'no card' } });
		expect(rows).toEqual([
			{ name: 'a', value: 3, unit: 'ms', target: '<= 2', met: false },
			{
				name: 'b',
				value: null,
				unit: 'times',
				target: '>= 1.3',
				met: null,
				reason: 'nothing was measured'
			},
			{ name: 'c', value: null, unit: 'bytes', target: '= 0', met: null, reason: 'no card' },
			{ name: 'd', value: 12, unit: 'tokens/s', target: null, met: null }
		]);
	});

	test('a number that is none counts as not measured', () => {
		const measured = { a: NaN, b: Infinity, c: 0, d: 1 };
		expect(toRows(specs, measured).map((row) => row.value)).toEqual([null, null, 0, 1]);
		expect(failures(specs, measured)).toEqual(['a', 'b']);
	});

	test('a measurement may bring the target that applies to what was found', () => {
		const found = { value: 3, target: { is: '<=', value: 4 } } as const;
		const [row] = toRows(specs, { a: found });
		expect(row).toEqual({ name: 'a', value: 3, unit: 'ms', target: '<= 4', met: true });
		expect(failures(specs.slice(0, 1), { a: found })).toEqual([]);
		expect(failures(specs.slice(0, 1), { a: { ...found, value: NaN } })).toEqual(['a']);
	});

	test('a row fails when it should have been measured; a missing card or a missed target is no failure', () => {
		const measured = { a: 99, b: { absent: 'no card' }, c: { failed: 'broke' } };
		expect(failures(specs, measured)).toEqual(['c', 'd']);
		expect(failures(specs, rowsWith(specs, { absent: 'no card' }))).toEqual([]);
	});

	test('the JSON is an array of name, value, unit, target, met, in this order', () => {
		const text = toJson(toRows(specs, { a: 1.5, b: 2, c: 0, d: 7 }));
		const rows = JSON.parse(text) as Record<string, unknown>[];
		expect(rows.map((row) => Object.keys(row).join())).toEqual(
			specs.map(() => 'name,value,unit,target,met')
		);
		expect(rows[0]).toEqual({ name: 'a', value: 1.5, unit: 'ms', target: '<= 2', met: true });
		expect(text.endsWith(']\n')).toBe(true);
	});

	test('the table has a line for each row, and bars in a reason do not break it', () => {
		const table = toTable(
			toRows(specs, { a: 1.23456, b: 0.000012, c: { failed: 'x | y\nz' }, d: 5 })
		);
		expect(table.split('\n')).toEqual([
			'| what | value | unit | target | met |',
			'|---|---|---|---|---|',
			'| a | 1.235 | ms | <= 2 | yes |',
			'| b | 1.2e-5 | times | >= 1.3 | NO |',
			'| c | not measured: x \\| y z | bytes | = 0 |  |',
			'| d | 5 | tokens/s |  |  |'
		]);
	});
});

describe('catalogue', () => {
	test('no two rows share a name', () => {
		const names = [...SECTIONS, ...SIZES].flatMap(({ rows }) => rows.map(({ name }) => name));
		expect(new Set(names).size).toBe(names.length);
	});

	test('sections and single rows are found by a part of their name', () => {
		expect(selected(SECTIONS, 'wasm-step').map((s) => s.rows.length)).toEqual([8]);
		const jax = selected(SECTIONS, 'JAX-JS / ours');
		expect(jax.map((s) => s.rows.map((row) => row.name))).toEqual([['wasm step: jax-js / ours']]);
		expect(selected(SECTIONS, null)).toHaveLength(SECTIONS.length);
		expect(selected(SECTIONS, 'nothing of the kind')).toEqual([]);
	});
});

describe('options', () => {
	test('defaults and every option', () => {
		expect(readOptions([])).toEqual({
			json: null,
			only: null,
			isQuick: false,
			peakTflops: null,
			allowsSoftware: false
		});
		expect(
			readOptions(['--quick', '--only', 'wasm', '--json=out.json', '--peak-tflops', '3.6'])
		).toMatchObject({ json: 'out.json', only: 'wasm', isQuick: true, peakTflops: 3.6 });
	});

	test.each([[['--jsn', 'x']], [['--peak-tflops', 'many']], [['--peak-tflops', '0']], [['x']]])(
		'%j is refused',
		(args) => {
			expect(() => readOptions(args)).toThrow();
		}
	);
});

describe('measuring', () => {
	test('median and quantile', () => {
		expect(median([5, 1, 3])).toBe(3);
		expect(median([4, 1, 3, 2])).toBe(2.5);
		expect(median([])).toBeNaN();
		const values = Array.from({ length: 100 }, (_, i) => 100 - i);
		expect(quantile(values, 0.95)).toBe(95);
		expect(quantile([7], 0.95)).toBe(7);
	});

	test('contestants run by turns, and warm-up rounds are not timed', async () => {
		const ran: string[] = [];
		const contestant = (name: string) => ({
			name,
			run: async (round: number) => {
				ran.push(name + round);
			}
		});
		const times = await sideBySide([contestant('a'), contestant('b')], { warmUp: 1, measured: 2 });
		expect(ran).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
		expect(Object.values(times).map((list) => list.length)).toEqual([2, 2]);
	});
});

describe('shapes', () => {
	test('the sizes are what they are called', () => {
		const { config } = SHAPE_1M;
		const count = randomParameters(config, 1).count;
		expect(count).toBe(857_216);
		// 6 operations a weight and token, and 12 a layer, channel and column for attention.
		expect(flopsPerStep(SHAPE_1M)).toBe(1024 * (6 * count + 12 * 4 * 128 * 64));
		expect(flopsPerStep(SHAPE_135M) / (8 * 256) / 6 / 1e6).toBeGreaterThan(134.5);
	});

	test('weights are a function of the seed, with the deviation asked for', () => {
		const values = (seed: number) =>
			randomParameters(SHAPE_1M.config, seed).get('model.embed_tokens.weight').values;
		expect(values(3)).toEqual(values(3));
		expect(values(3)).not.toEqual(values(4));
		const n = values(3).length;
		expect(values(3).reduce((sum, x) => sum + x, 0) / n).toBeCloseTo(0, 3);
		expect(Math.sqrt(values(3).reduce((sum, x) => sum + x * x, 0) / n)).toBeCloseTo(0.02, 4);
	});

	test('the coefficients are the gradient of the loss', () => {
		const batch = randomBatch(SHAPE_1M, 5);
		const { dLogProb = new Float64Array() } = nextTokenCoefficients(batch);
		const logProb = Float64Array.from(batch.ids, (id, n) => (n % batch.T === 0 ? 0 : -id / 7));
		const product = logProb.reduce((sum, x, n) => sum + x * (dLogProb[n] ?? NaN), 0);
		expect(product).toBeCloseTo(nextTokenLoss(batch, logProb), 10);
	});
});
