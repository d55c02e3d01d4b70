/**
 * A margin from how much better the chosen completion was said to be, in the Bradley-Terry loss: softplus(-(r_c - r_r - m))
 * (Touvron et al. 2023, Llama 2, section 3.2.2 and appendix A.3.3: 0, 1/3, 2/3, 1 for the small margin, 0 to 3 for the large).
 * Deviation: an answer without a stated strength has margin 0, as "barely better" has.
 */
import type { F } from './loss';

/** Strength as answers carry it: 0 barely, 1 slightly, 2 clearly, 3 much better. */
export type Strength = 0 | 1 | 2 | 3;

/** [n]; scale: margin of "much better", in units of reward. A tie (y = 0.5) has none, whatever was said. */
export function strengthMargins(
	strengths: readonly (Strength | undefined)[],
	y: ArrayLike<number>,
	scale: number
): F {
	if (strengths.length !== y.length || !(scale >= 0)) {
		throw new RangeError(`${strengths.length} strengths for ${y.length} labels, scale ${scale}`);
	}
	return Float64Array.from(strengths, (s, i) => (y[i] === 0.5 ? 0 : ((s ?? 0) / 3) * scale));
}
