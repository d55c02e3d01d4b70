import { afterEach, expect, test, vi } from 'vitest';
import { StudioError } from '../../../src/protocol/errors';
import { serve, withTransfer, WorkerClient, type Handlers } from '../../../src/protocol/rpc';
import { makePortPair, type PortPair } from '../../support/port-pair';

type Commands = {
	double: { args: number; result: number };
	column: { args: Float64Array; result: Float64Array };
	wait: { args: null; result: string };
	fail: { args: 'studio' | 'foreign' | 'literal' | 'uncloneable detail'; result: never };
	secret: { args: null; result: unknown };
};

type Event = { type: 'stepped'; step: number };

const handlers: Handlers<Commands> = {
	double: (value) => Promise.resolve(value * 2),
	column: (column) =>
		Promise.resolve(
			withTransfer(
				column.map((x) => x + 1),
				[]
			)
		),
	wait: (_args, { signal }) =>
		new Promise((resolve) => {
			signal.addEventListener('abort', () => resolve('stopped, and kept everything'));
		}),
	fail: (kind) => {
		switch (kind) {
			case 'studio':
				throw new StudioError('not-finite', 'NaN at step 3', { detail: { step: 3 } });
			case 'foreign':
				return Promise.reject(new TypeError('x is not a function'));
			case 'literal':
				// eslint-disable-next-line @typescript-eslint/only-throw-error -- libraries do this
				throw 'just text';
			default:
				throw new StudioError('internal', 'odd', { detail: { fine: 1, odd: () => 1 } });
		}
	},
	secret: () => Promise.resolve(() => 'a function cannot be cloned')
};

const pairs: PortPair[] = [];
afterEach(() => {
	for (const pair of pairs.splice(0)) {
		pair.page.terminate();
	}
});

function connect() {
	const pair = makePortPair();
	pairs.push(pair);
	const onEvent = vi.fn<(event: Event) => void>();
	const onCrash = vi.fn<(error: StudioError) => void>();
	const emit = serve<Commands, Event>(pair.worker, handlers);
	const client = new WorkerClient<Commands, Event>(pair.page, { onEvent, onCrash });
	return { ...pair, client, emit, onEvent, onCrash };
}

test('a call gives the answer of its own command, many at once', async () => {
	const { client } = connect();
	const answers = await Promise.all([1, 2, 3].map((value) => client.call('double', value)));
	expect(answers).toEqual([2, 4, 6]);
});

test('an error keeps its code and its facts', async () => {
	const { client } = connect();
	await expect(client.call('fail', 'studio')).rejects.toMatchObject({
		name: 'StudioError',
		code: 'not-finite',
		message: 'NaN at step 3',
		detail: { step: 3 }
	});
});

test('what is thrown by others arrives as an internal error with its text', async () => {
	const { client } = connect();
	await expect(client.call('fail', 'foreign')).rejects.toMatchObject({
		code: 'internal',
		message: 'x is not a function'
	});
	await expect(client.call('fail', 'literal')).rejects.toMatchObject({ message: 'just text' });
});

test('facts that cannot be cloned are left out, and the call still settles', async () => {
	const { client } = connect();
	await expect(client.call('fail', 'uncloneable detail')).rejects.toMatchObject({
		message: 'odd',
		detail: { fine: 1 }
	});
});

test('a result that cannot be cloned rejects its call', async () => {
	const { client } = connect();
	await expect(client.call('secret', null)).rejects.toMatchObject({ code: 'internal' });
	expect(await client.call('double', 4)).toBe(8);
});

test('an argument that cannot be cloned rejects only its own call', async () => {
	const { client } = connect();
	const good = client.call('double', 4);
	const bad = client.call('double', (() => 4) as unknown as number);
	await expect(bad).rejects.toMatchObject({ name: 'StudioError', code: 'internal' });
	expect(await good).toBe(8);
});

test('a command that does not exist is refused, also one that every object has', async () => {
	const { client } = connect();
	await expect(client.call('toString' as 'secret', null)).rejects.toMatchObject({
		message: 'Unknown command: toString'
	});
});

test('an aborted call settles with what the handler makes of it', async () => {
	const { client } = connect();
	const controller = new AbortController();
	const call = client.call('wait', null, { signal: controller.signal });
	controller.abort();
	expect(await call).toBe('stopped, and kept everything');
});

test('a call that is aborted before it starts never reaches the worker', async () => {
	const { client } = connect();
	const call = client.call('double', 1, { signal: AbortSignal.abort() });
	await expect(call).rejects.toMatchObject({ code: 'aborted' });
});

test('a crash rejects what is pending and what comes later, and is reported once', async () => {
	const { client, crash, onCrash, isTerminated } = connect();
	const pending = client.call('wait', null);
	crash('out of memory');
	crash('and again');
	await expect(pending).rejects.toMatchObject({
		code: 'worker-crashed',
		message: 'The worker stopped: out of memory'
	});
	await expect(client.call('double', 1)).rejects.toMatchObject({ code: 'worker-crashed' });
	expect(onCrash).toHaveBeenCalledOnce();
	expect(isTerminated()).toBe(true);
});

test('a worker that cannot start is a crash with a plain message', async () => {
	const { client, crash } = connect();
	const pending = client.call('double', 1);
	crash();
	await expect(pending).rejects.toMatchObject({ message: 'The worker could not be started' });
});

test('closing rejects what is pending, without a crash', async () => {
	const { client, onCrash } = connect();
	const pending = client.call('wait', null);
	client.close();
	await expect(pending).rejects.toMatchObject({ code: 'aborted' });
	expect(client.isClosed).toBe(true);
	expect(onCrash).not.toHaveBeenCalled();
});

test('a call that the worker cannot read closes the client instead of hanging', async () => {
	const { client, worker } = connect();
	const pending = client.call('wait', null);
	(worker as unknown as EventTarget).dispatchEvent(new Event('messageerror'));
	await expect(pending).rejects.toMatchObject({ code: 'worker-crashed' });
});

test('events arrive in order, between calls too', async () => {
	const { client, emit, onEvent } = connect();
	emit({ type: 'stepped', step: 1 });
	emit({ type: 'stepped', step: 2 });
	await client.call('double', 1);
	expect(onEvent.mock.calls.map(([event]) => event.step)).toEqual([1, 2]);
});

test('buffers move to the worker instead of being copied', async () => {
	const { client } = connect();
	const column = Float64Array.of(1, 2);
	const call = client.call('column', column, { transfer: [column.buffer] });
	expect(column.byteLength).toBe(0);
	expect(await call).toEqual(Float64Array.of(2, 3));
});

test('results with buffers move them to the page', async () => {
	const { page, worker } = makePortPair();
	const made = Float64Array.of(1, 2, 3);
	serve<Commands, Event>(worker, {
		...handlers,
		column: () => Promise.resolve(withTransfer(made, [made.buffer]))
	});
	const client = new WorkerClient<Commands, Event>(page, { onEvent: () => undefined });
	expect(await client.call('column', new Float64Array())).toEqual(Float64Array.of(1, 2, 3));
	expect(made.byteLength).toBe(0);
	client.close();
});
