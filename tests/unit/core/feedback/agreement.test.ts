import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
	alphaInterval,
	type AlphaLevel,
	kappa,
	kappaBand,
	krippendorffAlpha,
	type Label,
	percentAgreement
} from '../../../../src/core/feedback/agreement';
import { Random } from '../../../../src/core/random';
import { alphaOverPairs } from './alpha-over-pairs';

const shelf = process.env['TILLER_SHELF'];
const LEVELS: AlphaLevel[] = ['nominal', 'ordinal', 'interval'];

describe('kappa', () => {
	const first = [...Array<Label>(25).fill('a'), ...Array<Label>(25).fill('b')];
	const second = [
		...Array<Label>(20).fill('a'),
		...Array<Label>(5).fill('b'),
		...Array<Label>(10).fill('a'),
		...Array<Label>(15).fill('b')
	];

	test('matches a table worked by hand: 20, 5, 10, 15', () => {
		const result = kappa(first, second);
		expect(result).toMatchObject({ n: 50, observed: 0.7, expected: 0.5, band: 'fair' });
		expect(result.value).toBeCloseTo(0.4, 15);
		// sqrt(0.7 * 0.3 / (50 * 0.25))
		expect('standardError' in result && result.standardError).toBeCloseTo(Math.sqrt(0.0168), 15);
	});

	test('has an interval around it, with a width at full agreement too', () => {
		const some = kappa(first, second);
		const full = kappa(['a', 'b', 'a'], ['a', 'b', 'a']);
		for (const result of [some, full]) {
			if (result.value === null) {
				throw new Error(result.reason);
			}
			expect(result.low).toBeLessThan(result.value);
			expect(result.high).toBeGreaterThanOrEqual(result.value - 1e-12);
		}
		expect('low' in full && full.low).toBeLessThan(0.3);
	});

	test('holds the truth in nine of ten simulated pairs of raters', () => {
		// Two raters who each turn a fair label round with probability 0.1: kappa is (1 - 2 * 0.1)^2.
		const truth = 0.64;
		let held = 0;
		for (let seed = 0; seed < 300; seed++) {
			const random = new Random(seed);
			const labels = Array.from({ length: 60 }, () => random.int(2));
			const rate = () => labels.map((label) => (random.next() < 0.1 ? 1 - label : label));
			const result = kappa(rate(), rate());
			held += result.value !== null && result.low <= truth && truth <= result.high ? 1 : 0;
		}
		expect(held / 300).toBeGreaterThan(0.9);
	});

	test('has a reason, not a value, where it is undefined', () => {
		expect(kappa(['a', 'a'], ['a', 'a'])).toEqual({ value: null, reason: 'one-label' });
		expect(kappa([], [])).toEqual({ value: null, reason: 'nothing-counted' });
		expect(() => kappa(['a'], [])).toThrow(RangeError);
	});

	test('is named by the bands of Landis and Koch', () => {
		expect([-0.1, 0, 0.2, 0.21, 0.4, 0.6, 0.61, 0.8, 0.81, 1].map(kappaBand)).toEqual([
			'poor',
			'slight',
			'slight',
			'fair',
			'fair',
			'moderate',
			'substantial',
			'substantial',
			'almost-perfect',
			'almost-perfect'
		]);
	});
});

describe('percentAgreement', () => {
	test('counts pairs of labels within items and leaves missing ones out', () => {
		expect(percentAgreement([['a', 'a', 'b'], ['a', null, 'a'], ['b']])).toMatchObject({
			value: 0.5,
			n: 4
		});
		expect(percentAgreement([['a'], []])).toEqual({ value: null, reason: 'nothing-counted' });
	});
});

describe('krippendorffAlpha', () => {
	// Krippendorff's own example, four observers with gaps: 0.743, 0.815 and 0.849 in his paper.
	const observers = [
		[1, 2, 3, 3, 2, 1, 4, 1, 2, null, null, null],
		[1, 2, 3, 3, 2, 2, 4, 1, 2, 5, null, 3],
		[null, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, null],
		[1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, null]
	];
	const published = Array.from({ length: 12 }, (_, u) => observers.map((row) => row[u] ?? null));

	test.each([
		['nominal', 0.743421052631579],
		['ordinal', 0.8153875037548813],
		['interval', 0.8491071428571428]
	] as const)('matches the published example, %s', (level, value) => {
		const result = krippendorffAlpha(published, level);
		expect(result.value).toBeCloseTo(value, 14);
		expect(result).toMatchObject({ units: 11, labels: 40 });
	});

	test('matches two raters worked by hand', () => {
		// Items aa, ab, bb: o_ab = 1, n_a = n_b = 3; D_o = 2/6, D_e = 18/30.
		const units = [
			['a', 'a'],
			['a', 'b'],
			['b', 'b']
		];
		expect(krippendorffAlpha(units, 'nominal').value).toBeCloseTo(1 - 1 / 3 / 0.6, 15);
	});

	test('agrees with a count over single pairs on random labels with gaps', () => {
		const random = new Random(7);
		for (let round = 0; round < 30; round++) {
			const units = Array.from({ length: 20 }, () => {
				const truth = random.int(4);
				return Array.from({ length: 4 }, () =>
					random.next() < 0.3 ? null : random.next() < 0.6 ? truth : random.int(5)
				);
			});
			for (const level of LEVELS) {
				const { value } = krippendorffAlpha(units, level);
				expect(value).toBeCloseTo(alphaOverPairs(units, level), 12);
			}
		}
	});

	test('has a reason, not 1, where nobody could have disagreed', () => {
		expect(krippendorffAlpha([['a', 'a'], ['a']], 'nominal')).toEqual({
			value: null,
			reason: 'one-label'
		});
		expect(krippendorffAlpha([['a'], [null, 'b']], 'nominal')).toEqual({
			value: null,
			reason: 'nothing-counted'
		});
		expect(alphaInterval([], 'nominal', { seed: 1 })).toEqual({
			value: null,
			reason: 'nothing-counted'
		});
	});

	test('refuses words where it needs numbers', () => {
		expect(() => krippendorffAlpha([['a', 'b']], 'ordinal')).toThrow(RangeError);
		expect(() => krippendorffAlpha([[1, NaN]], 'interval')).toThrow(RangeError);
	});

	test('has an interval that holds the value and is the same under one seed', () => {
		const interval = alphaInterval(published, 'ordinal', { seed: 3, rounds: 200 });
		expect(interval).toEqual(alphaInterval(published, 'ordinal', { seed: 3, rounds: 200 }));
		if (!('low' in interval)) {
			throw new Error(interval.reason);
		}
		expect(interval.low).toBeLessThan(0.815);
		expect(interval.high).toBeGreaterThan(0.815);
	});
});

describe('three people on 999 pairs of PandaLM (third-party data, needs TILLER_SHELF)', () => {
	const LABELS: Readonly<Record<number, number>> = { 0: 0, 1: 1, 2: -1 };

	function pandaLm(): number[][] {
		const file = join(shelf ?? '', 'data/preference/pandalm_testset-v1.json');
		const rows = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>[];
		const rating = (row: Record<string, number>, k: number) =>
			LABELS[row[`annotator${k}`] ?? NaN] ?? NaN;
		return rows.map((row) => [1, 2, 3].map((k) => rating(row, k)));
	}

	test.skipIf(!shelf)('agree as an independent script found', () => {
		const units = pandaLm();
		expect(units).toHaveLength(999);
		const figures: string[] = [];
		// The values of a script in another language, from the definitions.
		const expectedAlpha = {
			nominal: 0.86422068519608,
			ordinal: 0.87746367378,
			interval: 0.87721720813
		};
		for (const level of LEVELS) {
			const { value } = krippendorffAlpha(units, level);
			expect(value).toBeCloseTo(expectedAlpha[level], 10);
			expect(value).toBeCloseTo(alphaOverPairs(units, level), 10);
			figures.push(`alpha ${level} ${value?.toFixed(4)}`);
		}
		const pairs = [
			[0, 1, 0.9129129129129, 0.8520226785167, 0.01515828997],
			[0, 2, 0.9289289289289, 0.8789438112501, 0.01384678875],
			[1, 2, 0.9179179179179, 0.8616614540763, 0.01463653259]
		] as const;
		for (const [i, j, observed, value, standardError] of pairs) {
			const result = kappa(
				units.map((unit) => unit[i] ?? NaN),
				units.map((unit) => unit[j] ?? NaN)
			);
			expect(result.value).toBeCloseTo(value, 10);
			expect(result).toMatchObject({
				n: 999,
				observed: expect.closeTo(observed, 10),
				standardError: expect.closeTo(standardError, 10),
				band: 'almost-perfect'
			});
			figures.push(`kappa ${i + 1}-${j + 1} ${result.value?.toFixed(4)}`);
		}
		const { value } = percentAgreement(units);
		figures.push(`agreement ${(100 * (value ?? NaN)).toFixed(2)} %`);
		process.stdout.write(`PandaLM, 999 pairs, 3 annotators: ${figures.join(', ')}\n`);
	});
});
