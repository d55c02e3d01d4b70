/**
 * Correlations with their uncertainty: Pearson's, Spearman's (1904; ranks, ties by their mean), Kendall's tau-b (1945). Intervals
 * by Fisher's z; for ranks with Bonett and Wright's (2000) standard error. A constant side has no correlation.
 */
import { type Estimate, type Missing, missing } from '../feedback/figure';
import { at, correlation } from '../methods/math';
import { Z_95 } from './intervals';

export type Correlation = Estimate | Missing<'too-few' | 'constant'>;

/** Below this many Fisher's interval does not exist. */
const LEAST = 4;

/** [n], ranks from 1; equal values share the mean of theirs. */
export function ranksOf(values: ArrayLike<number>): Float64Array {
	const order = Array.from(values, (value, i) => ({ value, i })).sort((x, y) => x.value - y.value);
	const ranks = new Float64Array(values.length);
	for (let start = 0; start < order.length;) {
		let end = start + 1;
		while (end < order.length && order[end]?.value === order[start]?.value) {
			end++;
		}
		order.slice(start, end).forEach(({ i }) => (ranks[i] = (start + 1 + end) / 2));
		start = end;
	}
	return ranks;
}

function withInterval(value: number, n: number, variance: number): Correlation {
	if (Number.isNaN(value)) {
		return missing('constant');
	}
	// A correlation of 1 has no finite z; the interval is then that of the largest number below it.
	const z = Math.atanh(Math.max(-1 + 1e-12, Math.min(1 - 1e-12, value)));
	const half = Z_95 * Math.sqrt(variance);
	return { value, low: Math.tanh(z - half), high: Math.tanh(z + half), n };
}

export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): Correlation {
	const value = correlation(x, y);
	return x.length < LEAST ? missing('too-few') : withInterval(value, x.length, 1 / (x.length - 3));
}

export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): Correlation {
	const value = correlation(ranksOf(x), ranksOf(y));
	return x.length < LEAST
		? missing('too-few')
		: withInterval(value, x.length, (1 + value ** 2 / 2) / (x.length - 3));
}

/** Tau-b, -1 to 1; null where either side is constant. Time n^2. */
export function kendall(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
	if (x.length !== y.length) {
		throw new RangeError(`lengths ${x.length} and ${y.length} differ`);
	}
	let [sum, inX, inY] = [0, 0, 0];
	for (let i = 0; i < x.length; i++) {
		for (let j = 0; j < i; j++) {
			const dx = Math.sign(at(x, i) - at(x, j));
			const dy = Math.sign(at(y, i) - at(y, j));
			sum += dx * dy;
			inX += dx * dx;
			inY += dy * dy;
		}
	}
	return inX === 0 || inY === 0 ? null : sum / Math.sqrt(inX * inY);
}
