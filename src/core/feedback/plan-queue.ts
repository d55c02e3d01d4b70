/**
 * One whole choice of what to ask next, from numbers alone, so that it can be made off the page: the reward head's posterior from
 * the answers so far, the choices of the mixture, and what is predicted of each chosen pair.
 */
import type { F } from '../methods/loss';
import { likeliestPrecision, RewardPosterior } from './reward-posterior';
import {
	chooseQueue,
	type AskedPair,
	type Candidate,
	type Mixture,
	type SelectionReason
} from './selection';

export interface QueueTask {
	/** Features of a text. */
	dimension: number;
	/** [answers * dimension], features of a less those of b. */
	rows: F;
	/** [answers], 1 where a won, 0 where b did, 0.5 for a tie. */
	y: F;
	/** Of the head's prior; null: the likeliest, which takes several fits. */
	precision: number | null;
	pool: readonly Omit<Candidate, 'difference'>[];
	/** [pool * dimension] */
	differences: F;
	asked: readonly AskedPair[];
	mixture: Mixture;
	seed: number;
	step: number;
	isPoolFinal: boolean;
	/** Pairs wanted. */
	n: number;
}

export interface PlannedChoice {
	/** Of the pool, or null where an asked pair is repeated. */
	candidateId: string | null;
	repeatsId: string | null;
	/** Of a repeat: where a is to stand. */
	aSide?: 'left' | 'right';
	propensity: number;
	reason: SelectionReason;
	/** Probability that a wins; null for a repeat, whose first answer is known. */
	pA: number | null;
}

export interface PlannedQueue {
	choices: PlannedChoice[];
	/** The prior that was used. */
	precision: number;
	/** Answers that the predictions rest on. */
	answers: number;
}

const rowsOf = (flat: F, dimension: number): F[] =>
	Array.from({ length: flat.length / dimension }, (_, i) =>
		flat.subarray(i * dimension, (i + 1) * dimension)
	);

/** Throws RangeError where no pair differs in its features, or on sizes that do not fit. */
export function planQueue(task: QueueTask): PlannedQueue {
	const { dimension, y, pool, asked, mixture, seed, step, isPoolFinal, n } = task;
	const data = { rows: rowsOf(task.rows, dimension), y };
	if (data.rows.length !== y.length || task.differences.length !== pool.length * dimension) {
		throw new RangeError(`${data.rows.length} rows for ${y.length} answers`);
	}
	const precision = task.precision ?? likeliestPrecision(data, dimension);
	const posterior = RewardPosterior.fit(data, dimension, precision);
	const differences = rowsOf(task.differences, dimension);
	const candidates = pool.map((candidate, i): Candidate => ({
		...candidate,
		difference: differences[i] ?? null
	}));
	const choices = chooseQueue(
		{ pool: candidates, asked, posterior, mixture, seed, step, isPoolFinal },
		n
	);
	return {
		precision,
		answers: posterior.answers,
		choices: choices.map((choice): PlannedChoice => {
			const { candidate, repeats, propensity, reason } = choice;
			return {
				candidateId: candidate?.id ?? null,
				repeatsId: repeats?.id ?? null,
				...(choice.candidate === null && { aSide: choice.aSide }),
				propensity,
				reason,
				pA: candidate?.difference ? posterior.probability(candidate.difference) : null
			};
		})
	};
}
