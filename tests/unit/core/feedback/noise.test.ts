import { describe, expect, test } from 'vitest';
import {
	accuracyCeiling,
	countRepeats,
	measuredAccuracy,
	noiseByTercile,
	noiseEstimate,
	type NoiseEstimate,
	type Repeat
} from '../../../../src/core/feedback/noise';
import { Random } from '../../../../src/core/random';

const same: Repeat = { first: 'a', second: 'a' };
const other: Repeat = { first: 'a', second: 'b' };
const times = (n: number, repeat: Repeat) => Array.from({ length: n }, () => repeat);

function known(estimate: ReturnType<typeof noiseEstimate>): NoiseEstimate {
	if (estimate.value === null) {
		throw new Error(estimate.reason);
	}
	return estimate;
}

/** n repeats of an annotator whose answers are turned round with probability `noise`. */
function simulated(n: number, noise: number, seed: number): Repeat[] {
	const random = new Random(seed);
	return Array.from({ length: n }, () => {
		const truth = random.next() < 0.5;
		const answer = () => (random.next() < noise === truth ? 'b' : 'a');
		return { first: answer(), second: answer() } as const;
	});
}

describe('noiseEstimate', () => {
	test('matches values worked by hand', () => {
		// d = 18/100: sqrt(1 - 0.36) = 0.8, e = 0.1. d = 8/25 = 0.32: sqrt(0.36) = 0.6, e = 0.2.
		expect(known(noiseEstimate([...times(82, same), ...times(18, other)])).value).toBeCloseTo(
			0.1,
			15
		);
		expect(known(noiseEstimate([...times(17, same), ...times(8, other)])).value).toBeCloseTo(
			0.2,
			15
		);
		expect(noiseEstimate(times(10, same))).toMatchObject({ value: 0, low: 0, disagreement: 0 });
	});

	test('keeps a width without disagreements, and a lower end at chance', () => {
		expect(known(noiseEstimate(times(10, same))).high).toBeGreaterThan(0.1);
		const chance = known(noiseEstimate([...times(4, same), ...times(6, other)]));
		expect(chance).toMatchObject({ value: 0.5, high: 0.5, atChance: true });
		expect(chance.low).toBeGreaterThan(0.1);
		expect(chance.low).toBeLessThan(0.5);
	});

	test('counts only repeats that name a side both times', () => {
		const repeats: Repeat[] = [
			same,
			other,
			{ first: 'tie', second: 'a' },
			{ first: 'tie', second: 'tie' },
			{ first: 'b', second: 'skip' }
		];
		expect(countRepeats(repeats)).toEqual({ decided: 2, disagreements: 1, undecided: 3 });
		expect(noiseEstimate(repeats.slice(2))).toEqual({
			value: null,
			reason: 'no-decided-repeats'
		});
	});

	test.each([
		[20, 0.05],
		[20, 0.15],
		[20, 0.3],
		[50, 0.02],
		[50, 0.15],
		[100, 0.1],
		[100, 0.25]
	])('of %i repeats holds a true noise of %f in nine of ten seeds', (n, noise) => {
		let held = 0;
		for (let seed = 0; seed < 400; seed++) {
			const { low, high } = known(noiseEstimate(simulated(n, noise, seed)));
			held += low <= noise && noise <= high ? 1 : 0;
		}
		expect(held / 400).toBeGreaterThanOrEqual(0.9);
	});

	test('finds the noise of a simulated annotator given enough repeats', () => {
		expect(known(noiseEstimate(simulated(20_000, 0.15, 1))).value).toBeCloseTo(0.15, 2);
	});
});

describe('the ceiling', () => {
	test('is what a model that is always right is seen to score', () => {
		const noise = known(noiseEstimate([...times(82, same), ...times(18, other)]));
		const ceiling = accuracyCeiling(noise);
		expect(ceiling.value).toBeCloseTo(measuredAccuracy(1, 0.1), 15);
		expect(ceiling.low).toBe(1 - noise.high);
		expect(ceiling.high).toBe(1 - noise.low);
	});

	test('a model right in 80 % is seen at 74 % through noise of 10 %', () => {
		expect(measuredAccuracy(0.8, 0.1)).toBeCloseTo(0.74, 15);
		expect(measuredAccuracy(0.5, 0.3)).toBeCloseTo(0.5, 15);
	});
});

describe('noiseByTercile', () => {
	test('finds more noise in close pairs than in clear ones', () => {
		const random = new Random(5);
		const repeats = Array.from({ length: 3000 }, (): Repeat => {
			const difference = 4 * random.next();
			const answer = () => (random.next() < 1 / (1 + Math.exp(-difference)) ? 'a' : 'b');
			return { first: answer(), second: answer(), difference };
		});
		const result = noiseByTercile(repeats);
		if (!Array.isArray(result.value)) {
			throw new Error('no terciles');
		}
		const [close, middle, far] = result.value;
		expect(result.value.map(({ tercile }) => tercile)).toEqual(['close', 'middle', 'far']);
		expect(result.value.map(({ noise }) => noise.n)).toEqual([1000, 1000, 1000]);
		expect(close?.noise.low).toBeGreaterThan(middle?.noise.value ?? NaN);
		expect(middle?.noise.low).toBeGreaterThan(far?.noise.value ?? NaN);
		expect(close?.to).toBeLessThanOrEqual(middle?.from ?? NaN);
	});

	test('says that there are too few, and ignores unknown differences', () => {
		expect(noiseByTercile(times(14, { ...same, difference: 1 }))).toEqual({
			value: null,
			reason: 'too-few-repeats'
		});
		expect(noiseByTercile(times(500, same)).value).toBeNull();
	});
});
