/**
 * Whether a reward model's probabilities can be believed: p = sigmoid(lead) of the side it prefers. Negative log-likelihood, Brier
 * score (1950), expected calibration error over confidence bins of 0.1 from 0.5 to 1, and the temperature T that makes sigmoid(lead /
 * T) likeliest (Guo et al. 2017, arXiv 1706.04599; summarize_from_feedback_details eval/rm_calibration.py).
 * Deviations: soft labels count in likelihood and Brier score; a tie (0.5) has no right side, and is left out of accuracy and
 * bins. 1 / T is found by bisection on the slope, which is monotone; where there is no likeliest T the reason is given.
 */
import { type Missing, missing } from '../feedback/figure';
import { at, clamp, sigmoid, softplus } from '../methods/math';

export interface Labelled {
	/** [n], reward of a less that of b. */
	leads: ArrayLike<number>;
	/** [n], probability that a is better. */
	y: ArrayLike<number>;
}

export interface ReliabilityBin {
	/** Confidence from `low` (inclusive) to `high`; the last bin holds 1 too. */
	low: number;
	high: number;
	n: number;
	/** Share whose preferred side was right; a lead of 0 counts half. */
	accuracy: number;
	/** Mean confidence. */
	confidence: number;
}

export interface CalibrationReport {
	/** Nats a pair; ln 2 for one who knows nothing. */
	nll: number;
	brier: number;
	/** Over decided pairs; null where all are ties. */
	accuracy: number | null;
	/** Expected calibration error; null where all are ties. Above 0 by chance alone where bins hold few. */
	ece: number | null;
	/** Bins that hold a pair. */
	bins: ReliabilityBin[];
	n: number;
	decided: number;
}

const BINS = 5;

function assertLabelled({ leads, y }: Labelled): void {
	if (leads.length !== y.length) {
		throw new RangeError(`${leads.length} leads with ${y.length} labels`);
	}
	for (let i = 0; i < y.length; i++) {
		if (Number.isNaN(at(leads, i)) || at(y, i) !== clamp(at(y, i), 0, 1)) {
			throw new RangeError(`a lead of ${at(leads, i)} with label ${at(y, i)}`);
		}
	}
}

const nllOf = (lead: number, y: number): number => y * softplus(-lead) + (1 - y) * softplus(lead);

/** Mean negative log-likelihood of the labels with leads divided by a temperature, nats; NaN for none. */
export function pairNll({ leads, y }: Labelled, temperature = 1): number {
	let sum = 0;
	for (let i = 0; i < y.length; i++) {
		sum += nllOf(at(leads, i) / temperature, at(y, i));
	}
	return sum / y.length;
}

/** How the leads fit the labels. Throws RangeError on lengths that differ or what is no label. */
export function calibrationReport(data: Labelled): CalibrationReport | Missing<'no-labels'> {
	assertLabelled(data);
	const { leads, y } = data;
	const n = y.length;
	if (n === 0) {
		return missing('no-labels');
	}
	const bins = Array.from({ length: BINS }, () => ({ n: 0, right: 0, confidence: 0 }));
	let brier = 0;
	for (let i = 0; i < n; i++) {
		const [lead, label] = [at(leads, i), at(y, i)];
		brier += (sigmoid(lead) - label) ** 2 / n;
		const confidence = sigmoid(Math.abs(lead));
		const bin = bins[Math.min(BINS - 1, Math.floor((confidence - 0.5) * 2 * BINS))];
		if (label !== 0.5 && bin) {
			bin.n++;
			bin.right += (1 + Math.sign(lead) * Math.sign(label - 0.5)) / 2;
			bin.confidence += confidence;
		}
	}
	const decided = bins.reduce((sum, bin) => sum + bin.n, 0);
	const right = bins.reduce((sum, bin) => sum + bin.right, 0);
	const gap = bins.reduce((sum, bin) => sum + Math.abs(bin.right - bin.confidence), 0);
	return {
		nll: pairNll(data),
		brier,
		accuracy: decided === 0 ? null : right / decided,
		ece: decided === 0 ? null : gap / decided,
		bins: bins.flatMap((bin, k) =>
			bin.n === 0
				? []
				: {
						low: 0.5 + k / (2 * BINS),
						high: 0.5 + (k + 1) / (2 * BINS),
						n: bin.n,
						accuracy: bin.right / bin.n,
						confidence: bin.confidence / bin.n
					}
		),
		n,
		decided
	};
}

/** Inverse temperatures between which one is looked for: beyond them leads are steps, or nothing. */
const LEAST_INVERSE = 1e-3;
const MOST_INVERSE = 1e3;

export interface TemperatureFit {
	/** Above 1: the model was too sure. Divide leads by it. */
	temperature: number;
	nllBefore: number;
	nllAfter: number;
}

/**
 * The likeliest temperature. `no-signal`: leads point the wrong way or are all 0, the best is to know nothing. `separable`:
 * every label is on the side of its lead, any larger confidence is likelier still.
 */
export function fitTemperature(
	data: Labelled
): TemperatureFit | Missing<'no-labels' | 'no-signal' | 'separable'> {
	assertLabelled(data);
	const { leads, y } = data;
	if (y.length === 0) {
		return missing('no-labels');
	}
	// d NLL / d s at inverse temperature s; rises with s.
	const slope = (s: number): number => {
		let sum = 0;
		for (let i = 0; i < y.length; i++) {
			sum += at(leads, i) * (sigmoid(s * at(leads, i)) - at(y, i));
		}
		return sum;
	};
	if (slope(LEAST_INVERSE) >= 0) {
		return missing('no-signal');
	}
	if (slope(MOST_INVERSE) <= 0) {
		return missing('separable');
	}
	let [low, high] = [LEAST_INVERSE, MOST_INVERSE];
	for (let i = 0; i < 100; i++) {
		const middle = Math.sqrt(low * high);
		[low, high] = slope(middle) < 0 ? [middle, high] : [low, middle];
	}
	const temperature = 1 / Math.sqrt(low * high);
	return { temperature, nllBefore: pairNll(data), nllAfter: pairNll(data, temperature) };
}
