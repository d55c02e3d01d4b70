/**
 * Simulated annotators with the faults of people. With d the true reward of a less that of b, in spreads of that difference
 * over the pairs it was fitted to:
 *     u = d + lengthBias * (words of a less those of b, in spreads) + positionBias * (a left ? 1 : -1) + temperature * noise
 * with logistic noise; a tie where |u| <= tieThreshold, else the sign of u. So P(a) = sigmoid((mean of u - threshold) / T), the
 * model of Rao & Kupper. With probability `lapse` the answer is a or b by coin whatever u is. Over `drift.answers` answers
 * the reward turns into another one and the lapse rate grows.
 *
 * Every draw is a function of seed, prompt, texts and occasion: the same question put on the same occasion is answered alike,
 * whichever completion is called a; put again, on another occasion, it is judged afresh.
 */
import { populationVariance, sigmoid } from '../methods/math';
import { deriveSeed, Random } from '../random';
import {
	fitMeasures,
	scaledReward,
	type GoldRewardConfig,
	type MeasureScale
} from './gold-rewards';
import { wordsOf } from './words';

export interface AnnotatorModelConfig {
	reward: GoldRewardConfig;
	/** Spread of the noise, in spreads of the reward difference; 0 = always the better one. */
	temperature: number;
	/** 0 to 1. */
	lapse: number;
	/** In spreads; 0 = no ties but exact ones. */
	tieThreshold: number;
	/** Above 0 likes the longer one, whatever the reward says. */
	lengthBias: number;
	/** Above 0 leans to the left. */
	positionBias: number;
	drift: {
		/** Until the end of the drift. */
		answers: number;
		/** What it likes by then; null = the same as at first. */
		reward: GoldRewardConfig | null;
		/** Lapse rate by then. */
		lapse: number;
	} | null;
	seed: number;
}

export interface SimulatedQuestion {
	prompt: string;
	aText: string;
	bText: string;
	aSide: 'left' | 'right';
	/** Tells a question from its repeat. */
	occasion: number;
	/** Answers given before this one, for the drift. */
	answersBefore: number;
}

export interface ModelledAnswer {
	outcome: 'a' | 'b' | 'tie';
	/** Answered by coin. */
	lapsed: boolean;
	/** True rewards of the moment, in spreads of their difference. Nothing that trains may read them. */
	gold: { a: number; b: number };
	/** Probabilities of the outcomes, lapses included. */
	probability: { a: number; b: number; tie: number };
	source: 'simulated';
}

/** Texts of pairs such as it will judge. */
export type ReferencePair = readonly [string, string];

interface RewardScale {
	measures: MeasureScale;
	/** Root mean square of the reward's difference within a pair. */
	spread: number;
}

/** What was measured on the reference pairs. Plain data: with it and its settings an annotator answers as it did before. */
export interface AnnotatorScale {
	reward: RewardScale;
	/** Of what it likes by the end of its drift; null where that does not change. */
	laterReward: RewardScale | null;
	/** Root mean square of the difference in words within a pair. */
	lengthSpread: number;
	/** Reference pairs. */
	pairs: number;
}

function assertConfig(config: AnnotatorModelConfig): void {
	const { temperature, lapse, tieThreshold, lengthBias, positionBias, drift } = config;
	const isShare = (x: number): boolean => x >= 0 && x <= 1;
	if (
		!(temperature >= 0 && temperature < Infinity) ||
		!(tieThreshold >= 0 && tieThreshold < Infinity) ||
		!isShare(lapse) ||
		!Number.isFinite(lengthBias) ||
		!Number.isFinite(positionBias) ||
		(drift && !(isShare(drift.lapse) && drift.answers > 0))
	) {
		throw new RangeError('settings of a simulated annotator out of range');
	}
}

/** Root mean square of differences within pairs; of pairs without any difference 1, so that all of them are ties. */
function spreadOf(pairs: readonly ReferencePair[], value: (text: string) => number): number {
	const differences = pairs.flatMap(([x, y]) => [value(x) - value(y), value(y) - value(x)]);
	return Math.sqrt(populationVariance(differences)) || 1;
}

/** ln(u / (1 - u)): a standard logistic draw from a uniform one. */
const logistic = (uniform: number): number => Math.log(uniform / (1 - uniform));

const wordCount = (text: string): number => wordsOf(text).length;

function fitReward(config: GoldRewardConfig, reference: readonly ReferencePair[]): RewardScale {
	const measures = fitMeasures(config, reference.flat());
	return { measures, spread: spreadOf(reference, scaledReward(config, measures)) };
}

/** Measures an annotator's rewards on pairs such as it will judge. Throws RangeError on settings out of range or without pairs. */
export function fitAnnotator(
	config: AnnotatorModelConfig,
	reference: readonly ReferencePair[]
): AnnotatorScale {
	assertConfig(config);
	const later = config.drift?.reward;
	return {
		reward: fitReward(config.reward, reference),
		laterReward: later ? fitReward(later, reference) : null,
		lengthSpread: spreadOf(reference, wordCount),
		pairs: reference.length
	};
}

export class AnnotatorModel {
	readonly config: AnnotatorModelConfig;
	readonly #reward: (text: string) => number;
	readonly #laterReward: (text: string) => number;
	readonly #lengthSpread: number;

	/** Throws RangeError on settings out of range. */
	constructor(config: AnnotatorModelConfig, scale: AnnotatorScale) {
		assertConfig(config);
		const inSpreads = (
			rewardConfig: GoldRewardConfig,
			{ measures, spread }: RewardScale
		): ((text: string) => number) => {
			const reward = scaledReward(rewardConfig, measures);
			return (text) => reward(text) / spread;
		};
		const later = config.drift?.reward;
		this.config = config;
		this.#reward = inSpreads(config.reward, scale.reward);
		this.#laterReward =
			later && scale.laterReward ? inSpreads(later, scale.laterReward) : this.#reward;
		this.#lengthSpread = scale.lengthSpread;
	}

	/** One that measures its rewards itself. Throws RangeError as `fitAnnotator` does. */
	static fitted(config: AnnotatorModelConfig, reference: readonly ReferencePair[]): AnnotatorModel {
		return new AnnotatorModel(config, fitAnnotator(config, reference));
	}

	/** True reward of a text after so many answers, in spreads of the difference within a pair. */
	gold(text: string, answersBefore: number): number {
		const gone = this.#gone(answersBefore);
		return (1 - gone) * this.#reward(text) + (gone === 0 ? 0 : gone * this.#laterReward(text));
	}

	answer(question: SimulatedQuestion): ModelledAnswer {
		const { prompt, aText, bText, aSide, occasion, answersBefore } = question;
		const { temperature, tieThreshold, seed } = this.config;
		const gold = { a: this.gold(aText, answersBefore), b: this.gold(bText, answersBefore) };
		const lead = this.#lead(gold.a - gold.b, aText, bText, aSide);
		const lapse = this.lapse(answersBefore);
		// Drawn for the texts in their own order, so that it does not matter which of them is called a.
		const isInOrder = aText <= bText;
		const [first, second] = isInOrder ? [aText, bText] : [bText, aText];
		const key = JSON.stringify(['annotator model', prompt, first, second, occasion]);
		const random = new Random(deriveSeed(seed, key));
		const direction = isInOrder ? 1 : -1;
		const lapsed = random.next() < lapse;
		const coin = random.next() < 0.5 === isInOrder;
		const felt = lead + direction * temperature * logistic(random.next());
		const judged = Math.abs(felt) <= tieThreshold ? 'tie' : felt > 0 ? 'a' : 'b';
		return {
			outcome: lapsed ? (coin ? 'a' : 'b') : judged,
			lapsed,
			gold,
			probability: this.#shares(lead, lapse),
			source: 'simulated'
		};
	}

	/** Probabilities of the answers to a question, lapses included. */
	probability({
		aText,
		bText,
		aSide,
		answersBefore
	}: Omit<SimulatedQuestion, 'prompt' | 'occasion'>) {
		const difference = this.gold(aText, answersBefore) - this.gold(bText, answersBefore);
		return this.#shares(this.#lead(difference, aText, bText, aSide), this.lapse(answersBefore));
	}

	/** Probability of answering by coin after so many answers. */
	lapse(answersBefore: number): number {
		const { lapse, drift } = this.config;
		return drift ? lapse + this.#gone(answersBefore) * (drift.lapse - lapse) : lapse;
	}

	#gone(answersBefore: number): number {
		const { drift } = this.config;
		return drift ? Math.min(1, answersBefore / drift.answers) : 0;
	}

	/** u without its noise. */
	#lead(difference: number, aText: string, bText: string, aSide: 'left' | 'right'): number {
		const { lengthBias, positionBias } = this.config;
		const longer = (wordCount(aText) - wordCount(bText)) / this.#lengthSpread;
		return difference + lengthBias * longer + positionBias * (aSide === 'left' ? 1 : -1);
	}

	#shares(lead: number, lapse: number): ModelledAnswer['probability'] {
		const { temperature, tieThreshold } = this.config;
		const above = (distance: number): number =>
			temperature > 0 ? sigmoid(distance / temperature) : Number(distance > 0);
		const a = above(lead - tieThreshold);
		const b = above(-lead - tieThreshold);
		const judged = 1 - lapse;
		return { a: lapse / 2 + judged * a, b: lapse / 2 + judged * b, tie: judged * (1 - a - b) };
	}
}
