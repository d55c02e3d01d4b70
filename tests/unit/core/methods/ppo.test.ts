import { describe, expect, test } from 'vitest';
import type { Batch, Scores } from '../../../../src/core/methods/loss';
import {
	policyLoss,
	ppoLoss,
	type PpoLossOptions,
	type PpoTargets,
	valueLoss
} from '../../../../src/core/methods/ppo';
import { batchOf } from '../batches';
import {
	expectClose,
	flat,
	flatMask,
	golden,
	GRADIENT_TOLERANCE,
	numericalGradient
} from '../numeric';

interface PolicyFixture {
	old_logprobs: number[][];
	new_logprobs: number[][];
	advantages: number[][];
	mask: number[][];
	cases: {
		clip_low: number;
		clip_high: number;
		dual_clip: number | null;
		loss: number;
		clipfrac: number;
		approxkl_k1: number;
		approxkl_k2: number;
		approxkl_k3: number;
		ratio_mean: number;
		grad_new_logprobs: number[][];
	}[];
	first_minibatch_identity: { loss: number };
}

interface ValueFixture {
	values: number[][];
	old_values: number[][];
	returns: number[][];
	mask: number[][];
	cases: {
		cliprange_value: number | null;
		loss: number;
		clipfrac: number;
		grad_values: number[][];
	}[];
	diagnostics: { error: number; var_explained: number };
}

const policyFixture = golden<PolicyFixture>('03_ppo_policy_loss');
const valueFixture = golden<ValueFixture>('04_value_loss');
const goldenPolicy = (clipLow = 0.2, clipHigh = 0.2, dualClip = 0) => ({
	logProb: flat(policyFixture.new_logprobs),
	oldLogProb: flat(policyFixture.old_logprobs),
	advantages: flat(policyFixture.advantages),
	mask: flatMask(policyFixture.mask),
	clipLow,
	clipHigh,
	dualClip
});
const goldenValues = (clip = 0.2) => ({
	values: flat(valueFixture.values),
	oldValues: flat(valueFixture.old_values),
	returns: flat(valueFixture.returns),
	mask: flatMask(valueFixture.mask),
	clip
});

describe('policyLoss', () => {
	test.each(policyFixture.cases)(
		'matches clip $clip_low/$clip_high, dual clip $dual_clip',
		(expected) => {
			const input = goldenPolicy(expected.clip_low, expected.clip_high, expected.dual_clip ?? 0);
			const actual = policyLoss(input);
			const { k1, k2, k3 } = actual.approxKl;
			expectClose(
				[actual.loss, actual.clipFraction, k1, k2, k3, actual.ratioMean],
				[
					expected.loss,
					expected.clipfrac,
					expected.approxkl_k1,
					expected.approxkl_k2,
					expected.approxkl_k3,
					expected.ratio_mean
				]
			);
			expectClose(actual.dLogProb, flat(expected.grad_new_logprobs), GRADIENT_TOLERANCE);
		}
	);

	test.each(policyFixture.cases)(
		'has the gradient of its loss at $clip_low/$clip_high, dual clip $dual_clip',
		({ clip_low: low, clip_high: high, dual_clip: dual }) => {
			const input = goldenPolicy(low, high, dual ?? 0);
			const numerical = numericalGradient(() => policyLoss(input).loss, input.logProb);
			expectClose(policyLoss(input).dLogProb, numerical, 1e-8);
		}
	);

	test('at the first minibatch is minus the mean advantage, with nothing clipped and no KL', () => {
		const golden = goldenPolicy();
		const actual = policyLoss({ ...golden, logProb: golden.oldLogProb.slice() });
		expect(actual.loss).toBeCloseTo(policyFixture.first_minibatch_identity.loss, 14);
		expect(actual.approxKl).toEqual({ k1: 0, k2: 0, k3: 0 });
		expect(actual.clipFraction).toBe(0);
		expect(actual.ratioMean).toBe(1);
		expect(actual.ratioVariance).toBe(0);
	});

	test('makes tokens of positive advantage more likely', () => {
		const one = Float64Array.of(-1, -1);
		const { dLogProb } = policyLoss({
			...goldenPolicy(),
			logProb: one,
			oldLogProb: one,
			advantages: Float64Array.of(1, -1),
			mask: Uint8Array.of(1, 1)
		});
		expect([...dLogProb]).toEqual([-0.5, 0.5]);
	});

	test('stays finite when the policy has moved beyond any ratio', () => {
		const { loss, dLogProb, ratioMean } = policyLoss({
			...goldenPolicy(),
			logProb: Float64Array.of(0),
			oldLogProb: Float64Array.of(-2000),
			advantages: Float64Array.of(-1),
			mask: Uint8Array.of(1)
		});
		expect([loss, ratioMean].every(Number.isFinite)).toBe(true);
		expect([...dLogProb]).toEqual([0]);
	});

	test('refuses arrays that do not belong together', () => {
		expect(() => policyLoss({ ...goldenPolicy(), advantages: new Float64Array(3) })).toThrow(
			RangeError
		);
	});
});

describe('valueLoss', () => {
	test.each(valueFixture.cases)('matches value clip $cliprange_value', (expected) => {
		const actual = valueLoss(goldenValues(expected.cliprange_value ?? 0));
		expectClose([actual.loss, actual.clipFraction], [expected.loss, expected.clipfrac]);
		expectClose(actual.dValues, flat(expected.grad_values), GRADIENT_TOLERANCE);
	});

	test('matches the error and the explained variance', () => {
		const { error, explainedVariance } = valueLoss(goldenValues());
		const { error: wantError, var_explained: wantExplained } = valueFixture.diagnostics;
		expectClose([error, explainedVariance], [wantError, wantExplained]);
	});

	test('has the gradient of its loss', () => {
		const input = goldenValues(0.3);
		const numerical = numericalGradient(() => valueLoss(input).loss, input.values);
		expectClose(valueLoss(input).dValues, numerical, 1e-8);
	});

	test('calls the explained variance of equal returns unknown', () => {
		const { explainedVariance } = valueLoss({
			values: Float64Array.of(1, 2),
			oldValues: Float64Array.of(1, 2),
			returns: Float64Array.of(3, 3),
			mask: Uint8Array.of(1, 1),
			clip: 0.2
		});
		expect(explainedVariance).toBeNaN();
	});
});

/** Two rows with responses of 2 and 3 tokens and a row without one, all arrays filled with distinct numbers. */
function scene(): { batch: Batch; scores: Scores; targets: PpoTargets } {
	const batch = batchOf(5, [
		[2, 4],
		[1, 4],
		[3, 3]
	]);
	const wave = (phase: number, scale: number) =>
		Float64Array.from({ length: 15 }, (_, i) => scale * Math.sin(1.7 * i + phase));
	const logProb = wave(0.3, 0.5).map((x) => x - 1.5);
	return {
		batch,
		scores: { logProb, entropy: wave(2, 0.4).map((x) => x + 1), value: [wave(1, 0.8)] },
		targets: {
			oldLogProb: logProb.map((x, i) => x + 0.3 * Math.cos(i)),
			oldValue: wave(1.2, 0.7),
			advantages: wave(4, 1.2),
			returns: wave(5, 1)
		}
	};
}

const options: PpoLossOptions = {
	clipRange: 0.2,
	dualClip: 0,
	valueClip: 0.2,
	valueCoef: 0.1,
	entropyCoef: 0.02
};

describe('ppoLoss', () => {
	const zeros = new Float64Array(15);

	test('is policy + valueCoef value - entropyCoef entropy, all token means', () => {
		const { batch, scores, targets } = scene();
		const { loss, metrics } = ppoLoss(targets, options)(scores, batch);
		const key = (name: string) => metrics[name] ?? NaN;
		const response = [2, 3, 6, 7, 8];
		const entropy = response.reduce((sum, i) => sum + (scores.entropy[i] ?? NaN), 0) / 5;
		expect(key('policy/entropy_avg')).toBeCloseTo(entropy, 14);
		expect(loss).toBeCloseTo(
			key('loss/policy_avg') + 0.1 * key('loss/value_avg') - 0.02 * entropy,
			14
		);
	});

	test.each([
		['log-probabilities', (s: Scores) => s.logProb],
		['entropies', (s: Scores) => s.entropy],
		['values', (s: Scores) => s.value[0] ?? zeros]
	])('has the gradient of its loss by %s, and none on prompts or padding', (name, pick) => {
		const { batch, scores, targets } = scene();
		const loss = ppoLoss(targets, { ...options, dualClip: 3, clipRangeHigh: 0.28 });
		const result = loss(scores, batch);
		const analytic = {
			'log-probabilities': result.dLogProb,
			entropies: result.dEntropy,
			values: result.dValue?.[0]
		}[name];
		expectClose(
			analytic ?? [],
			numericalGradient(() => loss(scores, batch).loss, pick(scores)),
			1e-8
		);
	});

	test('puts the value gradient of a response token on the column before it', () => {
		const { batch, scores, targets } = scene();
		const gradient = ppoLoss(targets, { ...options, valueClip: 0 })(scores, batch).dValue?.[0];
		const places = [...(gradient ?? [])].flatMap((d, i) => (d === 0 ? [] : [i]));
		expect(places).toEqual([1, 2, 5, 6, 7]);
	});

	test('starts an update at ratio 1, approxkl 0 and clipfrac 0', () => {
		const { batch, scores, targets } = scene();
		const { metrics } = ppoLoss({ ...targets, oldLogProb: scores.logProb }, options)(scores, batch);
		expect(metrics).toMatchObject({
			'val/ratio': 1,
			'val/ratio_var': 0,
			'policy/approxkl_avg': 0,
			'policy/clipfrac_avg': 0
		});
		expect(Math.abs(metrics['policy/policykl'] ?? NaN)).toBe(0);
	});

	test('gives only the value head gradients while the critic warms up', () => {
		const { batch, scores, targets } = scene();
		const result = ppoLoss(targets, { ...options, valueOnly: true })(scores, batch);
		expect(result.dLogProb).toBeUndefined();
		expect(result.dEntropy).toBeUndefined();
		expect(result.loss).toBeCloseTo(0.1 * (result.metrics['loss/value_avg'] ?? NaN), 15);
	});

	test('skips a minibatch whose mean ratio exceeds 10', () => {
		const { batch, scores, targets } = scene();
		const far = { ...targets, oldLogProb: scores.logProb.map((x) => x - 2.4) };
		expect(ppoLoss(far, options)(scores, batch).skip).toContain('ratio');
		const near = { ...targets, oldLogProb: scores.logProb.map((x) => x - 2.2) };
		expect(ppoLoss(near, options)(scores, batch).skip).toBeUndefined();
	});

	test('skips a minibatch of empty responses without a NaN in its gradients', () => {
		const { scores, targets } = scene();
		const empty = batchOf(5, [
			[3, 3],
			[5, 5],
			[4, 2]
		]);
		const result = ppoLoss(targets, options)(scores, empty);
		expect(result.skip).toContain('no response token');
		expect(result.loss).toBe(0);
		for (const array of [result.dLogProb, result.dEntropy, result.dValue?.[0]]) {
			expect(array?.every((d) => Math.abs(d) === 0)).toBe(true);
		}
	});
});
