/**
 * Two-sample Kolmogorov-Smirnov test: the largest distance D of two empirical distributions. p by Kolmogorov's series with
 * Stephens' (1970) correction for small samples, Q((s + 0.12 + 0.11 / s) D), s = sqrt(nm / (n + m)). With equal values among the
 * samples it is conservative. 100 against 100 find a shift of 0.5 standard deviations in 85 % of cases, 0.3 in 38 %.
 */
import { at } from '../../methods/math';
import { type Missing, missing } from '../../feedback/figure';

export interface KsResult {
	/** 0 to 1. */
	statistic: number;
	p: number;
	n: number;
	m: number;
}

/** Below this many the approximation of p is not to be trusted. */
const LEAST = 8;

function kolmogorovTail(x: number): number {
	if (x < 0.2) {
		return 1;
	}
	let sum = 0;
	for (let k = 1; k <= 100; k++) {
		const term = Math.exp(-2 * k * k * x * x);
		sum += k % 2 === 1 ? term : -term;
		if (term < 1e-16) {
			break;
		}
	}
	return Math.min(1, Math.max(0, 2 * sum));
}

export function ksTest(x: ArrayLike<number>, y: ArrayLike<number>): KsResult | Missing<'too-few'> {
	const [n, m] = [x.length, y.length];
	if (n < LEAST || m < LEAST) {
		return missing('too-few');
	}
	const a = Float64Array.from(x).sort();
	const b = Float64Array.from(y).sort();
	let [i, j, statistic] = [0, 0, 0];
	while (i < n && j < m) {
		const value = Math.min(at(a, i), at(b, j));
		while (i < n && at(a, i) <= value) {
			i++;
		}
		while (j < m && at(b, j) <= value) {
			j++;
		}
		statistic = Math.max(statistic, Math.abs(i / n - j / m));
	}
	const s = Math.sqrt((n * m) / (n + m));
	return { statistic, p: kolmogorovTail((s + 0.12 + 0.11 / s) * statistic), n, m };
}
