/** What the methods of tuning learn from, with its content hash and whether there is enough of it. */
import type { TuneMethod } from '../core/config';
import type { PreferencePair } from '../core/feedback/comparison';
import { datasetHash } from '../core/feedback/dataset-hash';
import {
	chosenTexts,
	labelledFromPairs,
	type LabelledCompletion,
	type TrainingText
} from '../core/feedback/labelled';
import { sha256 } from '../core/sha256';
import type { MethodNeed } from '../learn/methods/method-entry';

/** Fewer rows than this cannot be learned from and held out. */
export const LEAST_ROWS = 4;
/** Written into every hash, so that a change of what is hashed cannot pass for the same data. */
const HASH_FORMAT = 1;

export interface TuneMaterial {
	/** Whether there is a reward model. */
	hasReward: boolean;
	pairs: readonly PreferencePair[];
	/** Thumbs, and both sides of every decided pair. */
	labels: readonly LabelledCompletion[];
	/** Of those, from thumbs. */
	thumbs: number;
	/** Rewritten texts and the better sides of pairs. */
	texts: readonly TrainingText[];
}

export function materialOf(
	pairs: readonly PreferencePair[],
	thumbs: readonly LabelledCompletion[],
	hasReward: boolean
): TuneMaterial {
	return {
		hasReward,
		pairs,
		labels: [...thumbs, ...labelledFromPairs(pairs)],
		thumbs: thumbs.length,
		texts: chosenTexts(pairs)
	};
}

export interface NeedState {
	/** Rows at hand; a reward model counts 1. */
	count: number;
	needed: number;
	isMet: boolean;
}

export function needState(need: MethodNeed, material: TuneMaterial): NeedState {
	const count =
		need === 'reward-model' ? Number(material.hasReward) : rowsOf(need, material).length;
	const needed = need === 'reward-model' ? 1 : LEAST_ROWS;
	return { count, needed, isMet: count >= needed };
}

type Rows = Exclude<MethodNeed, 'reward-model'>;

function rowsOf(need: Rows, { pairs, labels, texts }: TuneMaterial): readonly unknown[] {
	return need === 'pairs' ? pairs : need === 'labels' ? labels : texts;
}

/** Content hash of what a method learns from; null for those that learn from a reward model. */
export function materialHash(
	method: TuneMethod,
	{ pairs, labels, texts }: TuneMaterial
): string | null {
	switch (method) {
		case 'dpo':
		case 'ipo':
		case 'simpo':
		case 'orpo':
			return datasetHash(pairs);
		case 'kto':
			return hashOf('labels', labels);
		case 'sft':
			return hashOf('texts', texts);
		default:
			return null;
	}
}

/** The same in any order. */
function hashOf(name: string, rows: readonly unknown[]): string {
	return sha256(
		[`${name} ${HASH_FORMAT}`, ...rows.map((row) => JSON.stringify(row)).toSorted()].join('\n')
	);
}
