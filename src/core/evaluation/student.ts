/** Quantiles of Student's t, which widen intervals where few observations estimated their own spread. */

/** Exact for 1 and 2 degrees of freedom. */
const EXACT_97_5 = [12.706204736174707, 4.302652729749464];
const Z = 1.959963984540054;

/**
 * The 0.975 quantile for n degrees of freedom: two-sided 95 %. From 3 on the Cornish-Fisher expansion (Abramowitz & Stegun
 * 26.7.5), right to 0.1 %. Throws RangeError below 1.
 */
export function t95(degrees: number): number {
	if (!(degrees >= 1)) {
		throw new RangeError(`${degrees} degrees of freedom`);
	}
	const exact = EXACT_97_5[degrees - 1];
	if (exact !== undefined) {
		return exact;
	}
	const z2 = Z * Z;
	const terms = [
		(z2 + 1) / 4,
		((5 * z2 + 16) * z2 + 3) / 96,
		(((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384,
		((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160
	];
	return terms.reduce((sum, term, i) => sum + (term * Z) / degrees ** (i + 1), Z);
}
