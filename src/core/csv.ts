/** Comma-separated values for spreadsheets: RFC 4180, and safe against cells that a spreadsheet would run as a formula. */

export type Cell = string | number | boolean | null;

/**
 * How text begins that a spreadsheet may take for a formula, behind any apostrophes: text that looks already defused is defused
 * once more, so that taking off one apostrophe always gives the text back.
 */
const FORMULA_START = /^'*[=+\-@\t\r\n\0＝＋－＠]/;
/** Spaces at the ends too: some readers take them off unquoted cells. */
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

/** Text of a cell without the apostrophe that kept a spreadsheet from running it. */
export function restoreFormula(text: string): string {
	return text.startsWith("'") && FORMULA_START.test(text) ? text.slice(1) : text;
}

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

/** One record with its line end, CRLF. */
export function toCsvRecord(cells: readonly Cell[]): string {
	const record = cells.map(cellText).join(',');
	// An empty line would be no record.
	return `${record === '' ? '""' : record}\r\n`;
}

/** A table with a header line. Throws RangeError for a row of another width. */
export function toCsv(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
	const lines = [toCsvRecord(header)];
	for (const row of rows) {
		if (row.length !== header.length) {
			throw new RangeError(`a row of ${row.length} cells under ${header.length} headings`);
		}
		lines.push(toCsvRecord(row));
	}
	return lines.join('');
}
