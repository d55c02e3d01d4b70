/**
 * Cells of CSV. Spreadsheets run cells that begin with certain characters as formulas; such text is written with an apostrophe
 * in front, and one apostrophe is taken off again on reading (OWASP ASVS 5.0, 1.2.10). Text that already looks so gets one
 * more, so that every text comes back as it was.
 */
import { restoreFormula } from '../../../csv';
import { RowError } from '../problems';

export const DELIMITERS = [',', ';', '\t'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/**
 * The cells of one record without its line end. Quotes inside an unquoted cell are text.
 * @throws RowError 'bad-csv'
 */
export function parseCells(record: string, delimiter: Delimiter): string[] {
	const cells: string[] = [];
	let at = 0;
	for (;;) {
		let cell: string;
		if (record[at] === '"') {
			const end = endOfQuoted(record, at);
			cell = record.slice(at + 1, end).replaceAll('""', '"');
			at = end + 1;
			if (at < record.length && record[at] !== delimiter) {
				throw new RowError('bad-csv');
			}
		} else {
			const end = record.indexOf(delimiter, at);
			cell = end === -1 ? record.slice(at) : record.slice(at, end);
			at += cell.length;
		}
		cells.push(restoreFormula(cell));
		if (at >= record.length) {
			return cells;
		}
		at++;
	}
}

/** Place of the quote that closes the cell opened at `start`. */
function endOfQuoted(record: string, start: number): number {
	let end = record.indexOf('"', start + 1);
	while (end !== -1 && record[end + 1] === '"') {
		end = record.indexOf('"', end + 2);
	}
	if (end === -1) {
		throw new RowError('bad-csv');
	}
	return end;
}

/** The delimiter that stands most often outside quotes in the header; a comma where none does. */
export function findDelimiter(header: string): Delimiter {
	const bare = header.replaceAll(/"(?:[^"]|"")*"/g, '');
	const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length - 1);
	return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}
