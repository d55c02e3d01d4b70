import { describe, expect, test } from 'vitest';
import { BcoDelta, bcoLoss, bcoTerms } from '../../../../src/core/methods/bco';
import {
	ktoLoss,
	ktoReference,
	ktoTerms,
	ktoWeights,
	mismatchedBatch
} from '../../../../src/core/methods/kto';
import { metricOf } from '../../../../src/core/metrics';
import { batchOf } from '../batches';
import { expectClose, golden, GRADIENT_TOLERANCE, numericalGradient } from '../numeric';

interface Fixture {
	kto: {
		desirable: boolean[];
		policy_logps: number[];
		ref_logps: number[];
		kl_policy_logps: number[];
		kl_ref_logps: number[];
		beta: number;
		z_ref: number;
		loss: number;
		'loss_wd1.33': number;
		grad_policy_logps: number[];
		clamped_case: { kl_policy_logps: number[]; z_ref: number; loss: number };
	};
	bco: { chosen_rewards: number[]; rejected_rewards: number[]; delta: number; loss: number };
}

const { kto, bco } = golden<Fixture>('10_dpo_family');
const rows = { policy: kto.policy_logps, reference: kto.ref_logps, desirable: kto.desirable };
const even = { desirable: 1, undesirable: 1 };

describe('KTO against golden values', () => {
	const z = ktoReference(kto.kl_policy_logps, kto.kl_ref_logps);

	test('z, loss and gradient', () => {
		expectClose([z], [kto.z_ref]);
		const result = ktoTerms(rows, z, { beta: kto.beta, weights: even });
		expectClose([result.loss], [kto.loss]);
		expectClose(result.dPolicy, kto.grad_policy_logps, GRADIENT_TOLERANCE);
		const weighted = ktoTerms(rows, z, {
			beta: kto.beta,
			weights: { desirable: 1.33, undesirable: 1 }
		});
		expectClose([weighted.loss], [kto['loss_wd1.33']]);
	});

	test('a z below 0 is held at 0', () => {
		const clamped = ktoReference(kto.clamped_case.kl_policy_logps, kto.kl_ref_logps);
		expect(clamped).toBe(kto.clamped_case.z_ref);
		const { loss } = ktoTerms(rows, clamped, { beta: kto.beta, weights: even });
		expectClose([loss], [kto.clamped_case.loss]);
	});
});

describe('KTO', () => {
	const batch = batchOf(5, [
		[2, 4],
		[1, 5],
		[3, 3],
		[1, 2]
	]);
	const logProb = Float64Array.from({ length: 20 }, (_, i) => -1 + 0.6 * Math.cos(1.9 * i));
	const scores = { logProb, entropy: new Float64Array(20), value: [] };
	const loss = ktoLoss(
		{ desirable: [true, false, true, false], refLogProb: [-2.5, -3, 0, -1], z: 0.2 },
		{ beta: 0.5, weights: { desirable: 1.2, undesirable: 0.9 } }
	);

	test('has the gradient of its loss, none through z, and leaves empty completions out', () => {
		const result = loss(scores, batch);
		const numerical = numericalGradient(() => loss(scores, batch).loss, logProb);
		expectClose(result.dLogProb ?? [], numerical, 1e-9);
		expect(result.metrics['val/pairs_left_out']).toBe(1);
		expect(result.metrics['kto/kl']).toBe(0.2);
		expect(Object.keys(result.metrics).filter((key) => !metricOf(key))).toEqual([]);
	});

	test('raises good completions and lowers bad ones', () => {
		const { dPolicy } = ktoTerms(
			{ policy: [-2, -2], reference: [-2, -2], desirable: [true, false] },
			0,
			{ beta: 0.1, weights: even }
		);
		expectClose(dPolicy, [-0.0125, 0.0125], 1e-15);
	});

	test('is skipped where all completions are empty', () => {
		const result = loss(scores, { ...batch, length: batch.promptLength });
		expect([result.loss, result.skip]).toEqual([0, 'no completion has a token']);
	});

	test('one kind of label alone has a loss, and no margin', () => {
		const { loss: value, metrics } = ktoTerms(
			{ policy: [-1], reference: [-1], desirable: [true] },
			0,
			{ beta: 1, weights: ktoWeights(1, 0) }
		);
		expect(value).toBe(0.5);
		expect(metrics['rewards/margins']).toBeUndefined();
		expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
	});

	test.each([
		[10, 10],
		[40, 30],
		[10, 40],
		[90, 10],
		[1, 1000]
	])('weights of %i good and %i bad balance them between 1 and 4 / 3', (good, bad) => {
		const { desirable, undesirable } = ktoWeights(good, bad);
		const balance = (desirable * good) / (undesirable * bad);
		expect(balance).toBeGreaterThanOrEqual(1 - 1e-12);
		expect(balance).toBeLessThanOrEqual(4 / 3 + 1e-12);
		expect(Math.min(desirable, undesirable)).toBe(1);
	});

	test('weights of one kind alone are even', () => {
		expect(ktoWeights(0, 9)).toEqual(even);
		expect(ktoWeights(9, 0)).toEqual(even);
	});

	test('puts every prompt before the completion of the next row', () => {
		const mixed = mismatchedBatch(batch);
		expect([...mixed.promptLength]).toEqual([2, 1, 3, 1]);
		expect([...mixed.length]).toEqual([6, 1, 4, 3]);
		const rowOf = (b: number) => [
			...mixed.ids.slice(b * mixed.T, b * mixed.T + (mixed.length[b] ?? 0))
		];
		expect(rowOf(0)).toEqual([0, 1, 6, 7, 8, 9]);
		expect(rowOf(1)).toEqual([5]);
		expect(rowOf(2)).toEqual([10, 11, 12, 16]);
		expect(rowOf(3)).toEqual([15, 2, 3]);
		expect(() => mismatchedBatch(batchOf(3, [[1, 2]]))).toThrow(RangeError);
	});

	test('knows no drift without mismatched rows, and refuses what does not belong together', () => {
		expect(ktoReference([], [])).toBe(0);
		expect(() => ktoReference([1], [])).toThrow(RangeError);
		expect(() => ktoTerms({ ...rows, desirable: [] }, 0, { beta: 1, weights: even })).toThrow(
			RangeError
		);
		expect(() => ktoTerms(rows, NaN, { beta: 1, weights: even })).toThrow(RangeError);
	});
});

describe('BCO', () => {
	const rewards = [...bco.chosen_rewards, ...bco.rejected_rewards];
	const desirable = [true, true, false, false];

	test('matches the golden loss and has its gradient', () => {
		expectClose([bcoTerms(rewards, desirable, bco.delta).loss], [bco.loss]);
		const x = Float64Array.from(rewards);
		const numerical = numericalGradient(() => bcoTerms(x, desirable, bco.delta).loss, x);
		expectClose(bcoTerms(x, desirable, bco.delta).dReward, numerical, 1e-9);
	});

	test('has the gradient of its loss through the tokens, and refuses empty completions', () => {
		const batch = batchOf(4, [
			[1, 4],
			[2, 3]
		]);
		const logProb = Float64Array.from({ length: 8 }, (_, i) => -1 - 0.1 * i);
		const scores = { logProb, entropy: new Float64Array(8), value: [] };
		const loss = bcoLoss({ desirable: [true, false], refLogProb: [-3, -2], delta: 0.1 }, 0.7);
		expectClose(
			loss(scores, batch).dLogProb ?? [],
			numericalGradient(() => loss(scores, batch).loss, logProb),
			1e-9
		);
		const empty = loss(scores, { ...batch, length: Int32Array.of(4, 2) });
		expect(empty.skip).toContain('1 of 2');
		expect(empty.loss).toBe(0);
	});

	test('delta runs over both kinds evenly, however many there are of each', () => {
		const delta = new BcoDelta();
		expect(delta.value).toBe(0);
		delta.update(Float64Array.of(1, 1, 1, -1), [true, true, true, false]);
		expect(delta.value).toBe(0);
		delta.update(Float64Array.of(3), [true]);
		expect(delta.value).toBe(1);
		expect(() => bcoTerms([1], [], 0)).toThrow(RangeError);
	});
});
