/** A worker for rpc.test.ts. */
import { serve, withTransfer } from '../../src/protocol/rpc';
import { StudioError } from '../../src/protocol/errors';

export type RpcCommands = {
	sum: { args: Float64Array; result: number };
	ramp: { args: number; result: Float64Array };
	fail: { args: null; result: never };
	steps: { args: null; result: { steps: number } };
	crash: { args: null; result: never };
};
export type RpcEvent = { type: 'stepped'; step: number; column: Float64Array };

const oneMacrotask = () => new Promise((resolve) => setTimeout(resolve, 1));

const emit = serve<RpcCommands, RpcEvent>(self, {
	sum: (column) => Promise.resolve(column.reduce((total, value) => total + value, 0)),
	ramp: (length) => {
		const ramp = Float64Array.from({ length }, (_, i) => i);
		return Promise.resolve(withTransfer(ramp, [ramp.buffer]));
	},
	fail: () =>
		Promise.reject(new StudioError('device-lost', 'The GPU went away', { detail: { step: 4 } })),
	steps: async (_args, { signal }) => {
		let steps = 0;
		while (!signal.aborted) {
			steps++;
			const column = Float64Array.of(steps);
			emit({ type: 'stepped', step: steps, column }, [column.buffer]);
			await oneMacrotask();
		}
		return { steps };
	},
	crash: () => {
		setTimeout(() => {
			throw new Error('boom');
		});
		return new Promise(() => undefined);
	}
});
