// Over rows of vocabulary logits: log-probability, entropy, their gradient, drawing a token. Logits are multiplied by the inverse
// temperature first. Rows are `ld` bytes apart, a multiple of 32; the kernels fill what is beyond V.
// Sums are float32 within blocks of 64 numbers and float64 over the blocks.
import { exp4, largestOf, madd, wideSumOf } from './vector';

const BLOCK: usize = 256;
/** e^x of it is 0, and it times 0 is 0. */
const NEVER: f32 = -1e30;

let largest: f32 = 0;
let sum: f64 = 0;
/** Sum of e * z, z the scaled logit less the largest. */
let weighted: f64 = 0;

@inline
function pad(z: usize, V: i32, ld: usize): void {
	for (let i = <usize>V << 2; i < ld; i += 4) {
		store<f32>(z + i, NEVER);
	}
}

/** Largest of a row, NaN if one of it is. */
function largestOfRow(z: usize, ld: usize): f32 {
	let a = v128.load(z);
	let b = v128.load(z, 16);
	for (let i: usize = 32; i < ld; i += 32) {
		a = f32x4.max(a, v128.load(z + i));
		b = f32x4.max(b, v128.load(z + i, 16));
	}
	return largestOf(f32x4.max(a, b));
}

/** Sets `largest`, `sum` and `weighted` of a padded row. */
function measure(z: usize, ld: usize, inverse: f32): void {
	largest = largestOfRow(z, ld);
	const scale = f32x4.splat(inverse);
	const centre = f32x4.splat(largest);
	sum = 0;
	weighted = 0;
	for (let start: usize = 0; start < ld; start += BLOCK) {
		const end = min(ld, start + BLOCK);
		let e4 = f32x4.splat(0);
		let w4 = f32x4.splat(0);
		for (let i = start; i < end; i += 16) {
			const x = f32x4.mul(f32x4.sub(v128.load(z + i), centre), scale);
			const e = exp4(x);
			e4 = f32x4.add(e4, e);
			w4 = madd(e, x, w4);
		}
		sum += wideSumOf(e4);
		weighted += wideSumOf(w4);
	}
}

/** In place, logits of a padded row to e^(z - largest); sets `largest` and `sum`. */
function exponentiate(z: usize, ld: usize, inverse: f32): void {
	largest = largestOfRow(z, ld);
	const scale = f32x4.splat(inverse);
	const centre = f32x4.splat(largest);
	sum = 0;
	for (let start: usize = 0; start < ld; start += BLOCK) {
		const end = min(ld, start + BLOCK);
		let e4 = f32x4.splat(0);
		for (let i = start; i < end; i += 16) {
			const e = exp4(f32x4.mul(f32x4.sub(v128.load(z + i), centre), scale));
			e4 = f32x4.add(e4, e);
			v128.store(z + i, e);
		}
		sum += wideSumOf(e4);
	}
}

/** logProb[i] (float64) of targets[i] and entropy[i] (float64) of each row, in nats. */
export function tokenStatistics(
	rows: i32, V: i32, z: usize, ld: usize, targets: usize, inverse: f32, logProb: usize,
	entropy: usize
): void {
	for (let row = 0; row < rows; row++) {
		pad(z, V, ld);
		measure(z, ld, inverse);
		const logSum = NativeMath.log(sum);
		const target = <usize>load<i32>(targets + (<usize>row << 2));
		const chosen = (load<f32>(z + (target << 2)) - largest) * inverse;
		store<f64>(logProb + (<usize>row << 3), <f64>chosen - logSum);
		// Mathematically never negative; rounding could leave -1e-9. max would hide a NaN's cause no better than NaN itself.
		store<f64>(entropy + (<usize>row << 3), max<f64>(0, logSum - weighted / sum));
		z += ld;
	}
}

/**
 * In place, logits to the gradient of sum_i (dLogProb[i] logProb[i] + dEntropy[i] entropy[i]); coefficients are float32.
 * dEntropy may be 0 (a null pointer): then one pass less.
 * d logProb / dz_j = [j = target] - p_j; d H / dz_j = -p_j (log p_j + H); both over the temperature.
 */
export function tokenGradient(
	rows: i32, V: i32, z: usize, ld: usize, targets: usize, inverse: f32, dLogProb: usize,
	dEntropy: usize
): void {
	for (let row = 0; row < rows; row++) {
		pad(z, V, ld);
		const byLogProb = load<f32>(dLogProb + (<usize>row << 2)) * inverse;
		if (dEntropy === 0) {
			exponentiate(z, ld, inverse);
			const factor = f32x4.splat(<f32>(-<f64>byLogProb / sum));
			for (let i: usize = 0; i < ld; i += 16) {
				v128.store(z + i, f32x4.mul(v128.load(z + i), factor));
			}
		} else {
			measure(z, ld, inverse);
			const logSum = NativeMath.log(sum);
			const H = <f32>(logSum - weighted / sum);
			const byEntropy = f32x4.splat(load<f32>(dEntropy + (<usize>row << 2)) * inverse);
			const scale = f32x4.splat(inverse);
			const centre = f32x4.splat(largest);
			const logSum4 = f32x4.splat(<f32>logSum);
			const own = f32x4.splat(byLogProb);
			const H4 = f32x4.splat(H);
			for (let i: usize = 0; i < ld; i += 16) {
				const x = f32x4.mul(f32x4.sub(v128.load(z + i), centre), scale);
				const logP = f32x4.sub(x, logSum4);
				const p = exp4(logP);
				const weight = madd(byEntropy, f32x4.add(logP, H4), own);
				v128.store(z + i, f32x4.neg(f32x4.mul(p, weight)));
			}
		}
		const target = z + (<usize>load<i32>(targets + (<usize>row << 2)) << 2);
		store<f32>(target, load<f32>(target) + byLogProb);
		z += ld;
	}
}

/**
 * Draws a token of each row by inverse CDF in id order: ids[i] for uniforms[i] (float64), logProb[i] (float64) under the whole
 * distribution, as `tokenStatistics` says it. `masses`: scratch, a float64 for each 64 logits.
 * Returns the first row whose logits are not finite, or -1.
 */
export function drawTokens(
	rows: i32, V: i32, z: usize, ld: usize, inverse: f32, uniforms: usize, ids: usize,
	logProb: usize, masses: usize
): i32 {
	for (let row = 0; row < rows; row++) {
		pad(z, V, ld);
		largest = largestOfRow(z, ld);
		if (!isFinite<f32>(largest)) {
			return row;
		}
		const scale = f32x4.splat(inverse);
		const centre = f32x4.splat(largest);
		let mass = masses;
		sum = 0;
		for (let start: usize = 0; start < ld; start += BLOCK) {
			const end = min(ld, start + BLOCK);
			let e4 = f32x4.splat(0);
			for (let i = start; i < end; i += 16) {
				e4 = f32x4.add(e4, exp4(f32x4.mul(f32x4.sub(v128.load(z + i), centre), scale)));
			}
			const here = wideSumOf(e4);
			store<f64>(mass, here);
			sum += here;
			mass += 8;
		}
		const id = findToken(z, ld, inverse, masses, load<f64>(uniforms + (<usize>row << 3)) * sum);
		store<i32>(ids + (<usize>row << 2), id);
		const chosen = (load<f32>(z + (<usize>id << 2)) - largest) * inverse;
		store<f64>(logProb + (<usize>row << 3), <f64>chosen - NativeMath.log(sum));
		z += ld;
	}
	return -1;
}

/** First id at which the running sum of e^(z - largest) exceeds `target`; the last possible one if rounding leaves none. */
function findToken(z: usize, ld: usize, inverse: f32, masses: usize, target: f64): i32 {
	let cumulative: f64 = 0;
	let start: usize = 0;
	let lastPossible: usize = 0;
	for (; start < ld; start += BLOCK) {
		const mass = load<f64>(masses);
		if (mass > 0) {
			lastPossible = start;
		}
		if (cumulative + mass > target) {
			break;
		}
		cumulative += mass;
		masses += 8;
	}
	if (start >= ld) {
		start = lastPossible;
		cumulative = -Infinity; // takes the last possible token of the block
	}
	const scale = f32x4.splat(inverse);
	const centre = f32x4.splat(largest);
	const end = min(ld, start + BLOCK);
	let last = -1;
	for (let i = start; i < end; i += 16) {
		const e4 = exp4(f32x4.mul(f32x4.sub(v128.load(z + i), centre), scale));
		for (let lane: usize = 0; lane < 4; lane++) {
			const e = <f64>laneOf(e4, lane);
			if (e > 0) {
				last = <i32>((i >> 2) + lane);
				cumulative += e;
				if (cumulative > target) {
					return last;
				}
			}
		}
	}
	return last;
}

@inline
function laneOf(x: v128, lane: usize): f32 {
	return lane === 0
		? f32x4.extract_lane(x, 0)
		: lane === 1 ? f32x4.extract_lane(x, 1) : lane === 2 ? f32x4.extract_lane(x, 2) : f32x4.extract_lane(x, 3);
}

/** ids[i] = lowest id of the largest logit of each row. Returns the first row whose logits are not finite, or -1. */
export function largestTokens(rows: i32, V: i32, z: usize, ld: usize, ids: usize): i32 {
	for (let row = 0; row < rows; row++) {
		pad(z, V, ld);
		const most = largestOfRow(z, ld);
		if (!isFinite<f32>(most)) {
			return row;
		}
		let id = 0;
		while (load<f32>(z + (<usize>id << 2)) !== most) {
			id++;
		}
		store<i32>(ids + (<usize>row << 2), id);
		z += ld;
	}
	return -1;
}
