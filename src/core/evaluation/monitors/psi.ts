/**
 * Population stability index, sum of (q - p) ln(q / p) over bins at quantiles of the reference. The usual limits of 0.1 and 0.25
 * know nothing of sample sizes: without any drift 100 against 100 values exceed 0.1 in 85 % of cases. Here the limit is
 * (1 / n + 1 / m) times the 0.99 quantile of chi squared with bins - 1 degrees of freedom, of which PSI is about a multiple
 * where nothing changed (Yurdakul 2018). Deviations: 5 bins; half a value is added to every bin, so that none is empty.
 */
import { at } from '../../methods/math';
import { type Missing, missing } from '../../feedback/figure';

export interface PsiResult {
	value: number;
	/** Exceeded in about 1 % of cases without drift. */
	limit: number;
	isDrift: boolean;
	bins: number;
	n: number;
	m: number;
}

/** 0.99 quantiles of chi squared for 1, 2, … degrees of freedom. */
const CHI_SQUARED_99 = [6.635, 9.21, 11.345, 13.277, 15.086, 16.812, 18.475, 20.09, 21.666];
const LEAST_PER_BIN = 8;

/** `same-values`: the reference has too few different values to be divided. */
export function psi(
	reference: ArrayLike<number>,
	current: ArrayLike<number>,
	bins = 5
): PsiResult | Missing<'too-few' | 'same-values'> {
	const [n, m] = [reference.length, current.length];
	if (n < LEAST_PER_BIN * bins || m < LEAST_PER_BIN * bins) {
		return missing('too-few');
	}
	const sorted = Float64Array.from(reference).sort();
	const cuts = Array.from({ length: bins - 1 }, (_, k) =>
		at(sorted, Math.floor(((k + 1) * n) / bins))
	);
	// Equal cuts would make a bin that nothing can fall into.
	const edges = [...new Set(cuts)];
	const chi = CHI_SQUARED_99[edges.length - 1];
	if (at(sorted, 0) === at(sorted, n - 1) || chi === undefined) {
		return missing('same-values');
	}
	const sharesOf = (values: ArrayLike<number>): number[] => {
		const counts = new Float64Array(edges.length + 1).fill(0.5);
		for (let i = 0; i < values.length; i++) {
			const bin = edges.filter((edge) => at(values, i) >= edge).length;
			counts[bin] = at(counts, bin) + 1;
		}
		return Array.from(counts, (c) => c / (values.length + counts.length / 2));
	};
	const p = sharesOf(reference);
	const q = sharesOf(current);
	const value = p.reduce((sum, x, k) => sum + (at(q, k) - x) * Math.log(at(q, k) / x), 0);
	const limit = (1 / n + 1 / m) * chi;
	return { value, limit, isDrift: value > limit, bins: edges.length + 1, n, m };
}
