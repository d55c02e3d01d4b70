/** Simulated annotators with a known reward, and a reward head that learns from them pair by pair; for tests and the benchmark. */
import { acquisitionScore, type ActivePolicy } from '../../../../src/core/feedback/acquisition';
import { dot } from '../../../../src/core/evaluation/linear-algebra';
import type { StreamPrediction } from '../../../../src/core/feedback/forecast';
import {
	likeliestPrecision,
	RewardPosterior
} from '../../../../src/core/feedback/reward-posterior';
import { deriveSeed, Random } from '../../../../src/core/random';

type F = Float64Array;

export interface SimulatedPair {
	/** What the learner sees: features of a less those of b. */
	difference: F;
	/** What the annotator feels: true reward of a less that of b, over its spread. */
	lead: number;
}

export interface SimulatedTask {
	/** Of the learner's features. */
	dimension: number;
	draw(random: Random): SimulatedPair;
	/** Of the answer "a". */
	answerProbability(pair: SimulatedPair): number;
}

export interface Noise {
	/** In spreads of the true lead. */
	temperature: number;
	lapse: number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const normals = (n: number, random: Random) =>
	Float64Array.from({ length: n }, () => random.normal());

const answerBy =
	({ temperature, lapse }: Noise) =>
	({ lead }: SimulatedPair) =>
		lapse / 2 + (1 - lapse) * sigmoid(lead / temperature);

/** Divides leads by their spread over a thousand pairs. */
function scaled(draw: (random: Random) => SimulatedPair, seed: number): SimulatedTask['draw'] {
	const random = new Random(deriveSeed(seed, 'spread'));
	const leads = Array.from({ length: 1000 }, () => draw(random).lead);
	const spread = Math.sqrt(leads.reduce((sum, x) => sum + x * x, 0) / leads.length);
	return (from) => {
		const { difference, lead } = draw(from);
		return { difference, lead: lead / spread };
	};
}

/**
 * The true reward is linear in the features, whose variances fall as 1 / k, as those of hidden states do. How much two
 * completions differ differs by pair, log-normally with sd `contrast` (0 = always as much).
 */
export function linearTask(
	dimension: number,
	noise: Noise,
	seed: number,
	contrast = 0.5
): SimulatedTask {
	const head = normals(dimension, new Random(deriveSeed(seed, 'linear reward')));
	const draw = (random: Random): SimulatedPair => {
		const size = Math.exp(contrast * random.normal());
		const difference = normals(dimension, random).map((x, k) => size * x * Math.sqrt(2 / (k + 1)));
		return { difference, lead: dot(head, difference) };
	};
	return { dimension, draw: scaled(draw, seed), answerProbability: answerBy(noise) };
}

/**
 * The true reward is a tanh network of two layers over inputs of 8 numbers; the learner has other features, those of a fixed
 * random network of one ReLU layer, and a head on them: it can come near the truth and never meets it.
 */
export function neuralTask(noise: Noise, seed: number): SimulatedTask {
	const [inputs, truthWidth, width] = [8, 8, 80];
	const random = new Random(deriveSeed(seed, 'neural reward'));
	const layer = (n: number) => Array.from({ length: n }, () => normals(inputs, random));
	const truthIn = layer(truthWidth);
	const truthOut = normals(truthWidth, random);
	const featureIn = layer(width);
	const featureBias = normals(width, random);
	const reward = (x: F) =>
		truthIn.reduce((sum, w, k) => sum + (truthOut[k] ?? 0) * Math.tanh(dot(w, x)), 0);
	const features = (x: F) =>
		Float64Array.from(featureIn, (w, k) =>
			Math.max(0, (dot(w, x) / Math.sqrt(inputs) + (featureBias[k] ?? 0)) * Math.sqrt(2 / width))
		);
	const draw = (from: Random): SimulatedPair => {
		const [a, b] = [normals(inputs, from), normals(inputs, from)];
		const [featuresA, featuresB] = [features(a), features(b)];
		const difference = featuresA.map((x, k) => x - (featuresB[k] ?? 0));
		return { difference, lead: reward(a) - reward(b) };
	};
	return { dimension: width, draw: scaled(draw, seed), answerProbability: answerBy(noise) };
}

export interface LearnOptions {
	/** 'random', or an active policy for all but `randomShare` of the answers. */
	policy: 'random' | ActivePolicy;
	randomShare: number;
	answers: number;
	seed: number;
	/** Candidates among which an active policy chooses; the one asked is replaced. */
	poolSize: number;
	testPairs: number;
}

export interface Learned {
	/** [answers + 1], share of fresh pairs whose truly better side has the higher reward, after so many answers. */
	goldAccuracy: number[];
	/** [answers + 1], expected agreement with the annotator's own answers to fresh pairs. */
	answerAccuracy: number[];
	/** Predictions of the random stream, in order. */
	stream: StreamPrediction[];
}

/** Answers after which the head is fitted anew; in between it learns one answer at a time. */
const REFIT_EVERY = 10;
/** Prior spread of a typical pair's lead, log-odds, until the answers say which prior is likeliest. */
const PRIOR_LEAD = 2;
const PRIOR_CHOSEN_AFTER = [20, 40, 80, 160, 320, 640];

/** Asks and learns `answers` times, measuring after each. */
export function learn(task: SimulatedTask, options: LearnOptions): Learned {
	const { policy, randomShare, answers, seed } = options;
	const stream = (label: string) => new Random(deriveSeed(seed, label));
	const [pairs, asking, answering] = [stream('pairs'), stream('asking'), stream('answering')];
	const testing = stream('testing');
	const test = Array.from({ length: options.testPairs }, () => task.draw(testing));
	const testAnswers = test.map((pair) => task.answerProbability(pair));
	const size =
		test.reduce((sum, { difference }) => sum + dot(difference, difference), 0) / test.length;
	let posterior = new RewardPosterior(task.dimension, size / PRIOR_LEAD ** 2);
	const learned: { rows: F[]; y: number[] } = { rows: [], y: [] };
	const pool = Array.from({ length: options.poolSize }, () => task.draw(pairs));
	const result: Learned = { goldAccuracy: [], answerAccuracy: [], stream: [] };
	for (let n = 0; n <= answers; n++) {
		const head = posterior.mean;
		let [gold, agreed] = [0, 0];
		test.forEach(({ difference, lead }, i) => {
			const predicted = Math.sign(dot(head, difference));
			gold += predicted === 0 ? 0.5 : Number(predicted === Math.sign(lead));
			const p = testAnswers[i] ?? NaN;
			agreed += predicted === 0 ? 0.5 : predicted > 0 ? p : 1 - p;
		});
		result.goldAccuracy.push(gold / test.length);
		result.answerAccuracy.push(agreed / test.length);
		const isRandom = policy === 'random' || asking.next() < randomShare;
		const scores = isRandom
			? []
			: pool.map(({ difference }) => acquisitionScore(policy, posterior.lead(difference)));
		const place = scores.indexOf(Math.max(...scores));
		const pair = (isRandom ? undefined : pool[place]) ?? task.draw(pairs);
		const y = answering.next() < task.answerProbability(pair) ? 1 : 0;
		if (isRandom) {
			const lead = dot(head, pair.difference);
			result.stream.push({ answers: n, right: lead === 0 ? 0.5 : Number(lead > 0 === (y === 1)) });
		} else {
			pool[place] = task.draw(pairs);
		}
		posterior.add(pair.difference, y);
		learned.rows.push(pair.difference);
		learned.y.push(y);
		if (PRIOR_CHOSEN_AFTER.includes(n + 1)) {
			const precision = likeliestPrecision(learned, task.dimension);
			posterior = RewardPosterior.fit(learned, task.dimension, precision);
		} else if ((n + 1) % REFIT_EVERY === 0) {
			posterior.refit();
		}
	}
	return result;
}

/** How many answers on either side smooth a curve that is read for where it crosses a level. */
const SMOOTHING = 5;

/** Answers after which a curve, smoothed by a running median, is at or over a level for the first time; Infinity if never. */
export function answersToReach(curve: readonly number[], level: number): number {
	const found = curve.findIndex((_, n) => {
		const around = curve.slice(Math.max(0, n - SMOOTHING), n + SMOOTHING + 1);
		const isWhole = around.length === 2 * SMOOTHING + 1;
		return isWhole && (around.toSorted((x, y) => x - y)[SMOOTHING] ?? NaN) >= level;
	});
	return found === -1 ? Infinity : found;
}
