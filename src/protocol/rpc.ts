/**
 * Typed calls to a worker. Every call settles: by its answer, by a crash of the worker, or by `close`. Aborting asks the
 * handler to end; the call then settles with whatever the handler gives or throws.
 */
import { StudioError, toStudioError, type WireError } from './errors';

interface Command {
	args: unknown;
	result: unknown;
}

/** What a worker can do: one entry per command, each with one cloneable argument and one cloneable result. */
export type CommandMap<C> = { [K in keyof C]: Command };

/** The commands spelt out in a map, without the `string` of an index signature. */
type CommandName<C> = keyof { [K in keyof C as string extends K ? never : K]: C[K] } &
	keyof C &
	string;

export interface CommandContext {
	signal: AbortSignal;
}

/** A result with the buffers in it that are moved to the page instead of copied. */
class Transferred<T> {
	readonly result: T;
	readonly transfer: Transferable[];

	constructor(result: T, transfer: Transferable[]) {
		this.result = result;
		this.transfer = transfer;
	}
}

export function withTransfer<T>(result: T, transfer: Transferable[]): Transferred<T> {
	return new Transferred(result, transfer);
}

export type Handlers<C extends CommandMap<C>> = {
	[K in CommandName<C>]: (
		args: C[K]['args'],
		context: CommandContext
	) => Promise<C[K]['result'] | Transferred<C[K]['result']>>;
};

type ToWorker =
	{ kind: 'call'; id: number; command: string; args: unknown } | { kind: 'abort'; id: number };

type FromWorker<E> =
	| { kind: 'result'; id: number; result: unknown }
	| { kind: 'error'; id: number; error: WireError }
	| { kind: 'event'; event: E }
	/** A call arrived that could not be read, so nobody knows which one waits. */
	| { kind: 'unreadable' };

/** A worker seen from the page, or `self` in the worker. */
export interface Port {
	postMessage(message: unknown, transfer: Transferable[]): void;
	addEventListener(
		type: 'message' | 'error' | 'messageerror',
		listener: (event: Event) => void
	): void;
}

function isCloneable(value: unknown): boolean {
	try {
		structuredClone(value);
		return true;
	} catch {
		return false;
	}
}

function toWire(cause: unknown): WireError {
	const { code, message, detail, stack } = toStudioError(cause);
	const facts = Object.entries(detail).filter(([, fact]) => isCloneable(fact));
	return { code, message, detail: Object.fromEntries(facts), ...(stack && { stack }) };
}

/** Worker side: answer commands, and return the function that pushes events to the page. */
export function serve<C extends CommandMap<C>, E>(
	port: Port,
	handlers: Handlers<C>
): (event: E, transfer?: Transferable[]) => void {
	const running = new Map<number, AbortController>();
	const post = (message: FromWorker<E>, transfer: Transferable[] = []) =>
		port.postMessage(message, transfer);

	const isKnown = (command: string): command is CommandName<C> => Object.hasOwn(handlers, command);

	const run = async (command: string, args: unknown, signal: AbortSignal) => {
		if (!isKnown(command)) {
			throw new StudioError('internal', `Unknown command: ${command}`);
		}
		return handlers[command](args, { signal });
	};

	const answer = async ({ id, command, args }: ToWorker & { kind: 'call' }) => {
		const controller = new AbortController();
		running.set(id, controller);
		try {
			const outcome = await run(command, args, controller.signal);
			const { result, transfer } =
				outcome instanceof Transferred ? outcome : { result: outcome, transfer: [] };
			// Throws if the result cannot be cloned, which is then what the caller hears.
			post({ kind: 'result', id, result }, transfer);
		} catch (cause) {
			post({ kind: 'error', id, error: toWire(cause) });
		} finally {
			running.delete(id);
		}
	};

	port.addEventListener('message', (event) => {
		const message = (event as MessageEvent<ToWorker>).data;
		if (message.kind === 'abort') {
			running.get(message.id)?.abort();
		} else {
			void answer(message);
		}
	});
	port.addEventListener('messageerror', () => post({ kind: 'unreadable' }));
	return (event, transfer) => post({ kind: 'event', event }, transfer);
}

interface PendingCall {
	resolve: (value: unknown) => void;
	reject: (reason: StudioError) => void;
}

export interface ClientOptions<E> {
	onEvent: (event: E) => void;
	/** The worker died or could not start; every call in flight was rejected with this, and so is every later one. */
	onCrash?: (error: StudioError) => void;
}

/** Page side. */
export class WorkerClient<C extends CommandMap<C>, E> {
	readonly #port: Port & { terminate(): void };
	readonly #options: ClientOptions<E>;
	readonly #pending = new Map<number, PendingCall>();
	#nextId = 1;
	#closed: StudioError | null = null;

	constructor(port: Port & { terminate(): void }, options: ClientOptions<E>) {
		this.#port = port;
		this.#options = options;
		port.addEventListener('message', (event) =>
			this.#receive((event as MessageEvent<FromWorker<E>>).data)
		);
		port.addEventListener('error', (event) => {
			// A worker file that is missing or blocked gives an event without a message.
			const text = (event as Partial<ErrorEvent>).message;
			this.#crash(text ? `The worker stopped: ${text}` : 'The worker could not be started');
		});
		port.addEventListener('messageerror', () => this.#crash('The worker sent what cannot be read'));
	}

	get isClosed(): boolean {
		return this.#closed !== null;
	}

	call<K extends keyof C & string>(
		command: K,
		args: C[K]['args'],
		{ signal, transfer = [] }: { signal?: AbortSignal; transfer?: Transferable[] } = {}
	): Promise<C[K]['result']> {
		if (this.#closed) {
			return Promise.reject(this.#closed);
		}
		if (signal?.aborted) {
			return Promise.reject(new StudioError('aborted', 'Stopped'));
		}
		const id = this.#nextId++;
		const onAbort = () => this.#port.postMessage({ kind: 'abort', id } satisfies ToWorker, []);
		return new Promise<C[K]['result']>((resolve, reject) => {
			try {
				// Posted first: a value that cannot be cloned rejects this call and leaves nothing pending.
				this.#port.postMessage({ kind: 'call', id, command, args } satisfies ToWorker, transfer);
			} catch (cause) {
				reject(toStudioError(cause));
				return;
			}
			this.#pending.set(id, { resolve, reject });
			signal?.addEventListener('abort', onAbort, { once: true });
		}).finally(() => signal?.removeEventListener('abort', onAbort));
	}

	/** Ends the worker; calls in flight are rejected with `reason`. */
	close(reason = new StudioError('aborted', 'The worker was closed')): void {
		if (this.#closed) {
			return;
		}
		this.#closed = reason;
		this.#port.terminate();
		const calls = [...this.#pending.values()];
		this.#pending.clear();
		for (const call of calls) {
			call.reject(reason);
		}
	}

	#crash(text: string): void {
		if (this.#closed) {
			return;
		}
		const error = new StudioError('worker-crashed', text);
		this.close(error);
		this.#options.onCrash?.(error);
	}

	#receive(message: FromWorker<E>): void {
		if (this.#closed) {
			return;
		}
		if (message.kind === 'event') {
			this.#options.onEvent(message.event);
			return;
		}
		if (message.kind === 'unreadable') {
			this.#crash('The worker could not read a call');
			return;
		}
		const call = this.#pending.get(message.id);
		this.#pending.delete(message.id);
		if (message.kind === 'result') {
			call?.resolve(message.result);
		} else {
			const { code, message: text, detail, stack } = message.error;
			call?.reject(new StudioError(code, text, { detail, cause: stack }));
		}
	}
}
