import { afterEach, expect, test } from 'vitest';
import type { FeedbackRow } from '../../../src/core/formats/feedback/row';
import type { ImportCommands, ImportEvent } from '../../../src/protocol/import';
import { serve, WorkerClient } from '../../../src/protocol/rpc';
import { Importer } from '../../../workers/import/importer';
import { makePortPair } from '../../support/port-pair';

const clients: WorkerClient<ImportCommands, ImportEvent>[] = [];
afterEach(() => {
	for (const client of clients.splice(0)) {
		client.close();
	}
});

function connect(onEvent: (event: ImportEvent) => void) {
	const { page, worker } = makePortPair();
	const importer = new Importer((event) => emit(event));
	const emit = serve<ImportCommands, ImportEvent>(worker, importer.handlers);
	const client = new WorkerClient<ImportCommands, ImportEvent>(page, { onEvent });
	clients.push(client);
	return client;
}

const file = (n: number) =>
	new Blob(
		Array.from(
			{ length: n },
			(_, i) => `${JSON.stringify({ prompt: `p${i}`, chosen: 'yes', rejected: 'no' })}\n`
		)
	);

test('rows come batch by batch, each after the one before was acknowledged', async () => {
	const rows: FeedbackRow[] = [];
	const progress: number[] = [];
	let open = 0;
	let most = 0;
	let batches = 0;
	const client = connect((event) => {
		if (event.type === 'progress') {
			progress.push(event.progress.rows);
			return;
		}
		expect(event.importId).toBe('i1');
		most = Math.max(most, ++open);
		rows.push(...event.rows);
		batches++;
		setTimeout(() => {
			open--;
			void client.call('acknowledge', { importId: 'i1', batch: event.batch, duplicates: 2 });
		}, 1);
	});
	const report = await client.call('importFile', {
		importId: 'i1',
		file: file(1000),
		name: 'a.jsonl',
		schema: null
	});
	expect(report).toMatchObject({ rows: 1000, duplicates: 2 * batches, schema: 'trl-preference' });
	expect(rows).toHaveLength(1000);
	expect(most).toBe(1);
	// The blob comes in a thousand pieces; rows go on by the hundred all the same.
	expect(batches).toBeLessThan(10);
	expect(progress.at(-1)).toBe(1000);
});

test('an import that is stopped while the page keeps a batch ends at once', async () => {
	const controller = new AbortController();
	let batches = 0;
	const client = connect((event) => {
		// Never acknowledged.
		if (event.type === 'rows') {
			batches++;
			controller.abort();
		}
	});
	const args = { importId: 'i1', file: file(1000), name: 'a.jsonl', schema: null };
	await expect(
		client.call('importFile', args, { signal: controller.signal })
	).rejects.toMatchObject({ code: 'aborted' });
	expect(batches).toBe(1);
	// The name is free again, and word of the old batch is not heeded.
	expect(await client.call('acknowledge', { importId: 'i1', batch: 0, duplicates: 0 })).toBeNull();
});

test('a file is looked at without an import, and errors name the file', async () => {
	const client = connect(() => undefined);
	const args = { name: 'a.jsonl', schema: null, rows: 3 };
	const look = await client.call('inspect', { ...args, file: file(1000) });
	expect(look).toMatchObject({ schema: 'trl-preference', container: 'jsonl' });
	expect(look.preview).toHaveLength(3);
	await expect(
		client.call('inspect', { ...args, file: new Blob(['{"x":1}\n']) })
	).rejects.toMatchObject({ code: 'unknown-format', detail: { file: 'a.jsonl', columns: ['x'] } });
	await expect(client.call('inspect', { ...args, file: new Blob([]) })).rejects.toMatchObject({
		code: 'corrupt-file',
		detail: { file: 'a.jsonl' }
	});
});
