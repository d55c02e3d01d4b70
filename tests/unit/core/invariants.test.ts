import { describe, expect, test } from 'vitest';
import {
	entropyCheck,
	finiteCheck,
	firstMinibatchChecks,
	INVARIANTS,
	referenceCheck,
	samplerCheck,
	startKlCheck
} from '../../../src/core/invariants';
import { ppoLoss } from '../../../src/core/methods/ppo';
import { batchOf } from './batches';

const batch = batchOf(4, [
	[1, 4],
	[2, 3]
]);
const logProb = Float64Array.of(0, -1, -2, -3, 0, 0, -0.5, 0);

/** The first minibatch of an update whose training pass is off by `error` at one token. */
function firstMinibatch(error: number) {
	const zeros = new Float64Array(8);
	const off = logProb.slice();
	off[2] = (off[2] ?? NaN) + error;
	const loss = ppoLoss(
		{ oldLogProb: logProb, oldValue: zeros, advantages: zeros.map(() => 1), returns: zeros },
		{ clipRange: 0.2, dualClip: 0, valueClip: 0.2, valueCoef: 0.1, entropyCoef: 0 }
	);
	return loss({ logProb: off, entropy: zeros, value: [zeros] }, batch);
}

const okOf = (checks: { key: string; ok: boolean }[]) => checks.map(({ ok }) => ok);

describe('the first minibatch', () => {
	test('is green when the policy meets itself', () => {
		expect(okOf(firstMinibatchChecks(firstMinibatch(0), 'cpu'))).toEqual([true, true, true]);
	});

	test('is red for one token a little off, and more forgiving on webgpu', () => {
		expect(okOf(firstMinibatchChecks(firstMinibatch(1e-5), 'wasm'))).toEqual([false, true, true]);
		expect(okOf(firstMinibatchChecks(firstMinibatch(1e-5), 'webgpu'))).toEqual([true, true, true]);
		expect(okOf(firstMinibatchChecks(firstMinibatch(1e-3), 'webgpu'))[0]).toBe(false);
	});

	test('is red all over for a token far off, or a NaN', () => {
		expect(okOf(firstMinibatchChecks(firstMinibatch(0.5), 'webgpu'))).toEqual([
			false,
			false,
			false
		]);
		expect(okOf(firstMinibatchChecks(firstMinibatch(NaN), 'webgpu')).slice(0, 2)).toEqual([
			false,
			false
		]);
	});
});

describe('the other invariants', () => {
	test('compare the sampler with the scorer at response tokens only', () => {
		const sampled = logProb.slice();
		sampled[0] = 9;
		expect(samplerCheck(batch, sampled, logProb)).toMatchObject({ ok: true, value: 0 });
		sampled[3] = -3.002;
		expect(samplerCheck(batch, sampled, logProb)).toMatchObject({ ok: false, limit: 1e-3 });
		sampled[3] = NaN;
		expect(samplerCheck(batch, sampled, logProb).ok).toBe(false);
	});

	test('want no drift at the start, in either direction', () => {
		expect(startKlCheck(0, 'cpu').ok).toBe(true);
		expect(startKlCheck(-2e-6, 'cpu').ok).toBe(false);
		expect(startKlCheck(-2e-6, 'webgpu').ok).toBe(true);
		expect(startKlCheck(NaN, 'webgpu').ok).toBe(false);
	});

	test('want entropies at or above 0, padding left out', () => {
		const entropy = Float64Array.of(-5, 1, 0, 2, -5, -5, 0.3, -5);
		expect(entropyCheck(batch, entropy, 'cpu')).toMatchObject({ ok: true, value: 0 });
		entropy[6] = -0.01;
		expect(entropyCheck(batch, entropy, 'webgpu')).toMatchObject({ ok: false, value: -0.01 });
		entropy[1] = NaN;
		expect(entropyCheck(batch, entropy, 'webgpu').ok).toBe(false);
		expect(entropyCheck(batchOf(4, [[4, 4]]), new Float64Array(4), 'cpu').ok).toBe(true);
	});

	test('want the reference unchanged and all numbers finite', () => {
		expect(referenceCheck('abc', 'abc').ok).toBe(true);
		expect(referenceCheck('abc', 'abd').ok).toBe(false);
		expect(finiteCheck([[0, -1], Float64Array.of(2)])).toMatchObject({ ok: true, value: 0 });
		expect(finiteCheck([[0, NaN], Float64Array.of(Infinity)])).toMatchObject({
			ok: false,
			value: 2
		});
	});

	test('all have a text', () => {
		const checks = [
			...firstMinibatchChecks(firstMinibatch(0), 'cpu'),
			samplerCheck(batch, logProb, logProb),
			startKlCheck(0, 'cpu'),
			entropyCheck(batch, logProb, 'cpu'),
			referenceCheck('', ''),
			finiteCheck([])
		];
		expect(checks.map((check) => check.key).sort()).toEqual(Object.keys(INVARIANTS).sort());
	});
});
