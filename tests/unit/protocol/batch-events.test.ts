import { expect, test } from 'vitest';
import type { MetricRow } from '../../../src/core/records';
import { EventBatcher, toColumns, toRows, type Clock } from '../../../src/protocol/batch-events';
import type { TrainerEvent } from '../../../src/protocol/trainer';

/** A clock that moves only when told. */
class HandClock implements Clock {
	#nowMs = 0;
	#timers: { at: number; action: () => void }[] = [];

	now(): number {
		return this.#nowMs;
	}

	after(ms: number, action: () => void): () => void {
		const timer = { at: this.#nowMs + ms, action };
		this.#timers.push(timer);
		return () => {
			this.#timers = this.#timers.filter((other) => other !== timer);
		};
	}

	advance(ms: number): void {
		this.#nowMs += ms;
		const due = this.#timers.filter((timer) => timer.at <= this.#nowMs);
		this.#timers = this.#timers.filter((timer) => timer.at > this.#nowMs);
		for (const timer of due) {
			timer.action();
		}
	}
}

function setUp() {
	const clock = new HandClock();
	const sent: { event: TrainerEvent; transfer: Transferable[]; atMs: number }[] = [];
	const batcher = new EventBatcher(
		(event, transfer) => sent.push({ event, transfer, atMs: clock.now() }),
		clock
	);
	return { clock, sent, batcher };
}

const row = (step: number, runId = 'run'): MetricRow => ({
	runId,
	step,
	values: { 'objective/kl': step / 10 }
});

const progress = (step: number) =>
	({
		type: 'progress',
		runId: 'run',
		phase: 'train',
		step,
		totalSteps: 1000,
		tokensPerSecond: null,
		elapsedMs: 0,
		etaMs: null
	}) as const;

const rowsIn = (events: TrainerEvent[]) =>
	events.flatMap((event) => (event.type === 'metrics' ? toRows(event) : []));

test('a thousand steps a second are at most ten messages a second, and no row is lost', () => {
	const { clock, sent, batcher } = setUp();
	for (let step = 0; step < 3000; step++) {
		batcher.metrics(row(step));
		batcher.progress(progress(step));
		clock.advance(1);
	}
	batcher.flush();
	for (const { atMs } of sent) {
		const within = sent.filter((other) => other.atMs >= atMs && other.atMs < atMs + 1000);
		expect(within.length).toBeLessThanOrEqual(11);
	}
	expect(sent.length).toBeLessThanOrEqual(32);
	expect(rowsIn(sent.map(({ event }) => event)).map(({ step }) => step)).toEqual(
		Array.from({ length: 3000 }, (_, step) => step)
	);
});

test('the first row goes out at once, the next ones when the gap is over', () => {
	const { clock, sent, batcher } = setUp();
	batcher.metrics(row(0));
	expect(sent).toHaveLength(1);
	batcher.metrics(row(1));
	batcher.metrics(row(2));
	expect(sent).toHaveLength(1);
	clock.advance(200);
	expect(rowsIn(sent.slice(1).map(({ event }) => event))).toEqual([row(1), row(2)]);
});

test('of progress only the latest is told', () => {
	const { clock, sent, batcher } = setUp();
	[0, 1, 2, 3].forEach((step) => batcher.progress(progress(step)));
	clock.advance(200);
	expect(sent.map(({ event }) => event)).toEqual([progress(0), progress(3)]);
});

test('a rare event is never before the rows that led to it', () => {
	const { sent, batcher } = setUp();
	batcher.metrics(row(0));
	batcher.metrics(row(1));
	batcher.emit({ type: 'jobState', runId: 'run', state: 'paused' });
	expect(sent.map(({ event }) => event.type)).toEqual(['metrics', 'metrics', 'jobState']);
});

test('rows of two runs are never in one message', () => {
	const { clock, sent, batcher } = setUp();
	batcher.metrics(row(0));
	batcher.metrics(row(1, 'one'));
	batcher.metrics(row(1, 'two'));
	clock.advance(200);
	expect(rowsIn(sent.slice(1).map(({ event }) => event))).toEqual([row(1, 'one'), row(1, 'two')]);
	expect(sent).toHaveLength(3);
});

test('nothing is sent when nothing happened, also not by a timer that was overtaken', () => {
	const { clock, sent, batcher } = setUp();
	batcher.flush();
	batcher.metrics(row(0));
	batcher.metrics(row(1));
	batcher.flush();
	clock.advance(1000);
	expect(sent).toHaveLength(2);
});

test('columns hold the union of the keys, NaN where a row has none, and every buffer is moved', () => {
	const rows: MetricRow[] = [
		{ runId: 'run', step: 1, values: { a: 1 } },
		{ runId: 'run', step: 2, values: { a: 2, b: 3 } }
	];
	const columns = toColumns(rows);
	expect(columns).toEqual({
		steps: Float64Array.of(1, 2),
		keys: ['a', 'b'],
		columns: [Float64Array.of(1, 2), Float64Array.of(NaN, 3)]
	});
	expect(toRows({ type: 'metrics', runId: 'run', ...columns })).toEqual(rows);
	const { sent, batcher } = setUp();
	batcher.metrics(row(0));
	expect(sent[0]?.transfer).toHaveLength(2);
});
