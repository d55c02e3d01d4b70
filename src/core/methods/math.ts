/** Scalar functions that stay exact at both ends, and reductions over masked arrays. Shared by the methods. */
import type { F } from './loss';

/** The element at an index that must exist: an index error is reported where it happens, not as a NaN later. */
export function at(values: ArrayLike<number>, index: number): number {
	const value = values[index];
	if (value === undefined) {
		throw new RangeError(`index ${index} of ${values.length}`);
	}
	return value;
}

/** ln(1 + e^x), without overflow for large x or loss of digits for very negative x. */
export function softplus(x: number): number {
	return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 / (1 + e^-x), without overflow. */
export function sigmoid(x: number): number {
	if (x >= 0) {
		return 1 / (1 + Math.exp(-x));
	}
	const e = Math.exp(x);
	return e / (1 + e);
}

/** ln sigmoid(x). */
export function logSigmoid(x: number): number {
	return -softplus(-x);
}

export function clamp(x: number, low: number, high: number): number {
	return Math.min(Math.max(x, low), high);
}

/** NaN for an empty array. */
export function mean(values: ArrayLike<number>): number {
	let sum = 0;
	for (let i = 0; i < values.length; i++) {
		sum += at(values, i);
	}
	return sum / values.length;
}

/** Mean squared distance from the mean (divisor n), in two passes; NaN for an empty array. */
export function populationVariance(values: ArrayLike<number>): number {
	const center = mean(values);
	let sum = 0;
	for (let i = 0; i < values.length; i++) {
		sum += (at(values, i) - center) ** 2;
	}
	return sum / values.length;
}

/** Pearson's correlation of two arrays of one length; NaN where either is constant (there is none to speak of). */
export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
	if (x.length !== y.length) {
		throw new RangeError(`lengths ${x.length} and ${y.length} differ`);
	}
	const meanX = mean(x);
	const meanY = mean(y);
	let products = 0;
	for (let i = 0; i < x.length; i++) {
		products += (at(x, i) - meanX) * (at(y, i) - meanY);
	}
	const scale = Math.sqrt(populationVariance(x) * populationVariance(y)) * x.length;
	return scale > 0 ? products / scale : NaN;
}

/** The masked-in values, in order. */
export function selectMasked(values: F, mask: Uint8Array): F {
	if (values.length !== mask.length) {
		throw new RangeError(`${values.length} values with a mask of ${mask.length}`);
	}
	return values.filter((_, i) => mask[i] === 1);
}
