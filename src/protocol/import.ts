/** Commands and events between the page and the import worker. Arguments are plain cloneable data; types only, no behaviour. */
import type { ImportProgress, ImportReport } from '../core/formats/feedback/import-feedback';
import type { FeedbackRow, SchemaName } from '../core/formats/feedback/row';

export interface FileArgs {
	/** Read off the page, piece by piece; the blob itself is not copied. */
	file: Blob;
	name: string;
	/** null: by what the first rows look like. */
	schema: SchemaName | null;
}

/** What a file holds, by its first rows; the counts are of the part that was read. */
export interface Inspection extends ImportReport {
	preview: FeedbackRow[];
}

export interface ImportCommands extends Record<string, { args: unknown; result: unknown }> {
	/** Reads no further than it needs to show some rows. */
	inspect: { args: FileArgs & { rows: number }; result: Inspection };
	/**
	 * Sends the rows as `rows` events, each to be acknowledged before the next. Stop with the call's AbortSignal. When the call
	 * fails or is stopped, rows already sent are the page's to discard.
	 */
	importFile: { args: FileArgs & { importId: string }; result: ImportReport };
	/** The rows of a batch are kept; `duplicates` of them were there already. */
	acknowledge: { args: { importId: string; batch: number; duplicates: number }; result: null };
}

export type ImportEvent =
	/** At most ten a second, and once at the end. */
	| { type: 'progress'; importId: string; progress: ImportProgress }
	/** Batches are numbered from 0. */
	| { type: 'rows'; importId: string; batch: number; rows: FeedbackRow[] };
