/** The commands of the import worker: files in, rows out, at the pace of the page. */
import { FormatError } from '../../src/core/formats/format-error';
import {
	importFeedback,
	type ImportOptions,
	type ImportProgress,
	type ImportSink
} from '../../src/core/formats/feedback/import-feedback';
import type { FeedbackRow } from '../../src/core/formats/feedback/row';
import { blobSource } from '../../src/core/formats/feedback/source';
import { StudioError } from '../../src/protocol/errors';
import type { FileArgs, ImportCommands, ImportEvent, Inspection } from '../../src/protocol/import';
import type { Handlers } from '../../src/protocol/rpc';
import { breathe } from '../engine/yielding';
import { PageSink } from './page-sink';

const PROGRESS_GAP_MS = 100;

/** What the reader says of a file, as the app's own error. */
async function asStudioErrors<T>(name: string, action: () => Promise<T>): Promise<T> {
	try {
		return await action();
	} catch (cause) {
		if (cause instanceof FormatError) {
			const detail = { ...cause.detail, file: name };
			throw new StudioError(cause.code, cause.message, { cause, detail });
		}
		throw cause;
	}
}

const read = ({ file, name }: FileArgs, sink: ImportSink, options: ImportOptions) =>
	asStudioErrors(name, () => importFeedback(blobSource(file, name), sink, options));

export class Importer {
	readonly handlers: Handlers<ImportCommands> = {
		inspect: (args, { signal }) => inspect(args, signal),
		importFile: (args, { signal }) => this.#import(args, signal),
		acknowledge: async ({ importId, batch, duplicates }) => {
			this.#sinks.get(importId)?.acknowledge(batch, duplicates);
			return null;
		}
	};
	readonly #emit: (event: ImportEvent) => void;
	readonly #sinks = new Map<string, PageSink>();

	constructor(emit: (event: ImportEvent) => void) {
		this.#emit = emit;
	}

	async #import(args: ImportCommands['importFile']['args'], signal: AbortSignal) {
		const { importId } = args;
		if (this.#sinks.has(importId)) {
			throw new StudioError('internal', 'This import is already under way');
		}
		const sink = new PageSink(
			(batch, rows) => this.#emit({ type: 'rows', importId, batch, rows }),
			signal
		);
		this.#sinks.set(importId, sink);
		let latest: ImportProgress | null = null;
		let sentMs = -Infinity;
		const send = () => {
			if (latest) {
				this.#emit({ type: 'progress', importId, progress: latest });
				latest = null;
				sentMs = performance.now();
			}
		};
		try {
			return await read(args, sink, {
				schema: args.schema,
				signal,
				pause: () => breathe(signal),
				onProgress: (progress) => {
					latest = progress;
					if (performance.now() - sentMs >= PROGRESS_GAP_MS) {
						send();
					}
				}
			});
		} finally {
			send();
			this.#sinks.delete(importId);
		}
	}
}

/** The report of the first rows, and some of them. */
async function inspect(
	args: ImportCommands['inspect']['args'],
	signal: AbortSignal
): Promise<Inspection> {
	const preview: FeedbackRow[] = [];
	const sink: ImportSink = {
		write: async (rows) => {
			preview.push(...rows.slice(0, args.rows - preview.length));
			return { duplicates: 0 };
		}
	};
	const report = await read(args, sink, {
		schema: args.schema,
		maxRows: args.rows,
		signal,
		pause: () => breathe(signal)
	});
	return { ...report, preview };
}
