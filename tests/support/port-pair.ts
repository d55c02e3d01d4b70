import type { Port } from '../../src/protocol/rpc';

export interface PortPair {
	/** As the page sees its worker. */
	page: Port & { terminate(): void };
	/** As the worker sees `self`. */
	worker: Port;
	/** What the page hears when the worker throws outside a call, or its file is missing. */
	crash(message?: string): void;
	isTerminated(): boolean;
}

/** Two ends that clone and transfer like a real worker's, in one thread. */
export function makePortPair(): PortPair {
	const { port1, port2 } = new MessageChannel();
	port1.start();
	port2.start();
	let isTerminated = false;
	const page = Object.assign(port1, {
		terminate: () => {
			isTerminated = true;
			port1.close();
		}
	});
	return {
		page,
		worker: port2,
		crash: (message) => {
			page.dispatchEvent(
				Object.assign(new Event('error'), message === undefined ? {} : { message })
			);
		},
		isTerminated: () => isTerminated
	};
}
