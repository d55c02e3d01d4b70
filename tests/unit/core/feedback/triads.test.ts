import { describe, expect, test } from 'vitest';
import {
	circularTriads,
	closedTriads,
	consistence,
	type Decision,
	mostCircularTriads
} from '../../../../src/core/feedback/triads';
import { Random } from '../../../../src/core/random';

/** beats[i][j]: i won against j. */
function randomTournament(n: number, random: Random): boolean[][] {
	const beats = Array.from({ length: n }, () => Array<boolean>(n).fill(false));
	for (let i = 0; i < n; i++) {
		for (let j = 0; j < i; j++) {
			const row = beats[random.next() < 0.5 ? i : j];
			if (row) {
				row[row === beats[i] ? j : i] = true;
			}
		}
	}
	return beats;
}

function countedTriads(beats: boolean[][]): number {
	let count = 0;
	for (let i = 0; i < beats.length; i++) {
		for (let j = 0; j < i; j++) {
			for (let k = 0; k < j; k++) {
				const wins = [i, j, k].map((x) => [i, j, k].filter((y) => beats[x]?.[y]).length);
				count += wins.every((w) => w === 1) ? 1 : 0;
			}
		}
	}
	return count;
}

const winsOf = (beats: boolean[][]) => beats.map((row) => row.filter(Boolean).length);

function decisionsOf(beats: boolean[][], promptId = 'p'): Decision[] {
	return beats.flatMap((row, i) =>
		row.flatMap((won, j): Decision[] =>
			won && i !== j ? [{ promptId, aId: `item ${i}`, bId: `item ${j}`, outcome: 'a' }] : []
		)
	);
}

describe('circularTriads', () => {
	test('matches a count of all triads in random tournaments', () => {
		const random = new Random(11);
		for (let round = 0; round < 60; round++) {
			const beats = randomTournament(3 + (round % 8), random);
			expect(circularTriads(winsOf(beats))).toBe(countedTriads(beats));
		}
	});

	test('is 0 for an order and the maximum for a balanced tournament', () => {
		expect(circularTriads([4, 3, 2, 1, 0])).toBe(0);
		expect(circularTriads([2, 2, 2, 2, 2])).toBe(mostCircularTriads(5));
		expect(circularTriads([2, 2, 1, 1])).toBe(mostCircularTriads(4));
		expect([3, 4, 5, 6, 7].map(mostCircularTriads)).toEqual([1, 2, 5, 8, 14]);
	});

	test('refuses wins that no complete set of comparisons has', () => {
		expect(() => circularTriads([1, 1])).toThrow(RangeError);
		expect(() => circularTriads([3, 0, 0])).toThrow(RangeError);
		expect(() => circularTriads([1.5, 1.5, 0])).toThrow(RangeError);
	});
});

describe('consistence', () => {
	test('is 1 for an order, 0 at the maximum, and missing for fewer than three', () => {
		expect(consistence([3, 2, 1, 0])).toEqual({ value: 1, circular: 0, most: 2 });
		expect(consistence([1, 1, 1])).toEqual({ value: 0, circular: 1, most: 1 });
		// d = 4*3*7/12 - (9+1+1+1)/2 = 1 of 2
		expect(consistence([3, 1, 1, 1])).toEqual({ value: 0.5, circular: 1, most: 2 });
		expect(consistence([1, 0])).toEqual({ value: null, reason: 'fewer-than-three' });
	});
});

describe('closedTriads', () => {
	test('of a complete tournament are those of the closed form', () => {
		const random = new Random(3);
		for (let n = 3; n < 9; n++) {
			const beats = randomTournament(n, random);
			const { closed, circular } = closedTriads(decisionsOf(beats));
			expect(closed).toBe((n * (n - 1) * (n - 2)) / 6);
			expect(circular).toBe(circularTriads(winsOf(beats)));
		}
	});

	const ab: Decision = { promptId: 'p', aId: 'x', bId: 'y', outcome: 'a' };
	const bc: Decision = { promptId: 'p', aId: 'z', bId: 'y', outcome: 'b' };
	const ca: Decision = { promptId: 'p', aId: 'z', bId: 'x', outcome: 'a' };

	test('do not depend on which completion was called a', () => {
		expect(closedTriads([ab, bc, ca])).toMatchObject({ closed: 1, circular: 1 });
		expect(closedTriads([ab, bc, { ...ca, outcome: 'b' }])).toMatchObject({ circular: 0 });
	});

	test('are not closed by ties, by other prompts, or where two answers cancel out', () => {
		expect(closedTriads([ab, bc, { ...ca, outcome: 'tie' }]).closed).toBe(0);
		expect(closedTriads([ab, bc, { ...ca, promptId: 'q' }]).closed).toBe(0);
		expect(closedTriads([ab, bc, ca, { ...ca, outcome: 'b' }]).closed).toBe(0);
		expect(closedTriads([ab, bc, ca, { ...ca, outcome: 'b' }, ca]).closed).toBe(1);
		expect(closedTriads([]).share).toEqual({ value: null, reason: 'nothing-counted' });
	});

	test('give the coefficient of consistence of the sets that were compared completely, pooled', () => {
		// One circle of three (1 of at most 1), and four of which x beats all and y, z, w go round (1 of at most 2).
		const four = ['xy', 'xz', 'xw', 'yz', 'zw', 'wy'].map((pair): Decision => {
			const [aId = '', bId = ''] = pair;
			return { promptId: 'q', aId, bId, outcome: 'a' };
		});
		const all = [ab, bc, ca, ...four];
		expect(closedTriads(all).consistence).toMatchObject({ sets: 2, circular: 2, most: 3 });
		expect(closedTriads(all).consistence.value).toBeCloseTo(1 / 3, 12);
		// Without one comparison, or with a tie in it, the four are no complete set.
		const three = { value: 0, circular: 1, most: 1, sets: 1 };
		expect(closedTriads([ab, bc, ca, ...four.slice(1)]).consistence).toEqual(three);
		const tied = four.map((one, i) => (i === 3 ? { ...one, outcome: 'tie' as const } : one));
		expect(closedTriads([ab, bc, ca, ...tied]).consistence).toEqual(three);
		// Two sets of one prompt that share no completion are counted apart.
		const other = [ab, bc, { ...ca, outcome: 'b' as const }].map((one) => ({
			...one,
			aId: `${one.aId}2`,
			bId: `${one.bId}2`
		}));
		expect(closedTriads([ab, bc, ca, ...other]).consistence).toMatchObject({ value: 0.5, sets: 2 });
		expect(closedTriads([ab]).consistence).toEqual({ value: null, reason: 'no-complete-set' });
	});

	test('are a quarter of those answered by coin, and e (1 - e) of those turned round', () => {
		const shareOfNoise = (noise: number) => {
			const random = new Random(17);
			const decisions = Array.from({ length: 4000 }, (_, prompt) =>
				['x', 'y', 'z'].flatMap((aId, i, ids) =>
					ids.slice(i + 1).map((bId): Decision => {
						const outcome = random.next() < noise ? 'b' : 'a';
						return { promptId: `${prompt}`, aId, bId, outcome };
					})
				)
			).flat();
			return closedTriads(decisions).share.value;
		};
		expect(shareOfNoise(0.5)).toBeCloseTo(0.25, 1);
		expect(shareOfNoise(0.1)).toBeCloseTo(0.09, 2);
	});
});
