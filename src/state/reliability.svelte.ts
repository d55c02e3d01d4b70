/** What the answers say about how they were given, and how well they are predicted. Computed only while someone looks. */
import type { Estimate } from '../core/feedback/figure';
import { forecastAnswers } from '../core/feedback/forecast';
import { isBy, predictedAnswers, streamPredictions } from '../core/feedback/predicted-answers';
import { scorePredictions } from '../core/feedback/prequential';
import {
	answeredByPeople,
	betweenAnnotators,
	pooledCeiling,
	reliability,
	type AnsweredPair,
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
	/** Simulated answers that it learned from beside those of people; 0 where they are left out. */
	simulated: number;
}

export interface AnswersForecast {
	/** Predicted pairs of the random stream with a side chosen: what it rests on. */
	predictions: number;
	result: ReturnType<typeof forecastAnswers>;
}

export class ReliabilityState {
	readonly #comparisons: ComparisonState;
	readonly #annotators: AnnotatorsState;
	readonly #reward: RewardState;
	/** Pairs whose prediction was told. */
	readonly #opened = new Set<string>();
	readonly #answered = $derived.by(() => {
		const { presentations, answers, log } = this.#comparisons;
		return answeredByPeople(presentations, answers, log.events);
	});
	readonly #people = $derived.by(() => {
		const people = new Map<string, AnsweredPair[]>();
		for (const item of this.#answered) {
			const key = this.#annotators.keyOf(item.answer);
			const own = people.get(key) ?? [];
			own.push(item);
			people.set(key, own);
		}
		return people;
	});
	readonly #own = $derived.by(() =>
		reliability(this.#people.get(this.#annotators.current?.id ?? '') ?? [])
	);
	readonly #ceiling = $derived(pooledCeiling([...this.#people.values()]));
	readonly #between = $derived.by(() =>
		betweenAnnotators(this.#answered, (answer) => this.#annotators.keyOf(answer))
	);
	readonly #predicted = $derived.by(() => {
		const { presentations, answers, log } = this.#comparisons;
		return predictedAnswers(presentations, log.events, answers);
	});
	readonly #predictions = $derived.by(() => this.#score());
	readonly #forecast = $derived.by(() => this.#foresee());

	constructor(comparisons: ComparisonState, annotators: AnnotatorsState, reward: RewardState) {
		this.#comparisons = comparisons;
		this.#annotators = annotators;
		this.#reward = reward;
	}

	/** Of whoever is answering now. */
	get own(): Reliability {
		return this.#own;
	}

	/** The most that a reward model can be seen to agree with the answers of everyone here; null without repeats. */
	get ceiling(): Estimate | null {
		return this.#ceiling;
	}

	/** Keys of the people who answered anything. */
	get people(): readonly string[] {
		return [...this.#people.keys()];
	}

	get between(): BetweenAnnotators {
		return this.#between;
	}

	/** Of everyone's answers: the model that predicts learns from all of them. */
	get predictions(): Predictions {
		return this.#predictions;
	}

	/** Some milliseconds of work: not to be read between an answer and the next pair. */
	get forecast(): AnswersForecast {
		return this.#forecast;
	}

	/** What was predicted of a pair was told: another answer to it is not blind. */
	open(presentationId: string): void {
		this.#opened.add(presentationId);
	}

	isBlind(presentationId: string): boolean {
		return !this.#opened.has(presentationId);
	}

	/** Simulated answers that whatever predicts learns from too. */
	get #simulated(): number {
		return this.#reward.config.includeSimulated ? this.#comparisons.tally.simulated : 0;
	}

	#score(): Predictions {
		const { model } = this.#reward;
		const byModel = this.#predicted.some(({ predictor }) => isBy(predictor, model?.id ?? null));
		// A model trained a moment ago has predicted nothing yet: what there is speaks for the head that learned along.
		const shown = byModel ? model : null;
		const ofShown = this.#predicted.filter(({ predictor }) => isBy(predictor, shown?.id ?? null));
		return {
			model: shown,
			score: scorePredictions(ofShown.filter(({ isRandom }) => isRandom)),
			simulated: this.#simulated
		};
	}

	#foresee(): AnswersForecast {
		const stream = streamPredictions(this.#predicted, this.#reward.models);
		const { answers, skips, simulated } = this.#comparisons.tally;
		return {
			predictions: stream.length,
			result: forecastAnswers(stream, {
				target: FORECAST_TARGET,
				// Counted as the predictors count what they learned from.
				answers: answers - skips - simulated + this.#simulated,
				...(this.#ceiling && { highestCeiling: this.#ceiling.high })
			})
		};
	}
}
