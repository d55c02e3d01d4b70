/** What the answers say about how they were given, and how well they are predicted. Computed only while someone looks. */
import { forecastAnswers } from '../core/feedback/forecast';
import { isBy, predictedAnswers, streamPredictions } from '../core/feedback/predicted-answers';
import { scorePredictions } from '../core/feedback/prequential';
import {
	answeredByPeople,
	betweenAnnotators,
	reliability,
	type BetweenAnnotators,
	type Reliability
} from '../core/feedback/reliability';
import type { RewardModelRecord } from '../core/records';
import type { AnnotatorsState } from './annotators.svelte';
import type { ComparisonState } from './comparison.svelte';
import type { RewardState } from './reward.svelte';

/** Accuracy that the forecast is about. */
export const FORECAST_TARGET = 0.8;

export interface Predictions {
	/** Whose predictions these are; null: of the head that learns with every answer. */
	model: RewardModelRecord | null;
	/** On the random stream. */
	score: ReturnType<typeof scorePredictions>;
	forecast: ReturnType<typeof forecastAnswers>;
}

export class ReliabilityState {
	readonly #comparisons: ComparisonState;
	readonly #annotators: AnnotatorsState;
	readonly #reward: RewardState;
	readonly #answered = $derived.by(() =>
		answeredByPeople(this.#comparisons.presentations, this.#comparisons.answers)
	);
	readonly #own = $derived.by(() =>
		reliability(
			this.#answered.filter(
				({ answer }) => this.#annotators.keyOf(answer) === this.#annotators.current?.id
			)
		)
	);
	readonly #between = $derived.by(() =>
		betweenAnnotators(this.#answered, (answer) => this.#annotators.keyOf(answer))
	);
	readonly #predictions = $derived.by(() => this.#predict());

	constructor(comparisons: ComparisonState, annotators: AnnotatorsState, reward: RewardState) {
		this.#comparisons = comparisons;
		this.#annotators = annotators;
		this.#reward = reward;
	}

	/** Of whoever is answering now. */
	get own(): Reliability {
		return this.#own;
	}

	get between(): BetweenAnnotators {
		return this.#between;
	}

	get predictions(): Predictions {
		return this.#predictions;
	}

	#predict(): Predictions {
		const { presentations, answers, log, tally } = this.#comparisons;
		const { model, models } = this.#reward;
		const predicted = predictedAnswers(presentations, log.events, answers);
		const byModel = predicted.filter(({ predictor }) => isBy(predictor, model?.id ?? null));
		// A model trained a moment ago has predicted nothing yet: what there is speaks for the head that learned along.
		const shown = byModel.length > 0 || !model ? model : null;
		const ofShown = predicted.filter(({ predictor }) => isBy(predictor, shown?.id ?? null));
		const { ceiling } = this.#own;
		return {
			model: shown,
			score: scorePredictions(ofShown.filter(({ isRandom }) => isRandom)),
			forecast: forecastAnswers(streamPredictions(predicted, models), {
				target: FORECAST_TARGET,
				answers: tally.answers - tally.skips,
				...(ceiling && { highestCeiling: ceiling.high })
			})
		};
	}
}
