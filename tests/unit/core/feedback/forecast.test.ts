import { describe, expect, test } from 'vitest';
import {
	type Forecast,
	forecastAnswers,
	type StreamPrediction
} from '../../../../src/core/feedback/forecast';
import { Random } from '../../../../src/core/random';
import { answersToReach, learn, linearTask } from './learning';

/** n predictions, every third answer, right with the probability of a known curve. */
function streamOf(
	n: number,
	accuracy: (answers: number) => number,
	seed: number
): StreamPrediction[] {
	const random = new Random(seed);
	return Array.from({ length: n }, (_, i) => ({
		answers: 3 * i,
		right: random.next() < accuracy(3 * i) ? 1 : 0
	}));
}

/** Toward 0.9 with scale s: 0.8 at 3 s answers. */
const known = (s: number) => (n: number) => 0.9 - 0.4 / (1 + n / s);

function told(forecast: ReturnType<typeof forecastAnswers>): Forecast {
	if (forecast.value === null) {
		throw new Error(forecast.reason);
	}
	return forecast;
}

describe('forecastAnswers', () => {
	test('comes near the truth where there is plenty of evidence', () => {
		// 0.8 is reached at 300 answers, 150 from now; expected rights in place of drawn ones leave little doubt.
		const stream = Array.from({ length: 1500 }, (_, i) => ({
			answers: i / 10,
			right: known(100)(i / 10)
		}));
		const { value, never } = told(forecastAnswers(stream, { target: 0.8, answers: 150 }));
		expect(value.low).toBeLessThan(150);
		expect(value.high ?? Infinity).toBeGreaterThan(150);
		expect(value.median ?? Infinity).toBeGreaterThan(75);
		expect(value.median ?? Infinity).toBeLessThan(300);
		expect(never).toBeLessThan(0.3);
	});

	test('says that the target is reached where it is', () => {
		const stream = streamOf(80, () => 0.93, 2);
		const { value, reached } = told(forecastAnswers(stream, { target: 0.8, answers: 240 }));
		expect(value.low).toBe(0);
		expect(value.median).toBe(0);
		expect(reached).toBeGreaterThan(0.8);
	});

	test('says "at least so many" where no end is in sight', () => {
		const stream = streamOf(60, () => 0.62, 3);
		const forecast = forecastAnswers(stream, { target: 0.8, answers: 180 });
		expect(forecast.value).toMatchObject({ high: null });
		expect(told(forecast).value.low).toBeGreaterThan(50);
	});

	test('says that the target is out of reach above what repeats allow', () => {
		const stream = streamOf(60, known(100), 4);
		const options = { target: 0.8, answers: 180, highestCeiling: 0.78 };
		expect(forecastAnswers(stream, options)).toEqual({ value: null, reason: 'out-of-reach' });
	});

	test('says that it cannot tell rather than "from none to any number"', () => {
		const few = streamOf(29, known(100), 5);
		expect(forecastAnswers(few, { target: 0.8, answers: 87 })).toEqual({
			value: null,
			reason: 'too-few-predictions'
		});
		const middling = Array.from({ length: 32 }, (_, i) => ({
			answers: i,
			right: i % 4 === 0 ? 0 : 1
		}));
		expect(forecastAnswers(middling, { target: 0.8, answers: 32 })).toEqual({
			value: null,
			reason: 'cannot-tell-yet'
		});
	});

	test('refuses a target that chance reaches or nothing does', () => {
		expect(() => forecastAnswers([], { target: 0.5, answers: 0 })).toThrow(RangeError);
		expect(() => forecastAnswers([], { target: 1, answers: 0 })).toThrow(RangeError);
	});

	test(
		'holds the truth in seven of ten forecasts about simulated annotators',
		{ timeout: 60_000 },
		() => {
			// A small version of what bench:feedback measures on 50 annotators.
			let [held, given] = [0, 0];
			const horizon = 350;
			for (let seed = 0; seed < 25; seed++) {
				const random = new Random(seed + 500);
				const noise = { temperature: 0.15 + 0.15 * random.int(2), lapse: 0.05 * random.int(3) };
				const task = linearTask(16, noise, seed + 500);
				const { answerAccuracy, stream } = learn(task, {
					policy: 'd-optimal',
					randomShare: 0.3,
					answers: horizon,
					seed,
					poolSize: 8,
					testPairs: 300
				});
				const truth = answersToReach(answerAccuracy, 0.8);
				for (const answers of [110, 160]) {
					const seen = stream.filter((prediction) => prediction.answers < answers);
					const forecast = forecastAnswers(seen, { target: 0.8, answers });
					if (forecast.value === null) {
						continue;
					}
					const { low, high } = told(forecast).value;
					const more = Math.max(0, truth - answers);
					const isBeyond = more === Infinity && (high ?? Infinity) > horizon - answers;
					given++;
					held += isBeyond || (low <= more && more <= (high ?? Infinity)) ? 1 : 0;
				}
			}
			expect(given).toBeGreaterThan(8);
			expect(held / given, `${held} of ${given}`).toBeGreaterThanOrEqual(0.7);
		}
	);
});
