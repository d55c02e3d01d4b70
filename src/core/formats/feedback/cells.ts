/**
 * Values as the text of CSV cells and back. A cell of turns is JSON; text that could be taken for such a cell is written as a
 * JSON string, so that every value comes back as what it was.
 */
import { isConversation, type ColumnType } from './fields';
import type { Json, JsonObject } from './json';
import { checkValue, isDeeperThan } from './json-guard';
import { MAX_DEPTH } from './limits';
import { RowError } from './problems';

function parseCell(cell: string): Json {
	if (isDeeperThan(cell, MAX_DEPTH)) {
		throw new RowError('too-deep');
	}
	const value = JSON.parse(cell) as Json; // JSON.parse gives nothing else
	checkValue(value);
	return value;
}

/** What a cell of text or turns means: turns, text in quotes, or the text that it is. */
function readTextOrChat(cell: string): Json {
	if (!/^["[]/.test(cell)) {
		return cell;
	}
	try {
		const value = parseCell(cell);
		return isConversation(value) || (typeof value === 'string' && isMistakable(value))
			? value
			: cell;
	} catch {
		// Neither turns nor quoted text: then it is the text that it is.
		return cell;
	}
}

/** Text that would be read as something else; the empty text, as nothing. */
function isMistakable(text: string): boolean {
	return text === '' || readTextOrChat(text) !== text;
}

const NOTHING = Symbol('nothing');

function readCell(cell: string, type: ColumnType, column: string): Json | typeof NOTHING {
	if (cell === '' && type !== 'text' && type !== 'text-or-chat') {
		return NOTHING;
	}
	switch (type) {
		case 'text':
		case 'optional-text':
			return cell;
		case 'text-or-chat':
		case 'optional-text-or-chat':
			return readTextOrChat(cell);
		case 'json':
			try {
				return parseCell(cell);
			} catch (error) {
				throw error instanceof RowError ? error : new RowError('wrong-type', column, cell);
			}
		case 'number': {
			const value = Number(cell);
			if (!Number.isFinite(value)) {
				throw new RowError('wrong-type', column, cell);
			}
			return value;
		}
		case 'boolean': {
			// As pandas, spreadsheets and JSON write them.
			const lower = cell.toLowerCase();
			if (lower !== 'true' && lower !== 'false') {
				throw new RowError('wrong-type', column, cell);
			}
			return lower === 'true';
		}
		default:
			return type satisfies never;
	}
}

/** A row of text with the values that the format's columns hold; other columns stay text. @throws RowError */
export function readCells(
	row: JsonObject,
	columns: Readonly<Record<string, ColumnType>>
): JsonObject {
	const entries = Object.entries(row).map(([name, cell]) => {
		const type = Object.hasOwn(columns, name) ? columns[name] : undefined;
		const value = type && typeof cell === 'string' ? readCell(cell, type, name) : cell;
		return [name, value] as const;
	});
	return Object.fromEntries(entries.filter(([, value]) => value !== NOTHING)) as JsonObject; // of what readCell gives, only Json is left
}

/** The text of a value's cell; `type` is absent for a column that the format does not know. */
export function writeCell(
	value: Json | undefined,
	type: ColumnType | undefined
): string | number | boolean | null {
	if (value === undefined || value === null) {
		return null;
	}
	if (typeof value === 'object') {
		return JSON.stringify(value);
	}
	const isTextOrChat = type === 'text-or-chat' || type === 'optional-text-or-chat';
	if (type === 'json' || (isTextOrChat && typeof value === 'string' && isMistakable(value))) {
		return type === 'text-or-chat' && value === '' ? '' : JSON.stringify(value);
	}
	return value;
}
