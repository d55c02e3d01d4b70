/** Comma-separated values for spreadsheets: RFC 4180, and safe against cells that a spreadsheet would run as a formula. */

export type Cell = string | number | boolean | null;

/** Characters with which spreadsheets start a formula. */
const FORMULA_START = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

/** Numbers are written as they are; NaN and null are empty; text that looks like a formula gets an apostrophe in front. */
function cellText(cell: Cell): string {
	if (cell === null || (typeof cell === 'number' && Number.isNaN(cell))) {
		return '';
	}
	if (typeof cell !== 'string') {
		return String(cell);
	}
	const text = FORMULA_START.test(cell) ? `'${cell}` : cell;
	return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table with a header line; lines end in CRLF. Throws RangeError for a row of another width. */
export function toCsv(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
	const lines = [header.map(cellText).join(',')];
	for (const row of rows) {
		if (row.length !== header.length) {
			throw new RangeError(`a row of ${row.length} cells under ${header.length} headings`);
		}
		lines.push(row.map(cellText).join(','));
	}
	return lines.map((line) => `${line}\r\n`).join('');
}
