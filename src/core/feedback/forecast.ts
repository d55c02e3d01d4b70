/**
 * "About n more answers to reach 80 %": a learning curve fitted to the random stream, where each pair was predicted before it
 * was answered. The curve is a power law toward a ceiling, from even odds before the first answer:
 *     accuracy(n) = c - (c - 1/2) (1 + n / s)^-b
 * (Hestness et al. 2017, arXiv 1712.00409, for error as a power of data). Ceiling c, scale s and exponent b are averaged over
 * by their posterior on a grid: a single fit would hide that a few dozen answers are explained by very different curves.
 * Accuracy is that against the annotator's own answers, whose noise is part of the ceiling.
 *
 * Priors: 2 c - 1 ~ Beta(5, 2) (annotators who agree with themselves in most, not all, answers), ln s flat, b in 1/2 to 3/2.
 * The confidence of the predictions would tell more than their being right or wrong; it is not used, because a head that is
 * as yet badly calibrated (most are) then bends the curve: measured, the 80 % interval held the truth half of the time.
 */
import { type Missing, missing } from './figure';

/** A pair of the random stream. */
export interface StreamPrediction {
	/** Answers that the model had learned from when it predicted. */
	answers: number;
	/** 1 right, 0 wrong, 0.5 where neither side was likelier. */
	right: number;
}

export interface ForecastOptions {
	/** Accuracy to reach, above 1/2. */
	target: number;
	/** Answers given so far. */
	answers: number;
	/** The most that accuracy can be, where repeats have measured the noise: the upper end of 1 - noise. */
	highestCeiling?: number;
}

export interface Forecast {
	/**
	 * Median and 80 % interval, in answers from now on; null = beyond any horizon, perhaps never. The interval is the shortest
	 * in ln(1 + n); where none ends before the horizon, it is "at least so many".
	 */
	value: { low: number; median: number | null; high: number | null };
	/** Probability that the target is reached already. */
	reached: number;
	/** Probability that no number of answers reaches it. */
	never: number;
}

/** Fewer predictions leave the answer to the priors: with 20 the 80 % interval held the truth in under 70 % of forecasts. */
export const LEAST_PREDICTIONS = 30;
/** More answers than anyone gives. */
const HORIZON = 2000;
/** Belief that an interval holds, and at which share of belief it may start. */
const INTERVAL = 0.8;
const INTERVAL_STARTS = Array.from({ length: 11 }, (_, i) => 0.02 * i);
/** Above this probability that the target lies over the ceiling, it is called out of reach. */
const OUT_OF_REACH = 0.9;

const CEILINGS = Array.from({ length: 33 }, (_, i) => 0.505 + 0.015 * i);
const SCALES = Array.from({ length: 20 }, (_, i) => 0.5 * 1.4 ** i);
const EXPONENTS = [0.5, 0.75, 1, 1.5];

interface Curve {
	ceiling: number;
	scale: number;
	exponent: number;
}

const CURVES: readonly Curve[] = CEILINGS.flatMap((ceiling) =>
	SCALES.flatMap((scale) => EXPONENTS.map((exponent) => ({ ceiling, scale, exponent })))
);

function accuracyAt({ ceiling, scale, exponent }: Curve, answers: number): number {
	return ceiling - (ceiling - 0.5) * (1 + answers / scale) ** -exponent;
}

/** Answers at which a curve reaches the target; Infinity where its ceiling lies below. */
function answersToReach({ ceiling, scale, exponent }: Curve, target: number): number {
	if (ceiling <= target) {
		return Infinity;
	}
	return scale * (((ceiling - 0.5) / (ceiling - target)) ** (1 / exponent) - 1);
}

/**
 * A prediction counts as so much of an independent draw: those of one head share its luck, which wanders around any smooth
 * curve. Set on 200 simulated annotators, where it moved the coverage of the 80 % interval from 0.65-0.84 to 0.77-0.87.
 */
const EVIDENCE_PER_PREDICTION = 0.7;

/** Predictions by heads that had learned from as many answers. */
interface Level {
	answers: number;
	right: number;
	wrong: number;
}

/** One head predicts a dozen pairs before it learns again: counted together they need two logarithms, not two dozen. */
function levelsOf(stream: readonly StreamPrediction[]): Level[] {
	const levels = new Map<number, Level>();
	for (const { answers, right } of stream) {
		const level = levels.get(answers) ?? { answers, right: 0, wrong: 0 };
		level.right += right;
		level.wrong += 1 - right;
		levels.set(answers, level);
	}
	return [...levels.values()];
}

/** ln posterior of a curve, but for a constant. */
function logPosterior(curve: Curve, levels: readonly Level[]): number {
	return levels.reduce(
		(sum, { answers, right, wrong }) => {
			const p = accuracyAt(curve, answers);
			return sum + EVIDENCE_PER_PREDICTION * (right * Math.log(p) + wrong * Math.log(1 - p));
		},
		4 * Math.log(curve.ceiling - 0.5) + Math.log(1 - curve.ceiling)
	);
}

/** How many more answers until the random stream is predicted with the target accuracy; or that it cannot be told yet. */
export function forecastAnswers(
	stream: readonly StreamPrediction[],
	{ target, answers, highestCeiling = 1 }: ForecastOptions
): Forecast | Missing<'too-few-predictions' | 'cannot-tell-yet' | 'out-of-reach'> {
	if (!(target > 0.5 && target < 1)) {
		throw new RangeError(`a target of ${target}`);
	}
	if (stream.length < LEAST_PREDICTIONS) {
		return missing('too-few-predictions');
	}
	const curves = CURVES.filter(({ ceiling }) => ceiling <= highestCeiling);
	const levels = levelsOf(stream);
	const logs = curves.map((curve) => logPosterior(curve, levels));
	const top = logs.reduce((x, y) => Math.max(x, y), -Infinity);
	const weights = logs.map((log) => Math.exp(log - top));
	const total = weights.reduce((sum, w) => sum + w, 0);
	const believed = curves
		.map((curve, i) => ({
			more: Math.max(0, answersToReach(curve, target) - answers),
			weight: (weights[i] ?? 0) / total
		}))
		.sort((x, y) => x.more - y.more);
	const probabilityOf = (more: number): number =>
		believed.reduce((sum, belief) => sum + (belief.more === more ? belief.weight : 0), 0);
	const never = probabilityOf(Infinity);
	if (curves.length === 0 || never > OUT_OF_REACH) {
		return missing('out-of-reach');
	}
	/** Smallest number of answers with at least this share of belief at or below it; Infinity beyond the horizon. */
	const quantile = (share: number): number => {
		let sum = 0;
		const found = believed.find(({ weight }) => (sum += weight) >= share);
		return found && found.more <= HORIZON ? found.more : Infinity;
	};
	const closed = INTERVAL_STARTS.map((start) => ({
		low: quantile(start),
		high: quantile(start + INTERVAL)
	}))
		.filter(({ high }) => high < Infinity)
		.sort((x, y) => lengthOf(x) - lengthOf(y));
	const interval = closed[0] ?? { low: quantile(1 - INTERVAL), high: Infinity };
	if (interval.high === Infinity && (interval.low === 0 || interval.low === Infinity)) {
		return missing(interval.low === 0 ? 'cannot-tell-yet' : 'out-of-reach');
	}
	const orNull = (more: number): number | null => (more === Infinity ? null : more);
	return {
		value: {
			low: interval.low,
			median: orNull(quantile(0.5)),
			high: orNull(interval.high)
		},
		reached: probabilityOf(0),
		never
	};
}

const lengthOf = ({ low, high }: { low: number; high: number }): number =>
	Math.log1p(high) - Math.log1p(low);
