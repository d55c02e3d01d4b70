/**
 * Drift between two versions of a reward model on a fixed set of completions (64 by convention) that both have scored: Pearson,
 * Spearman, Kendall, the share of pairs whose order turned, and the change of scale. Order is what a reward model means; level
 * and scale are taken out by normalisation, and are told, not judged.
 */
import { type Missing, missing } from '../../feedback/figure';
import { at, mean, populationVariance } from '../../methods/math';
import { type Correlation, kendall, pearson, spearman } from '../correlations';

/** Completions of the anchor set, by convention. */
export const ANCHORS = 64;
const LEAST_ANCHORS = 16;
/** A rank correlation whose whole interval lies below this is called a changed mind. */
const CHANGED_BELOW = 0.9;

export interface AnchorDrift {
	pearson: Correlation;
	spearman: Correlation;
	/** null where a version scores all alike. */
	kendall: number | null;
	/** Share of pairs that both versions tell apart, in opposite order; 0 where there is none. */
	turned: number;
	/** Mean of the new scores less that of the old; spread of the new over that of the old (NaN-free: null for no spread). */
	shift: number;
	scale: number | null;
	/** `collapsed`: the new version scores all completions alike. */
	verdict: 'alike' | 'changed' | 'collapsed';
	n: number;
}

/** Scores of the same completions by the old and the new version. Throws RangeError on lengths that differ. */
export function anchorDrift(
	before: ArrayLike<number>,
	after: ArrayLike<number>
): AnchorDrift | Missing<'too-few'> {
	const n = before.length;
	if (after.length !== n) {
		throw new RangeError(`${n} scores before and ${after.length} after`);
	}
	if (n < LEAST_ANCHORS) {
		return missing('too-few');
	}
	let [turned, told] = [0, 0];
	for (let i = 0; i < n; i++) {
		for (let j = 0; j < i; j++) {
			const product = (at(before, i) - at(before, j)) * (at(after, i) - at(after, j));
			told += product === 0 ? 0 : 1;
			turned += product < 0 ? 1 : 0;
		}
	}
	const rank = spearman(before, after);
	const spread = Math.sqrt(populationVariance(before));
	const isChanged = rank.value !== null && rank.high < CHANGED_BELOW;
	return {
		pearson: pearson(before, after),
		spearman: rank,
		kendall: kendall(before, after),
		turned: told === 0 ? 0 : turned / told,
		shift: mean(after) - mean(before),
		scale: spread > 0 ? Math.sqrt(populationVariance(after)) / spread : null,
		verdict: populationVariance(after) === 0 ? 'collapsed' : isChanged ? 'changed' : 'alike',
		n
	};
}
