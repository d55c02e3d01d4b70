import { describe, expect, test } from 'vitest';
import { parsePattern } from '../../../../src/core/feedback/pattern';
import { Random } from '../../../../src/core/random';

function matches(source: string, text: string, ignoreCase = false): boolean {
	const { pattern, problem } = parsePattern(source, { ignoreCase });
	if (!pattern) {
		throw new Error(`${source}: ${problem}`);
	}
	return pattern.matches(text);
}

const problemOf = (source: string) => parsePattern(source).problem;

describe('parsePattern', () => {
	test('matches what JavaScript matches, over thousands of random patterns and texts', () => {
		const random = new Random(42);
		const pick = (...options: string[]) => options[random.int(options.length)] ?? '';
		const atom = (depth: number): string =>
			depth > 0 && random.next() < 0.3
				? pick(`(${alternatives(depth - 1)})`, `(?:${alternatives(depth - 1)})`)
				: pick('a', 'b', 'c', '.', '[ab]', '[^a]', '\\w', '\\s', '[a-c ]', '\\.', ' ', '\\D', '1');
		const part = (depth: number): string =>
			random.next() < 0.12
				? pick('^', '$', '\\b', '\\B')
				: atom(depth) + pick('', '', '', '*', '+', '?', '{2}', '{1,}', '{0,2}', '*?', '+?');
		const sequence = (depth: number): string =>
			Array.from({ length: random.int(4) }, () => part(depth)).join('');
		function alternatives(depth: number): string {
			return Array.from({ length: 1 + random.int(2) }, () => sequence(depth)).join('|');
		}
		for (let round = 0; round < 3000; round++) {
			const source = alternatives(2);
			const ignoreCase = random.next() < 0.5;
			const own = parsePattern(source, { ignoreCase });
			const builtIn = new RegExp(source, ignoreCase ? 'iu' : 'u');
			for (let n = 0; n < 6; n++) {
				const letters = () => pick('a', 'b', 'c', 'A', 'B', ' ', '1', '.', '\n', 'é');
				const text = Array.from({ length: random.int(8) }, letters).join('');
				expect(own.pattern?.matches(text), `/${source}/ on ${JSON.stringify(text)}`).toBe(
					builtIn.test(text)
				);
			}
		}
	});

	test('sees characters beyond the first plane whole, and letters whatever their case', () => {
		expect(matches('^.$', '🦊')).toBe(true);
		expect(matches('[🦊-🦋]', 'a 🦋')).toBe(true);
		expect(matches('ÉTÉ', 'été', true)).toBe(true);
		expect(matches('[à-ö]', 'É', true)).toBe(true);
		expect(matches('été', 'ÉTÉ')).toBe(false);
	});

	test('needs no more than linear time for what makes a backtracking matcher hang', () => {
		// A backtracking matcher would outlast the test's time limit by far.
		expect(matches('(a+)+$', `${'a'.repeat(9000)}b`)).toBe(false);
		expect(matches('(a|a)*(a|aa)*c', 'a'.repeat(9000))).toBe(false);
		expect(matches('(.*)(.*)(.*)(.*)(.*)x', 'a'.repeat(9000))).toBe(false);
	});

	test('names what it refuses', () => {
		expect(problemOf('(?=a)')).toBe('look-around');
		expect(problemOf('(?<!a)b')).toBe('look-around');
		expect(problemOf('(a)\\1')).toBe('back-reference');
		expect(problemOf('\\k<x>')).toBe('back-reference');
		expect(problemOf('(?<x>a)')).toBe('not-understood');
		expect(problemOf('a'.repeat(201))).toBe('too-long');
		expect(problemOf('(a{100}){100}')).toBe('too-large');
		expect(problemOf('((((){9999}){9999}){9999}){9999}')).toBe('too-large');
	});

	test('says at which character it stopped understanding', () => {
		for (const [source, at] of [
			['a)b', 1],
			['ab(', 3],
			['[ab', 3],
			['*a', 0],
			['a**', 2],
			['a{2,1}', 6],
			['a}', 1],
			['\\q', 1],
			['[b-a]', 4]
		] as const) {
			expect(() => new RegExp(source, 'u')).toThrow(SyntaxError);
			expect(parsePattern(source)).toEqual({ pattern: null, problem: 'not-understood', at });
		}
	});
});
