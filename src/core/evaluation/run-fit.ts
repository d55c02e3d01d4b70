/**
 * The curve of Gao et al. 2023 through the points of one run. Their runs end near their peak. One that goes on until its texts
 * break falls faster than d (a - b ln d) can, and at its beginning, where a small d is already some drift but the reward has
 * hardly taken hold, it rises more slowly: both bend the whole curve and move its top.
 * Deviation: once the judge's running mean is back where it began, points after that and those before 15 % of the gain do not
 * count. Both limits were chosen on four runs of the demonstration, and the mark is no surer than its interval says.
 */
import { fitOverOptimisation, type GoldPoint } from './over-optimisation';

/** Points on either side in the running mean. */
const REACH = 3;
/** Standard errors of two running means that a gain must exceed to be called one. */
const CLEAR_GAIN = 2;
/** Share of the gain below which points on the way up do not count, once the run is back at its start. */
const LATE_START = 0.15;

/** Noise of a single point, from second differences (Gasser et al. 1986), which a smooth curve hardly has. */
export function noiseOf(gains: readonly number[]): number {
	const second = gains.slice(2).map((g, i) => g - 2 * (gains[i + 1] ?? 0) + (gains[i] ?? 0));
	return Math.sqrt(second.reduce((sum, s) => sum + s * s, 0) / (6 * second.length));
}

/**
 * Points of a run, in order, that its curve is fitted to. Once nothing is left of a gain that stood out of the noise: those from
 * 15 % of the gain to the first that has lost all of it. Until then all.
 */
export function pointsToFit<P extends GoldPoint>(points: readonly P[]): readonly P[] {
	const gains = points.map(({ gain }) => gain);
	const means = gains.map((_, i) => {
		const near = gains.slice(Math.max(0, i - REACH), i + REACH + 1);
		return near.reduce((sum, g) => sum + g, 0) / near.length;
	});
	const top = Math.max(...means);
	const clear = CLEAR_GAIN * noiseOf(gains) * Math.sqrt(2 / (2 * REACH + 1));
	const last = means.findLastIndex((mean) => mean >= 0);
	if (!(top > clear) || last + 1 >= points.length) {
		return points;
	}
	const before = means.slice(0, means.indexOf(top));
	const first = before.findLastIndex((mean) => mean < LATE_START * top) + 1;
	return points.slice(first, last + 2);
}

/** Fits the form of reinforcement learning to a run's points, in the order of its steps. */
export function fitRun(points: readonly GoldPoint[]): ReturnType<typeof fitOverOptimisation> {
	const known = points.filter(({ gain }) => Number.isFinite(gain));
	return fitOverOptimisation(pointsToFit(known), 'reinforcement');
}
