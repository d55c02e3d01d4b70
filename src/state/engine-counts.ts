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

const sameFor = <T>(of: (name: EngineOperation) => T): Record<EngineOperation, T> => ({
	sample: of('sample'),
	score: of('score'),
	backward: of('backward'),
	step: of('step')
});

/** What the operations did lately, as far as it has been seen. */
export interface Lately {
	/** The last look. */
	seen: EngineStatistics;
	/** Sums when a call of the operation had last ended. */
	from: OperationTable;
	/** The last calls that have ended, since the ones before them; no calls: none has. */
	counts: OperationTable;
}

/** A further look. A call may take many looks: it counts, whole, once it has ended. Starts anew with another engine. */
export function look(now: EngineStatistics, before: Lately | null): Lately {
	const isSameEngine =
		before !== null &&
		now.backend === before.seen.backend &&
		now.device === before.seen.device &&
		OPERATIONS.every((name) => now.operations[name].calls >= before.from[name].calls);
	if (!isSameEngine) {
		const { operations } = now;
		const none = sameFor((name) => countsSince(operations[name], operations[name]));
		return { seen: now, from: operations, counts: none };
	}
	const hasEnded = (name: EngineOperation) => now.operations[name].calls > before.from[name].calls;
	return {
		seen: now,
		from: sameFor((name) => (hasEnded(name) ? now.operations[name] : before.from[name])),
		counts: sameFor((name) =>
			hasEnded(name) ? countsSince(now.operations[name], before.from[name]) : before.counts[name]
		)
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
