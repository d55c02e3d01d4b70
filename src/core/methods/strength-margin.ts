/**
 * A margin from how much better the chosen completion was said to be, in the Bradley-Terry loss: softplus(-(r_c - r_r - m))
 * (Touvron et al. 2023, Llama 2, section 3.2.2). Answers here have three strengths where Llama 2 had four: better 0, much better
 * half the scale, better by far all of it. Deviation: an answer without a stated strength counts as "better".
 */
import type { AnswerEvent } from '../records';
import type { F } from './loss';

type Strength = AnswerEvent['strength'];

/** [n]; scale: margin of "better by far", in units of reward. A tie (y = 0.5) has none, whatever was said. */
export function strengthMargins(
	strengths: readonly Strength[],
	y: ArrayLike<number>,
	scale: number
): F {
	if (strengths.length !== y.length || !(scale >= 0)) {
		throw new RangeError(`${strengths.length} strengths for ${y.length} labels, scale ${scale}`);
	}
	return Float64Array.from(strengths, (strength, i) =>
		y[i] === 0.5 ? 0 : (Math.max(0, (strength ?? 1) - 1) / 2) * scale
	);
}
