/**
 * Two-sided CUSUM (Page 1954): S+ = max(0, S+ + z - k), S- likewise, alarm above h; k = 0.5, h = 5 in standard deviations of the
 * beginning (Montgomery, "Statistical quality control"). Finds a shift of one standard deviation in about 7 points.
 * A light to look at, not a reason to stop by itself: with a known level it lights up in about a fifth of quiet runs of 100
 * points, and more often where the level was estimated from few.
 */
import { mean, populationVariance } from '../../methods/math';
import { type Missing, missing } from '../../feedback/figure';

const SLACK = 0.5;
const LIMIT = 5;
/** Points that set the level. */
export const BASELINE_POINTS = 10;

export interface CusumLight {
	light: 'steady' | 'risen' | 'fallen';
	/** Index of the point at which the light went on; null while steady. */
	at: number | null;
	/** Index after which the sum that lit it last stood at 0: when the shift began, by its best guess. */
	since: number | null;
	/** Both sums after the last point, in standard deviations. */
	up: number;
	down: number;
}

/** Over a series in order; the first points set level and spread, and do not count. */
export function cusumLight(
	values: readonly number[],
	baseline = BASELINE_POINTS
): CusumLight | Missing<'too-few' | 'no-spread'> {
	const start = values.slice(0, baseline);
	if (values.length <= baseline || baseline < 2) {
		return missing('too-few');
	}
	const center = mean(start);
	const spread = Math.sqrt((populationVariance(start) * baseline) / (baseline - 1));
	if (!(spread > 0)) {
		return missing('no-spread');
	}
	let [up, down, sinceUp, sinceDown] = [0, 0, baseline, baseline];
	for (let i = baseline; i < values.length; i++) {
		const z = ((values[i] ?? center) - center) / spread;
		up = Math.max(0, up + z - SLACK);
		down = Math.max(0, down - z - SLACK);
		sinceUp = up === 0 ? i + 1 : sinceUp;
		sinceDown = down === 0 ? i + 1 : sinceDown;
		if (up > LIMIT || down > LIMIT) {
			return up > LIMIT
				? { light: 'risen', at: i, since: sinceUp, up, down }
				: { light: 'fallen', at: i, since: sinceDown, up, down };
		}
	}
	return { light: 'steady', at: null, since: null, up, down };
}
