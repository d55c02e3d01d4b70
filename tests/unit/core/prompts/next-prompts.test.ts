import { describe, expect, test } from 'vitest';
import { nextPrompts, type WeightedPrompt } from '../../../../src/core/prompts/next-prompts';
import { Random } from '../../../../src/core/random';

const equal = (texts: string): WeightedPrompt[] =>
	Array.from(texts, (text) => ({ text, weight: 1 }));
const counting = () => {
	let n = 0;
	return () => n++;
};

/** Asks in batches, each after those before it. */
function ask(prompts: WeightedPrompt[], n: number, { batch = 3, seed = 1, asked = '' } = {}) {
	const random = new Random(seed);
	const all = Array.from(asked);
	while (all.length < n + asked.length) {
		all.push(...nextPrompts(prompts, all, batch, () => random.next()));
	}
	return all.slice(asked.length, asked.length + n);
}

describe('nextPrompts', () => {
	test('those not asked yet come first, and more pairs than prompts go round again', () => {
		expect(nextPrompts(equal('abc'), ['a', 'a'], 2, counting())).toEqual(['b', 'c']);
		expect(nextPrompts(equal('ab'), ['a'], 3, counting())).toEqual(['b', 'a', 'b']);
		expect(nextPrompts([], ['a'], 3, counting())).toEqual([]);
		expect(nextPrompts(equal('a'), ['a'], 2, counting())).toEqual(['a', 'a']);
	});

	test.each([1, 2, 3, 5, 8])('every prompt once before any twice, in batches of %i', (batch) => {
		for (let seed = 0; seed < 20; seed++) {
			const asked = ask(equal('abcdefg'), 70, { batch, seed });
			for (let turn = 0; turn < 10; turn++) {
				const names = asked.slice(7 * turn, 7 * turn + 7).sort();
				expect(names.join('')).toBe('abcdefg');
			}
			expect(asked.every((text, i) => text !== asked[i - 1])).toBe(true);
		}
	});

	test('a prompt that joins late, or comes back, makes up for nothing: it has one turn in each of the others', () => {
		for (let seed = 0; seed < 20; seed++) {
			const before = ask(equal('abcd'), 40, { seed }).join('');
			for (const asked of [before, `e${before}`]) {
				const after = ask(equal('abcdef'), 30, { asked, batch: 1, seed });
				for (let turn = 0; turn < 5; turn++) {
					const names = after.slice(6 * turn, 6 * turn + 6).sort();
					expect(names.join('')).toBe('abcdef');
				}
			}
		}
	});

	test('turns in proportion to weights, and never twice running', () => {
		const prompts = [
			{ text: 'a', weight: 2 },
			{ text: 'b', weight: 1 },
			{ text: 'c', weight: 1 },
			{ text: 'd', weight: 0.5 }
		];
		const asked = ask(prompts, 900, { batch: 4 });
		const counts = Array.from('abcd', (name) => asked.filter((text) => text === name).length);
		[400, 200, 200, 100].forEach((due, i) => {
			expect(Math.abs((counts[i] ?? NaN) - due)).toBeLessThanOrEqual(3);
		});
		expect(asked.every((text, i) => text !== asked[i - 1])).toBe(true);
	});

	test('a heavy prompt waits for another, however heavy it is', () => {
		const asked = ask([{ text: 'a', weight: 100 }, ...equal('bc')], 60, { batch: 1 });
		expect(asked.filter((text) => text === 'a').length).toBeGreaterThanOrEqual(20);
		expect(asked.every((text, i) => text !== asked[i - 1])).toBe(true);
	});

	test('the same draws give the same prompts; what was taken out is forgotten', () => {
		expect(ask(equal('abcdef'), 30, { seed: 4 })).toEqual(ask(equal('abcdef'), 30, { seed: 4 }));
		expect(nextPrompts(equal('bc'), ['a', 'b', 'a', 'a'], 1, counting())).toEqual(['c']);
	});

	test.each([0, -1, NaN, Infinity])('a weight of %d is refused', (weight) => {
		expect(() => nextPrompts([{ text: 'a', weight }], [], 1, counting())).toThrow(RangeError);
	});
});
