/**
 * What is known of the reward head: a Gaussian over its weights, by Laplace's approximation. A pair is read as the difference
 * of the last layer's features, x = phi_a - phi_b, [d]; P(a better) = sigmoid(w . x); prior w ~ N(0, 1 / precision).
 * Spiegelhalter & Lauritzen 1990 (recursive update); MacKay 1992, "The evidence framework applied to classification networks"
 * (evidence, and sigmoid(m / sqrt(1 + pi v / 8)) as the mean of sigmoid over a Gaussian); Bishop 2006, 4.5.
 * Deviations: none in the formulas. It knows the head alone: the features are taken as given, so that it says nothing about
 * what a trunk that learns might still do, and a tie is the soft label 0.5, twice half an answer.
 */
import {
	choleskyUpdate,
	dot,
	logDeterminant,
	solveLower,
	solveUpper
} from '../evaluation/linear-algebra';
import { minimiseConvex } from '../evaluation/newton';
import { type LogisticData, ridgeLogistic } from '../evaluation/ridge-logistic';
import type { F } from '../methods/loss';
import { at, sigmoid } from '../methods/math';
import type { Random } from '../random';

/** What is believed of w . x for one pair: how far a leads, log-odds. */
export interface Lead {
	mean: number;
	variance: number;
}

/** Mean of sigmoid(z) over z ~ N(mean, variance), by MacKay's approximation; within 0.02 of it everywhere. */
export function expectedSigmoid({ mean, variance }: Lead): number {
	return sigmoid(mean / Math.sqrt(1 + (Math.PI * variance) / 8));
}

/** t = lead + variance * (y - sigmoid(t)): where a Gaussian over the lead and one answer agree on its most likely value. */
function updatedLead({ mean, variance }: Lead, y: number): number {
	let [low, high] = [mean - variance, mean + variance];
	let t = mean;
	for (let i = 0; i < 100; i++) {
		const p = sigmoid(t);
		const excess = t - mean - variance * (y - p);
		[low, high] = excess > 0 ? [low, t] : [t, high];
		const newton = t - excess / (1 + variance * p * (1 - p));
		const next = newton > low && newton < high ? newton : (low + high) / 2;
		if (Math.abs(next - t) <= 1e-15 * Math.max(1, Math.abs(t))) {
			break;
		}
		t = next;
	}
	return t;
}

function assertProbability(y: number): void {
	if (!(y >= 0 && y <= 1)) {
		throw new RangeError(`${y} is not a probability`);
	}
}

export class RewardPosterior {
	readonly dimension: number;
	/** Of the prior: 1 / variance of each weight. */
	readonly precision: number;
	readonly #rows: F[] = [];
	readonly #y: number[] = [];
	/** [d], the most likely weights. */
	#mean: F;
	/** [d * d], factor of the inverse covariance: precision I + sum p (1 - p) x x^T. */
	#factor: F;

	constructor(dimension: number, precision: number) {
		if (!Number.isSafeInteger(dimension) || dimension < 1 || !(precision > 0)) {
			throw new RangeError(`a head of ${dimension} weights with prior precision ${precision}`);
		}
		this.dimension = dimension;
		this.precision = precision;
		this.#mean = new Float64Array(dimension);
		this.#factor = new Float64Array(dimension * dimension);
		for (let k = 0; k < dimension; k++) {
			this.#factor[k * dimension + k] = Math.sqrt(precision);
		}
	}

	/** The exact fit to pairs with answers: y is the probability that a is better. */
	static fit({ rows, y }: LogisticData, dimension: number, precision: number): RewardPosterior {
		const posterior = new RewardPosterior(dimension, precision);
		rows.forEach((row, i) => posterior.#remember(row, at(y, i)));
		posterior.refit();
		return posterior;
	}

	/** Pairs it has learned from. */
	get answers(): number {
		return this.#rows.length;
	}

	/** [d], a copy of the most likely weights. */
	get mean(): F {
		return this.#mean.slice();
	}

	/**
	 * Learns from one more answer in time d^2: exact for this answer, with all earlier ones kept as the Gaussian they left.
	 * `refit` takes back what that approximation costs.
	 */
	add(difference: F, y: number): void {
		this.#remember(difference, y);
		const toPair = solveLower(this.#factor, difference);
		const lead = { mean: dot(this.#mean, difference), variance: dot(toPair, toPair) };
		const p = sigmoid(updatedLead(lead, y));
		const direction = solveUpper(this.#factor, toPair);
		this.#mean = this.#mean.map((w, k) => w + (y - p) * at(direction, k));
		this.#sharpen(difference, p);
	}

	/** The most likely weights of all answers so far and the curvature there, by Newton's method from where it stands. */
	refit(): void {
		const f = ridgeLogistic({ rows: this.#rows, y: this.#y }, this.precision);
		const { x, factor } = minimiseConvex(f, this.#mean);
		this.#mean = x;
		this.#factor = factor;
	}

	/**
	 * What is known once a pair has been asked, whatever the answer: the variances shrink, the mean stays. For choosing
	 * several pairs ahead. Such a posterior is for asking, not for learning from: use a copy.
	 */
	anticipate(difference: F): void {
		this.#sharpen(difference, sigmoid(dot(this.#mean, difference)));
	}

	copy(): RewardPosterior {
		const twin = new RewardPosterior(this.dimension, this.precision);
		twin.#rows.push(...this.#rows);
		twin.#y.push(...this.#y);
		twin.#mean = this.#mean.slice();
		twin.#factor = this.#factor.slice();
		return twin;
	}

	/** Belief about the lead of a over b in a pair. */
	lead(difference: F): Lead {
		this.#assertLength(difference);
		const toPair = solveLower(this.#factor, difference);
		return { mean: dot(this.#mean, difference), variance: dot(toPair, toPair) };
	}

	/** Probability that a is better, with what is not known of the head averaged over. */
	probability(difference: F): number {
		return expectedSigmoid(this.lead(difference));
	}

	/** [d], weights drawn from the posterior. */
	sample(random: Random): F {
		const noise = Float64Array.from({ length: this.dimension }, () => random.normal());
		const around = solveUpper(this.#factor, noise);
		return this.#mean.map((w, k) => w + at(around, k));
	}

	/** Laplace's approximation of ln p(answers | precision); right after `fit` or `refit`. */
	logEvidence(): number {
		const f = ridgeLogistic({ rows: this.#rows, y: this.#y }, this.precision);
		const prior = (this.dimension / 2) * Math.log(this.precision);
		return prior - f.value(this.#mean) - logDeterminant(this.#factor) / 2;
	}

	#remember(difference: F, y: number): void {
		this.#assertLength(difference);
		assertProbability(y);
		this.#rows.push(difference);
		this.#y.push(y);
	}

	#sharpen(difference: F, p: number): void {
		const weight = Math.sqrt(p * (1 - p));
		choleskyUpdate(
			this.#factor,
			difference.map((x) => weight * x)
		);
	}

	#assertLength(difference: F): void {
		if (difference.length !== this.dimension || !difference.every(Number.isFinite)) {
			throw new RangeError(
				`a difference of ${difference.length} features (all finite?) for a head of ${this.dimension}`
			);
		}
	}
}

/** How far a typical pair's lead may be from 0 before any answer, log-odds; from "hardly a taste" to "never in doubt". */
const PRIOR_LEADS = [0.5, 1, 2, 4, 8];

/**
 * The prior precision under which the answers are most likely, out of a few, each named by the standard deviation it gives the
 * lead of a typical pair: precision = mean |x|^2 / sd^2. Throws RangeError where no pair differs in its features.
 */
export function likeliestPrecision({ rows, y }: LogisticData, dimension: number): number {
	const size = rows.reduce((sum, row) => sum + dot(row, row), 0) / rows.length;
	if (!(size > 0)) {
		throw new RangeError('no pair differs in its features');
	}
	const [best] = PRIOR_LEADS.map((sd) => {
		const precision = size / sd ** 2;
		return {
			precision,
			evidence: RewardPosterior.fit({ rows, y }, dimension, precision).logEvidence()
		};
	}).toSorted((a, b) => b.evidence - a.evidence);
	return best?.precision ?? size;
}
