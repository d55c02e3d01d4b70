/** Fitted curves as points to draw. Pure. */
import { predictedGain, type OverOptimisationFit } from '../../core/evaluation/over-optimisation';
import type { PlanePoint } from './plane-types';

const POINTS = 60;

/** From the start to a little beyond the furthest point, or to the peak where that lies further but near. */
export function curvePoints(fit: OverOptimisationFit, furthest: number): PlanePoint[] {
	const peak = fit.peak?.d ?? 0;
	const end = Math.max(furthest * 1.05, Math.min(peak * 1.2, furthest * 1.6));
	return Array.from({ length: POINTS + 1 }, (_, i) => {
		const d = (end * i) / POINTS;
		return { x: d, y: predictedGain(fit.form, fit, d) };
	});
}
