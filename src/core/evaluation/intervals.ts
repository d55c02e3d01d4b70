/** Statistics with their uncertainty: what may be said of so many answers. */

/** 0.975 quantile of the standard normal: two-sided 95 %. */
export const Z_95 = 1.959963984540054;

export interface Interval {
	/** NaN where nothing was counted. */
	estimate: number;
	low: number;
	high: number;
}

/**
 * Wilson's score interval (1927) of a share of n trials. Successes may be fractional (a tie is half a win). No trials: the
 * estimate is NaN, the interval all of 0 to 1.
 */
export function wilson(successes: number, n: number, z = Z_95): Interval {
	if (!(successes >= 0 && successes <= n)) {
		throw new RangeError(`${successes} successes of ${n}`);
	}
	if (n === 0) {
		return { estimate: NaN, low: 0, high: 1 };
	}
	const p = successes / n;
	const scale = 1 + z ** 2 / n;
	const center = (p + z ** 2 / (2 * n)) / scale;
	const half = (z / scale) * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
	return { estimate: p, low: Math.max(0, center - half), high: Math.min(1, center + half) };
}

export interface WinRate extends Interval {
	/** Wins, ties and losses together. */
	n: number;
	/** Better or worse than even by its interval; null while that is open. */
	verdict: 'better' | 'worse' | null;
}

/** Share of wins with each tie as half a win (skips are left out), with Wilson's interval. */
export function winRate(wins: number, ties: number, losses: number, z = Z_95): WinRate {
	const n = wins + ties + losses;
	const interval = wilson(wins + ties / 2, n, z);
	const worse = interval.high < 0.5 ? 'worse' : null;
	return { ...interval, n, verdict: interval.low > 0.5 ? 'better' : worse };
}

/** Mean with its normal interval, from the unbiased variance; of fewer than two values the interval is infinite. */
export function meanInterval(values: ArrayLike<number>, z = Z_95): Interval {
	const x = Array.from(values);
	const estimate = x.reduce((sum, v) => sum + v, 0) / x.length;
	if (x.length < 2) {
		return { estimate, low: -Infinity, high: Infinity };
	}
	const variance = x.reduce((sum, v) => sum + (v - estimate) ** 2, 0) / (x.length - 1);
	const half = z * Math.sqrt(variance / x.length);
	return { estimate, low: estimate - half, high: estimate + half };
}

/**
 * Cohen's kappa (1960): agreement of two passes over the same items beyond chance, 1 = always, 0 = as chance would.
 * null where it is undefined: no items, or one and the same label throughout in both passes.
 */
export function cohenKappa<T>(first: readonly T[], second: readonly T[]): number | null {
	const n = first.length;
	if (second.length !== n) {
		throw new RangeError(`${n} labels against ${second.length}`);
	}
	const share = (labels: readonly T[], label: T): number =>
		labels.filter((l) => l === label).length / n;
	const observed = first.filter((label, i) => label === second[i]).length / n;
	const expected = [...new Set(first)].reduce(
		(sum, label) => sum + share(first, label) * share(second, label),
		0
	);
	return n === 0 || expected === 1 ? null : (observed - expected) / (1 - expected);
}
