/**
 * Other kinds of feedback, turned into what trains a reward model. A ranking of k completions becomes its k (k - 1) / 2 pairs,
 * which share its id: they belong to one batch and to one split (Ouyang et al. 2022, 3.4: as separate samples they overfit).
 * A rating or a thumb becomes an unpaired row, as does each side of a pair judged good or bad. An edited completion becomes a
 * demonstration, and a pair in which the edited one is better.
 */
import type { Quality } from '../records';
import { type Missing, missing } from './figure';
import { normalisedText } from './near-duplicates';

/** Three or four completions of one prompt, and the rank of each: 1 = best, equal numbers are ties (1, 2, 2, 4). */
export interface CompletionRanking {
	id: string;
	promptId: string;
	completionIds: readonly string[];
	ranks: readonly number[];
}

export interface RankedPair {
	rankingId: string;
	promptId: string;
	aId: string;
	bId: string;
	/** 1 a better, 0.5 equal ranks; b is never the better one. */
	y: 1 | 0.5;
}

export const LEAST_RANKED = 3;
export const MOST_RANKED = 4;

/** All pairs of a ranking. Throws RangeError unless it ranks 3 or 4 different completions. */
export function rankingPairs({
	id,
	promptId,
	completionIds,
	ranks
}: CompletionRanking): RankedPair[] {
	const n = completionIds.length;
	const isWhole = ranks.length === n && ranks.every(Number.isFinite);
	if (n < LEAST_RANKED || n > MOST_RANKED || new Set(completionIds).size < n || !isWhole) {
		throw new RangeError(`ranking "${id}" of ${n} completions with ranks ${ranks.join(', ')}`);
	}
	const best = completionIds
		.map((completionId, i) => ({ completionId, rank: ranks[i] ?? 0 }))
		.toSorted((x, y) => x.rank - y.rank);
	return best.flatMap((a, i) =>
		best.slice(i + 1).map((b) => ({
			rankingId: id,
			promptId,
			aId: a.completionId,
			bId: b.completionId,
			y: a.rank === b.rank ? 0.5 : 1
		}))
	);
}

/** A completion called good or bad, without another one beside it. */
export interface UnpairedRow {
	promptId: string;
	completionId: string;
	/** true = good. */
	label: boolean;
}

export interface Rating {
	promptId: string;
	completionId: string;
	/** From 1 (poor) to `scale` (excellent). */
	value: number;
	scale: number;
}

/** Rows kept, and how many were not, by reason: nothing is dropped in silence. */
export interface Unpaired {
	rows: UnpairedRow[];
	dropped: Record<'middle-of-scale' | 'outside-scale' | 'no-quality', number>;
}

function collect(labels: readonly (UnpairedRow | keyof Unpaired['dropped'])[]): Unpaired {
	const dropped = { 'middle-of-scale': 0, 'outside-scale': 0, 'no-quality': 0 };
	const rows = labels.flatMap((label) => {
		if (typeof label !== 'string') {
			return [label];
		}
		dropped[label]++;
		return [];
	});
	return { rows, dropped };
}

/** Good above the middle of the scale, bad below. The middle itself says neither. */
export function ratingRows(ratings: readonly Rating[]): Unpaired {
	return collect(
		ratings.map(({ promptId, completionId, value, scale }) => {
			if (!(value >= 1 && value <= scale && scale > 1)) {
				return 'outside-scale';
			}
			const middle = (1 + scale) / 2;
			return value === middle
				? 'middle-of-scale'
				: { promptId, completionId, label: value > middle };
		})
	);
}

/** Rows of thumbs: up is good. */
export function thumbRows(
	thumbs: readonly { promptId: string; completionId: string; isUp: boolean }[]
): UnpairedRow[] {
	return thumbs.map(({ promptId, completionId, isUp }) => ({
		promptId,
		completionId,
		label: isUp
	}));
}

export interface JudgedPair {
	promptId: string;
	aId: string;
	bId: string;
	qualityA?: Quality;
	qualityB?: Quality;
}

/** One row for each side whose quality was stated: both bad makes two bad rows, both good two good ones. */
export function qualityRows(pairs: readonly JudgedPair[]): Unpaired {
	const label = (promptId: string, completionId: string, quality: Quality | undefined) =>
		quality ? { promptId, completionId, label: quality === 'good' } : ('no-quality' as const);
	return collect(
		pairs.flatMap(({ promptId, aId, bId, qualityA, qualityB }) => [
			label(promptId, aId, qualityA),
			label(promptId, bId, qualityB)
		])
	);
}

/** A completion that a person rewrote into the one they wanted. */
export interface Demonstration {
	promptId: string;
	originalId: string;
	originalText: string;
	editedId: string;
	editedText: string;
}

export interface DemonstrationRows {
	/** For supervised fine-tuning. */
	value: { promptId: string; completionId: string };
	/** a is the edited one; it is better by the act of editing. */
	pair: { promptId: string; aId: string; bId: string; y: 1 };
}

/** What a demonstration teaches; nothing where no word was changed or none is left. */
export function demonstrationRows({
	promptId,
	originalId,
	originalText,
	editedId,
	editedText
}: Demonstration): DemonstrationRows | Missing<'unchanged' | 'empty'> {
	if (editedText.trim() === '') {
		return missing('empty');
	}
	// A changed comma may be all that was wanted, but it is no preference between two texts.
	if (normalisedText(originalText) === normalisedText(editedText)) {
		return missing('unchanged');
	}
	return {
		value: { promptId, completionId: editedId },
		pair: { promptId, aId: editedId, bId: originalId, y: 1 }
	};
}
