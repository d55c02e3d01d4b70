/**
 * Over-optimisation: the gold reward gained as a function of d = sqrt(KL to the start) (Gao et al. 2023, arXiv 2210.10760):
 * best of n d (a - b d), reinforcement learning d (a - b ln d). Both are linear in (a, b) and fitted by least squares; their peaks
 * d* = a / (2 b) and exp(a / b - 1) follow from a / b alone, whose 95 % interval is Fieller's (1954), with Student's t.
 * Deviations: points of a run follow one another and are not independent, so that the interval is somewhat too narrow; it is
 * unbounded where b may be 0 (no peak in sight). A gain is measured from the start, where d = 0. Many web pages print the
 * first form for both; that is wrong.
 */
import type { F } from '../methods/loss';
import { type Missing, missing } from '../feedback/figure';
import { t95 } from './student';

export type OverOptimisationForm = 'best-of-n' | 'reinforcement';

export interface GoldPoint {
	/** Nats; an estimate below 0 counts as 0. */
	kl: number;
	/** Gold reward less that of the start. */
	gain: number;
	/** Standard error of the gain; where every point has one the fit is weighted by it. */
	error?: number;
}

export interface Coefficients {
	/** Slope of the beginning. */
	alpha: number;
	/** What bends it down. */
	beta: number;
}

export interface Peak {
	/** sqrt nats. */
	d: number;
	/** Nats. */
	kl: number;
	gain: number;
}

export interface OverOptimisationFit extends Coefficients {
	form: OverOptimisationForm;
	/** Root mean square distance of the points from the curve. */
	residual: number;
	points: number;
	/** null: the curve never turns (b <= 0), or lies below 0 from the start. */
	peak: Peak | null;
	/** 95 % interval of the peak's d; high is Infinity where the points leave open that there is none. */
	interval: { low: number; high: number } | null;
}

/** Points that move, at different distances, below which two coefficients and their uncertainty cannot be had. */
const LEAST_POINTS = 4;

/** What multiplies -beta: d^2 or d ln d; 0 at d = 0, the limit of both. */
function bend(form: OverOptimisationForm, d: number): number {
	return d === 0 ? 0 : d * (form === 'best-of-n' ? d : Math.log(d));
}

/** The gold gain that the coefficients predict at d. */
export function predictedGain(
	form: OverOptimisationForm,
	{ alpha, beta }: Coefficients,
	d: number
): number {
	return alpha * d - beta * bend(form, d);
}

/** d of the peak from the ratio a / b. */
function peakDistance(form: OverOptimisationForm, ratio: number): number {
	return form === 'best-of-n' ? ratio / 2 : Math.exp(ratio - 1);
}

/** The top of the curve; null where it never turns down. */
export function peakOf(form: OverOptimisationForm, coefficients: Coefficients): Peak | null {
	const { alpha, beta } = coefficients;
	if (!(beta > 0) || (form === 'best-of-n' && !(alpha > 0))) {
		return null;
	}
	const d = peakDistance(form, alpha / beta);
	return Number.isFinite(d) ? { d, kl: d * d, gain: predictedGain(form, coefficients, d) } : null;
}

/** Fieller's interval of a / b for normal estimates with a known covariance; null where b may be 0. */
function ratioInterval(
	{ alpha, beta }: Coefficients,
	covariance: { aa: number; ab: number; bb: number },
	t: number
): { low: number; high: number } | null {
	const square = beta ** 2 - t ** 2 * covariance.bb;
	const cross = alpha * beta - t ** 2 * covariance.ab;
	const free = alpha ** 2 - t ** 2 * covariance.aa;
	const root = cross ** 2 - square * free;
	if (!(square > 0) || root < 0) {
		return null;
	}
	const half = Math.sqrt(root);
	return { low: (cross - half) / square, high: (cross + half) / square };
}

interface Moments {
	xx: number;
	xz: number;
	zz: number;
	xy: number;
	zy: number;
}

/** Weighted sums of products of d (x), its bend (z) and the gain (y). */
function momentsOf(rows: readonly { x: number; z: number; y: number; w: number }[]): Moments {
	const sums = { xx: 0, xz: 0, zz: 0, xy: 0, zy: 0 };
	for (const { x, z, y, w } of rows) {
		sums.xx += w * x * x;
		sums.xz += w * x * z;
		sums.zz += w * z * z;
		sums.xy += w * x * y;
		sums.zy += w * z * y;
	}
	return sums;
}

/** Fits one form. The start itself (d = 0) says nothing and does not count as a point. */
export function fitOverOptimisation(
	points: readonly GoldPoint[],
	form: OverOptimisationForm
): OverOptimisationFit | (Missing<'too-few-points' | 'same-distance'> & { points: number }) {
	const moved = points.filter(({ kl, gain }) => kl > 0 && Number.isFinite(kl + gain));
	const n = moved.length;
	if (n < LEAST_POINTS) {
		return { ...missing('too-few-points'), points: n };
	}
	const isWeighted = moved.every(({ error }) => error !== undefined && error > 0);
	const rows = moved.map(({ kl, gain, error = 1 }) => {
		const x = Math.sqrt(kl);
		return { x, z: bend(form, x), y: gain, w: isWeighted ? 1 / error ** 2 : 1 };
	});
	const { xx, xz, zz, xy, zy } = momentsOf(rows);
	const determinant = xx * zz - xz * xz;
	if (!(determinant > 1e-10 * xx * zz)) {
		return { ...missing('same-distance'), points: n };
	}
	const alpha = (zz * xy - xz * zy) / determinant;
	// gain = alpha x - beta z.
	const beta = -(xx * zy - xz * xy) / determinant;
	const squares = rows.map(({ x, z, y, w }) => ({ w, square: (y - alpha * x + beta * z) ** 2 }));
	const variance = squares.reduce((sum, { w, square }) => sum + w * square, 0) / (n - 2);
	const ratio = ratioInterval(
		{ alpha, beta },
		{
			aa: (variance * zz) / determinant,
			ab: (variance * xz) / determinant,
			bb: (variance * xx) / determinant
		},
		t95(n - 2)
	);
	const peak = peakOf(form, { alpha, beta });
	const distance = (r: number): number => Math.max(0, peakDistance(form, r));
	return {
		form,
		alpha,
		beta,
		residual: Math.sqrt(squares.reduce((sum, { square }) => sum + square, 0) / n),
		points: n,
		peak,
		interval: peak && {
			low: ratio ? distance(ratio.low) : 0,
			high: ratio ? distance(ratio.high) : Infinity
		}
	};
}

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

/** Running means; at both ends of the points there are. */
function smoothed(gains: readonly number[]): F {
	return Float64Array.from(gains, (_, i) => {
		const near = gains.slice(Math.max(0, i - WINDOW), i + WINDOW + 1);
		return near.reduce((sum, g) => sum + g, 0) / near.length;
	});
}

/** Noise of a single point, from second differences (Gasser et al. 1986), which a smooth curve hardly has. */
function noiseOf(gains: readonly number[]): number {
	const second = gains.slice(2).map((g, i) => g - 2 * (gains[i + 1] ?? 0) + (gains[i] ?? 0));
	return Math.sqrt(second.reduce((sum, s) => sum + s * s, 0) / (6 * second.length));
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
	const fit = fitOverOptimisation(ordered, 'reinforcement');
	const furthest = Math.max(...ordered.map(({ kl }) => kl));
	const peak = 'form' in fit ? fit.peak : null;
	// The fit may speak only where it lies: inside the run, and near what the running mean saw.
	if (peak && peak.kl < furthest && Math.abs(peak.gain - best) <= Math.max(clear, 0.2 * best)) {
		const nearest = ordered.reduce((near, p) =>
			Math.abs(p.kl - peak.kl) < Math.abs(near.kl - peak.kl) ? p : near
		);
		return { kind: 'keep', step: nearest.step, gain: peak.gain, lost: best - last, by: 'fit' };
	}
	const step = ordered[top]?.step ?? 0;
	return { kind: 'keep', step, gain: best, lost: best - last, by: 'smoothed' };
}
