/** Golden values and numerical comparisons for tests of the methods. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** Of golden values, from their own statement. */
export const VALUE_TOLERANCE = 1e-10;
export const GRADIENT_TOLERANCE = 1e-6;

/** The caller states the shape of the fixture it reads; a wrong statement shows as a failing comparison. */
export function golden<T>(name: string): T {
	return JSON.parse(
		readFileSync(new URL(`../../golden/${name}.json`, import.meta.url), 'utf8')
	) as T;
}

/** Every number within `tolerance`, relative above magnitude 1. */
export function expectClose(
	actual: ArrayLike<number>,
	expected: ArrayLike<number>,
	tolerance = VALUE_TOLERANCE
): void {
	expect(actual.length).toBe(expected.length);
	for (let i = 0; i < expected.length; i++) {
		const want = expected[i] ?? NaN;
		const difference = Math.abs((actual[i] ?? NaN) - want) / Math.max(1, Math.abs(want));
		expect(difference, `index ${i}: ${actual[i]} against ${want}`).toBeLessThanOrEqual(tolerance);
	}
}

/** Central differences of f at x, one element at a time; x is left as it was. */
export function numericalGradient(f: () => number, x: Float64Array, h = 1e-5): Float64Array {
	return Float64Array.from(x, (at, i) => {
		x[i] = at + h;
		const above = f();
		x[i] = at - h;
		const below = f();
		x[i] = at;
		return (above - below) / (2 * h);
	});
}

export const flat = (rows: readonly (readonly number[])[]): Float64Array =>
	Float64Array.from(rows.flat());

export const flatMask = (rows: readonly (readonly number[])[]): Uint8Array =>
	Uint8Array.from(rows.flat());
