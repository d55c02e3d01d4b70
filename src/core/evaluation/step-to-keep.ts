/**
 * Which step of a run to keep: the top of its gold reward, if it has turned down. From the fitted curve of Gao et al. 2023 where
 * that agrees with the points, else from a running mean (Deviation: theirs knows no noise of a single run).
 */
import type { F } from '../methods/loss';
import type { GoldPoint } from './over-optimisation';
import { fitRun, noiseOf } from './run-fit';

export interface RunPoint extends GoldPoint {
	step: number;
}

export type StepAdvice =
	/** The step to keep: nearest to the top, and how much has been lost since. */
	| { kind: 'keep'; step: number; gain: number; lost: number; by: 'fit' | 'smoothed' }
	/** Gold has not turned down beyond its noise. */
	| { kind: 'still-rising'; step: number; gain: number }
	/** Gold was never better than at the start. */
	| { kind: 'never-better'; step: 0 }
	| { kind: 'too-few-points' };

/** Points on either side in the running mean that finds a top without a fit. */
const WINDOW = 2;
/** Standard errors of two running means that a fall must exceed to be called one. */
const CLEAR_FALL = 2;

/** How far from the step of the running mean's top the fit's may be, as a share of it. */
const NEAR_TOP = 0.3;

/** Running means; at both ends of the points there are. */
function smoothed(gains: readonly number[]): F {
	return Float64Array.from(gains, (_, i) => {
		const near = gains.slice(Math.max(0, i - WINDOW), i + WINDOW + 1);
		return near.reduce((sum, g) => sum + g, 0) / near.length;
	});
}

/**
 * Which step of a run to keep, from its gold rewards in order: the top of the fitted curve where it lies within the run,
 * else of a running mean. A fall that noise could explain is none.
 */
export function stepToKeep(points: readonly RunPoint[]): StepAdvice {
	const ordered = points.filter(({ gain }) => Number.isFinite(gain));
	if (ordered.length < 2 * WINDOW + 1) {
		return { kind: 'too-few-points' };
	}
	const gains = ordered.map(({ gain }) => gain);
	const means = smoothed(gains);
	const top = means.indexOf(Math.max(...means));
	const best = means[top] ?? 0;
	const last = means[means.length - 1] ?? 0;
	const clear = CLEAR_FALL * noiseOf(gains) * Math.sqrt(2 / (2 * WINDOW + 1));
	if (best <= 0) {
		return { kind: 'never-better', step: 0 };
	}
	if (best - last <= clear) {
		return { kind: 'still-rising', step: ordered.at(-1)?.step ?? 0, gain: last };
	}
	const fit = fitRun(ordered);
	const furthest = Math.max(...ordered.map(({ kl }) => kl));
	const peak = 'form' in fit ? fit.peak : null;
	const step = ordered[top]?.step ?? 0;
	// The fit may speak only where it lies: inside the run, and near what the running mean saw, in height and in steps.
	if (peak && peak.kl < furthest && Math.abs(peak.gain - best) <= Math.max(clear, 0.2 * best)) {
		const nearest = ordered.reduce((near, p) =>
			Math.abs(p.kl - peak.kl) < Math.abs(near.kl - peak.kl) ? p : near
		);
		if (Math.abs(nearest.step - step) <= NEAR_TOP * step) {
			return { kind: 'keep', step: nearest.step, gain: peak.gain, lost: best - last, by: 'fit' };
		}
	}
	return { kind: 'keep', step, gain: best, lost: best - last, by: 'smoothed' };
}
