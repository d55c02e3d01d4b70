/**
 * Predictions committed before the answer, and how good they were: accuracy, Brier score and calibration without holding
 * anything back. Dawid 1984, "The prequential approach"; Brier 1950; the commitment is a salted hash, so that the prediction
 * can be shown to be older than the answer without being told before it.
 * Unbiased for the pairs of the random stream alone: an active policy asks what the model finds hard.
 * Deviation from the usual calibration curve: which completion is called a is arbitrary, so that a prediction is read as
 * confidence in the likelier side, 1/2 to 1, and the outcome as whether that side won.
 */
import { meanInterval } from '../evaluation/intervals';
import { sha256 } from '../sha256';
import type { Outcome, SealedPrediction } from '../records';
import { type Estimate, type Missing, missing, shareOf } from './figure';

/** Written into every commitment, so that a change of what is hashed cannot pass for the same. */
const SEAL_FORMAT = 1;

/** What a prediction is about. Texts, not ids: a copied study renews its ids and keeps its seals. */
export interface SealedTexts {
	prompt: string;
	aText: string;
	bText: string;
}

type Seal = Pick<SealedPrediction, 'pA' | 'salt' | 'commitment'>;

/** 128 bits: without them a few thousand rounded probabilities could simply be tried. */
const LEAST_SALT_DIGITS = 32;

function commitmentOf({ prompt, aText, bText }: SealedTexts, pA: number, salt: string): string {
	return sha256(
		JSON.stringify([`sealed prediction ${SEAL_FORMAT}`, prompt, aText, bText, pA, salt])
	);
}

/**
 * Commits to the probability pA that a is better; salt: 32 random hexadecimal digits or more. Only the commitment, SHA-256 of
 * it all, tells nothing before the answer. Throws RangeError on what is no probability or too little salt.
 */
export function sealPrediction(pair: SealedTexts, pA: number, salt: string): Seal {
	if (!(pA >= 0 && pA <= 1) || salt.length < LEAST_SALT_DIGITS) {
		throw new RangeError(`a prediction of ${pA} with a salt of ${salt.length} digits`);
	}
	return { pA, salt, commitment: commitmentOf(pair, pA, salt) };
}

/** Whether the prediction is the one that was committed to. */
export function isSealIntact(pair: SealedTexts, { pA, salt, commitment }: Seal): boolean {
	return commitmentOf(pair, pA, salt) === commitment;
}

/** A prediction and the answer that followed; times in milliseconds since the epoch. */
export interface PredictedAnswer {
	pair: SealedTexts;
	prediction: Seal;
	sealedAt: number;
	answeredAt: number;
	outcome: Outcome;
}

export interface CalibrationBin {
	/** Confidence from `from` up to `to`. */
	from: number;
	to: number;
	/** Mean confidence of the predictions in it. */
	confidence: number;
	/** Share of them whose likelier side won. */
	observed: Estimate;
}

export interface PrequentialScore {
	/** Share of decided answers that went to the likelier side; a prediction of exactly 1/2 counts half. */
	accuracy: Estimate;
	/** Mean squared error of the probability, 0 to 1; 1/4 for one who always says 1/2. */
	brier: Estimate;
	/** Bins that hold a prediction. */
	calibration: CalibrationBin[];
	/** Mean distance of confidence and outcome over the bins; above 0 by chance alone where bins hold few. */
	calibrationError: number;
	/** Answers left out, by reason. */
	left: { ties: number; skips: number; brokenSeals: number; sealedTooLate: number };
}

const BINS = 5;

interface Scored {
	confidence: number;
	/** 1 the likelier side won, 0 the other; 1/2 where neither was likelier. */
	right: number;
	/** (probability - outcome)^2 */
	squaredError: number;
}

function calibrationBins(scored: readonly Scored[]): CalibrationBin[] {
	return Array.from({ length: BINS }, (_, i) => {
		const [from, to] = [0.5 + (0.5 * i) / BINS, 0.5 + (0.5 * (i + 1)) / BINS];
		const isLast = i === BINS - 1;
		const inside = scored.filter(
			({ confidence }) => confidence >= from && (confidence < to || isLast)
		);
		const observed = shareOf(
			inside.reduce((sum, { right }) => sum + right, 0),
			inside.length
		);
		const confidence = inside.reduce((sum, s) => sum + s.confidence, 0) / inside.length;
		return observed.value === null ? [] : [{ from, to, confidence, observed }];
	}).flat();
}

/** Scores what was predicted before its answer; ties and skips say nothing about a side and are counted, not scored. */
export function scorePredictions(
	answers: readonly PredictedAnswer[]
): PrequentialScore | (Missing<'no-decided-answers'> & Pick<PrequentialScore, 'left'>) {
	const left = { ties: 0, skips: 0, brokenSeals: 0, sealedTooLate: 0 };
	const scored: Scored[] = [];
	for (const { pair, prediction, sealedAt, answeredAt, outcome } of answers) {
		const { pA } = prediction;
		if (!isSealIntact(pair, prediction)) {
			left.brokenSeals++;
		} else if (sealedAt > answeredAt) {
			left.sealedTooLate++;
		} else if (outcome === 'tie') {
			left.ties++;
		} else if (outcome === 'skip') {
			left.skips++;
		} else {
			const y = outcome === 'a' ? 1 : 0;
			const right = pA === 0.5 ? 0.5 : Number(pA > 0.5 === (y === 1));
			scored.push({ confidence: Math.max(pA, 1 - pA), right, squaredError: (pA - y) ** 2 });
		}
	}
	const accuracy = shareOf(
		scored.reduce((sum, { right }) => sum + right, 0),
		scored.length
	);
	if (accuracy.value === null) {
		return { ...missing('no-decided-answers'), left };
	}
	const { estimate, low, high } = meanInterval(scored.map(({ squaredError }) => squaredError));
	const brier = {
		value: estimate,
		low: Math.max(0, low),
		high: Math.min(1, high),
		n: scored.length
	};
	const calibration = calibrationBins(scored);
	const calibrationError = calibration.reduce(
		(sum, { confidence, observed }) =>
			sum + (observed.n / scored.length) * Math.abs(confidence - observed.value),
		0
	);
	return { accuracy, brier, calibration, calibrationError, left };
}
