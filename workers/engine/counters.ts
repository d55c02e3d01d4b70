/** Counts what an engine does, by operation; the engine panel, the benchmark and the tests read the same numbers. */
import type { EngineOperation, OperationCounts } from '../../src/protocol/trainer';
import type { Batch } from './language-model';

type Countable = 'jsMs' | 'gpuMs' | 'dispatches' | 'submits' | 'readbacks' | 'bindGroups';

function emptyCounts(known: readonly Countable[]): OperationCounts {
	const start = (what: Countable) => (known.includes(what) ? 0 : null);
	return {
		calls: 0,
		tokens: 0,
		wallMs: 0,
		jsMs: start('jsMs'),
		gpuMs: start('gpuMs'),
		dispatches: start('dispatches'),
		submits: start('submits'),
		readbacks: start('readbacks'),
		bindGroups: start('bindGroups')
	};
}

export class EngineCounters {
	readonly #operations: Record<EngineOperation, OperationCounts>;

	/** @param known The counts that this engine can tell; the others stay null. */
	constructor(known: readonly Countable[] = []) {
		this.#operations = {
			sample: emptyCounts(known),
			score: emptyCounts(known),
			backward: emptyCounts(known),
			step: emptyCounts(known)
		};
	}

	/** Add to one count; a count that is not known stays null. */
	add(operation: EngineOperation, what: Countable | 'tokens', amount: number): void {
		const counts = this.#operations[operation];
		const before = counts[what];
		if (before !== null) {
			counts[what] = before + amount;
		}
	}

	/** One call of an operation with its wall time. A call that throws is not counted. */
	async time<T>(operation: EngineOperation, tokens: number, work: () => Promise<T>): Promise<T> {
		const started = performance.now();
		const result = await work();
		const counts = this.#operations[operation];
		counts.calls++;
		counts.tokens += tokens;
		counts.wallMs += performance.now() - started;
		return result;
	}

	/** A copy of the sums so far. */
	snapshot(): Record<EngineOperation, OperationCounts> {
		return structuredClone(this.#operations);
	}
}

/** Tokens that a rollout drew. */
export function newTokens(sampled: Batch): number {
	return sampled.length.reduce((sum, n, b) => sum + n - (sampled.promptLength[b] ?? 0), 0);
}
