import { expect, test } from 'vitest';
import { toCsv } from '../../../src/core/csv';

test('CSV quotes what needs quotes, ends lines in CRLF and leaves gaps empty', () => {
	const csv = toCsv(
		['step', 'text', 'value'],
		[
			[0, 'a,b', 0.5],
			[1, 'say "hi"', NaN],
			[2, 'two\nlines', null]
		]
	);
	expect(csv).toBe('step,text,value\r\n0,"a,b",0.5\r\n1,"say ""hi""",\r\n2,"two\nlines",\r\n');
});

test('CSV defuses text that a spreadsheet would run, and not negative numbers', () => {
	const dangerous = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '=HYPERLINK("http://x","y")'];
	const lines = toCsv(
		['cell'],
		dangerous.map((text) => [text])
	).split('\r\n');
	expect(lines.slice(1, 5)).toEqual(["'=1+1", "'+1", "'-1", "'@SUM(A1)"]);
	expect(lines[5]).toBe("'\tx");
	expect(lines[6]).toBe('"\'=HYPERLINK(""http://x"",""y"")"');
	expect(toCsv(['=x'], [[-1.5]])).toBe("'=x\r\n-1.5\r\n");
});

test('CSV refuses a row of another width', () => {
	expect(() => toCsv(['a', 'b'], [[1]])).toThrow(RangeError);
});
