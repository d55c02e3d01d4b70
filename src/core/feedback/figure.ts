/** A figure with its uncertainty, or the reason why there is none. Never NaN, and never a default that looks good. */
import { wilson } from '../evaluation/intervals';

/** No figure: the reason is one of a closed set of keys, whose words belong to the page. */
export interface Missing<R extends string> {
	value: null;
	reason: R;
}

export function missing<R extends string>(reason: R): Missing<R> {
	return { value: null, reason };
}

export interface Estimate {
	value: number;
	/** 95 % interval. */
	low: number;
	high: number;
	/** Observations behind it. */
	n: number;
}

/** Share of n trials with Wilson's interval. Successes may be fractional. */
export function shareOf(successes: number, n: number): Estimate | Missing<'nothing-counted'> {
	if (n === 0) {
		return missing('nothing-counted');
	}
	const { estimate, low, high } = wilson(successes, n);
	return { value: estimate, low, high, n };
}
