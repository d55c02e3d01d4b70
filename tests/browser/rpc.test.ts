import { afterEach, expect, test, vi } from 'vitest';
import { WorkerClient } from '../../src/protocol/rpc';
import type { RpcCommands, RpcEvent } from './rpc.worker';

const clients: WorkerClient<RpcCommands, RpcEvent>[] = [];
afterEach(() => {
	for (const client of clients.splice(0)) {
		client.close();
	}
});

function connect(onEvent: (event: RpcEvent) => void = () => undefined) {
	const worker = new Worker(new URL('./rpc.worker.ts', import.meta.url), { type: 'module' });
	const onCrash = vi.fn();
	const client = new WorkerClient<RpcCommands, RpcEvent>(worker, { onEvent, onCrash });
	clients.push(client);
	return { client, onCrash };
}

test('a real worker answers, with buffers moved both ways', async () => {
	const { client } = connect();
	const column = Float64Array.of(1, 2, 3);
	const sum = client.call('sum', column, { transfer: [column.buffer] });
	expect(column.byteLength).toBe(0);
	expect(await sum).toBe(6);
	expect(await client.call('ramp', 4)).toEqual(Float64Array.of(0, 1, 2, 3));
});

test('an error thrown in a worker keeps its code and facts', async () => {
	const { client } = connect();
	await expect(client.call('fail', null)).rejects.toMatchObject({
		code: 'device-lost',
		message: 'The GPU went away',
		detail: { step: 4 }
	});
});

test('a running command is stopped within one step and still gives its result', async () => {
	const controller = new AbortController();
	const seen: number[] = [];
	const { client } = connect((event) => {
		seen.push(event.column[0] ?? NaN);
		if (event.step === 5) {
			controller.abort();
		}
	});
	const { steps } = await client.call('steps', null, { signal: controller.signal });
	expect(seen).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
	// The message needs a turn of both event loops.
	expect(steps).toBeLessThan(100);
});

test('an error outside a call rejects what is pending', async () => {
	const { client, onCrash } = connect();
	const pending = client.call('steps', null);
	const crashing = client.call('crash', null);
	await expect(crashing).rejects.toMatchObject({ code: 'worker-crashed' });
	await expect(pending).rejects.toMatchObject({ code: 'worker-crashed' });
	await expect(client.call('sum', new Float64Array())).rejects.toMatchObject({
		code: 'worker-crashed'
	});
	expect(onCrash).toHaveBeenCalledOnce();
});

test('a worker whose file is missing rejects its calls', async () => {
	const worker = new Worker('/no-such-worker.js', { type: 'classic' });
	const client = new WorkerClient<RpcCommands, RpcEvent>(worker, { onEvent: () => undefined });
	clients.push(client);
	await expect(client.call('ramp', 1)).rejects.toMatchObject({ code: 'worker-crashed' });
});

test('closing ends the worker and rejects what is pending', async () => {
	const { client } = connect();
	const pending = client.call('steps', null);
	client.close();
	await expect(pending).rejects.toMatchObject({ code: 'aborted' });
});
