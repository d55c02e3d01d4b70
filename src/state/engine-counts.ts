/** Sums of the engine's counters, read as a person reads them: what happened between two looks, and how fast. Pure. */
import type { EngineOperation, EngineStatistics, OperationCounts } from '../protocol/trainer';

export type OperationTable = Record<EngineOperation, OperationCounts>;

/** What an operation may be counted by. */
export type Counted = 'dispatches' | 'submits' | 'readbacks' | 'jsMs' | 'gpuMs';

export const OPERATIONS: readonly EngineOperation[] = ['sample', 'score', 'backward', 'step'];

const less = (after: number | null, before: number | null): number | null =>
	after === null || before === null ? null : after - before;

function countsSince(after: OperationCounts, before: OperationCounts): OperationCounts {
	return {
		calls: after.calls - before.calls,
		tokens: after.tokens - before.tokens,
		wallMs: after.wallMs - before.wallMs,
		jsMs: less(after.jsMs, before.jsMs),
		gpuMs: less(after.gpuMs, before.gpuMs),
		dispatches: less(after.dispatches, before.dispatches),
		submits: less(after.submits, before.submits),
		readbacks: less(after.readbacks, before.readbacks),
		bindGroups: less(after.bindGroups, before.bindGroups)
	};
}

/** What was counted after `before`; null where the two are not of one engine (another backend, or one started anew). */
export function since(after: EngineStatistics, before: EngineStatistics): OperationTable | null {
	const isSameEngine =
		after.backend === before.backend &&
		after.device === before.device &&
		OPERATIONS.every((name) => after.operations[name].calls >= before.operations[name].calls);
	if (!isSameEngine) {
		return null;
	}
	const of = (name: EngineOperation) =>
		countsSince(after.operations[name], before.operations[name]);
	return {
		sample: of('sample'),
		score: of('score'),
		backward: of('backward'),
		step: of('step')
	};
}

/** Tokens a second while the operation ran; null where it has none or did not run. */
export function tokensPerSecond({ tokens, wallMs }: OperationCounts): number | null {
	return tokens > 0 && wallMs > 0 ? tokens / (wallMs / 1000) : null;
}

/** What one call took on average; null where it is not counted or nothing was called. */
export function perCall(of: OperationCounts, what: Counted): number | null {
	const sum = of[what];
	return sum === null || of.calls === 0 ? null : sum / of.calls;
}

/** The newer counts of each operation that has run meanwhile, the older ones of those that have not. */
export function lastAtWork(newer: OperationTable, older: OperationTable | null): OperationTable {
	const of = (name: EngineOperation) =>
		older && newer[name].calls === 0 ? older[name] : newer[name];
	return {
		sample: of('sample'),
		score: of('score'),
		backward: of('backward'),
		step: of('step')
	};
}
