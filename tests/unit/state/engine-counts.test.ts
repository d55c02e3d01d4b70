import { expect, test } from 'vitest';
import type { EngineStatistics, OperationCounts } from '../../../src/protocol/trainer';
import { lastAtWork, perCall, since, tokensPerSecond } from '../../../src/state/engine-counts';

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

test('what happened between two looks is their difference; what is not counted stays unknown', () => {
	const before = statistics({ calls: 3, wallMs: 10, dispatches: 9, submits: 3, jsMs: 0.5 });
	const after = statistics({ calls: 5, wallMs: 16, dispatches: 15, submits: 5, jsMs: 0.75 });
	expect(since(after, before)?.step).toEqual(
		counts({ calls: 2, wallMs: 6, dispatches: 6, submits: 2, jsMs: 0.25 })
	);
	expect(since(after, before)?.sample).toEqual(counts());
});

test('counts of two engines are never subtracted', () => {
	const before = statistics({ calls: 3 });
	expect(since(statistics({ calls: 4 }, { backend: 'wasm' }), before)).toBeNull();
	expect(since(statistics({ calls: 4 }, { device: 'another card' }), before)).toBeNull();
	expect(since(statistics({ calls: 1 }), before), 'started anew').toBeNull();
	expect(since(before, before)?.step.calls).toBe(0);
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

test('an operation that has not run keeps what it did when it last ran', () => {
	const older = statistics({ calls: 2, dispatches: 6 }).operations;
	const newer = { ...statistics({}).operations, sample: counts({ calls: 1 }) };
	expect(lastAtWork(newer, older).step).toEqual(older.step);
	expect(lastAtWork(newer, older).sample).toEqual(newer.sample);
	expect(lastAtWork(newer, null)).toEqual(newer);
});
