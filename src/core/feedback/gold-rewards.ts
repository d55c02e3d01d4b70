/**
 * Scripted rewards: what a simulated annotator holds to be true of a text. A weighted sum of measures, each standardised on a
 * sample of the texts that will be judged (mean 0, spread 1), so that weights compare, and of the rules that hold for it.
 * Nothing that trains may read them.
 */
import { mean, populationVariance } from '../methods/math';
import { readRules, type Rule } from './rule-list';
import { moodOf, readingGrade, repetitionOf, spokenSpans } from './text-measures';
import { wordsOf } from './words';

export type GoldMeasure = 'sentiment' | 'length' | 'dialogue' | 'repetition' | 'readability';

/** More of the measure for a weight above 0, less of it below: `repetition: -1` dislikes going round in circles. */
export interface GoldRewardConfig {
	weights: Partial<Record<GoldMeasure, number>>;
	rules: readonly Rule[];
}

/** A measure of a text as it stands: mood, words, things said, share of repeated phrases, ease of reading (grades, negated). */
export function measureText(measure: GoldMeasure, text: string): number {
	switch (measure) {
		case 'sentiment':
			return moodOf(wordsOf(text));
		case 'length':
			return wordsOf(text).length;
		case 'dialogue':
			return spokenSpans(text).size;
		case 'repetition':
			return repetitionOf(wordsOf(text));
		case 'readability':
			return -readingGrade(text);
	}
}

/**
 * The reward as a function of a text, with measures standardised on `sample`; a measure that is the same throughout the sample
 * adds nothing. Throws RangeError on a sample of fewer than two texts, a weight that is no number, or a rule that is wrong.
 */
export function goldReward(
	{ weights, rules }: GoldRewardConfig,
	sample: readonly string[]
): (text: string) => number {
	if (sample.length < 2) {
		throw new RangeError(`a sample of ${sample.length} texts to standardise on`);
	}
	const list = readRules(rules);
	const [problem] = list.problems;
	if (problem) {
		throw new RangeError(`rule ${problem.index}: ${problem.reason}`);
	}
	const terms = (Object.entries(weights) as [GoldMeasure, number][]).map(([measure, weight]) => {
		if (!Number.isFinite(weight)) {
			throw new RangeError(`a weight of ${weight} for ${measure}`);
		}
		const values = sample.map((text) => measureText(measure, text));
		const spread = Math.sqrt(populationVariance(values));
		return { measure, center: mean(values), scale: spread > 0 ? weight / spread : 0 };
	});
	return (text) =>
		terms.reduce(
			(sum, { measure, center, scale }) => sum + scale * (measureText(measure, text) - center),
			list.score(text)
		);
}
