/**
 * Over-optimisation: the gold reward gained as a function of d = sqrt(KL to the start) (Gao et al. 2023, arXiv 2210.10760):
 * best of n d (a - b d), reinforcement learning d (a - b ln d). Both are linear in (a, b) and fitted by least squares; their peaks
 * d* = a / (2 b) and exp(a / b - 1) follow from a / b alone, whose 95 % interval is Fieller's (1954), with Student's t.
 * Deviations: points of a run follow one another and are not independent, so that the interval is somewhat too narrow; it is
 * unbounded where b may be 0 (no peak in sight). A gain is measured from the start, where d = 0. Many web pages print the
 * first form for both; that is wrong.
 */
import { type Missing, missing } from '../feedback/figure';
import { t95 } from './student';

export type OverOptimisationForm = 'best-of-n' | 'reinforcement';

export interface GoldPoint {
	/** Nats; an estimate below 0 counts as 0. */
	kl: number;
	/** Gold reward less that of the start. */
	gain: number;
	/** Standard error of the gain; where every point has one it counts in the weights of the fit. */
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
function momentsOf(rows: readonly Row[]): Moments {
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

interface Row {
	x: number;
	z: number;
	y: number;
	w: number;
}

/** gain = alpha x - beta z; null where the rows do not tell x from z. */
function leastSquares(rows: readonly Row[]) {
	const moments = momentsOf(rows);
	const { xx, xz, zz, xy, zy } = moments;
	const determinant = xx * zz - xz * xz;
	if (!(determinant > 1e-10 * xx * zz)) {
		return null;
	}
	const alpha = (zz * xy - xz * zy) / determinant;
	const beta = -(xx * zy - xz * xy) / determinant;
	const squares = rows.map(({ x, z, y }) => (y - alpha * x + beta * z) ** 2);
	const weighted = squares.reduce((sum, square, i) => sum + (rows[i]?.w ?? 0) * square, 0);
	return { alpha, beta, squares, moments, determinant, variance: weighted / (rows.length - 2) };
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
	const rows = moved.map(({ kl, gain }) => {
		const x = Math.sqrt(kl);
		return { x, z: bend(form, x), y: gain, w: 1 };
	});
	const plain = leastSquares(rows);
	if (!plain) {
		return { ...missing('same-distance'), points: n };
	}
	// Errors weigh beside how far the curve itself is from the points: it is a rule of thumb, and errors alone would let
	// the well-known beginning of a run decide about its end.
	const misfit = plain.squares.reduce((sum, square) => sum + square, 0) / n;
	const weighted = moved.every(({ error }) => error !== undefined && error > 0)
		? leastSquares(
				rows.map((row, k) => ({ ...row, w: 1 / ((moved[k]?.error ?? 1) ** 2 + misfit) }))
			)
		: null;
	const { alpha, beta, squares, moments, determinant, variance } = weighted ?? plain;
	const { xx, xz, zz } = moments;
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
		residual: Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / n),
		points: n,
		peak,
		interval: peak && {
			low: ratio ? distance(ratio.low) : 0,
			high: ratio ? distance(ratio.high) : Infinity
		}
	};
}
