import { afterEach, expect, test } from 'vitest';
import type { FeedbackRow } from '../../src/core/formats/feedback/row';
import type { ImportCommands, ImportEvent } from '../../src/protocol/import';
import { WorkerClient } from '../../src/protocol/rpc';
import { exportAs } from '../unit/core/formats/feedback/files';

type Client = WorkerClient<ImportCommands, ImportEvent>;

const clients: Client[] = [];
afterEach(() => {
	for (const client of clients.splice(0)) {
		client.close();
	}
});

/** The real worker; every batch is acknowledged at once. */
function connect(onRows: (rows: FeedbackRow[]) => void): Client {
	const url = new URL('../../workers/import.worker.ts', import.meta.url);
	const client: Client = new WorkerClient(new Worker(url, { type: 'module' }), {
		onEvent: (event) => {
			if (event.type === 'rows') {
				const { importId, batch } = event;
				onRows(event.rows);
				client
					.call('acknowledge', { importId, batch, duplicates: 0 })
					.catch(() => undefined /* the client was closed */);
			}
		}
	});
	clients.push(client);
	return client;
}

const line = (i: number) =>
	`${JSON.stringify({ prompt: `p${i}`, chosen: 'yes 😀', rejected: 'no' })}\n`;
const lines = (n: number) => Array.from({ length: n }, (_, i) => line(i));

const zip = (parts: string[]) =>
	new Response(new Blob(parts).stream().pipeThrough(new CompressionStream('gzip'))).blob();

test('a worker reads a file off the page, packed or not, with one bad line', async () => {
	const parts = [...lines(3000), '{"oops"\n', line(3000)];
	for (const file of [new Blob(parts), await zip(parts)]) {
		const rows: FeedbackRow[] = [];
		const client = connect((batch) => rows.push(...batch));
		const args = { importId: 'i1', file, name: 'prefs', schema: null };
		const report = await client.call('importFile', args);
		expect(report).toMatchObject({
			schema: 'trl-preference',
			rows: 3001,
			failed: 1,
			isGzip: file.size < 50_000,
			problemList: [{ line: 3001, problem: 'not-json' }]
		});
		expect(report.sha256).toMatch(/^[0-9a-f]{64}$/);
		expect(rows).toHaveLength(3001);
		expect(rows.at(-1)?.prompt).toEqual({ text: 'p3000' });
	}
});

test('a worker reads Parquet and CSV', async () => {
	const rows: FeedbackRow[] = [];
	await connect((batch) => rows.push(...batch)).call('importFile', {
		importId: 'i1',
		file: new Blob(lines(30)),
		name: 'prefs.jsonl',
		schema: null
	});
	for (const container of ['parquet', 'csv'] as const) {
		const { bytes } = await exportAs(rows, { schema: 'trl-preference', container });
		const again: FeedbackRow[] = [];
		const report = await connect((batch) => again.push(...batch)).call('importFile', {
			importId: 'i2',
			file: new Blob([bytes]),
			name: `prefs.${container}`,
			schema: null
		});
		expect(report).toMatchObject({ container, rows: 30, failed: 0 });
		expect(again).toEqual(rows);
	}
});

test('a worker stops when it is told to, and takes the next file', async () => {
	const controller = new AbortController();
	let rows = 0;
	const client = connect((batch) => {
		rows += batch.length;
		controller.abort();
	});
	const args = { importId: 'i1', file: new Blob(lines(50_000)), name: 'long', schema: null };
	await expect(
		client.call('importFile', args, { signal: controller.signal })
	).rejects.toMatchObject({ code: 'aborted' });
	expect(rows).toBeLessThan(50_000);
	const report = await client.call('importFile', { ...args, file: new Blob(lines(10)) });
	expect(report).toMatchObject({ rows: 10 });
});
