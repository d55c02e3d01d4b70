import { describe, expect, test } from 'vitest';
import { sampleRow, tokenScore } from '../../../../src/core/methods/log-prob';
import { uniform } from '../../../../src/core/random';
import { expectClose, golden } from '../numeric';

interface Fixture {
	logits: number[][][];
	tokens: number[][];
	cases: { temperature: number; logprobs: number[][]; entropies: number[][] }[];
}

const fixture = golden<Fixture>('15_logprob_entropy_positions');
const rows = Float64Array.from(fixture.logits.flat(2));
const tokens = fixture.tokens.flat();
const SIZE = 4;

/** Shares of 20000 draws. */
function frequencies(logits: Float32Array, options: Parameters<typeof sampleRow>[4]): number[] {
	const n = 20000;
	const counts = new Array<number>(logits.length).fill(0);
	for (let i = 0; i < n; i++) {
		const { id } = sampleRow(logits, 0, logits.length, uniform(1, 0, i), options);
		counts[id] = (counts[id] ?? 0) + 1;
	}
	return counts.map((count) => count / n);
}

describe('tokenScore', () => {
	test.each(fixture.cases)('matches the golden values at temperature $temperature', (golden) => {
		const scores = tokens.map((id, t) => tokenScore(rows, t * SIZE, SIZE, golden.temperature, id));
		expectClose(
			scores.map((s) => s.logProb),
			golden.logprobs.flat()
		);
		expectClose(
			scores.map((s) => s.entropy),
			golden.entropies.flat()
		);
	});

	test('stays finite for logits of a thousand and for tokens that cannot occur', () => {
		const row = Float64Array.of(1000, 999, -Infinity, -1000);
		const score = tokenScore(row, 0, 4, 1, 1);
		expect(score.logProb).toBeCloseTo(-1 - Math.log1p(Math.exp(-1)), 12);
		expect(score.entropy).toBeGreaterThan(0.5);
		expect(tokenScore(row, 0, 4, 1, 2).logProb).toBe(-Infinity);
	});

	test('gives ln n for n equal logits and 0 for a certain token', () => {
		expect(tokenScore(new Float32Array(2048), 0, 2048, 0.7, 3).entropy).toBeCloseTo(
			Math.log(2048),
			12
		);
		expect(tokenScore(Float32Array.of(0, 800), 0, 2, 1, 1)).toEqual({ logProb: 0, entropy: 0 });
	});

	test('refuses a token or a row outside the logits', () => {
		expect(() => tokenScore(rows, 0, SIZE, 1, SIZE)).toThrow(RangeError);
		expect(() => tokenScore(rows, 10, SIZE, 1, 0)).toThrow(RangeError);
	});
});

describe('sampleRow', () => {
	const logits = Float32Array.of(0.5, 2, -1, 0, 2);

	test('draws each token as often as its probability at the temperature', () => {
		const shares = frequencies(logits, { temperature: 0.7 });
		shares.forEach((share, id) => {
			const p = Math.exp(tokenScore(logits, 0, 5, 0.7, id).logProb);
			expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 20000));
		});
	});

	test('reports the log-probability that tokenScore gives, cut or not', () => {
		for (const options of [{ temperature: 1.3 }, { temperature: 1.3, topK: 2 }]) {
			const draw = sampleRow(logits, 0, 5, 0.9, options);
			expect(draw.logProb).toBeCloseTo(tokenScore(logits, 0, 5, 1.3, draw.id).logProb, 12);
		}
	});

	test('top-k keeps the k most likely tokens, the lower id among equals', () => {
		expect(frequencies(logits, { temperature: 1, topK: 1 })).toEqual([0, 1, 0, 0, 0]);
		const shares = frequencies(logits, { temperature: 1, topK: 3 });
		expect(shares[2]).toBe(0);
		expect(shares[3]).toBe(0);
		expect(shares[0]).toBeGreaterThan(0.05);
	});

	test('top-p keeps the fewest tokens that reach the share, at least one', () => {
		expect(frequencies(logits, { temperature: 1, topP: 1e-9 })).toEqual([0, 1, 0, 0, 0]);
		const shares = frequencies(logits, { temperature: 1, topP: 0.8 });
		expect(shares.map((share) => share > 0)).toEqual([false, true, false, false, true]);
		const wider = frequencies(logits, { temperature: 1, topP: 0.85 });
		expect(wider.map((share) => share > 0)).toEqual([true, true, false, false, true]);
	});

	test('never draws a token of probability zero, whatever u', () => {
		const row = Float64Array.of(-Infinity, 0, -Infinity);
		for (const u of [2 ** -54, 0.5, 1 - 2 ** -53]) {
			expect(sampleRow(row, 0, 3, u, { temperature: 1 }).id).toBe(1);
		}
	});

	test('temperature 0 takes the most likely token', () => {
		expect(sampleRow(logits, 0, 5, 0.999, { temperature: 0 })).toEqual({ id: 1, logProb: 0 });
	});

	test('reads only its own row', () => {
		const two = Float32Array.of(99, 0, 0, 99);
		expect(sampleRow(two, 2, 2, 0.5, { temperature: 1 }).id).toBe(1);
	});

	test('refuses logits that are not finite', () => {
		for (const bad of [NaN, Infinity]) {
			expect(() => sampleRow(Float32Array.of(0, bad), 0, 2, 0.5, { temperature: 1 })).toThrow(
				'finite'
			);
		}
		const none = Float32Array.of(-Infinity, -Infinity);
		expect(() => sampleRow(none, 0, 2, 0.5, { temperature: 1 })).toThrow('finite');
	});
});
