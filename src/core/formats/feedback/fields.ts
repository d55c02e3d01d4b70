/** Reading typed fields out of a foreign row, with a reason for each that is missing or of another type. */
import { ROLES, type Message } from './row';
import { isObject, type Json, type JsonObject } from './json';
import { RowError } from './problems';

/** What a column holds; how its cells are to be read where all cells are text (CSV). */
export type ColumnType =
	/** May be empty. */
	| 'text'
	/** An empty cell is none. */
	| 'optional-text'
	/** Text, or turns of a conversation. */
	| 'text-or-chat'
	/** The same, or nothing: the empty text is written in quotes. */
	| 'optional-text-or-chat'
	| 'json'
	| 'number'
	| 'boolean';

/** Absent, null and, in a table, empty all mean that there is nothing. */
export function has(row: JsonObject, field: string): boolean {
	const value = row[field];
	return value !== undefined && value !== null;
}

export function textField(row: JsonObject, field: string): string {
	const value = row[field];
	if (typeof value !== 'string') {
		throw missingOrWrong(row, field);
	}
	return value;
}

export function optionalText(row: JsonObject, field: string): string | undefined {
	return has(row, field) ? textField(row, field) : undefined;
}

export function optionalNumber(row: JsonObject, field: string): number | undefined {
	const value = row[field];
	if (has(row, field) && typeof value !== 'number') {
		throw missingOrWrong(row, field);
	}
	return typeof value === 'number' ? value : undefined;
}

export function optionalBoolean(row: JsonObject, field: string): boolean | undefined {
	const value = row[field];
	if (has(row, field) && typeof value !== 'boolean') {
		throw missingOrWrong(row, field);
	}
	return typeof value === 'boolean' ? value : undefined;
}

/** One of a closed set; anything else is a problem, never a default. */
export function choiceField<T extends string | number>(
	row: JsonObject,
	field: string,
	choices: readonly T[]
): T {
	const value = row[field];
	const choice = choices.find((option) => option === value);
	if (choice === undefined) {
		throw has(row, field) ? new RowError('unknown-value', field, value) : missing(field);
	}
	return choice;
}

export function optionalChoice<T extends string | number>(
	row: JsonObject,
	field: string,
	choices: readonly T[]
): T | undefined {
	return has(row, field) ? choiceField(row, field, choices) : undefined;
}

export function objectField(row: JsonObject, field: string): JsonObject {
	const value = row[field];
	if (!isObject(value)) {
		throw missingOrWrong(row, field);
	}
	return value;
}

export function optionalTexts(row: JsonObject, field: string): string[] | undefined {
	const value = row[field];
	if (!has(row, field)) {
		return undefined;
	}
	if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
		throw missingOrWrong(row, field);
	}
	return value;
}

/** True for a list of turns, well-formed or not. */
export function isConversation(value: Json | undefined): value is JsonObject[] {
	return (
		Array.isArray(value) &&
		value.length > 0 &&
		value.every((item) => isObject(item) && 'role' in item)
	);
}

/** Turns of a conversation. @throws RowError 'unknown-role' | 'missing-field' | 'wrong-type' */
export function messagesField(row: JsonObject, field: string): Message[] {
	const value = row[field];
	if (!isConversation(value)) {
		throw missingOrWrong(row, field);
	}
	return value.map((message) => {
		const role = ROLES.find((option) => option === message.role);
		if (role === undefined) {
			throw new RowError('unknown-role', field, message.role);
		}
		return { ...message, role };
	});
}

const missing = (field: string) => new RowError('missing-field', field);

function missingOrWrong(row: JsonObject, field: string): RowError {
	return has(row, field) ? new RowError('wrong-type', field, row[field]) : missing(field);
}

/** The row without the fields that were understood: what its format does not know. */
export function otherColumns(row: JsonObject, known: readonly string[]): JsonObject {
	return Object.fromEntries(Object.entries(row).filter(([key]) => !known.includes(key)));
}
