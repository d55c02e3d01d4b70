/** A run's metrics as points of its over-optimisation curve. */
import type { RunPoint } from './step-to-keep';

/** First steps whose judge's verdict is that of the start. */
const START_STEPS = 3;
/** Steps on either side in the running mean of the drift: a batch's estimate is noisy, and its error bends a fit. */
const REACH = 3;

export interface RunCurve {
	/** In order of steps; kl is smoothed, gain is the judge's verdict less that of the start. */
	points: RunPoint[];
	/** The judge's and the reward model's verdict at the start. */
	start: number;
	proxyStart: number;
	/** Gain of the reward that trains, beside each point; NaN where unknown. */
	proxy: number[];
}

/** As far to either side as there are values on both: the start stays at the start. */
function smoothed(values: readonly number[]): number[] {
	return values.map((_, i) => {
		const reach = Math.min(REACH, i, values.length - 1 - i);
		return mean(values.slice(i - reach, i + reach + 1));
	});
}

function mean(values: readonly number[]): number {
	return values.reduce((sum, x) => sum + x, 0) / values.length;
}

/** Rows without a verdict or a drift are left out. */
export function runCurve(o: {
	steps: ArrayLike<number>;
	kl: ArrayLike<number>;
	gold: ArrayLike<number>;
	proxy: ArrayLike<number>;
}): RunCurve {
	const rows = Array.from(o.steps, (step, i) => ({
		step,
		kl: o.kl[i] ?? NaN,
		gold: o.gold[i] ?? NaN,
		proxy: o.proxy[i] ?? NaN
	})).filter(({ kl, gold }) => Number.isFinite(kl + gold));
	const first = rows.slice(0, START_STEPS);
	const start = mean(first.map(({ gold }) => gold));
	const proxyStart = mean(first.map(({ proxy }) => proxy));
	const drift = smoothed(rows.map(({ kl }) => kl));
	return {
		points: rows.map(({ step, gold }, i) => ({
			step,
			kl: Math.max(0, drift[i] ?? 0),
			gain: gold - start
		})),
		start,
		proxyStart,
		proxy: rows.map(({ proxy }) => proxy - proxyStart)
	};
}

/** Of the steps whose weights are kept, the one nearest to a step; null where none are. The earlier of two as near. */
export function nearestKept(kept: readonly number[], step: number): number | null {
	return kept.reduce<number | null>(
		(best, k) => (best === null || Math.abs(k - step) < Math.abs(best - step) ? k : best),
		null
	);
}
