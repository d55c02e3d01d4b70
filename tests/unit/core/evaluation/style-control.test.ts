import { describe, expect, test } from 'vitest';
import {
	STYLE_FEATURES,
	styleControl,
	type StyleCounts,
	type StyledComparison
} from '../../../../src/core/evaluation/style-control';
import { Random } from '../../../../src/core/random';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

interface Taste {
	length: number;
	/** How much better writer "new" is, log-odds. */
	writer: number;
	/** Words that writer "new" adds. */
	longer: number;
}

/** Comparisons of writers "new" and "old" by one who weighs relative length and the writer. */
function simulated(n: number, seed: number, { length, writer, longer }: Taste): StyledComparison[] {
	const random = new Random(seed);
	const counts = (extra: number): StyleCounts => ({
		length: 20 + random.int(40) + extra,
		dialogue: random.int(4),
		repetition: random.int(3)
	});
	return Array.from({ length: n }, () => {
		const isNewFirst = random.next() < 0.5;
		const a = counts(isNewFirst ? longer : 0);
		const b = counts(isNewFirst ? 0 : longer);
		const lead = (a.length - b.length) / (a.length + b.length + 1);
		const logit = length * lead + (isNewFirst ? writer : -writer);
		return {
			a,
			b,
			writerA: isNewFirst ? 'new' : 'old',
			writerB: isNewFirst ? 'old' : 'new',
			y: random.next() < sigmoid(logit) ? 1 : 0
		};
	});
}

function coefficients(comparisons: StyledComparison[]) {
	const result = styleControl(comparisons);
	if (result.value === null) {
		throw new Error(result.reason);
	}
	return new Map(result.value.map((coefficient) => [coefficient.feature, coefficient]));
}

describe('styleControl', () => {
	test('finds a taste for length and none for what was not weighed', () => {
		const found = coefficients(simulated(800, 3, { length: 4, writer: 0, longer: 0 }));
		expect(found.get('length')).toMatchObject({ isClear: true });
		expect(found.get('length')?.value).toBeGreaterThan(0.5);
		expect(found.get('dialogue')).toMatchObject({ isClear: false });
		expect(found.get('repetition')).toMatchObject({ isClear: false });
	});

	test('does not take a better writer who writes longer for a taste for length', () => {
		const data = simulated(1500, 4, { length: 0, writer: 1, longer: 15 });
		expect(coefficients(data).get('length')).toMatchObject({ isClear: false });
		// Without knowing the writers it would.
		const anonymous = data.map((row) => ({ ...row, writerA: 'one', writerB: 'one' }));
		expect(coefficients(anonymous).get('length')).toMatchObject({ isClear: true });
	});

	test('calls a coefficient clear in at most one of twelve where there is none', () => {
		let clear = 0;
		for (let seed = 0; seed < 150; seed++) {
			const found = coefficients(simulated(100, seed, { length: 0, writer: 0.3, longer: 0 }));
			clear += [...found.values()].filter((c) => c.value !== null && c.isClear).length;
		}
		expect(clear / 450).toBeLessThan(1 / 12);
	});

	test('only turns nothing where a and b are called the other way round', () => {
		const data = simulated(60, 5, { length: 2, writer: 0.5, longer: 4 });
		const turned = data.map(({ a, b, writerA, writerB, y }) => ({
			a: b,
			b: a,
			writerA: writerB,
			writerB: writerA,
			y: 1 - y
		}));
		for (const feature of STYLE_FEATURES) {
			const value = coefficients(data).get(feature)?.value ?? NaN;
			expect(coefficients(turned).get(feature)?.value).toBeCloseTo(value, 10);
		}
	});

	test('stays finite on one-sided data and says what it cannot know', () => {
		const row = (length: number) => ({ length, dialogue: 0, repetition: 1 });
		const onlyLonger = Array.from({ length: 40 }, (_, i) => ({
			a: row(30 + i),
			b: row(10),
			writerA: 'x',
			writerB: 'x',
			y: 1
		}));
		const found = coefficients(onlyLonger);
		expect(Math.abs(found.get('length')?.value ?? NaN)).toBeLessThan(20);
		expect(found.get('dialogue')).toEqual({
			feature: 'dialogue',
			value: null,
			reason: 'never-differed'
		});
		expect(styleControl(onlyLonger.slice(0, 19))).toEqual({ value: null, reason: 'too-few' });
	});
});
