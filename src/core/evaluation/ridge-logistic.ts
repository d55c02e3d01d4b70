/** Logistic regression without intercept and with a ridge: the likelihood of comparisons as a function of feature weights. */
import type { F } from '../methods/loss';
import { at, sigmoid, softplus } from '../methods/math';
import { addOuter, dot } from './linear-algebra';
import type { ConvexFunction } from './newton';

export interface LogisticData {
	/** [n] of [d]: features of a less those of b. */
	rows: readonly F[];
	/** [n], probability that a is better: 1, 0, 0.5 for a tie, or anything between. */
	y: ArrayLike<number>;
}

/**
 * sum over rows of -[y ln p + (1 - y) ln(1 - p)] + (ridge / 2) |w|^2 with p = sigmoid(w . row), as a function of w, [d].
 * ridge: one for all weights or one each; above 0, which makes the function strictly convex.
 */
export function ridgeLogistic({ rows, y }: LogisticData, ridge: number | F): ConvexFunction {
	const ridgeOf = (k: number): number => (typeof ridge === 'number' ? ridge : at(ridge, k));
	return {
		value: (w) => {
			let sum = w.reduce((all, x, k) => all + (ridgeOf(k) / 2) * x * x, 0);
			rows.forEach((row, i) => {
				const lead = dot(w, row);
				sum += at(y, i) * softplus(-lead) + (1 - at(y, i)) * softplus(lead);
			});
			return sum;
		},
		derivatives: (w) => {
			const d = w.length;
			const gradient = w.map((x, k) => ridgeOf(k) * x);
			const hessian = new Float64Array(d * d);
			rows.forEach((row, i) => {
				const p = sigmoid(dot(w, row));
				for (let k = 0; k < d; k++) {
					gradient[k] = at(gradient, k) + (p - at(y, i)) * at(row, k);
				}
				addOuter(hessian, row, p * (1 - p));
			});
			for (let k = 0; k < d; k++) {
				hessian[k * d + k] = at(hessian, k * d + k) + ridgeOf(k);
			}
			return { gradient, hessian };
		}
	};
}
