/** Sealed predictions beside the answers that followed, and what they say about accuracy and about the answers still needed. */
import type { AnswerEvent, Predictor, Presentation, RewardModelRecord } from '../records';
import type { StreamPrediction } from './forecast';
import type { PredictedAnswer } from './prequential';

export interface PredictedPair extends PredictedAnswer {
	predictor: Predictor;
	/** Of the random stream, on which accuracy is unbiased. */
	isRandom: boolean;
}

/**
 * Predictions of pairs that a person answered, in the order of asking. The first answer counts, whatever it was changed to after
 * the prediction could be seen; a pair whose answer was taken back counts no more.
 */
export function predictedAnswers(
	presentations: readonly Presentation[],
	events: readonly AnswerEvent[],
	answers: ReadonlyMap<string, AnswerEvent>
): PredictedPair[] {
	const first = new Map<string, AnswerEvent>();
	for (const event of events) {
		const known = first.get(event.presentationId);
		if (event.kind === 'answer' && (!known || event.revision < known.revision)) {
			first.set(event.presentationId, event);
		}
	}
	return presentations.flatMap((pair) => {
		const { sealed, selection, prompt, a, b } = pair;
		const answer = first.get(pair.id);
		if (!sealed || answer?.source !== 'human' || !answer.outcome || !answers.has(pair.id)) {
			return [];
		}
		return [
			{
				pair: { prompt, aText: a.text, bText: b.text },
				prediction: sealed,
				predictor: sealed.predictor,
				isRandom: selection?.policy === 'random',
				sealedAt: pair.createdAt,
				answeredAt: answer.createdAt,
				outcome: answer.outcome
			}
		];
	});
}

/** Whether a predictor is the one asked about: a stored reward model, or (null) the head that learns with every answer. */
export function isBy(predictor: Predictor, rewardModelId: string | null): boolean {
	return predictor.kind === 'reward-model'
		? predictor.rewardModelId === rewardModelId
		: rewardModelId === null;
}

/** Predictions of the random stream as points of a learning curve; those of reward models that are gone have no place on it. */
export function streamPredictions(
	predicted: readonly PredictedPair[],
	models: readonly RewardModelRecord[]
): StreamPrediction[] {
	return predicted.flatMap(({ predictor, prediction, isRandom, outcome }) => {
		const answers =
			predictor.kind === 'posterior'
				? predictor.answers
				: models.find(({ id }) => id === predictor.rewardModelId)?.trainPairs;
		if (!isRandom || answers === undefined || (outcome !== 'a' && outcome !== 'b')) {
			return [];
		}
		const { pA } = prediction;
		return [{ answers, right: pA === 0.5 ? 0.5 : Number(pA > 0.5 === (outcome === 'a')) }];
	});
}
