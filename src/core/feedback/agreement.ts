/**
 * How far two passes over the same items, or several annotators, agree.
 * Cohen 1960 (kappa); Krippendorff, "Content Analysis", and Hayes & Krippendorff 2007 (alpha); Landis & Koch 1977 (bands).
 * Deviations: kappa's interval is Wilson's interval of the observed agreement, carried over with the expected agreement held
 * fixed. The usual interval of plus or minus 1.96 standard errors has no width at full agreement, however few the items.
 * Alpha's interval is a percentile bootstrap over units (Krippendorff's own resamples single disagreements).
 */
import { cohenKappa, wilson } from '../evaluation/intervals';
import { at } from '../methods/math';
import { deriveSeed, Random } from '../random';
import { type Estimate, type Missing, missing, shareOf } from './figure';

export type Label = string | number;

/** Labels of one item by rater; null or undefined where a rater gave none. */
export type Unit<L extends Label = Label> = readonly (L | null | undefined)[];

function labelsOf<L extends Label>(unit: Unit<L>): L[] {
	return unit.filter((label): label is L => label !== null && label !== undefined);
}

/**
 * Share of pairs of labels of one item that are the same, over all items with at least two; n counts those pairs. With more
 * than two raters the pairs of one item hang together, so that the interval is somewhat too narrow.
 */
export function percentAgreement(units: readonly Unit[]): Estimate | Missing<'nothing-counted'> {
	let same = 0;
	let pairs = 0;
	for (const unit of units) {
		const labels = labelsOf(unit);
		for (let i = 0; i < labels.length; i++) {
			for (let j = 0; j < i; j++) {
				same += labels[i] === labels[j] ? 1 : 0;
				pairs++;
			}
		}
	}
	return shareOf(same, pairs);
}

const KAPPA_BANDS = [
	['slight', 0.2],
	['fair', 0.4],
	['moderate', 0.6],
	['substantial', 0.8]
] as const;

export type KappaBand = 'poor' | (typeof KAPPA_BANDS)[number][0] | 'almost-perfect';

/** Landis & Koch's words: below 0 poor, to 0.2 slight, to 0.4 fair, to 0.6 moderate, to 0.8 substantial. */
export function kappaBand(kappa: number): KappaBand {
	if (kappa < 0) {
		return 'poor';
	}
	return KAPPA_BANDS.find(([, top]) => kappa <= top)?.[0] ?? 'almost-perfect';
}

export interface Kappa extends Estimate {
	/** Share of items with the same label in both passes. */
	observed: number;
	/** The same by chance, from how often each pass gave each label. */
	expected: number;
	/** sqrt(p_o (1 - p_o) / (n (1 - p_e)^2)). */
	standardError: number;
	band: KappaBand;
}

/**
 * Cohen's kappa of two passes over the same items: (p_o - p_e) / (1 - p_e). [n] labels each. Throws RangeError on lengths
 * that differ.
 */
export function kappa(
	first: readonly Label[],
	second: readonly Label[]
): Kappa | Missing<'nothing-counted' | 'one-label'> {
	const value = cohenKappa(first, second);
	const n = first.length;
	if (value === null) {
		return missing(n === 0 ? 'nothing-counted' : 'one-label');
	}
	const count = (labels: readonly Label[], label: Label) =>
		labels.filter((l) => l === label).length;
	const same = first.filter((label, i) => label === second[i]).length;
	const byChance = [...new Set(first)].reduce<number>(
		(sum, label) => sum + count(first, label) * count(second, label),
		0
	);
	const observed = same / n;
	const expected = byChance / n ** 2;
	const { low, high } = wilson(same, n);
	const beyondChance = (agreement: number) => (agreement - expected) / (1 - expected);
	return {
		value,
		low: beyondChance(low),
		high: beyondChance(high),
		n,
		observed,
		expected,
		standardError: Math.sqrt((observed * (1 - observed)) / n) / (1 - expected),
		band: kappaBand(value)
	};
}

export type AlphaLevel = 'nominal' | 'ordinal' | 'interval';

export interface Alpha {
	/** 1 = always agreed, 0 = as chance would, below 0 = less than that. */
	value: number;
	/** Items with at least two labels; the others say nothing about agreement. */
	units: number;
	/** Labels of those items. */
	labels: number;
	/** By convention: alpha of 0.8 and more, of 2/3 and more, and below, where no conclusions should be drawn. */
	band: 'reliable' | 'tentative' | 'unreliable';
}

type AlphaReason = 'nothing-counted' | 'one-label';

/** How often label c met label k within an item, each item's pairs weighted by 1 / (labels - 1); [K * K] and [K]. */
interface Coincidences {
	values: Label[];
	matrix: Float64Array;
	totals: Float64Array;
	units: number;
}

function coincidences(units: readonly Unit[]): Coincidences {
	const rated = units.map(labelsOf).filter((labels) => labels.length >= 2);
	const values = [...new Set(rated.flat())].sort((x, y) =>
		typeof x === 'number' && typeof y === 'number' ? x - y : String(x) < String(y) ? -1 : 1
	);
	const indexOf = new Map(values.map((value, i) => [value, i]));
	const k = values.length;
	const matrix = new Float64Array(k * k);
	for (const labels of rated) {
		const counts = new Float64Array(k);
		for (const label of labels) {
			const c = indexOf.get(label) ?? 0;
			counts[c] = at(counts, c) + 1;
		}
		// Ordered pairs of labels of different raters: of one value with itself one fewer.
		for (let c = 0; c < k; c++) {
			for (let d = 0; d < k; d++) {
				const met = at(counts, c) * (at(counts, d) - (c === d ? 1 : 0));
				matrix[c * k + d] = at(matrix, c * k + d) + met / (labels.length - 1);
			}
		}
	}
	const totals = Float64Array.from(values, (_, c) =>
		matrix.subarray(c * k, (c + 1) * k).reduce((sum, x) => sum + x, 0)
	);
	return { values, matrix, totals, units: rated.length };
}

/** Squared distance of the labels at c and d by level; ordinal: labels between them, both ends counted half, squared. */
function distance(
	{ values, totals }: Coincidences,
	level: AlphaLevel,
	c: number,
	d: number
): number {
	if (c === d) {
		return 0;
	}
	switch (level) {
		case 'nominal':
			return 1;
		case 'ordinal': {
			const between = totals.subarray(Math.min(c, d), Math.max(c, d) + 1);
			const all = between.reduce((sum, n) => sum + n, 0);
			return (all - (at(totals, c) + at(totals, d)) / 2) ** 2;
		}
		case 'interval':
			return (Number(values[c]) - Number(values[d])) ** 2;
	}
}

function alphaValue(met: Coincidences, level: AlphaLevel): number | null {
	const k = met.values.length;
	const n = met.totals.reduce((sum, x) => sum + x, 0);
	let observed = 0;
	let expected = 0;
	for (let c = 0; c < k; c++) {
		for (let d = 0; d < k; d++) {
			const squared = distance(met, level, c, d);
			observed += at(met.matrix, c * k + d) * squared;
			expected += at(met.totals, c) * at(met.totals, d) * squared;
		}
	}
	return expected === 0 ? null : 1 - ((n - 1) * observed) / expected;
}

function assertLevel(units: readonly Unit[], level: AlphaLevel): void {
	const label = units.flatMap(labelsOf).find((l) => !Number.isFinite(l));
	if (level !== 'nominal' && label !== undefined) {
		throw new RangeError(`${level} alpha needs numbers, got ${label}`);
	}
}

/**
 * Krippendorff's alpha, 1 - D_o / D_e, for any number of raters and with labels missing. Ordinal and interval levels need
 * numbers (for a preference: b = -1, tie = 0, a = 1, or with strength) and throw RangeError otherwise.
 */
export function krippendorffAlpha(
	units: readonly Unit[],
	level: AlphaLevel
): Alpha | Missing<AlphaReason> {
	assertLevel(units, level);
	const met = coincidences(units);
	const value = alphaValue(met, level);
	if (value === null) {
		return missing(met.units === 0 ? 'nothing-counted' : 'one-label');
	}
	const tentative = value >= 2 / 3 ? 'tentative' : 'unreliable';
	return {
		value,
		units: met.units,
		labels: Math.round(met.totals.reduce((sum, x) => sum + x, 0)),
		band: value >= 0.8 ? 'reliable' : tentative
	};
}

export interface AlphaIntervalOptions {
	seed: number;
	/** Resamplings. */
	rounds?: number;
}

/** 95 % percentile bootstrap of alpha over items; resamplings in which alpha is undefined are left out and counted. */
export function alphaInterval(
	units: readonly Unit[],
	level: AlphaLevel,
	{ seed, rounds = 500 }: AlphaIntervalOptions
): { low: number; high: number; undefinedRounds: number } | Missing<AlphaReason> {
	assertLevel(units, level);
	const point = krippendorffAlpha(units, level);
	if (point.value === null) {
		return point;
	}
	const rated = units.filter((unit) => labelsOf(unit).length >= 2);
	const random = new Random(deriveSeed(seed, 'alpha bootstrap'));
	const values: number[] = [];
	for (let round = 0; round < rounds; round++) {
		const drawn = rated.map(() => rated[random.int(rated.length)] ?? []);
		const value = alphaValue(coincidences(drawn), level);
		if (value !== null) {
			values.push(value);
		}
	}
	values.sort((x, y) => x - y);
	if (values.length === 0) {
		return missing('one-label');
	}
	return {
		low: at(values, Math.floor(0.025 * (values.length - 1))),
		high: at(values, Math.ceil(0.975 * (values.length - 1))),
		undefinedRounds: rounds - values.length
	};
}
