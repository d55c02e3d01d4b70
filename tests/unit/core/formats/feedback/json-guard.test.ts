import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../../../src/core/formats/feedback/json';
import { isDeeperThan, parseRow } from '../../../../../src/core/formats/feedback/json-guard';
import { RowError } from '../../../../../src/core/formats/feedback/problems';
import { Random } from '../../../../../src/core/random';

function problemOf(text: string): string | null {
	try {
		parseRow(text);
		return null;
	} catch (error) {
		return error instanceof RowError ? error.problem : String(error);
	}
}

const nested = (depth: number) => `{"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

describe('the text of a row', () => {
	test.each([
		['{"prompt":"\\u0000"}', 'nul'],
		['{"prompt":"a\0b"}', 'nul'],
		['{"a\\u0000":1}', 'nul'],
		['{"prompt":"\\ud83d"}', 'lone-surrogate'],
		['{"prompt":"\\ude00 alone"}', 'lone-surrogate'],
		['{"\\ud800":1}', 'lone-surrogate'],
		['{"__proto__":{"isAdmin":true}}', 'forbidden-key'],
		['{"\\u005f_proto__":1}', 'forbidden-key'],
		['{"a":[{"constructor":{"prototype":{}}}]}', 'forbidden-key'],
		['{"n":1e999}', 'number-too-large'],
		['{"n":9007199254740993}', 'number-too-large'],
		['{"a":1', 'not-json'],
		["{'a':1}", 'not-json'],
		['{"a":NaN}', 'not-json'],
		['[1]', 'not-an-object'],
		['"text"', 'not-an-object'],
		['null', 'not-an-object'],
		[nested(65), 'too-deep'],
		['{"x":'.repeat(100_000), 'too-deep']
	])('%.40s is refused: %s', (text, problem) => {
		expect(problemOf(text)).toBe(problem);
	});

	test('whole characters, escaped brackets and quotes, and 64 levels are taken', () => {
		expect(parseRow('{"a":"\\ud83d\\ude00 😀"}')).toEqual({ a: '😀 😀' });
		const text = `{"a":"${'[{'.repeat(200)}\\"${'['.repeat(200)}\\\\"}`;
		expect(parseRow(text)).toEqual({ a: `${'[{'.repeat(200)}"${'['.repeat(200)}\\` });
		expect(problemOf(nested(64))).toBeNull();
		expect({}).not.toHaveProperty('isAdmin');
	});

	test('a native row may be four levels deeper, for it holds a foreign row', () => {
		const native = `{"format":"tiller-feedback",${nested(68).slice(1)}`;
		expect(problemOf(native)).toBeNull();
		expect(problemOf(`{"format":"tiller-feedback",${nested(69).slice(1)}`)).toBe('too-deep');
	});
});

test('the depth of JSON is what parsing it finds', () => {
	const random = new Random(5);
	const make = (depth: number): unknown => {
		const kind = depth === 0 ? 2 : random.int(4);
		if (kind === 0) {
			return Array.from({ length: random.int(3) }, () => make(depth - 1));
		}
		if (kind === 1) {
			return Object.fromEntries(
				Array.from({ length: random.int(3) }, (_, i) => [`k"[{${i}`, make(depth - 1)])
			);
		}
		return kind === 2 ? '\\"[]{}' : random.int(10);
	};
	const depthOf = (value: unknown): number =>
		typeof value === 'object' && value !== null
			? 1 + Math.max(0, ...Object.values(value).map(depthOf))
			: 0;
	for (let round = 0; round < 500; round++) {
		const value = make(6);
		const text = JSON.stringify(value);
		for (let limit = 0; limit < 8; limit++) {
			expect(isDeeperThan(text, limit)).toBe(depthOf(value) > limit);
		}
	}
});

test('canonical JSON does not depend on the order of writing', () => {
	expect(canonicalJson({ b: [1, { d: 1, c: null }], a: 'x', e: undefined })).toBe(
		'{"a":"x","b":[1,{"c":null,"d":1}]}'
	);
});
