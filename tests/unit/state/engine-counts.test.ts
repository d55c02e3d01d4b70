import { expect, test } from 'vitest';
import type { EngineStatistics, OperationCounts } from '../../../src/protocol/trainer';
import { look, perCall, tokensPerSecond } from '../../../src/state/engine-counts';

const counts = (fields: Partial<OperationCounts> = {}): OperationCounts => ({
	calls: 0,
	tokens: 0,
	wallMs: 0,
	jsMs: null,
	gpuMs: null,
	dispatches: null,
	submits: null,
	readbacks: null,
	bindGroups: null,
	...fields
});

const statistics = (
	step: Partial<OperationCounts>,
	fields: Partial<EngineStatistics> = {}
): EngineStatistics => ({
	backend: 'webgpu',
	device: 'a card',
	kernels: {},
	operations: { sample: counts(), score: counts(), backward: counts(), step: counts(step) },
	bytesAllocated: null,
	bytesLive: null,
	...fields
});

test('the last calls are what was counted since those before them; what is not counted stays unknown', () => {
	const before = statistics({ calls: 3, wallMs: 10, dispatches: 9, submits: 3, jsMs: 0.5 });
	const after = statistics({ calls: 5, wallMs: 16, dispatches: 15, submits: 5, jsMs: 0.75 });
	const { counts: found } = look(after, look(before, null));
	expect(found.step).toEqual(
		counts({ calls: 2, wallMs: 6, dispatches: 6, submits: 2, jsMs: 0.25 })
	);
	expect(found.sample).toEqual(counts());
});

test('a call that takes several looks counts whole once it has ended, and stays until the next', () => {
	const first = look(statistics({ calls: 1, dispatches: 6, submits: 2 }), null);
	expect(first.counts.step.calls, 'what was before the first look').toBe(0);
	const within = look(statistics({ calls: 1, dispatches: 10, submits: 4 }), first);
	expect(within.counts.step.calls).toBe(0);
	const ended = look(statistics({ calls: 2, dispatches: 12, submits: 4 }), within);
	expect(ended.counts.step).toEqual(counts({ calls: 1, dispatches: 6, submits: 2 }));
	const later = look(statistics({ calls: 2, dispatches: 14, submits: 4 }), ended);
	expect(later.counts.step).toEqual(ended.counts.step);
});

test('counts of two engines are never subtracted', () => {
	const before = look(statistics({ calls: 3 }), null);
	const fresh = (now: EngineStatistics) => look(now, before).counts.step.calls;
	expect(fresh(statistics({ calls: 4 }, { backend: 'wasm' }))).toBe(0);
	expect(fresh(statistics({ calls: 4 }, { device: 'another card' }))).toBe(0);
	expect(fresh(statistics({ calls: 1 })), 'started anew').toBe(0);
	expect(fresh(statistics({ calls: 4 }))).toBe(1);
});

test('speed is of the time in which an operation ran', () => {
	expect(tokensPerSecond(counts({ tokens: 500, wallMs: 250 }))).toBe(2000);
	expect(tokensPerSecond(counts({ tokens: 0, wallMs: 250 }))).toBeNull();
	expect(tokensPerSecond(counts({ tokens: 500, wallMs: 0 }))).toBeNull();
});

test('a call takes the sum over the calls; nothing where there were none or it is not counted', () => {
	expect(perCall(counts({ calls: 4, submits: 10 }), 'submits')).toBe(2.5);
	expect(perCall(counts({ calls: 0, submits: 0 }), 'submits')).toBeNull();
	expect(perCall(counts({ calls: 4 }), 'gpuMs')).toBeNull();
});
