/**
 * Newton's method with step halving for smooth, strictly convex functions of a few hundred unknowns (Boyd & Vandenberghe,
 * "Convex Optimization", 9.5). The regularised likelihoods here are all of that kind.
 */
import type { F } from '../methods/loss';
import { cholesky, choleskySolve, dot } from './linear-algebra';

export interface ConvexFunction {
	/** Infinity outside its domain. */
	value(x: F): number;
	/** Gradient [n] and the lower triangle of the Hessian [n * n]. */
	derivatives(x: F): { gradient: F; hessian: F };
}

export interface Minimum {
	x: F;
	value: number;
	/** Cholesky factor of the Hessian at x, [n * n]. */
	factor: F;
	iterations: number;
}

/** Squared Newton decrement below which the next step could change nothing that float64 can tell apart. */
const DECREMENT_FLOOR = 1e-22;
const MOST_ITERATIONS = 100;
/** Of the decrease that the slope promises, so much must come true (Armijo). */
const ARMIJO = 1e-4;

/** Throws RangeError where it does not converge: the function was not strictly convex, or is not finite at the start. */
export function minimiseConvex(f: ConvexFunction, start: F): Minimum {
	let x = start;
	let value = f.value(x);
	for (let iterations = 0; iterations < MOST_ITERATIONS; iterations++) {
		const { gradient, hessian } = f.derivatives(x);
		const factor = cholesky(hessian, x.length);
		const step = choleskySolve(factor, gradient);
		const decrement = dot(gradient, step);
		const isDone = decrement <= DECREMENT_FLOOR * Math.max(1, Math.abs(value));
		const next = isDone ? null : halvedStep(f, { x, value, step, decrement });
		if (next === null) {
			return { x, value, factor, iterations };
		}
		({ x, value } = next);
	}
	throw new RangeError(`no minimum after ${MOST_ITERATIONS} Newton steps`);
}

interface Trial {
	x: F;
	value: number;
	step: F;
	decrement: number;
}

/** The first of the full step, half of it, … that lowers the value enough; null when none that can be told apart does. */
function halvedStep(f: ConvexFunction, trial: Trial): { x: F; value: number } | null {
	for (let size = 1; size > 2 ** -40; size /= 2) {
		const x = trial.x.map((at, i) => at - size * (trial.step[i] ?? 0));
		const value = f.value(x);
		const slack = 1e-15 * Math.abs(trial.value);
		if (value <= trial.value - ARMIJO * size * trial.decrement + slack) {
			return { x, value };
		}
	}
	return null;
}
