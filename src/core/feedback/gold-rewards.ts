/**
 * Scripted rewards: what a simulated annotator holds to be true of a text. A weighted sum of measures, each standardised on a
 * sample of the texts that will be judged (mean 0, spread 1), so that weights compare, and of the rules that hold for it.
 * Nothing that trains may read them.
 */
import { mean, populationVariance } from '../methods/math';
import { readRules, type Rule } from './rule-list';
import { moodOf, readingGrade, repetitionOf, spokenSpans } from './text-measures';
import { wordsOf } from './words';

export const GOLD_MEASURES = [
	'sentiment',
	'length',
	'dialogue',
	'repetition',
	'readability'
] as const;
export type GoldMeasure = (typeof GOLD_MEASURES)[number];

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

/** Mean and spread of each measure that counts, over the texts it was standardised on. Plain data: it is stored with answers. */
export type MeasureScale = Partial<Record<GoldMeasure, { center: number; spread: number }>>;

const weightsOf = ({ weights }: GoldRewardConfig): [GoldMeasure, number][] =>
	GOLD_MEASURES.flatMap((measure) => {
		const weight = weights[measure];
		return weight === undefined ? [] : [[measure, weight]];
	});

/** Standardises on a sample of texts. Throws RangeError on fewer than two texts or a weight that is no number. */
export function fitMeasures(config: GoldRewardConfig, sample: readonly string[]): MeasureScale {
	if (sample.length < 2) {
		throw new RangeError(`a sample of ${sample.length} texts to standardise on`);
	}
	const fitted = weightsOf(config).map(([measure, weight]) => {
		if (!Number.isFinite(weight)) {
			throw new RangeError(`a weight of ${weight} for ${measure}`);
		}
		const values = sample.map((text) => measureText(measure, text));
		return [measure, { center: mean(values), spread: Math.sqrt(populationVariance(values)) }];
	});
	return Object.fromEntries(fitted) as MeasureScale;
}

/**
 * The reward as a function of a text, with measures on a known scale; a measure that was the same throughout its sample adds
 * nothing. Throws RangeError on a rule that is wrong.
 */
export function scaledReward(
	config: GoldRewardConfig,
	scale: MeasureScale
): (text: string) => number {
	const list = readRules(config.rules);
	const [problem] = list.problems;
	if (problem) {
		throw new RangeError(`rule ${problem.index}: ${problem.reason}`);
	}
	const terms = weightsOf(config).map(([measure, weight]) => {
		const { center = 0, spread = 0 } = scale[measure] ?? {};
		return { measure, center, scale: spread > 0 ? weight / spread : 0 };
	});
	return (text) =>
		terms.reduce(
			(sum, { measure, center, scale }) => sum + scale * (measureText(measure, text) - center),
			list.score(text)
		);
}

/** The reward with measures standardised on `sample`. Throws RangeError as `fitMeasures` and `scaledReward` do. */
export function goldReward(
	config: GoldRewardConfig,
	sample: readonly string[]
): (text: string) => number {
	return scaledReward(config, fitMeasures(config, sample));
}
