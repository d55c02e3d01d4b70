/** Which format a file is, from its first rows: a guess with its reason, which a person can overrule. */
import { readCells } from './cells';
import type { JsonObject } from './json';
import { RowError } from './problems';
import type { SchemaName } from './row';
import { SCHEMAS } from './schemas/catalogue';
import { looksNative } from './schemas/native';
import type { FeedbackSchema } from './schemas/schema';

interface Guess {
	schema: SchemaName;
	/** Share of the rows looked at that fit, 0 to 1. */
	confidence: number;
}

export interface Detection extends Guess {
	/** Columns by which the format was known. */
	marks: string[];
	rows: number;
	/** Other formats that fit any of the rows, best first. */
	alternatives: Guess[];
}

function fits(row: JsonObject, schema: FeedbackSchema, isText: boolean): boolean {
	try {
		return schema.matches(isText ? readCells(row, schema.columns) : row);
	} catch (error) {
		if (error instanceof RowError) {
			return false;
		}
		throw error;
	}
}

/**
 * Of the formats that fit most of the rows, the most specific. null: none fits any.
 * `isText`: the rows are of CSV, in which every value is text.
 */
export function detectSchema(rows: readonly JsonObject[], isText: boolean): Detection | null {
	const share = (count: number) => (rows.length === 0 ? 0 : count / rows.length);
	const native: Guess = {
		schema: 'native',
		confidence: share(rows.filter(looksNative).length)
	};
	const foreign: Guess[] = Object.values(SCHEMAS).map((schema) => ({
		schema: schema.name,
		confidence: share(rows.filter((row) => fits(row, schema, isText)).length)
	}));
	const [best, ...alternatives] = [native, ...foreign]
		.filter(({ confidence }) => confidence > 0)
		// The sort is stable: of equals, the one named first in the catalogue.
		.sort((x, y) => y.confidence - x.confidence);
	if (!best) {
		return null;
	}
	const marks = best.schema === 'native' ? ['format'] : SCHEMAS[best.schema].marks;
	return { ...best, marks: [...marks], rows: rows.length, alternatives };
}
