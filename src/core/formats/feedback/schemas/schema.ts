/** What a format is: how to tell its rows, read one, and write one. One file a format. */
import type { ColumnType } from '../fields';
import type { JsonObject } from '../json';
import { factsOf, type DropReason, type LostFact } from '../losses';
import type { FeedbackKind, FeedbackRow, ForeignSchemaName, RowDraft } from '../row';

/** Rows of the file that one native row became, and what of it they could not hold; or why it became none. */
export type Written = { rows: JsonObject[]; lost: LostFact[] } | { dropped: DropReason };

export interface FeedbackSchema<Name = ForeignSchemaName> {
	name: Name;
	/** Columns it knows. */
	columns: Readonly<Record<string, ColumnType>>;
	/** Of `columns`, those by which a row is known; what detection shows as its reason. */
	marks: readonly string[];
	/** Whether a row looks like one of this format; it may still have a problem. */
	matches(row: JsonObject): boolean;
	/** @throws RowError */
	read(row: JsonObject): RowDraft;
	/** `withMeta`: extra columns `meta_*` for facts the format itself does not know. Trainers ignore them. */
	write(row: FeedbackRow, withMeta: boolean): Written;
}

/** Columns of a row that came from the same format and had more than the format asks for. */
export function ownColumns(row: FeedbackRow, name: ForeignSchemaName): JsonObject | null {
	return row.origin?.schema === name ? row.origin.columns : null;
}

/**
 * What of a row the format loses: nothing if it came from this very format, else the facts that are not `carried`, and `more`.
 * `kind`: the kind as which the format's rows are read; of any other kind, that is lost too.
 */
export function lossOf(
	row: FeedbackRow,
	{ name, kind }: { name: ForeignSchemaName; kind: FeedbackKind },
	carried: readonly LostFact[],
	more: readonly LostFact[] = []
): LostFact[] {
	if (ownColumns(row, name)) {
		return [];
	}
	const facts = factsOf(row).filter((fact) => !carried.includes(fact));
	return [...facts, ...(row.kind === kind ? [] : (['kind'] as const)), ...more];
}
