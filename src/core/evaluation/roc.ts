/**
 * How well a score tells two kinds apart: area under the ROC curve, the probability that a positive scores above a negative,
 * ties half (Mann & Whitney 1947; Hanley & McNeil 1982). Interval: Newcombe 2006, method 5: all areas A within 1.96 of
 * their own standard errors of the estimate; unlike the estimate's own standard error it does not shrink to nothing at 1.
 */
import { at } from '../methods/math';
import { type Estimate, type Missing, missing } from '../feedback/figure';
import { Z_95 } from './intervals';

/** Variance of the area at a true area a, with m positives and n negatives (Newcombe's form of Hanley and McNeil's). */
function varianceAt(a: number, m: number, n: number): number {
	const extra = (m + n) / 2 - 1;
	return (a * (1 - a) * (1 + (extra * (1 - a)) / (2 - a) + (extra * a) / (1 + a))) / (m * n);
}

/** The end of the interval on the side of `end` (0 or 1): where |estimate - A| = z * standard error at A. */
function limitOf(estimate: number, end: number, m: number, n: number): number {
	let [inside, outside] = [estimate, end];
	for (let i = 0; i < 60; i++) {
		const middle = (inside + outside) / 2;
		if (Math.abs(estimate - middle) <= Z_95 * Math.sqrt(varianceAt(middle, m, n))) {
			inside = middle;
		} else {
			outside = middle;
		}
	}
	return inside;
}

/** Area with its 95 % interval; n counts both kinds. */
export function areaUnderRoc(
	positives: ArrayLike<number>,
	negatives: ArrayLike<number>
): Estimate | Missing<'one-kind-only'> {
	const [m, n] = [positives.length, negatives.length];
	if (m === 0 || n === 0) {
		return missing('one-kind-only');
	}
	let sum = 0;
	for (let i = 0; i < m; i++) {
		for (let j = 0; j < n; j++) {
			const lead = at(positives, i) - at(negatives, j);
			sum += lead > 0 ? 1 : lead === 0 ? 0.5 : 0;
		}
	}
	const value = sum / (m * n);
	return { value, low: limitOf(value, 0, m, n), high: limitOf(value, 1, m, n), n: m + n };
}

export interface RocPoint {
	/** Alarm from this score on. */
	threshold: number;
	/** Share of positives at or above it. */
	sensitivity: number;
	/** Share of negatives at or above it. */
	falseAlarms: number;
}

/** The curve, from the highest score down; begins where nothing is alarming. */
export function rocCurve(positives: ArrayLike<number>, negatives: ArrayLike<number>): RocPoint[] {
	const [up, down] = [Array.from(positives), Array.from(negatives)];
	const thresholds = [...new Set([...up, ...down])].sort((x, y) => y - x);
	const share = (scores: readonly number[], threshold: number): number =>
		scores.filter((s) => s >= threshold).length / Math.max(1, scores.length);
	return [
		{ threshold: Infinity, sensitivity: 0, falseAlarms: 0 },
		...thresholds.map((threshold) => ({
			threshold,
			sensitivity: share(up, threshold),
			falseAlarms: share(down, threshold)
		}))
	];
}
