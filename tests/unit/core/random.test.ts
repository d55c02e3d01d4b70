import { describe, expect, test } from 'vitest';
import {
	deriveSeed,
	hashText,
	philox,
	philoxBlock,
	Random,
	uniform
} from '../../../src/core/random';

const hex = (words: readonly number[]) => words.map((w) => w.toString(16).padStart(8, '0'));

describe('Philox4x32-10', () => {
	test('gives the known answers of Random123', () => {
		const ones = 0xffffffff;
		expect(hex(philoxBlock([0, 0, 0, 0], [0, 0]))).toEqual([
			'6627e8d5',
			'e169c58d',
			'bc57ac4c',
			'9b00dbd8'
		]);
		expect(hex(philoxBlock([ones, ones, ones, ones], [ones, ones]))).toEqual([
			'408f276d',
			'41c83b0e',
			'a20bc7c6',
			'6d5451fd'
		]);
		expect(
			hex(philoxBlock([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))
		).toEqual(['d16cfe09', '94fdcceb', '5001e420', '24126ea1']);
	});

	test('seeds, rows and columns up to 2^53 - 1 each change every word', () => {
		const max = Number.MAX_SAFE_INTEGER;
		const places: [number, number, number][] = [
			[0, 0, 0],
			[1, 0, 0],
			[2 ** 32, 0, 0],
			[max, 0, 0],
			[0, 1, 0],
			[0, 2 ** 32, 0],
			[0, max, 0],
			[0, 0, 1],
			[0, 0, 2 ** 32],
			[0, 0, max]
		];
		for (const word of [0, 1, 2, 3]) {
			expect(new Set(places.map((place) => philox(...place)[word])).size).toBe(places.length);
		}
	});

	test('refuses a seed that is negative, fractional or too large', () => {
		for (const seed of [-1, 0.5, 2 ** 53, NaN]) {
			expect(() => uniform(seed, 0, 0)).toThrow(RangeError);
		}
	});
});

describe('uniform', () => {
	test('lies strictly inside (0, 1), with the mean, variance and deciles of a uniform', () => {
		const n = 20000;
		const draws = Array.from({ length: n }, (_, i) => uniform(7, i % 100, Math.floor(i / 100)));
		const mean = draws.reduce((a, b) => a + b, 0) / n;
		const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
		const deciles = new Array<number>(10).fill(0);
		for (const u of draws) {
			deciles[Math.floor(u * 10)] = (deciles[Math.floor(u * 10)] ?? 0) + 1;
		}
		const chi2 = deciles.reduce((sum, k) => sum + (k - n / 10) ** 2 / (n / 10), 0);
		expect(Math.min(...draws)).toBeGreaterThan(0);
		expect(Math.max(...draws)).toBeLessThan(1);
		expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * n));
		expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.003);
		expect(chi2).toBeLessThan(27.9); // 0.999 quantile at 9 degrees of freedom
	});

	test('neighbouring rows and columns are uncorrelated', () => {
		const n = 20000;
		let rows = 0;
		let columns = 0;
		for (let i = 0; i < n; i++) {
			const here = uniform(3, i, 5) - 0.5;
			rows += here * (uniform(3, i + 1, 5) - 0.5);
			columns += here * (uniform(3, i, 6) - 0.5);
		}
		expect(Math.abs((12 * rows) / n)).toBeLessThan(0.04);
		expect(Math.abs((12 * columns) / n)).toBeLessThan(0.04);
	});
});

describe('Random', () => {
	test('goes on from a saved state with the same draws of every kind', () => {
		const random = new Random(42, 3);
		random.next();
		random.normal();
		random.shuffle([1, 2, 3, 4]);
		const again = Random.from(JSON.parse(JSON.stringify(random.state())));
		const draw = (r: Random) => [
			r.next(),
			r.int(1000),
			r.normal(),
			...r.shuffle([1, 2, 3, 4, 5, 6])
		];
		expect(draw(again)).toEqual(draw(random));
	});

	test('gives seeds 0 and 1, two streams, and the addressed draws different numbers', () => {
		const firsts = [new Random(0), new Random(1), new Random(0, 1)].map((r) => r.next());
		expect(new Set([...firsts, uniform(0, 0, 0), uniform(1, 0, 0), uniform(0, 1, 0)]).size).toBe(6);
	});

	test('shuffles a copy, reaching every order about equally often', () => {
		const random = new Random(5);
		const items = Object.freeze(['x', 'y', 'z']);
		const seen = new Map<string, number>();
		for (let i = 0; i < 6000; i++) {
			const order = random.shuffle(items).join('');
			seen.set(order, (seen.get(order) ?? 0) + 1);
		}
		expect(seen.size).toBe(6);
		for (const count of seen.values()) {
			expect(Math.abs(count - 1000)).toBeLessThan(130);
		}
	});

	test('draws integers over the whole range and nothing else', () => {
		const random = new Random(9);
		const draws = Array.from({ length: 500 }, () => random.int(7));
		expect([...new Set(draws)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
		expect(() => random.int(0)).toThrow(RangeError);
	});

	test('draws normals with mean 0, variance 1 and kurtosis 3', () => {
		const random = new Random(11);
		const z = Array.from({ length: 20000 }, () => random.normal());
		const moment = (k: number) => z.reduce((sum, x) => sum + x ** k, 0) / z.length;
		expect(Math.abs(moment(1))).toBeLessThan(0.03);
		expect(Math.abs(moment(2) - 1)).toBeLessThan(0.05);
		expect(Math.abs(moment(4) - 3)).toBeLessThan(0.3);
	});
});

describe('deriveSeed', () => {
	test('gives each label and each seed its own seed, always the same one', () => {
		const labels = ['rollout', 'shuffle', 'rollout ', ''];
		const seeds = [0, 1, 2].flatMap((seed) => labels.map((label) => deriveSeed(seed, label)));
		expect(new Set(seeds).size).toBe(12);
		expect(seeds.every(Number.isSafeInteger)).toBe(true);
		expect(deriveSeed(1, 'rollout')).toBe(deriveSeed(1, 'rollout'));
	});

	test('hashes text by all of its characters', () => {
		expect(hashText('ab')).not.toBe(hashText('ba'));
		expect(hashText('\u0100')).not.toBe(hashText('\u0200'));
	});
});
