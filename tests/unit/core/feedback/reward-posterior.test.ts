import { describe, expect, test } from 'vitest';
import {
	expectedSigmoid,
	likeliestPrecision,
	RewardPosterior
} from '../../../../src/core/feedback/reward-posterior';
import { Random } from '../../../../src/core/random';
import { expectClose, numericalGradient } from '../numeric';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const product = (x: ArrayLike<number>, y: ArrayLike<number>) =>
	Array.from(x).reduce((sum, at, k) => sum + at * (y[k] ?? NaN), 0);

/** n pairs answered by a head w. */
function answered(w: number[], n: number, seed: number) {
	const random = new Random(seed);
	const rows = Array.from({ length: n }, () => Float64Array.from(w, () => random.normal()));
	const y = rows.map((row) => (random.next() < sigmoid(product(w, row)) ? 1 : 0));
	return { rows, y };
}

/** ln prior + ln likelihood but for a constant, from the definitions. */
const logPosterior =
	({ rows, y }: ReturnType<typeof answered>, precision: number) =>
	(w: ArrayLike<number>): number =>
		rows.reduce(
			(sum, row, i) => {
				const p = sigmoid(product(w, row));
				const label = y[i] ?? NaN;
				return sum + label * Math.log(p) + (1 - label) * Math.log(1 - p);
			},
			(-precision / 2) * product(w, w)
		);

/** Sums over a fine grid of weights (a, b) from -5 to 5: everything about a posterior of two weights, without Laplace. */
function onGrid(f: (w: [number, number]) => number) {
	const h = 0.05;
	const points: [number, number][] = [];
	for (let a = -5; a <= 5; a += h) {
		for (let b = -5; b <= 5; b += h) {
			points.push([a, b]);
		}
	}
	const logs = points.map(f);
	const top = Math.max(...logs);
	const mass = logs.map((log) => Math.exp(log - top));
	const total = mass.reduce((sum, m) => sum + m, 0);
	return {
		logIntegral: top + Math.log(total * h * h),
		expect: (g: (w: [number, number]) => number) =>
			points.reduce((sum, w, i) => sum + g(w) * (mass[i] ?? 0), 0) / total
	};
}

describe('the exact fit', () => {
	const data = answered([1, -0.5, 0.3, 0, 2], 60, 1);
	const precision = 0.7;
	const posterior = RewardPosterior.fit(data, 5, precision);
	const f = logPosterior(data, precision);

	test('stands where the log posterior is flat', () => {
		const w = posterior.mean;
		expectClose(
			numericalGradient(() => f(w), w),
			new Float64Array(5),
			1e-7
		);
	});

	test('has the inverse curvature as covariance', () => {
		const w = posterior.mean;
		const random = new Random(2);
		const x = Float64Array.from({ length: 5 }, () => random.normal());
		// The weights that minus the Hessian turns into x have the lead variance as product with x.
		const gradient = (at: Float64Array) => numericalGradient(() => f(at), at, 1e-4);
		const curvature = (v: Float64Array) => {
			const [above, below] = [1e-3, -1e-3].map((h) =>
				gradient(w.map((wk, k) => wk + h * (v[k] ?? 0)))
			);
			return v.map((_, k) => -((above?.[k] ?? NaN) - (below?.[k] ?? NaN)) / 2e-3);
		};
		// Conjugate gradients: another way to solve than the one under test.
		let solution = new Float64Array(5);
		let rest = x.slice();
		let direction = rest;
		for (let step = 0; step < 5; step++) {
			const turned = curvature(direction);
			const size = product(rest, rest) / product(direction, turned);
			solution = solution.map((s, k) => s + size * (direction[k] ?? 0));
			const next = rest.map((r, k) => r - size * (turned[k] ?? 0));
			const keep = product(next, next) / product(rest, rest);
			direction = next.map((r, k) => r + keep * (direction[k] ?? 0));
			rest = next;
		}
		expect(posterior.lead(x).variance).toBeCloseTo(product(x, solution), 4);
		expect(posterior.lead(x).mean).toBeCloseTo(product(x, w), 14);
	});

	test('draws heads with that mean and covariance', () => {
		const random = new Random(3);
		const x = Float64Array.of(1, 0, -1, 0.5, 0);
		const leads = Array.from({ length: 20_000 }, () => product(posterior.sample(random), x));
		const mean = leads.reduce((sum, z) => sum + z, 0) / leads.length;
		const variance = leads.reduce((sum, z) => sum + (z - mean) ** 2, 0) / leads.length;
		const lead = posterior.lead(x);
		expect(Math.abs(mean - lead.mean)).toBeLessThan(4 * Math.sqrt(lead.variance / 20_000));
		expect(variance / lead.variance).toBeCloseTo(1, 1);
	});
});

describe('two weights, against a fine grid', () => {
	const data = answered([1.5, -1], 60, 5);
	const posterior = RewardPosterior.fit(data, 2, 1);
	const grid = onGrid(logPosterior(data, 1));

	test('has nearly the mean and the spread of the true posterior', () => {
		const variances = [0, 1].map((k) => {
			const unit = Float64Array.of(k === 0 ? 1 : 0, k);
			const mean = grid.expect((w) => w[k] ?? NaN);
			const variance = grid.expect((w) => ((w[k] ?? NaN) - mean) ** 2);
			expect(Math.abs((posterior.mean[k] ?? NaN) - mean)).toBeLessThan(0.5 * Math.sqrt(variance));
			return posterior.lead(unit).variance / variance;
		});
		for (const ratio of variances) {
			expect(Math.abs(ratio - 1)).toBeLessThan(0.2);
		}
	});

	test('predicts as the true posterior does', () => {
		for (const x of [Float64Array.of(1, 1), Float64Array.of(-2, 0.3), Float64Array.of(0.2, -4)]) {
			const truth = grid.expect((w) => sigmoid(product(w, x)));
			expect(Math.abs(posterior.probability(x) - truth)).toBeLessThan(0.02);
		}
	});

	test('has nearly the evidence of the true posterior', () => {
		// The grid leaves out the prior's constant: precision / (2 pi) for two weights.
		const truth = grid.logIntegral - Math.log(2 * Math.PI);
		expect(Math.abs(posterior.logEvidence() - truth)).toBeLessThan(0.1);
	});
});

describe('learning answer by answer', () => {
	test('ends, refitted, at the exact fit', () => {
		const data = answered([1, -2, 0.5], 40, 7);
		const posterior = new RewardPosterior(3, 1);
		data.rows.forEach((row, i) => posterior.add(row, data.y[i] ?? NaN));
		const exact = RewardPosterior.fit(data, 3, 1);
		expect(posterior.answers).toBe(40);
		const apart = Math.hypot(...posterior.mean.map((w, k) => w - (exact.mean[k] ?? NaN)));
		expect(apart).toBeLessThan(0.25);
		posterior.refit();
		expectClose(posterior.mean, exact.mean, 1e-9);
		const x = Float64Array.of(1, 1, 1);
		expect(posterior.lead(x).variance).toBeCloseTo(exact.lead(x).variance, 9);
	});

	test('is exact for the first answer', () => {
		const row = Float64Array.of(2, -1);
		const posterior = new RewardPosterior(2, 0.5);
		posterior.add(row, 1);
		const exact = RewardPosterior.fit({ rows: [row], y: [1] }, 2, 0.5);
		expectClose(posterior.mean, exact.mean, 1e-12);
		expect(posterior.lead(row).variance).toBeCloseTo(exact.lead(row).variance, 12);
	});

	test('of enormous features still moves the right way by a finite step', () => {
		const posterior = new RewardPosterior(1, 1e-6);
		posterior.add(Float64Array.of(1e4), 0);
		expect(posterior.mean[0]).toBeLessThan(0);
		expect(posterior.probability(Float64Array.of(1e4))).toBeLessThan(0.5);
	});

	test('anticipating an answer narrows what is known and moves nothing, in the copy alone', () => {
		const data = answered([1, -2], 20, 8);
		const posterior = RewardPosterior.fit(data, 2, 1);
		const x = Float64Array.of(1, 0.5);
		const before = posterior.lead(x);
		const copy = posterior.copy();
		copy.anticipate(x);
		expect(copy.lead(x).mean).toBe(before.mean);
		// One observation of weight p (1 - p): 1 / (1 / v + p (1 - p)).
		const p = sigmoid(before.mean);
		expect(copy.lead(x).variance).toBeCloseTo(1 / (1 / before.variance + p * (1 - p)), 12);
		expect(posterior.lead(x)).toEqual(before);
	});
});

describe('predictions', () => {
	test('are even odds before any answer and for identical completions', () => {
		const posterior = new RewardPosterior(4, 1);
		expect(posterior.probability(Float64Array.of(1, 2, 3, 4))).toBe(0.5);
		const learned = RewardPosterior.fit(answered([1, 2, 3, 4], 30, 9), 4, 1);
		expect(learned.probability(new Float64Array(4))).toBe(0.5);
		expect(learned.lead(new Float64Array(4)).variance).toBe(0);
	});

	test('are nearly the mean of the sigmoid over the Gaussian', () => {
		for (const mean of [0, 0.5, 2, 6]) {
			for (const variance of [0, 0.3, 2, 10, 60]) {
				let [sum, weights] = [0, 0];
				for (let z = -8; z <= 8; z += 0.001) {
					const weight = Math.exp((-z * z) / 2);
					sum += weight * sigmoid(mean + Math.sqrt(variance) * z);
					weights += weight;
				}
				const error = Math.abs(expectedSigmoid({ mean, variance }) - sum / weights);
				expect(error, `${mean}, ${variance}`).toBeLessThan(0.02);
			}
		}
	});

	test('refuse features that do not fit, and labels that are no probabilities', () => {
		const posterior = new RewardPosterior(2, 1);
		expect(() => posterior.lead(new Float64Array(3))).toThrow(RangeError);
		expect(() => posterior.add(Float64Array.of(1, NaN), 1)).toThrow(RangeError);
		expect(() => posterior.add(new Float64Array(2), 2)).toThrow(RangeError);
		expect(() => new RewardPosterior(2, 0)).toThrow(RangeError);
		expect(posterior.answers).toBe(0);
	});
});

describe('likeliestPrecision', () => {
	test('is small for a strong taste and large for hardly any', () => {
		const strong = likeliestPrecision(answered([4, -4, 4], 200, 10), 3);
		const weak = likeliestPrecision(answered([0.1, 0, 0], 200, 11), 3);
		expect(strong).toBeLessThan(weak / 10);
	});

	test('does not depend on the unit of the features', () => {
		const data = answered([2, -1], 80, 12);
		const scaled = { ...data, rows: data.rows.map((row) => row.map((x) => 100 * x)) };
		expect(likeliestPrecision(scaled, 2) / likeliestPrecision(data, 2)).toBeCloseTo(10_000, 6);
		expect(() => likeliestPrecision({ rows: [new Float64Array(2)], y: [1] }, 2)).toThrow(
			RangeError
		);
	});
});
