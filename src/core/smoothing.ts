/** Smoothing of drawn lines, as TensorBoard does it. */

/**
 * Exponential moving average without the pull towards its start (TensorBoard's "debiased" EMA):
 * s_i = w s_{i-1} + (1 - w) x_i, shown as s_i / (1 - w^i), counting finite values only. A value that is not finite is shown
 * as it is (a gap stays a gap) and does not enter the average. A constant series stays as it is.
 * weight: 0 = none, below 1.
 */
export function smooth(values: ArrayLike<number>, weight: number): Float64Array {
	if (!(weight >= 0 && weight < 1)) {
		throw new RangeError(`a smoothing weight of ${weight}`);
	}
	let average = 0;
	let count = 0;
	return Float64Array.from(values, (value) => {
		if (!Number.isFinite(value)) {
			return value;
		}
		average = average * weight + (1 - weight) * value;
		count++;
		return average / (1 - weight ** count);
	});
}
