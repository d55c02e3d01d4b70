import { describe, expect, test } from 'vitest';
import { CsvSplitter } from '../../../../../src/core/formats/feedback/containers/csv-records';
import { JsonArraySplitter } from '../../../../../src/core/formats/feedback/containers/json-array';
import { LineSplitter } from '../../../../../src/core/formats/feedback/containers/lines';
import type {
	RecordHandler,
	Splitter
} from '../../../../../src/core/formats/feedback/containers/splitter';
import { MAX_RECORD_BYTES } from '../../../../../src/core/formats/feedback/limits';
import { Random } from '../../../../../src/core/random';

type Found = [line: number, what: string];
type Make = (handler: RecordHandler) => Splitter;

const lines: Make = (handler) => new LineSplitter(handler);
const array: Make = (handler) => new JsonArraySplitter(handler);
const csv: Make = (handler) => new CsvSplitter(handler, ','.charCodeAt(0));

const bytesOf = (content: string | Uint8Array) =>
	typeof content === 'string' ? new TextEncoder().encode(content) : content;

/** Records and problems in order; the buffer is overwritten after each piece, as a caller may do. */
function split(make: Make, content: string | Uint8Array, cut: () => number = () => 1e9): Found[] {
	const found: Found[] = [];
	const splitter = make({
		record: (text, line) => found.push([line, text]),
		problem: ({ problem }, line) => found.push([line, `! ${problem}`])
	});
	const bytes = bytesOf(content);
	for (let at = 0; at < bytes.length;) {
		const piece = bytes.slice(at, at + cut());
		at += piece.length;
		splitter.push(piece);
		piece.fill(0x21);
	}
	splitter.end();
	return found;
}

describe('lines', () => {
	test('end in LF or CRLF, the last one need not; empty ones are none', () => {
		expect(split(lines, '{"a":1}\r\n\r\n  \n{"b":2}\n{"c":3}')).toEqual([
			[1, '{"a":1}'],
			[4, '{"b":2}'],
			[5, '{"c":3}']
		]);
	});

	test('a mark of UTF-8 is taken off, also where files were put together', () => {
		expect(split(lines, '\ufeff{"a":1}\n\ufeff{"b":2}\n')).toEqual([
			[1, '{"a":1}'],
			[2, '{"b":2}']
		]);
	});

	test('a line that is no UTF-8 costs itself alone', () => {
		const content = Uint8Array.of(0x41, 0x0a, 0xc3, 0x28, 0x0a, 0xe2, 0x82, 0xac, 0x0a);
		expect(split(lines, content)).toEqual([
			[1, 'A'],
			[2, '! not-utf8'],
			[3, '€']
		]);
	});

	test('a line of a megabyte is taken, a longer one is not, a native one may be twice as long', () => {
		const most = 'x'.repeat(MAX_RECORD_BYTES);
		const native = '{"format":"tiller-feedback"'.padEnd(2 * MAX_RECORD_BYTES, 'x');
		const content = [most, `${most}x`, native, `${native}x`, 'end'].join('\r\n');
		for (const piece of [1e9, 256 * 1024]) {
			expect(split(lines, content, () => piece).map(([n, text]) => [n, text.length])).toEqual([
				[1, MAX_RECORD_BYTES],
				[2, '! line-too-long'.length],
				[3, 2 * MAX_RECORD_BYTES],
				[4, '! line-too-long'.length],
				[5, 3]
			]);
		}
	});
});

describe('an array of JSON', () => {
	test('is cut into its elements with the lines they begin on', () => {
		const content = '\ufeff [\n {"a":"],[{\\"" },\n\n{"b":[1,{"c":2}]} ,\r\n3]\n';
		expect(split(array, content)).toEqual([
			[2, '{"a":"],[{\\"" }'],
			[4, '{"b":[1,{"c":2}]} '],
			[5, '3']
		]);
		expect(split(array, '[]')).toEqual([]);
	});

	test('a bad element costs itself alone; an end that is missing is said', () => {
		expect(split(array, '[{"a":1},oops,{"b":2}')).toEqual([
			[1, '{"a":1}'],
			[1, 'oops'],
			[1, '! cut-short']
		]);
		expect(split(array, '[1,\n2,\n')).toEqual([
			[1, '1'],
			[2, '2'],
			[3, '! cut-short']
		]);
		expect(split(array, '[1]\n[2]')).toEqual([
			[1, '1'],
			[2, '! not-json']
		]);
	});

	test('an element of more than a megabyte costs itself alone', () => {
		const long = `{"a":"${'x'.repeat(MAX_RECORD_BYTES)}"}`;
		for (const piece of [1e9, 100_000]) {
			expect(split(array, `[1,\n${long},\n2]`, () => piece)).toEqual([
				[1, '1'],
				[2, '! line-too-long'],
				[3, '2']
			]);
		}
	});
});

describe('records of CSV', () => {
	test('end at line ends outside quotes', () => {
		expect(split(csv, '\ufeffa,b\r\n"1\n,""x""",2\r\n\r\n3,4')).toEqual([
			[1, 'a,b'],
			[2, '"1\n,""x""",2'],
			[5, '3,4']
		]);
	});

	test('a quote that is not closed costs its line, not the file', () => {
		expect(split(csv, 'a,b\n1,"open\n2,x\n3,y\n')).toEqual([
			[1, 'a,b'],
			[2, '! bad-csv'],
			[3, '2,x'],
			[4, '3,y']
		]);
	});

	test('a quote that closes where the next one should open costs its line', () => {
		expect(split(csv, 'a,b\n1,"open\n2,"x"\n3,y\n')).toEqual([
			[1, 'a,b'],
			[2, '! bad-csv'],
			[3, '2,"x"'],
			[4, '3,y']
		]);
		expect(split(csv, '1,"x"y\n2,z\n')).toEqual([
			[1, '! bad-csv'],
			[2, '2,z']
		]);
	});

	test('a record of more than a megabyte costs itself alone', () => {
		const long = 'x'.repeat(MAX_RECORD_BYTES + 1);
		for (const piece of [1e9, 100_000]) {
			expect(split(csv, `1,2\n${long}\n3,4\n"${long}\n5,6\n`, () => piece)).toEqual([
				[1, '1,2'],
				[2, '! line-too-long'],
				[3, '3,4'],
				[4, '! bad-csv'],
				[5, '5,6']
			]);
		}
	});

	test('a file of open quotes is read over in linear time', () => {
		const content = '"x\n'.repeat(50_000);
		const found = split(csv, content, () => 65_536);
		// Each quote is closed by the next line's, behind which text stands.
		expect(found.length).toBeGreaterThan(0);
		expect(found.every(([, what]) => what === '! bad-csv')).toBe(true);
	});
});

test('records do not depend on how the bytes are cut', () => {
	const random = new Random(9);
	const alphabet = ['"', ',', '\n', '\r\n', '[', ']', '{', '}', '\\', 'a', 'é', '😀', ' ', ':'];
	for (let round = 0; round < 150; round++) {
		const text = Array.from(
			{ length: random.int(60) },
			() => alphabet[random.int(alphabet.length)]
		).join('');
		for (const make of [lines, array, csv]) {
			const content = make === array ? `[${text}` : text;
			const whole = split(make, content);
			expect(split(make, content, () => 1)).toEqual(whole);
			expect(split(make, content, () => 1 + random.int(7))).toEqual(whole);
		}
	}
});
