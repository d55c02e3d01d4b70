/**
 * Two-sided CUSUM (Page 1954): S+ = max(0, S+ + z - k), S- likewise, alarm above h; z in standard deviations of the beginning,
 * h = 5 (Montgomery, "Statistical quality control"). Deviation: k = 0.5 + 1 / sqrt(n) instead of 0.5, because level and
 * spread are estimated from the n points of the beginning, and an error in the level adds up like a shift.
 * A light to look at, not a reason to stop by itself: with 10 points at the beginning it lights up in a tenth of quiet runs
 * of 20 further points and in a quarter of those of 100 (with k = 0.5: 24 % and 55 %); a shift of one standard deviation is
 * seen within 20 points in 60 % of runs, of two in 99 %, after 5 points (simulated, normal values).
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
	const slack = SLACK + 1 / Math.sqrt(baseline);
	let [up, down, sinceUp, sinceDown] = [0, 0, baseline, baseline];
	for (let i = baseline; i < values.length; i++) {
		const z = ((values[i] ?? center) - center) / spread;
		up = Math.max(0, up + z - slack);
		down = Math.max(0, down - z - slack);
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
