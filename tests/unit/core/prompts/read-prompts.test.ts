import { describe, expect, test } from 'vitest';
import {
	MOST_PROMPT_CHARACTERS,
	MOST_PROMPTS,
	readPrompts,
	readTags
} from '../../../../src/core/prompts/read-prompts';

const read = (source: string | Uint8Array, known: string[] = []) =>
	readPrompts(source, new Set(known));
const texts = (source: string | Uint8Array) => read(source).prompts.map(({ text }) => text);

describe('readPrompts', () => {
	test('one a line, with BOM, CRLF, empty lines and space around', () => {
		const { format, prompts, problems } = read('\ufeffOnce upon\r\n\r\n  One day  \n\n');
		expect(format).toBe('lines');
		expect(prompts).toEqual([
			{ text: 'Once upon', tags: [] },
			{ text: 'One day', tags: [] }
		]);
		expect(problems).toEqual([]);
	});

	test('JSON Lines with prompt or text, and tags', () => {
		const { format, prompts, problems } = read(
			[
				'{"prompt": "Once", "tags": ["animals", " sea "]}',
				'{"text": "One day", "tags": "home, sea"}',
				'{"prompt": 7}',
				'{"prompt": "  "}',
				'{"prompt": "x", "tags": [1]}',
				'not json',
				'["list"]'
			].join('\n')
		);
		expect(format).toBe('jsonl');
		expect(prompts).toEqual([
			{ text: 'Once', tags: ['animals', 'sea'] },
			{ text: 'One day', tags: ['home', 'sea'] }
		]);
		expect(problems).toEqual([
			{ line: 3, problem: 'no-prompt' },
			{ line: 4, problem: 'no-prompt' },
			{ line: 5, problem: 'bad-tags' },
			{ line: 6, problem: 'not-json' },
			{ line: 7, problem: 'not-an-object' }
		]);
	});

	test('each bad line costs itself alone, with its number', () => {
		const source = [
			'good',
			'x'.repeat(MOST_PROMPT_CHARACTERS + 1),
			'with \0 inside',
			'half \ud83d',
			'good',
			'known',
			'y'.repeat(2 ** 20 + 1),
			'last'
		].join('\n');
		const { prompts, problems } = read(source, ['known']);
		expect(prompts.map(({ text }) => text)).toEqual(['good', 'last']);
		expect(problems).toEqual([
			{ line: 2, problem: 'too-long' },
			{ line: 3, problem: 'nul' },
			{ line: 4, problem: 'lone-surrogate' },
			{ line: 5, problem: 'duplicate' },
			{ line: 6, problem: 'duplicate' },
			{ line: 7, problem: 'line-too-long' }
		]);
	});

	test('bytes that are no UTF-8, and keys that mean something to objects', () => {
		const bytes = Uint8Array.from([0x61, 0x0a, 0xff, 0xfe, 0x0a, 0x62]);
		expect(read(bytes)).toMatchObject({
			prompts: [{ text: 'a' }, { text: 'b' }],
			problems: [{ line: 2, problem: 'not-utf8' }]
		});
		expect(read('{"prompt":"a","__proto__":{"x":1}}').problems).toEqual([
			{ line: 1, problem: 'forbidden-key' }
		]);
	});

	test('nothing in nothing, and a limit on how many', () => {
		expect(read('')).toEqual({ format: 'lines', prompts: [], problems: [] });
		const many = Array.from({ length: MOST_PROMPTS + 2 }, (_, i) => `prompt ${i}`).join('\n');
		expect(texts(many)).toHaveLength(MOST_PROMPTS);
		expect(read(many).problems).toEqual([
			{ line: MOST_PROMPTS + 1, problem: 'too-many' },
			{ line: MOST_PROMPTS + 2, problem: 'too-many' }
		]);
	});

	test('text of any script stays as it is', () => {
		expect(texts('Es war einmal\nむかしむかし\n<b>no tags</b>')).toEqual([
			'Es war einmal',
			'むかしむかし',
			'<b>no tags</b>'
		]);
	});
});

test('tags: each once, trimmed; too many or too long ones are refused', () => {
	expect(readTags(' sea, animals ,sea,')).toEqual(['sea', 'animals']);
	expect(readTags('')).toEqual([]);
	expect(readTags('x'.repeat(41))).toBeNull();
	expect(readTags(Array.from({ length: 11 }, (_, i) => `t${i}`).join())).toBeNull();
});
