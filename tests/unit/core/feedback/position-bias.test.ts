import { describe, expect, test } from 'vitest';
import {
	LEAST_FOR_LEFT_RATE,
	leftRate,
	positionalConsistency,
	type Side,
	straightLining,
	type SwappedRepeat
} from '../../../../src/core/feedback/position-bias';
import { Random } from '../../../../src/core/random';

const sides = (left: number, right: number): Side[] => [
	...Array<Side>(left).fill('left'),
	...Array<Side>(right).fill('right')
];
const tossed = (n: number, seed: number, left = 0.5): Side[] => {
	const random = new Random(seed);
	return Array.from({ length: n }, () => (random.next() < left ? 'left' : 'right'));
};

describe('leftRate', () => {
	test('does not speak below 100 answers, however lopsided', () => {
		expect(leftRate(sides(LEAST_FOR_LEFT_RATE - 1, 0))).toMatchObject({
			verdict: 'not-enough-data',
			left: 99,
			right: 0
		});
		expect(leftRate([])).toEqual({ value: null, reason: 'nothing-counted' });
	});

	test('tests by the exact binomial: 61 of 100 is a sign, 60 of 100 is not yet', () => {
		expect(leftRate(sides(61, 39))).toMatchObject({ verdict: 'leans-left', value: 0.61 });
		expect(leftRate(sides(39, 61))).toMatchObject({ verdict: 'leans-right' });
		expect(leftRate(sides(60, 40))).toMatchObject({
			verdict: 'no-sign',
			pValue: expect.closeTo(0.0568879, 7)
		});
	});

	test('flags at most one honest annotator in twenty, and most of those who lean 65 to 35', () => {
		const share = (left: number, verdict: string) => {
			const flagged = Array.from({ length: 1000 }, (_, seed) => leftRate(tossed(100, seed, left)));
			return flagged.filter((rate) => 'verdict' in rate && rate.verdict === verdict).length / 1000;
		};
		expect(share(0.5, 'leans-left') + share(0.5, 'leans-right')).toBeLessThanOrEqual(0.05);
		expect(share(0.65, 'leans-left')).toBeGreaterThan(0.75);
	});

	test('finds ten thousand sides drawn from seeds fair', () => {
		expect(leftRate(tossed(10_000, 2024))).toMatchObject({ verdict: 'no-sign' });
	});
});

describe('straightLining', () => {
	test('flags always left, always right and both in turn by the thirtieth answer', () => {
		expect(straightLining(sides(30, 0))).toMatchObject({ pattern: 'left', length: 30 });
		expect(straightLining(sides(0, 30))).toMatchObject({ pattern: 'right', length: 30 });
		const inTurn = Array.from({ length: 30 }, (_, i): Side => (i % 2 === 0 ? 'left' : 'right'));
		expect(straightLining(inTurn)).toMatchObject({ pattern: 'alternating', length: 30 });
	});

	test('finds a run in the midst of honest answers', () => {
		const answers = [...tossed(50, 1), ...sides(0, 25), ...tossed(50, 2)];
		expect(straightLining(answers)).toMatchObject({ pattern: 'right' });
	});

	test('looked at after every one of 300 answers, sees a run in at most one honest session of twenty', () => {
		let flagged = 0;
		const sessions = 100;
		for (let seed = 0; seed < sessions; seed++) {
			const answers = tossed(300, seed);
			const checks = Array.from({ length: 300 }, (_, n) => straightLining(answers.slice(0, n)));
			flagged += checks.some((found) => found !== null) ? 1 : 0;
		}
		expect(flagged / sessions).toBeLessThanOrEqual(0.05);
	});

	test('is silent about few answers', () => {
		expect(straightLining([])).toBeNull();
		expect(straightLining(sides(8, 0))).toBeNull();
	});
});

describe('positionalConsistency', () => {
	const repeat = (first: 'a' | 'b' | 'tie' | 'skip', second: typeof first, firstASide: Side) =>
		({ first, second, firstASide }) satisfies SwappedRepeat;

	test('is the share of the same canonical outcome, and says which side won twice', () => {
		const result = positionalConsistency([
			repeat('a', 'a', 'left'),
			repeat('tie', 'tie', 'left'),
			repeat('a', 'b', 'left'), // left, then left again
			repeat('b', 'a', 'right'), // b stood left, then a did
			repeat('b', 'a', 'left'), // right twice
			repeat('a', 'tie', 'left'),
			repeat('skip', 'a', 'left')
		]);
		expect(result).toMatchObject({ n: 6, leftBoth: 2, rightBoth: 1, tieOnce: 1 });
		expect(result.value).toBeCloseTo(2 / 6, 15);
		expect(positionalConsistency([])).toEqual({ value: null, reason: 'nothing-counted' });
	});

	test('is 0 for one who always takes the left', () => {
		const always = Array.from({ length: 10 }, () => repeat('a', 'b', 'left'));
		expect(positionalConsistency(always)).toMatchObject({ value: 0, leftBoth: 10 });
	});
});
