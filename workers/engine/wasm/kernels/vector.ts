// Small vector helpers that every kernel shares. Compiled by AssemblyScript, not by TypeScript (scripts/kernels.mjs).

/** a * b + c; one rounding in the relaxed build (which is used only where the processor fuses), two in the other. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
	if (ASC_FEATURE_RELAXED_SIMD) {
		return f32x4.relaxed_madd(a, b, c);
	}
	return f32x4.add(f32x4.mul(a, b), c);
}

/** Sum of the four lanes, always in this order. */
@inline
export function sumOf(x: v128): f32 {
	return (
		f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 2) +
		(f32x4.extract_lane(x, 1) + f32x4.extract_lane(x, 3))
	);
}

/** The same in float64, so that many of them can be added without loss. */
@inline
export function wideSumOf(x: v128): f64 {
	return (
		<f64>f32x4.extract_lane(x, 0) + <f64>f32x4.extract_lane(x, 2) +
		(<f64>f32x4.extract_lane(x, 1) + <f64>f32x4.extract_lane(x, 3))
	);
}

/** Largest lane; NaN if one is. */
@inline
export function largestOf(x: v128): f32 {
	return max(
		max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
		max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3))
	);
}

/**
 * e^x by lane, about 1 ulp: x = n ln 2 + r with ln 2 in two parts, then the polynomial of Cephes' expf on |r| <= ln 2 / 2.
 * Below -87.3 exactly 0, above 88.3 as at 88.3, NaN for NaN.
 */
@inline
export function exp4(x: v128): v128 {
	const bounded = f32x4.max(f32x4.min(x, f32x4.splat(88.3)), f32x4.splat(-87.3));
	const n = f32x4.nearest(f32x4.mul(bounded, f32x4.splat(1.44269504088896341)));
	let r = madd(n, f32x4.splat(-0.693359375), bounded);
	r = madd(n, f32x4.splat(2.12194440e-4), r);
	let p = f32x4.splat(1.9875691500e-4);
	p = madd(p, r, f32x4.splat(1.3981999507e-3));
	p = madd(p, r, f32x4.splat(8.3334519073e-3));
	p = madd(p, r, f32x4.splat(4.1665795894e-2));
	p = madd(p, r, f32x4.splat(1.6666665459e-1));
	p = madd(p, r, f32x4.splat(5.0000001201e-1));
	const y = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1));
	const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
	return v128.andnot(f32x4.mul(y, power), f32x4.lt(x, f32x4.splat(-87.3)));
}

/** 1 / (1 + e^-x) by lane. */
@inline
export function sigmoid4(x: v128): v128 {
	const one = f32x4.splat(1);
	return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}
