import { describe, expect, test } from 'vitest';
import {
	addOuter,
	cholesky,
	choleskyInverse,
	choleskySolve,
	choleskyUpdate,
	dot,
	logDeterminant,
	solveLower
} from '../../../../src/core/evaluation/linear-algebra';
import { minimiseConvex } from '../../../../src/core/evaluation/newton';
import { ridgeLogistic } from '../../../../src/core/evaluation/ridge-logistic';
import { Random } from '../../../../src/core/random';
import { expectClose, numericalGradient } from '../numeric';

/** A symmetric positive definite matrix: lower triangle of the identity and a few outer products. */
function randomMatrix(n: number, random: Random): Float64Array {
	const a = new Float64Array(n * n);
	for (let i = 0; i < n; i++) {
		a[i * n + i] = 0.5;
	}
	for (let m = 0; m < 2 * n; m++) {
		addOuter(a, randomVector(n, random), 0.7);
	}
	return a;
}

const randomVector = (n: number, random: Random) =>
	Float64Array.from({ length: n }, () => random.normal());

/** A x from the lower triangle. */
const times = (a: Float64Array, x: Float64Array) =>
	x.map((_, i) =>
		x.reduce((sum, at, j) => sum + (a[Math.max(i, j) * x.length + Math.min(i, j)] ?? NaN) * at, 0)
	);

describe('cholesky', () => {
	test('factors a matrix worked by hand', () => {
		// [[4, 2], [2, 5]] = [[2, 0], [1, 2]] [[2, 1], [0, 2]]
		expect([...cholesky(Float64Array.of(4, 9, 2, 5), 2)]).toEqual([2, 0, 1, 2]);
		expect(logDeterminant(Float64Array.of(2, 0, 1, 2))).toBeCloseTo(Math.log(16), 15);
		expectClose(solveLower(Float64Array.of(2, 0, 1, 2), [4, 6]), [2, 2]);
		expectClose(choleskySolve(Float64Array.of(2, 0, 1, 2), [6, 7]), [1, 1]);
		expectClose(choleskyInverse(Float64Array.of(2, 0, 1, 2)), [5 / 16, -2 / 16, -2 / 16, 4 / 16]);
	});

	test('solves systems of many unknowns', () => {
		const random = new Random(1);
		for (const n of [1, 3, 20, 64]) {
			const a = randomMatrix(n, random);
			const x = randomVector(n, random);
			expectClose(choleskySolve(cholesky(a, n), times(a, x)), x, 1e-9);
		}
	});

	test('updates by an outer product as if factored anew', () => {
		const random = new Random(2);
		for (const n of [1, 4, 32]) {
			const a = randomMatrix(n, random);
			const factor = cholesky(a, n);
			for (let m = 0; m < 5; m++) {
				const x = randomVector(n, random);
				choleskyUpdate(factor, x);
				addOuter(a, x, 1);
			}
			expectClose(factor, cholesky(a, n), 1e-11);
		}
	});

	test('refuses what is not positive definite', () => {
		expect(() => cholesky(Float64Array.of(1, 0, 2, 1), 2)).toThrow(RangeError);
		expect(() => cholesky(Float64Array.of(NaN), 1)).toThrow(RangeError);
		expect(() => cholesky(new Float64Array(3), 2)).toThrow(RangeError);
		expect(() => dot([1], [1, 2])).toThrow(RangeError);
	});
});

describe('ridgeLogistic', () => {
	const random = new Random(4);
	const rows = Array.from({ length: 30 }, () => randomVector(3, random));
	const y = rows.map((_, i) => [1, 0, 0.5, 0.8][i % 4] ?? 0);
	const f = ridgeLogistic({ rows, y }, Float64Array.of(0.5, 1, 2));

	test('has the gradient and the Hessian of its value', () => {
		const w = Float64Array.of(0.3, -1, 2);
		const { gradient, hessian } = f.derivatives(w);
		expectClose(
			gradient,
			numericalGradient(() => f.value(w), w),
			1e-7
		);
		for (let i = 0; i < 3; i++) {
			const row = numericalGradient(() => f.derivatives(w).gradient[i] ?? NaN, w);
			for (let j = 0; j <= i; j++) {
				expect(hessian[i * 3 + j]).toBeCloseTo(row[j] ?? NaN, 7);
			}
		}
	});

	test('Newton finds where its gradient is zero, and gives the factor of the Hessian there', () => {
		const { x, factor } = minimiseConvex(f, new Float64Array(3));
		const { gradient, hessian } = f.derivatives(x);
		expectClose(gradient, [0, 0, 0], 1e-10);
		expectClose(factor, cholesky(hessian, 3), 1e-10);
	});

	test('Newton comes home from far away, where the full step overshoots', () => {
		const far = minimiseConvex(f, Float64Array.of(40, -60, 80));
		expectClose(far.x, minimiseConvex(f, new Float64Array(3)).x, 1e-9);
	});
});
