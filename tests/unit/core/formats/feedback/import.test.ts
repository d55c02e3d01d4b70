import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
	importFeedback,
	type ImportProgress
} from '../../../../../src/core/formats/feedback/import-feedback';
import type { FeedbackRow } from '../../../../../src/core/formats/feedback/row';
import { exportAs, fileOf, importFrom, importText, inPieces, jsonLines } from './files';

const row = (i: number) => ({ prompt: `Prompt ${i}`, chosen: ` yes ${i}`, rejected: ` no ${i}` });
const text = (n: number) => jsonLines(Array.from({ length: n }, (_, i) => row(i)));
/** Rows of about a kilobyte. */
const longText = (n: number) =>
	jsonLines(
		Array.from({ length: n }, (_, i) => ({ ...row(i), prompt: `${'long '.repeat(200)}${i}` }))
	);
const bytesOf = (content: string) => new TextEncoder().encode(content);

test('a file says what it is: hash, size, format and why', async () => {
	const content = bytesOf(text(20));
	const { report } = await importFrom(fileOf(content, 'prefs.txt'));
	expect(report).toEqual({
		name: 'prefs.txt',
		container: 'jsonl',
		schema: 'trl-preference',
		detection: {
			schema: 'trl-preference',
			confidence: 1,
			marks: ['chosen', 'rejected'],
			rows: 20,
			alternatives: []
		},
		sha256: createHash('sha256').update(content).digest('hex'),
		bytes: content.length,
		isGzip: false,
		isWhole: true,
		rows: 20,
		duplicates: 0,
		failed: 0,
		problems: {},
		problemList: []
	});
});

test('rows are the same however the file is cut, packed or not', async () => {
	const content = text(60);
	const { rows } = await importText(content);
	expect(rows).toHaveLength(60);
	for (const length of [1, 7, 1000, 1e6]) {
		expect((await importFrom(inPieces(bytesOf(content), length))).rows).toEqual(rows);
	}
	const packed = new Uint8Array(gzipSync(content));
	for (const length of [1, 100, 1e6]) {
		const again = await importFrom(inPieces(packed, length));
		expect(again.rows).toEqual(rows);
		expect(again.report.sha256).toBe(createHash('sha256').update(packed).digest('hex'));
	}
});

test('the same file twice gives the same ids, whatever the order of its columns', async () => {
	const kept = new Set<string>();
	const sink = {
		write: async (rows: FeedbackRow[]) => {
			const before = kept.size;
			rows.forEach(({ id }) => kept.add(id));
			return { duplicates: rows.length - (kept.size - before) };
		}
	};
	const first = await importFeedback(fileOf(text(50)), sink, { schema: null });
	expect(first).toMatchObject({ rows: 50, duplicates: 0 });
	const turned = Array.from({ length: 50 }, (_, i) => {
		const { prompt, chosen, rejected } = row(i);
		return { rejected, chosen, prompt };
	});
	const second = await importFeedback(fileOf(jsonLines(turned)), sink, { schema: null });
	expect(second).toMatchObject({ rows: 50, duplicates: 50 });
	expect(kept.size).toBe(50);
});

test('the format can be chosen against the guess', async () => {
	const transcript = (answer: string) => `\n\nHuman: Hi\n\nAssistant: ${answer}`;
	const content = jsonLines([{ chosen: transcript('Hello'), rejected: transcript('Hellas') }]);
	const { report, rows } = await importText(content);
	expect(report.schema).toBe('hh-rlhf');
	expect(report.detection?.alternatives).toEqual([{ schema: 'trl-preference', confidence: 1 }]);
	const chosen = await importText(content, { schema: 'trl-preference' });
	expect(chosen.report).toMatchObject({ schema: 'trl-preference', detection: null });
	expect(rows[0]?.completions).toEqual([{ text: ' Hello' }, { text: ' Hellas' }]);
	expect(chosen.rows[0]?.completions).toEqual([{ text: 'o' }, { text: 'as' }]);
});

test('a mixed file goes by its majority, and the others are problems', async () => {
	const labels = [1, 2].map((i) => ({ prompt: `p${i}`, completion: 'c', label: true }));
	const { report } = await importText(text(8) + jsonLines(labels));
	expect(report.detection).toMatchObject({ schema: 'trl-preference', confidence: 0.8 });
	expect(report).toMatchObject({ rows: 8, failed: 2, problems: { 'missing-field': 2 } });
});

test('progress comes with the bytes and ends with all of them', async () => {
	const content = bytesOf(longText(1500));
	const seen: ImportProgress[] = [];
	await importFrom(fileOf(content), { onProgress: (progress) => seen.push(progress) });
	expect(seen.length).toBeGreaterThan(3);
	expect(seen.every(({ totalBytes }) => totalBytes === content.length)).toBe(true);
	const read = seen.map(({ bytesRead }) => bytesRead);
	expect(read).toEqual(read.toSorted((x, y) => x - y));
	expect(seen.at(-1)).toEqual({
		bytesRead: content.length,
		totalBytes: content.length,
		rows: 1500,
		failed: 0
	});
});

test('no more is read than the sink has taken', async () => {
	let given = 0;
	const content = bytesOf(longText(1500));
	const source = {
		...inPieces(content, 64 * 1024),
		stream: () =>
			new ReadableStream<Uint8Array>(
				{
					pull: (controller) => {
						if (given >= content.length) {
							controller.close();
							return;
						}
						controller.enqueue(content.slice(given, given + 65_536));
						given += 65_536;
					}
				},
				{ highWaterMark: 0 }
			)
	};
	let rows = 0;
	const most: number[] = [];
	const sink = {
		write: async (batch: FeedbackRow[]) => {
			// A slow one: others have their turn in between.
			await new Promise((resolve) => setTimeout(resolve, 0));
			rows += batch.length;
			most.push(given - (rows / 1500) * content.length);
			return { duplicates: 0 };
		}
	};
	await importFeedback(source, sink, { schema: null });
	expect(rows).toBe(1500);
	expect(Math.max(...most)).toBeLessThan(3 * 65_536);
});

test('an import stops when it is told to, and lets go of the file', async () => {
	const controller = new AbortController();
	let isReleased = false;
	const content = bytesOf(text(1000));
	const source = {
		name: 'endless',
		size: null,
		stream: () =>
			new ReadableStream<Uint8Array>({
				pull: (stream) => stream.enqueue(content.slice()),
				cancel: () => {
					isReleased = true;
				}
			})
	};
	let rows = 0;
	const sink = {
		write: async (batch: FeedbackRow[]) => {
			rows += batch.length;
			if (rows > 5_000) {
				controller.abort();
			}
			return { duplicates: 0 };
		}
	};
	await expect(
		importFeedback(source, sink, { schema: null, signal: controller.signal })
	).rejects.toMatchObject({ name: 'AbortError' });
	expect(isReleased).toBe(true);
	// No more than what was read already.
	expect(rows).toBeLessThan(10_000);
});

test('what the sink throws ends the import', async () => {
	const sink = { write: () => Promise.reject(new Error('disk full')) };
	await expect(importFeedback(fileOf(text(10)), sink, { schema: null })).rejects.toThrow(
		'disk full'
	);
});

test('looking at a file reads no more than its first rows', async () => {
	const { report, rows } = await importFrom(fileOf(longText(3000)), { maxRows: 5 });
	expect(report).toMatchObject({ schema: 'trl-preference', isWhole: false, sha256: null });
	expect(rows.length).toBeGreaterThanOrEqual(5);
	expect(report.bytes).toBeLessThan(1_000_000);
	const parquet = await exportAs((await importText(text(2_000))).rows, {
		schema: 'trl-preference',
		container: 'parquet'
	});
	const look = await importFrom(fileOf(parquet.bytes), { maxRows: 5 });
	expect(look.report).toMatchObject({ schema: 'trl-preference', isWhole: false, rows: 1000 });
});

test('a stream that fills one buffer again and again gives the same rows as one of new buffers', async () => {
	const content = bytesOf(longText(400));
	const packed = new Uint8Array(gzipSync(content));
	for (const bytes of [content, packed]) {
		for (const length of [1, 3, 999, 300_000]) {
			const part = length < 10 ? bytes.slice(0, 3000) : bytes;
			const isCut = part.length < bytes.length && bytes === packed;
			let at = 0;
			const source = {
				...inPieces(part, length),
				stream: () =>
					new ReadableStream({
						type: 'bytes',
						autoAllocateChunkSize: length,
						pull: (controller) => {
							const view = controller.byobRequest?.view;
							if (!view) {
								return;
							}
							const given = part.subarray(at, at + Math.min(length, view.byteLength));
							new Uint8Array(view.buffer, view.byteOffset, given.length).set(given);
							at += given.length;
							if (given.length === 0) {
								controller.close();
							}
							controller.byobRequest?.respond(given.length);
						}
					})
			};
			const read = () => importFrom(source).then(({ rows, report }) => [rows, report.sha256]);
			const expected = () =>
				importFrom(inPieces(part, length)).then(({ rows, report }) => [rows, report.sha256]);
			if (isCut) {
				await expect(read()).rejects.toMatchObject({ code: 'corrupt-file' });
			} else {
				expect(await read()).toEqual(await expected());
			}
		}
	}
});
