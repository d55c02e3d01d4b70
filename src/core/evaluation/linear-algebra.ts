/**
 * Dense symmetric positive definite systems in float64, row-major, for a few hundred unknowns. Golub & Van Loan, "Matrix
 * Computations", 4.2 (Cholesky) and 6.5.4 (rank-one update). A factor L is lower triangular with A = L L^T; what stands above
 * its diagonal is zero.
 */

/** [n * n], the factor of a symmetric matrix, of which only the lower triangle is read. Throws RangeError unless positive definite. */
export function cholesky(a: Float64Array, n: number): Float64Array {
	if (a.length !== n * n) {
		throw new RangeError(`${a.length} numbers for a matrix of ${n} by ${n}`);
	}
	const l = new Float64Array(n * n);
	for (let i = 0; i < n; i++) {
		for (let j = 0; j <= i; j++) {
			// Indices are below n * n throughout.
			let sum = a[i * n + j] as number;
			for (let k = 0; k < j; k++) {
				sum -= (l[i * n + k] as number) * (l[j * n + k] as number);
			}
			if (i !== j) {
				l[i * n + j] = sum / (l[j * n + j] as number);
			} else if (sum > 0) {
				l[i * n + i] = Math.sqrt(sum);
			} else {
				throw new RangeError(`not positive definite: pivot ${i} is ${sum}`);
			}
		}
	}
	return l;
}

/** [n], x of L x = b. */
export function solveLower(l: Float64Array, b: ArrayLike<number>): Float64Array {
	const n = b.length;
	const x = new Float64Array(n);
	for (let i = 0; i < n; i++) {
		let sum = b[i] as number;
		for (let k = 0; k < i; k++) {
			sum -= (l[i * n + k] as number) * (x[k] as number);
		}
		x[i] = sum / (l[i * n + i] as number);
	}
	return x;
}

/** [n], x of L^T x = b. */
export function solveUpper(l: Float64Array, b: ArrayLike<number>): Float64Array {
	const n = b.length;
	const x = Float64Array.from(b);
	for (let i = n - 1; i >= 0; i--) {
		x[i] = (x[i] as number) / (l[i * n + i] as number);
		for (let k = 0; k < i; k++) {
			x[k] = (x[k] as number) - (l[i * n + k] as number) * (x[i] as number);
		}
	}
	return x;
}

/** [n], x of A x = b from the factor of A. */
export function choleskySolve(l: Float64Array, b: ArrayLike<number>): Float64Array {
	return solveUpper(l, solveLower(l, b));
}

/** Makes the factor of A, in place, that of A + x x^T; x is [n]. Time n^2. */
export function choleskyUpdate(l: Float64Array, x: ArrayLike<number>): void {
	const n = x.length;
	const rest = Float64Array.from(x);
	for (let k = 0; k < n; k++) {
		const diagonal = l[k * n + k] as number;
		const head = rest[k] as number;
		const length = Math.hypot(diagonal, head);
		const c = length / diagonal;
		const s = head / diagonal;
		l[k * n + k] = length;
		for (let i = k + 1; i < n; i++) {
			const below = ((l[i * n + k] as number) + s * (rest[i] as number)) / c;
			rest[i] = c * (rest[i] as number) - s * below;
			l[i * n + k] = below;
		}
	}
}

/** ln det A from its factor. */
export function logDeterminant(l: Float64Array): number {
	const n = Math.round(Math.sqrt(l.length));
	let sum = 0;
	for (let i = 0; i < n; i++) {
		sum += 2 * Math.log(l[i * n + i] as number);
	}
	return sum;
}

/** [n * n], the inverse of A from its factor. */
export function choleskyInverse(l: Float64Array): Float64Array {
	const n = Math.round(Math.sqrt(l.length));
	const inverse = new Float64Array(n * n);
	for (let j = 0; j < n; j++) {
		const unit = new Float64Array(n);
		unit[j] = 1;
		inverse.set(choleskySolve(l, unit), j * n);
	}
	return inverse;
}

export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
	if (x.length !== y.length) {
		throw new RangeError(`lengths ${x.length} and ${y.length} differ`);
	}
	let sum = 0;
	for (let i = 0; i < x.length; i++) {
		sum += (x[i] as number) * (y[i] as number);
	}
	return sum;
}

/** a += weight * x x^T, lower triangle only; a is [n * n], x is [n]. */
export function addOuter(a: Float64Array, x: ArrayLike<number>, weight: number): void {
	const n = x.length;
	for (let i = 0; i < n; i++) {
		const scaled = weight * (x[i] as number);
		for (let j = 0; scaled !== 0 && j <= i; j++) {
			a[i * n + j] = (a[i * n + j] as number) + scaled * (x[j] as number);
		}
	}
}
