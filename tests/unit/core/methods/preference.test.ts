import { describe, expect, test } from 'vitest';
import { metricOf } from '../../../../src/core/metrics';
import { dpoLoss, dpoObjective } from '../../../../src/core/methods/dpo';
import { ipoLoss, ipoObjective } from '../../../../src/core/methods/ipo';
import { orpoLoss, orpoObjective } from '../../../../src/core/methods/orpo';
import {
	type PairObjective,
	preferenceLoss,
	type SequenceScore
} from '../../../../src/core/methods/preference-pairs';
import { simpoLoss, simpoObjective } from '../../../../src/core/methods/simpo';
import type { Scores } from '../../../../src/core/methods/loss';
import { batchOf } from '../batches';
import { expectClose, golden, GRADIENT_TOLERANCE, numericalGradient } from '../numeric';

interface Fixture {
	policy_chosen_logps: number[];
	policy_rejected_logps: number[];
	ref_chosen_logps: number[];
	ref_rejected_logps: number[];
	chosen_lengths: number[];
	rejected_lengths: number[];
	h: number[];
	'per_pair_dpo_0.1': number[];
	'per_pair_ipo_tau0.1': number[];
	losses: Record<
		string,
		{ loss: number; grad_policy_chosen: number[]; grad_policy_rejected: number[] }
	>;
	'implicit_rewards_beta0.1': {
		chosen: number[];
		rejected: number[];
		accuracy: number;
		margin: number;
	};
}

const fixture = golden<Fixture>('10_dpo_family');
const sequences = (policy: number[], reference: number[], lengths: number[]): SequenceScore[] =>
	policy.map((p, i) => ({ policy: p, reference: reference[i] ?? NaN, length: lengths[i] ?? NaN }));
const chosen = sequences(
	fixture.policy_chosen_logps,
	fixture.ref_chosen_logps,
	fixture.chosen_lengths
);
const rejected = sequences(
	fixture.policy_rejected_logps,
	fixture.ref_rejected_logps,
	fixture.rejected_lengths
);

const OBJECTIVES: Record<string, PairObjective> = {
	'dpo_0.1': dpoObjective({ beta: 0.1 }),
	'dpo_0.5': dpoObjective({ beta: 0.5 }),
	'cdpo_0.1_eps0.1': dpoObjective({ kind: 'conservative', beta: 0.1, flip: 0.1 }),
	'robust_0.1_eps0.1': dpoObjective({ kind: 'robust', beta: 0.1, flip: 0.1 }),
	'hinge_0.1': dpoObjective({ kind: 'hinge', beta: 0.1 }),
	'ipo_sum_tau0.1': ipoObjective({ tau: 0.1, convention: 'sum' }),
	'ipo_lengthnorm_tau0.1': ipoObjective({ tau: 0.1 }),
	simpo_beta2_gamma1: simpoObjective({ beta: 2, gamma: 1 }),
	'orpo_lambda0.1_incl_nll': orpoObjective({ lambda: 0.1 })
};

describe('preference objectives against golden values', () => {
	test('cover every loss of the fixture', () => {
		expect(Object.keys(OBJECTIVES).sort()).toEqual(Object.keys(fixture.losses).sort());
	});

	test.each(Object.entries(fixture.losses))('%s', (name, expected) => {
		const objective = OBJECTIVES[name];
		if (!objective) {
			throw new Error(name);
		}
		const result = preferenceLoss({ a: chosen, b: rejected, y: [1, 1, 1] }, objective);
		expectClose([result.loss], [expected.loss]);
		expectClose(result.dA, expected.grad_policy_chosen, GRADIENT_TOLERANCE);
		expectClose(result.dB, expected.grad_policy_rejected, GRADIENT_TOLERANCE);
		// The same pairs told the other way round.
		const turned = preferenceLoss({ a: rejected, b: chosen, y: [0, 0, 0] }, objective);
		expectClose(
			[turned.loss, ...turned.dA, ...turned.dB],
			[result.loss, ...result.dB, ...result.dA]
		);
		expect(turned.metrics).toEqual(result.metrics);
	});

	test('per pair, and the implied rewards', () => {
		const dpo = preferenceLoss(
			{ a: chosen, b: rejected, y: [1, 1, 1] },
			dpoObjective({ beta: 0.1 })
		);
		expectClose(dpo.perPair, fixture['per_pair_dpo_0.1']);
		const ipo = preferenceLoss(
			{ a: chosen, b: rejected, y: [1, 1, 1] },
			ipoObjective({ tau: 0.1, convention: 'sum' })
		);
		expectClose(ipo.perPair, fixture['per_pair_ipo_tau0.1']);
		const { implicitReward } = dpoObjective({ beta: 0.1 });
		const implied = fixture['implicit_rewards_beta0.1'];
		expectClose(chosen.map(implicitReward), implied.chosen);
		expectClose(rejected.map(implicitReward), implied.rejected);
		expectClose(
			[dpo.metrics['rewards/accuracies'] ?? NaN, dpo.metrics['rewards/margins'] ?? NaN],
			[implied.accuracy, implied.margin]
		);
		expectClose(
			chosen.map((c, i) => {
				const r = rejected[i] ?? c;
				return c.policy - c.reference - (r.policy - r.reference);
			}),
			fixture.h
		);
	});
});

/** Two pairs with responses of different length, and one with an empty side. */
function scene() {
	const batch = batchOf(6, [
		[2, 5],
		[2, 4],
		[1, 3],
		[1, 6],
		[2, 2],
		[2, 4]
	]);
	const logProb = Float64Array.from({ length: 36 }, (_, i) => -1.2 + 0.7 * Math.sin(2.3 * i));
	const zeros = new Float64Array(36);
	const scores: Scores = { logProb, entropy: zeros, value: [] };
	return { batch, scores, refLogProb: [-4.1, -1.8, -2, -6.5, 0, -2.2] };
}

describe('losses of a batch of pairs', () => {
	const { refLogProb } = scene();
	const y = [0.8, 0, 1];
	const losses = {
		DPO: dpoLoss({ y, refLogProb }, { beta: 0.3 }),
		cDPO: dpoLoss({ y, refLogProb }, { kind: 'conservative', beta: 0.3, flip: 0.2 }),
		'robust DPO': dpoLoss({ y, refLogProb }, { kind: 'robust', beta: 0.3, flip: 0.2 }),
		hinge: dpoLoss({ y, refLogProb }, { kind: 'hinge', beta: 0.3 }),
		'IPO, mean': ipoLoss({ y, refLogProb }, { tau: 0.4 }),
		'IPO, sum': ipoLoss({ y, refLogProb }, { tau: 0.4, convention: 'sum' }),
		SimPO: simpoLoss({ y }, { beta: 2, gamma: 0.5 }),
		ORPO: orpoLoss({ y }, { lambda: 0.3 })
	};

	test.each(Object.entries(losses))('%s has the gradient of its loss', (_, loss) => {
		const { batch, scores } = scene();
		const result = loss(scores, batch);
		const numerical = numericalGradient(() => loss(scores, batch).loss, scores.logProb);
		expectClose(result.dLogProb ?? [], numerical, 1e-8);
		expect(numerical.some((d) => Math.abs(d) > 1e-4)).toBe(true);
		expect(result.metrics['val/pairs_left_out']).toBe(1);
		expect(Object.keys(result.metrics).filter((key) => !metricOf(key))).toEqual([]);
		expect(Object.values(result.metrics).every(Number.isFinite)).toBe(true);
	});

	test.each(Object.entries(losses))(
		'%s is skipped, finite, where all pairs are empty',
		(_, loss) => {
			const { batch, scores } = scene();
			const result = loss(scores, { ...batch, length: batch.promptLength });
			expect(result.skip).toContain('no pair');
			expect(result.loss).toBe(0);
			expect(result.dLogProb?.every((d) => d === 0)).toBe(true);
		}
	);

	test('refuse targets of another batch and labels that are none', () => {
		const { batch, scores } = scene();
		expect(() => dpoLoss({ y: [1], refLogProb: [0, 0] }, { beta: 0.1 })(scores, batch)).toThrow(
			RangeError
		);
		expect(() => dpoLoss({ y: [1, 2, 1], refLogProb }, { beta: 0.1 })(scores, batch)).toThrow(
			'probability'
		);
		expect(() => dpoLoss({ y, refLogProb: [0] }, { beta: 0.1 })(scores, batch)).toThrow(RangeError);
	});
});

describe('what the options change', () => {
	const one: SequenceScore = { policy: -5, reference: -6, length: 4 };
	const other: SequenceScore = { policy: -9, reference: -8, length: 8 };
	const lossOf = (objective: PairObjective, y = 1): number =>
		preferenceLoss({ a: [one], b: [other], y: [y] }, objective).loss;

	test('h = 2 by hand, in every method', () => {
		const sp = (x: number): number => Math.log(1 + Math.exp(x));
		expect(lossOf(dpoObjective({ beta: 0.5 }))).toBeCloseTo(sp(-1), 12);
		expect(lossOf(dpoObjective({ kind: 'conservative', beta: 0.5, flip: 0.25 }))).toBeCloseTo(
			0.75 * sp(-1) + 0.25 * sp(1),
			12
		);
		expect(lossOf(dpoObjective({ kind: 'robust', beta: 0.5, flip: 0.25 }))).toBeCloseTo(
			(0.75 * sp(-1) - 0.25 * sp(1)) / 0.5,
			12
		);
		expect(lossOf(dpoObjective({ kind: 'hinge', beta: 0.25 }))).toBe(0.5);
		expect(lossOf(ipoObjective({ tau: 0.5, convention: 'sum' }))).toBe(1);
		// 1 / 4 - (-1 / 8) - 1 = -0.625.
		expect(lossOf(ipoObjective({ tau: 0.5 }))).toBeCloseTo(0.390625, 12);
		// 2 (-5 / 4 + 9 / 8) - 0.5 = -0.75.
		expect(lossOf(simpoObjective({ beta: 2, gamma: 0.5 }))).toBeCloseTo(sp(0.75), 12);
		expect(lossOf(orpoObjective({ lambda: 0 }))).toBe(1.25);
	});

	test('a flip of 0 is plain DPO, in both kinds', () => {
		const plain = lossOf(dpoObjective({ beta: 0.3 }));
		expect(lossOf(dpoObjective({ kind: 'conservative', beta: 0.3 }))).toBe(plain);
		expect(lossOf(dpoObjective({ kind: 'robust', beta: 0.3 }))).toBe(plain);
	});

	test('robust DPO is plain DPO in expectation over turned labels', () => {
		const flip = 0.2;
		const robust = dpoObjective({ kind: 'robust', beta: 0.7, flip });
		const expected = (1 - flip) * lossOf(robust, 1) + flip * lossOf(robust, 0);
		expect(expected).toBeCloseTo(lossOf(dpoObjective({ beta: 0.7 })), 12);
	});

	test('a tie has its least loss, or no slope, at equal leads', () => {
		for (const objective of [
			dpoObjective({ beta: 0.3 }),
			ipoObjective({ tau: 0.5, convention: 'sum' }),
			ipoObjective({ tau: 0.5 }),
			simpoObjective({ beta: 2, gamma: 0.5 })
		]) {
			const same = { policy: -4, reference: -3, length: 4 };
			const { dA, dB, metrics } = preferenceLoss({ a: [same], b: [same], y: [0.5] }, objective);
			expectClose([...dA, ...dB], [0, 0], 1e-15);
			expect(metrics['rewards/accuracies']).toBeUndefined();
		}
		expect(lossOf(dpoObjective({ beta: 0.5 }), 0.5)).toBeGreaterThan(Math.LN2);
	});

	test('identical completions cost ln 2 in DPO and move nothing', () => {
		const batch = batchOf(4, [
			[1, 4],
			[1, 4]
		]);
		const logProb = Float64Array.of(0, -1, -2, -0.5, 0, -1, -2, -0.5);
		const result = dpoLoss({ y: [1], refLogProb: [-3, -3] }, { beta: 0.4 })(
			{ logProb, entropy: new Float64Array(8), value: [] },
			batch
		);
		expect(result.loss).toBeCloseTo(Math.LN2, 14);
		const d = [...(result.dLogProb ?? [])];
		expectClose(
			d.slice(0, 4).map((x, i) => x + (d[4 + i] ?? NaN)),
			[0, 0, 0, 0],
			1e-16
		);
	});

	test('contradictory labels cancel in DPO at the start', () => {
		const { dA, dB, loss } = preferenceLoss(
			{ a: [one, one], b: [one, one], y: [1, 0] },
			dpoObjective({ beta: 0.3 })
		);
		expect((dA[0] ?? NaN) + (dA[1] ?? NaN)).toBe(0);
		expect((dB[0] ?? NaN) + (dB[1] ?? NaN)).toBe(0);
		expect(loss).toBeCloseTo(Math.LN2, 14);
	});

	test('no pairs have no loss, and a completion that is certain no infinite odds', () => {
		expect(preferenceLoss({ a: [], b: [], y: [] }, dpoObjective({ beta: 1 }))).toMatchObject({
			loss: NaN,
			leftOut: 0,
			metrics: { 'val/pairs_left_out': 0 }
		});
		const sure = { policy: 0, reference: 0, length: 3 };
		const { loss, dA, dB } = preferenceLoss(
			{ a: [sure], b: [sure], y: [1] },
			orpoObjective({ lambda: 0.1 })
		);
		expect([loss, ...dA, ...dB].every(Number.isFinite)).toBe(true);
	});

	test('refuse settings without a meaning', () => {
		expect(() => dpoObjective({ beta: 0 })).toThrow(RangeError);
		expect(() => dpoObjective({ kind: 'robust', beta: 1, flip: 0.5 })).toThrow(RangeError);
		expect(() => ipoObjective({ tau: 0 })).toThrow(RangeError);
		expect(() => simpoObjective({ beta: 1, gamma: NaN })).toThrow(RangeError);
		expect(() => orpoObjective({ lambda: -1 })).toThrow(RangeError);
	});
});
