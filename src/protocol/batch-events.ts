/** Keeps a busy job from flooding the page: at most ten messages a second, metrics as columns whose buffers are moved. */
import type { MetricRow } from '../core/records';
import type { TrainerEvent } from './trainer';

/** Two messages at most go out at a time, one of progress and one of metrics. */
const GAP_MS = 200;

export interface Clock {
	/** Milliseconds, from any start. */
	now(): number;
	/** Runs `action` once, `ms` later; the function it gives calls that off. */
	after(ms: number, action: () => void): () => void;
}

type EventOf<T extends TrainerEvent['type']> = Extract<TrainerEvent, { type: T }>;

/** Rows of one run as columns: value of keys[k] at steps[i] is columns[k][i], NaN where a row has none. */
export function toColumns(
	rows: readonly MetricRow[]
): Pick<EventOf<'metrics'>, 'steps' | 'keys' | 'columns'> {
	const keys = [...new Set(rows.flatMap((row) => Object.keys(row.values)))];
	return {
		steps: Float64Array.from(rows, (row) => row.step),
		keys,
		columns: keys.map((key) => Float64Array.from(rows, (row) => row.values[key] ?? NaN))
	};
}

/** The rows again, without the values that were absent. */
export function toRows(event: EventOf<'metrics'>): MetricRow[] {
	return Array.from(event.steps, (step, i) => {
		const present = event.keys
			.map((key, k) => [key, event.columns[k]?.[i] ?? NaN] as const)
			.filter(([, value]) => !Number.isNaN(value));
		return { runId: event.runId, step, values: Object.fromEntries(present) };
	});
}

export class EventBatcher {
	readonly #send: (event: TrainerEvent, transfer: Transferable[]) => void;
	readonly #clock: Clock;
	#rows: MetricRow[] = [];
	/** Of progress only the latest counts. */
	#progress: EventOf<'progress' | 'loading'> | null = null;
	#lastSentMs = -Infinity;
	#cancelTimer: (() => void) | null = null;

	constructor(send: (event: TrainerEvent, transfer: Transferable[]) => void, clock: Clock) {
		this.#send = send;
		this.#clock = clock;
	}

	metrics(row: MetricRow): void {
		this.#rows.push(row);
		this.#schedule();
	}

	progress(event: EventOf<'progress' | 'loading'>): void {
		this.#progress = event;
		this.#schedule();
	}

	/** Sends a rare event at once, after all that came before it. */
	emit(event: Exclude<TrainerEvent, { type: 'metrics' | 'progress' | 'loading' }>): void {
		this.flush();
		this.#send(event, []);
	}

	/** Sends what waits; call it when a job ends. */
	flush(): void {
		this.#cancelTimer?.();
		this.#cancelTimer = null;
		if (this.#rows.length === 0 && !this.#progress) {
			return;
		}
		this.#lastSentMs = this.#clock.now();
		this.#sendMetrics();
		if (this.#progress) {
			const progress = this.#progress;
			this.#progress = null;
			this.#send(progress, []);
		}
	}

	#sendMetrics(): void {
		const rows = this.#rows;
		this.#rows = [];
		for (const runId of new Set(rows.map((row) => row.runId))) {
			const columns = toColumns(rows.filter((row) => row.runId === runId));
			const buffers = [columns.steps, ...columns.columns].map((column) => column.buffer);
			this.#send({ type: 'metrics', runId, ...columns }, buffers);
		}
	}

	#schedule(): void {
		const waitMs = this.#lastSentMs + GAP_MS - this.#clock.now();
		if (waitMs <= 0) {
			// A job that never lets timers run still reports here.
			this.flush();
		} else {
			this.#cancelTimer ??= this.#clock.after(waitMs, () => this.flush());
		}
	}
}
