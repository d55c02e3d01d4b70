// One AdamW update of n numbers in place; see src/core/methods/adamw.ts for the formula. Bias corrections come computed in float64.
import { madd } from './vector';

/**
 * stepSize = lr / (1 - beta1^t), rootCorrection = 1 / sqrt(1 - beta2^t), keep = 1 - lr * decay; the gradient is multiplied by gradScale.
 * The ranges are padded to whole vectors; padding that is zero stays zero.
 */
export function adamw(
	n: i32, w: usize, g: usize, m: usize, v: usize, gradScale: f32, beta1: f32, beta2: f32,
	stepSize: f32, rootCorrection: f32, eps: f32, keep: f32
): void {
	const scale = f32x4.splat(gradScale);
	const b1 = f32x4.splat(beta1);
	const b2 = f32x4.splat(beta2);
	const rest1 = f32x4.splat(<f32>(1 - <f64>beta1));
	const rest2 = f32x4.splat(<f32>(1 - <f64>beta2));
	const size = f32x4.splat(stepSize);
	const root = f32x4.splat(rootCorrection);
	const eps4 = f32x4.splat(eps);
	const keep4 = f32x4.splat(keep);
	const end = w + (<usize>n << 2);
	while (w < end) {
		const gradient = f32x4.mul(v128.load(g), scale);
		const mi = madd(b1, v128.load(m), f32x4.mul(rest1, gradient));
		const vi = madd(b2, v128.load(v), f32x4.mul(f32x4.mul(rest2, gradient), gradient));
		v128.store(m, mi);
		v128.store(v, vi);
		const change = f32x4.div(f32x4.mul(size, mi), madd(f32x4.sqrt(vi), root, eps4));
		v128.store(w, f32x4.sub(f32x4.mul(v128.load(w), keep4), change));
		w += 16;
		g += 16;
		m += 16;
		v += 16;
	}
}
