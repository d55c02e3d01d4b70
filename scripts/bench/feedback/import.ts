/**
 * Feedback files at size: memory and cancelling of an import of one gigabyte in Node, and round trips of every format.
 *
 * Heap is what V8 says is in use, garbage included, and array buffers, sampled at every batch, over what it was after a
 * collection just before. The rows are written to a file as native JSON Lines: handed on and stored, not collected.
 */
import { closeSync, createWriteStream, openSync, writeSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CONTAINERS } from '../../../src/core/formats/feedback/containers/text-rows';
import { FeedbackExport } from '../../../src/core/formats/feedback/export-feedback';
import {
	importFeedback,
	type ImportSink
} from '../../../src/core/formats/feedback/import-feedback';
import { canonicalJson } from '../../../src/core/formats/feedback/json';
import { SCHEMA_NAMES, type FeedbackRow } from '../../../src/core/formats/feedback/row';
import { blobSource, type FeedbackSource } from '../../../src/core/formats/feedback/source';
import { EXAMPLES } from '../../../tests/unit/core/formats/feedback/examples';
import type { Measurements, RowSpec } from '../rows';

const FULL_BYTES = 1e9;
const QUICK_BYTES = 64e6;
const READ_BYTES = 256 * 1024;
const MEBIBYTE = 2 ** 20;
/** Of the file, before the import is stopped. */
const CANCEL_AT = 0.05;

const CANCEL = 'import of JSONL: cancel';
const RATE = 'import of JSONL: rate';
const EXACT = 'round trips of every format that are exact';
const TRIPS = 'round trips measured';
const bytesFor = (isQuick: boolean) => (isQuick ? QUICK_BYTES : FULL_BYTES);
const heapName = (bytes: number) => `import of ${bytes / 1e6} MB JSONL: heap over baseline`;

/** `isQuick`: a smaller file, which the row's name says. */
export const importRows = (isQuick: boolean): RowSpec[] => [
	{ name: heapName(bytesFor(isQuick)), unit: 'MiB', target: { is: '<=', value: 64 } },
	{ name: CANCEL, unit: 'ms', target: { is: '<=', value: 500 } },
	{ name: RATE, unit: 'MB/s', target: null },
	{ name: EXACT, unit: '%', target: { is: '=', value: 100 } },
	{ name: TRIPS, unit: 'formats x containers', target: null }
];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void; // what the flag has just exposed

const heapBytes = (): number => {
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	return heapUsed + arrayBuffers;
};

/** Preference rows of about a kilobyte, each different, until the file is large enough. */
async function writeFile(path: string, bytes: number): Promise<void> {
	const stream = createWriteStream(path);
	let written = 0;
	for (let i = 0; written < bytes;) {
		const lines: string[] = [];
		for (const end = i + 500; i < end; i++) {
			const words = `${i} the little fox went on and on. `.repeat(10);
			const row = { prompt: `Once ${i} `, chosen: words, rejected: `${words}No. ${i * 7}` };
			lines.push(JSON.stringify(row));
		}
		const text = `${lines.join('\n')}\n`;
		written += text.length;
		if (!stream.write(text)) {
			await once(stream, 'drain');
		}
	}
	stream.end();
	await once(stream, 'close');
}

/** A file on disk as a stream that reads when asked. */
async function fileSource(path: string): Promise<FeedbackSource & { close(): Promise<void> }> {
	const handle = await open(path);
	const { size } = await handle.stat();
	return {
		name: path,
		size,
		// A stream of bytes, as a Blob's is.
		stream: () => {
			let at = 0;
			return new ReadableStream({
				type: 'bytes',
				autoAllocateChunkSize: READ_BYTES,
				pull: async (controller) => {
					const request = controller.byobRequest;
					if (!request?.view) {
						return;
					}
					const { buffer, byteOffset, byteLength } = request.view;
					const view = new Uint8Array(buffer, byteOffset, byteLength);
					const { bytesRead } = await handle.read(view, 0, byteLength, at);
					at += bytesRead;
					if (bytesRead === 0) {
						controller.close();
					}
					request.respond(bytesRead);
				}
			});
		},
		close: () => handle.close()
	};
}

const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));

async function measureHeap(
	path: string,
	outPath: string,
	name: string,
	say: (line: string) => void
): Promise<Measurements> {
	const source = await fileSource(path);
	const out = openSync(outPath, 'w');
	collect();
	const baseline = heapBytes();
	let peak = baseline;
	const sink: ImportSink = {
		write: async (rows) => {
			peak = Math.max(peak, heapBytes());
			writeSync(out, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
			return { duplicates: 0 };
		}
	};
	const startedMs = performance.now();
	const { rows, bytes, failed } = await importFeedback(source, sink, {
		schema: null,
		pause: breathe
	});
	const seconds = (performance.now() - startedMs) / 1000;
	closeSync(out);
	await source.close();
	say(`\nimport: ${rows} rows of ${bytes} bytes in ${seconds.toFixed(1)} s, ${failed} left out`);
	return {
		[name]: (peak - baseline) / MEBIBYTE,
		[RATE]: bytes / 1e6 / seconds
	};
}

/** From the call of abort, which comes by a timer as a message would, until the import has ended. */
async function measureCancel(path: string): Promise<Measurements> {
	const source = await fileSource(path);
	const controller = new AbortController();
	let abortedMs = 0;
	const abort = () => {
		abortedMs = performance.now();
		controller.abort();
	};
	const sink: ImportSink = { write: async () => ({ duplicates: 0 }) };
	let isAsked = false;
	const work = importFeedback(source, sink, {
		schema: null,
		signal: controller.signal,
		pause: breathe,
		onProgress: ({ bytesRead }) => {
			if (!isAsked && bytesRead > CANCEL_AT * (source.size ?? 0)) {
				isAsked = true;
				setTimeout(abort, 0);
			}
		}
	});
	const ended = await work.then(
		() => false,
		() => controller.signal.aborted
	);
	await source.close();
	return {
		[CANCEL]: ended ? performance.now() - abortedMs : { failed: 'the import was not stopped' }
	};
}

async function read(content: BlobPart[], schema: (typeof SCHEMA_NAMES)[number]) {
	const rows: FeedbackRow[] = [];
	const sink: ImportSink = {
		write: async (batch) => {
			rows.push(...batch);
			return { duplicates: 0 };
		}
	};
	const { failed } = await importFeedback(blobSource(new Blob(content), schema), sink, { schema });
	return { rows, failed };
}

/** What a row says: ids are of content, which extra columns of a table belong to. */
const meaning = ({ id: _id, origin: _origin, ...row }: FeedbackRow) => canonicalJson(row);

async function measureRoundTrips(say: (line: string) => void): Promise<Measurements> {
	let exact = 0;
	let all = 0;
	for (const schema of SCHEMA_NAMES) {
		const lines = EXAMPLES[schema].map((row) => `${JSON.stringify(row)}\n`);
		const first = await read(lines, schema);
		for (const container of CONTAINERS) {
			const job = new FeedbackExport(() => first.rows, {
				schema,
				container,
				withMeta: true,
				includeSimulated: true
			});
			const parts: BlobPart[] = [];
			for await (const chunk of job.chunks()) {
				parts.push(chunk);
			}
			const again = await read(parts, schema);
			const isExact =
				first.failed + again.failed === 0 &&
				job.report.kept === first.rows.length &&
				again.rows.map(meaning).join('\n') === first.rows.map(meaning).join('\n');
			all++;
			exact += Number(isExact);
			if (!isExact) {
				say(`not exact: ${schema} in ${container}`);
			}
		}
	}
	return { [EXACT]: (100 * exact) / all, [TRIPS]: all };
}

/** About two minutes on two cores; quick: twenty seconds. */
export async function measureImport(
	isQuick: boolean,
	say: (line: string) => void
): Promise<Measurements> {
	const folder = await mkdtemp(join(tmpdir(), 'tiller-import-'));
	const bytes = bytesFor(isQuick);
	try {
		const path = join(folder, 'preferences.jsonl');
		await writeFile(path, bytes);
		return {
			...(await measureHeap(path, join(folder, 'native.jsonl'), heapName(bytes), say)),
			...(await measureCancel(path)),
			...(await measureRoundTrips(say))
		};
	} finally {
		await rm(folder, { recursive: true });
	}
}
