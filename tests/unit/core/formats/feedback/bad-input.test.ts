import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MAX_RECORD_BYTES } from '../../../../../src/core/formats/feedback/limits';
import { MAX_LISTED_PROBLEMS } from '../../../../../src/core/formats/feedback/problems';
import { Random } from '../../../../../src/core/random';
import { exportAs, fileOf, importFrom, importText, inPieces, jsonLines } from './files';
import { EXAMPLES } from './examples';

const row = (i: number) => ({ prompt: `Prompt ${i}`, chosen: ` yes ${i}`, rejected: ` no ${i}` });
const rows = (n: number) => Array.from({ length: n }, (_, i) => row(i));
const bytesOf = (text: string) => new TextEncoder().encode(text);

test('one bad line in ten thousand costs itself, and is named by line and reason', async () => {
	const lines = jsonLines(rows(10_000)).split('\n');
	lines[4321] = '{"prompt": "cut';
	const { rows: read, report } = await importText(lines.join('\n'));
	expect(read).toHaveLength(9_999);
	expect(report).toMatchObject({
		rows: 9_999,
		failed: 1,
		problems: { 'not-json': 1 },
		problemList: [{ line: 4322, problem: 'not-json', found: '{"prompt": "cut' }]
	});
});

test('every bad line of a file has its own reason', async () => {
	const long = JSON.stringify({ ...row(0), prompt: 'x'.repeat(MAX_RECORD_BYTES) });
	const deep = JSON.stringify(row(0)).replace('"Prompt 0"', `${'['.repeat(64)}${']'.repeat(64)}`);
	const content = [
		`\ufeff${JSON.stringify(row(0))}\r\n`,
		`${long}\n`,
		bytesOf('{"prompt":"'),
		Uint8Array.of(0xff, 0xfe),
		'"}\n',
		`${deep}\r\n`,
		'{"__proto__":{"x":1},"prompt":"a","chosen":"b","rejected":"c"}\n',
		`${JSON.stringify(row(1)).replace('Prompt', '\0')}\n`,
		'{"prompt":"\\ud800","chosen":"b","rejected":"c"}\n',
		'\r\n',
		'[1,2]\n',
		'{"prompt":"a","chosen":"b"}\n',
		'{"prompt":"a","chosen":"b","rejected":"c","n":123456789012345678901}\n',
		JSON.stringify(row(2))
	];
	const { rows: read, report } = await importText(content);
	expect(read.map(({ prompt }) => prompt)).toEqual([{ text: 'Prompt 0' }, { text: 'Prompt 2' }]);
	expect(report.problemList.map(({ line, problem }) => [line, problem])).toEqual([
		[2, 'line-too-long'],
		[3, 'not-utf8'],
		[4, 'too-deep'],
		[5, 'forbidden-key'],
		[6, 'nul'],
		[7, 'lone-surrogate'],
		[9, 'not-an-object'],
		[10, 'missing-field'],
		[11, 'number-too-large']
	]);
	expect(read[0]).not.toHaveProperty('x');
});

test('the same holds for CSV, by the line on which the record begins', async () => {
	const content = [
		'\ufeffprompt,chosen,rejected\r\n',
		'"two\nlines",a,b\r\n',
		'one,two\r\n',
		'p,"open,c\r\n',
		'p,\0,c\r\n',
		bytesOf('p,'),
		Uint8Array.of(0xc3, 0x28),
		',c\n',
		'last,a,b'
	];
	const { rows: read, report } = await importText(content);
	expect(read.map(({ prompt }) => prompt)).toEqual([{ text: 'two\nlines' }, { text: 'last' }]);
	expect(report.problemList).toEqual([
		{ line: 4, problem: 'wrong-columns', found: '2' },
		{ line: 5, problem: 'bad-csv' },
		{ line: 6, problem: 'nul' },
		{ line: 7, problem: 'not-utf8' }
	]);
});

test('of many bad lines a thousand are listed and all are counted', async () => {
	const n = 3 * MAX_LISTED_PROBLEMS;
	const { report: lines } = await importText(`${jsonLines([row(0)])}${'oops\n'.repeat(n)}`);
	expect(lines).toMatchObject({ rows: 1, failed: n, problems: { 'not-json': n } });
	expect(lines.problemList).toHaveLength(MAX_LISTED_PROBLEMS);
});

describe('files that are no feedback', () => {
	const codeOf = (content: Parameters<typeof importText>[0]) =>
		importText(content).then(
			() => null,
			(error: unknown) => (error as { code?: string }).code
		);

	test('are refused with a reason', async () => {
		expect(await codeOf('')).toBe('corrupt-file');
		expect(await codeOf(Uint8Array.of(0xff, 0xfe, 0x7b, 0x00))).toBe('corrupt-file');
		expect(await codeOf(bytesOf('PK\u0003\u0004 zip'))).toBe('corrupt-file');
		expect(await codeOf(bytesOf('PAR1 not really PAR1'))).toBe('corrupt-file');
		expect(await codeOf('{"name":"x"}\n')).toBe('unknown-format');
		expect(await codeOf('name,age\nAda,36\n')).toBe('unknown-format');
		expect(await codeOf('a,a\n1,2\n')).toBe('corrupt-file');
		expect(await codeOf('__proto__,b\n1,2\n')).toBe('corrupt-file');
		expect(await codeOf('\n\n  \n')).toBe('unknown-format');
		expect(await codeOf('[]')).toBe('unknown-format');
	});

	test('may be gzip that is damaged or cut short', async () => {
		const packed = new Uint8Array(gzipSync(jsonLines(rows(1_000))));
		expect((await importText(packed)).report).toMatchObject({ rows: 1_000, isGzip: true });
		expect(await codeOf(packed.slice(0, -20))).toBe('corrupt-file');
		const flipped = packed.slice();
		flipped[packed.length - 6] = (flipped[packed.length - 6] ?? 0) ^ 1;
		expect(await codeOf(flipped)).toBe('corrupt-file');
	});
});

test('a small gzip file of one endless line neither fills memory nor stops the import', async () => {
	const packed = new Uint8Array(gzipSync(`${jsonLines([row(0)])}${' x'.repeat(20_000_000)}`));
	expect(packed.length).toBeLessThan(60_000);
	let most = 0;
	const { report } = await importFrom(fileOf(packed), {
		onProgress: () => {
			most = Math.max(most, process.memoryUsage().arrayBuffers);
		}
	});
	expect(report).toMatchObject({ rows: 1, problems: { 'line-too-long': 1 } });
	expect(most).toBeLessThan(200 * 2 ** 20);
});

test('damaged files of every kind end in rows and problems, or in an error with a code', async () => {
	const random = new Random(12);
	const files = await Promise.all(
		(['arena', 'trl-preference', 'table'] as const).flatMap((schema) =>
			(['jsonl', 'json', 'csv'] as const).map(async (container) => {
				const { rows: read } = await importText(jsonLines(EXAMPLES[schema]));
				return (await exportAs(read, { schema, container })).bytes;
			})
		)
	);
	for (let round = 0; round < 150; round++) {
		const bytes = (files[random.int(files.length)] ?? new Uint8Array()).slice();
		for (let i = 0; i <= random.int(5); i++) {
			bytes[random.int(bytes.length)] =
				random.int(4) === 0 ? random.int(256) : 0x22 + random.int(94);
		}
		const cut = random.int(4) === 0 ? bytes.slice(0, random.int(bytes.length)) : bytes;
		try {
			const whole = await importText(cut);
			expect(whole.report.rows).toBe(whole.rows.length);
			const pieces = await importFrom(inPieces(cut, 1 + random.int(50)));
			expect(pieces.rows).toEqual(whole.rows);
			expect(pieces.report.problemList).toEqual(whole.report.problemList);
		} catch (error) {
			expect(error).toHaveProperty('name', 'FormatError');
		}
	}
});

test('a JSON array that ends in the middle keeps the rows before, and names the line', async () => {
	const whole = JSON.stringify(rows(3), null, '\t');
	const { rows: read, report } = await importText(whole.slice(0, whole.lastIndexOf('"rejected"')));
	expect(read).toHaveLength(2);
	expect(report.problemList).toEqual([{ line: 12, problem: 'cut-short' }]);
});

test('native rows of a newer Tiller, and rows that only look native, are left out by name', async () => {
	const { text } = await exportAs((await importText(jsonLines(rows(3)))).rows, {
		schema: 'native'
	});
	const [first = '', second = '', third = ''] = text.split('\n');
	const lines = [
		first,
		second.replace('"version":1', '"version":99'),
		third.replace('"kind":"comparison"', '"kind":"duel"')
	];
	const { rows: read, report } = await importText(lines.join('\n'));
	expect(read).toHaveLength(1);
	expect(report.problemList.map(({ line, problem, field }) => [line, problem, field])).toEqual([
		[2, 'newer-version', 'version'],
		[3, 'not-native', 'kind']
	]);
});
