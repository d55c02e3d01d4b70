/** Files for tests of import and export: made in memory, read as a browser reads them. */
import {
	importFeedback,
	type ImportOptions,
	type ImportReport
} from '../../../../../src/core/formats/feedback/import-feedback';
import {
	FeedbackExport,
	type ExportOptions,
	type ExportReport
} from '../../../../../src/core/formats/feedback/export-feedback';
import type { FeedbackRow } from '../../../../../src/core/formats/feedback/row';
import { blobSource, type FeedbackSource } from '../../../../../src/core/formats/feedback/source';

export interface Imported {
	rows: FeedbackRow[];
	report: ImportReport;
}

export type FileContent = string | Uint8Array<ArrayBuffer> | (string | Uint8Array<ArrayBuffer>)[];

export const fileOf = (content: FileContent, name = 'file'): FeedbackSource =>
	blobSource(new Blob(Array.isArray(content) ? content : [content]), name);

/** Bytes in pieces of the given length, whatever the platform's own is. */
export function inPieces(bytes: Uint8Array, length: number, name = 'file'): FeedbackSource {
	return {
		name,
		size: bytes.length,
		stream: () => {
			let at = 0;
			return new ReadableStream<Uint8Array>({
				pull: (controller) => {
					if (at >= bytes.length) {
						controller.close();
						return;
					}
					controller.enqueue(bytes.slice(at, at + length));
					at += length;
				}
			});
		},
		slice: (start, end) => Promise.resolve(bytes.slice(start, end).buffer)
	};
}

export async function importFrom(
	source: FeedbackSource,
	options: Partial<ImportOptions> = {}
): Promise<Imported> {
	const rows: FeedbackRow[] = [];
	const sink = {
		write: async (batch: FeedbackRow[]) => {
			rows.push(...batch);
			return { duplicates: 0 };
		}
	};
	const report = await importFeedback(source, sink, { schema: null, ...options });
	return { rows, report };
}

export const importText = (content: FileContent, options: Partial<ImportOptions> = {}) =>
	importFrom(fileOf(content), options);

export const jsonLines = (rows: readonly unknown[]): string =>
	rows.map((row) => `${JSON.stringify(row)}\n`).join('');

export interface Exported {
	bytes: Uint8Array<ArrayBuffer>;
	text: string;
	report: ExportReport;
}

export async function exportAs(
	rows: readonly FeedbackRow[],
	options: Pick<ExportOptions, 'schema'> & Partial<ExportOptions>
): Promise<Exported> {
	const job = new FeedbackExport(() => rows, {
		container: 'jsonl',
		withMeta: true,
		includeSimulated: true,
		...options
	});
	const parts: (string | Uint8Array<ArrayBuffer>)[] = [];
	for await (const chunk of job.chunks()) {
		parts.push(chunk);
	}
	const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
	return { bytes, text: new TextDecoder().decode(bytes), report: job.report };
}

/** Rows of an exported file of JSON Lines. */
export const linesOf = ({ text }: Exported): unknown[] =>
	text
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => JSON.parse(line) as unknown);
