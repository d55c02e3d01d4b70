/** The standard normal distribution. */

const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/** P(Z > z) for z >= 0. */
function upperTail(z: number): number {
	if (z < 3) {
		// Marsaglia 2004, "Evaluating the normal distribution": 1/2 + density * (z + z^3/3 + z^5/15 + ...).
		let term = z;
		let sum = z;
		for (let i = 3; Math.abs(term) > 1e-17 * sum; i += 2) {
			term *= (z * z) / i;
			sum += term;
		}
		return 0.5 - density(z) * sum;
	}
	// Laplace's continued fraction, from its far end: density / (z + 1 / (z + 2 / (z + ...))).
	let fraction = z;
	for (let i = 60; i >= 1; i--) {
		fraction = z + i / fraction;
	}
	return density(z) / fraction;
}

/** P(Z <= z). */
export function normalCdf(z: number): number {
	return z < 0 ? upperTail(-z) : 1 - upperTail(z);
}

/** P(|Z| >= |z|): the two-sided p-value of a statistic that is standard normal without an effect. */
export function twoSidedP(z: number): number {
	return Math.min(1, 2 * upperTail(Math.abs(z)));
}
