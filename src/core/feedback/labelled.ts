/** Rows of methods that compare nothing: completions called good or bad (KTO), and texts to imitate (SFT). */
import type { PreferencePair } from './comparison';

/** One completion and whether it is wanted. */
export interface LabelledCompletion {
	promptIds: number[];
	ids: number[];
	isGood: boolean;
	simulated: boolean;
}

/** A text to imitate: a demonstration, a chosen completion, or any text (with an empty prompt). */
export interface TrainingText {
	promptIds: number[];
	ids: number[];
	simulated: boolean;
}

/** The better side of each pair as good, the other as bad; a tie says neither. */
export function labelledFromPairs(pairs: readonly PreferencePair[]): LabelledCompletion[] {
	return pairs.flatMap(({ promptIds, aIds, bIds, y, simulated }) =>
		y === 0.5
			? []
			: [
					{ promptIds, ids: aIds, isGood: y > 0.5, simulated },
					{ promptIds, ids: bIds, isGood: y < 0.5, simulated }
				]
	);
}

/** The better side of each decided pair, to imitate. */
export function chosenTexts(pairs: readonly PreferencePair[]): TrainingText[] {
	return pairs.flatMap(({ promptIds, aIds, bIds, y, simulated }) =>
		y === 0.5 ? [] : [{ promptIds, ids: y > 0.5 ? aIds : bIds, simulated }]
	);
}
