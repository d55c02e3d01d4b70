import { describe, expect, test } from 'vitest';
import { tokenShares } from '../../../../src/core/methods/aggregation';
import { constantGroups } from '../../../../src/core/methods/groups';
import { grpoAdvantages, grpoLoss, type GrpoOptions } from '../../../../src/core/methods/grpo';
import { klOf } from '../../../../src/core/methods/kl';
import { onlinePairs } from '../../../../src/core/methods/online-dpo';
import { policyLoss } from '../../../../src/core/methods/ppo';
import {
	RunningBaseline,
	reinforceAdvantages,
	reinforceLoss
} from '../../../../src/core/methods/reinforce';
import { responseMask } from '../../../../src/core/methods/response';
import { groupMetrics, rlooAdvantages, rlooLoss } from '../../../../src/core/methods/rloo';
import { sequenceRewards } from '../../../../src/core/methods/sequence-reward';
import { metricOf } from '../../../../src/core/metrics';
import { afterPrompt, batchOf, batchOfResponses } from '../batches';
import { expectClose, flat, golden, numericalGradient } from '../numeric';

interface Fixture {
	rewards: number[][];
	rloo: number[][];
	grpo: number[][];
	dr_grpo: number[][];
	frac_reward_zero_std: number;
	aggregation: {
		per_token_loss: number[][];
		mask: number[][];
		max_completion_length: number;
		grpo: number;
		bnpo_dapo: number;
		dr_grpo: number;
	};
}

const fixture = golden<Fixture>('11_group_advantages');

describe('group advantages against golden values', () => {
	const rewards = flat(fixture.rewards);

	test('RLOO, GRPO, Dr. GRPO and the share of groups without spread', () => {
		expectClose(rlooAdvantages(rewards, 4), flat(fixture.rloo));
		expectClose(grpoAdvantages(rewards, 4, { scale: true }), flat(fixture.grpo));
		expectClose(grpoAdvantages(rewards, 4, { scale: false }), flat(fixture.dr_grpo));
		expectClose([constantGroups(rewards, 4)], [fixture.frac_reward_zero_std]);
		const metrics = groupMetrics(rewards, 4);
		expect(Object.keys(metrics).every((key) => metricOf(key))).toBe(true);
	});

	test('the three aggregations', () => {
		const { per_token_loss: losses, mask, max_completion_length: longest } = fixture.aggregation;
		const batch = batchOfResponses(mask.map((row) => row.reduce((sum, bit) => sum + bit, 0)));
		const tokens = afterPrompt(losses);
		const total = (kind: Parameters<typeof tokenShares>[1]): number =>
			tokenShares(batch, kind, longest).reduce((sum, w, i) => sum + w * (tokens[i] ?? NaN), 0);
		expectClose(
			[total('sequence-mean'), total('token-mean'), total('constant')],
			[fixture.aggregation.grpo, fixture.aggregation.bnpo_dapo, fixture.aggregation.dr_grpo]
		);
	});

	test('refuse groups of one, or that do not divide the batch', () => {
		expect(() => rlooAdvantages(rewards, 1)).toThrow(RangeError);
		expect(() => grpoAdvantages(rewards, 5, { scale: true })).toThrow(RangeError);
	});

	test('equal rewards give exactly 0, whatever rounding does to their mean', () => {
		const same = new Float64Array(6).fill(0.1 + 0.2);
		for (const advantages of [
			rlooAdvantages(same, 3),
			grpoAdvantages(same, 3, { scale: true }),
			grpoAdvantages(same, 3, { scale: false })
		]) {
			expect([...advantages]).toEqual([0, 0, 0, 0, 0, 0]);
		}
		expect(constantGroups(new Float64Array(0), 2)).toBe(0);
	});
});

/** Two groups of two, one completion of which is empty. */
function scene() {
	const batch = batchOf(5, [
		[2, 4],
		[1, 4],
		[3, 3],
		[1, 5]
	]);
	const wave = (phase: number, scale: number) =>
		Float64Array.from({ length: 20 }, (_, i) => scale * Math.sin(1.7 * i + phase));
	const logProb = wave(0.3, 0.5).map((x) => x - 1.5);
	return {
		batch,
		scores: { logProb, entropy: wave(2, 0.4).map((x) => x + 1), value: [] },
		oldLogProb: logProb.map((x, i) => x + 0.25 * Math.cos(i)),
		refLogProb: logProb.map((x, i) => x + 0.4 * Math.sin(3 * i)),
		advantages: Float64Array.of(1.1, -0.7, 0.4, -1.3)
	};
}

const base: GrpoOptions = { clipRange: 0.2, aggregation: 'token-mean', maxLength: 8 };
const variants: [string, Partial<GrpoOptions>][] = [
	['token means', {}],
	['sequence means', { aggregation: 'sequence-mean' }],
	['a constant divisor', { aggregation: 'constant' }],
	['a higher upper clip', { clipRangeHigh: 0.28 }],
	['k2 in the loss', { klLossCoef: 0.3 }],
	['k3 in the loss', { klLossCoef: 0.3, klLoss: 'k3' }],
	['an entropy bonus', { entropyCoef: 0.05, aggregation: 'sequence-mean' }]
];

describe('grpoLoss', () => {
	test.each(variants)('has the gradient of its loss with %s', (_, change) => {
		const { batch, scores, ...targets } = scene();
		const loss = grpoLoss(targets, { ...base, ...change });
		const result = loss(scores, batch);
		const by = (x: Float64Array) => numericalGradient(() => loss(scores, batch).loss, x);
		expectClose(result.dLogProb ?? [], by(scores.logProb), 1e-8);
		expectClose(result.dEntropy ?? new Float64Array(20), by(scores.entropy), 1e-8);
		expect(Object.keys(result.metrics).filter((key) => !metricOf(key))).toEqual([]);
	});

	test('with token means is the policy loss of PPO', () => {
		const { batch, scores, ...targets } = scene();
		const perToken = Float64Array.from(
			{ length: 20 },
			(_, i) => targets.advantages[Math.floor(i / 5)] ?? 0
		);
		const ppo = policyLoss({
			logProb: scores.logProb,
			oldLogProb: targets.oldLogProb,
			advantages: perToken,
			mask: responseMask(batch),
			clipLow: 0.2,
			clipHigh: 0.2,
			dualClip: 0
		});
		const result = grpoLoss(targets, base)(scores, batch);
		expect(result.loss).toBeCloseTo(ppo.loss, 14);
		expectClose(result.dLogProb ?? [], ppo.dLogProb, 1e-15);
	});

	test('adds the price of drifting by the estimator asked for', () => {
		const { batch, scores, ...targets } = scene();
		const plain = grpoLoss(targets, base)(scores, batch);
		const mask = responseMask(batch);
		for (const klLoss of ['k2', 'k3'] as const) {
			const priced = grpoLoss(targets, { ...base, klLossCoef: 0.5, klLoss })(scores, batch);
			let [sum, n] = [0, 0];
			mask.forEach((bit, i) => {
				if (bit === 1) {
					sum += klOf((scores.logProb[i] ?? 0) - (targets.refLogProb[i] ?? 0), klLoss);
					n++;
				}
			});
			expect(priced.loss - plain.loss).toBeCloseTo((0.5 * sum) / n, 13);
			expect(priced.metrics['loss/kl_avg']).toBeCloseTo((0.5 * sum) / n, 13);
		}
	});

	test('needs a reference for that price, and skips a minibatch without tokens', () => {
		const { batch, scores, oldLogProb, advantages } = scene();
		expect(() => grpoLoss({ oldLogProb, advantages }, { ...base, klLossCoef: 1 })).toThrow(
			RangeError
		);
		const empty = { ...batch, length: batch.promptLength };
		expect(grpoLoss({ oldLogProb, advantages }, base)(scores, empty).skip).toContain('no response');
	});

	test('a constant divisor refuses completions longer than allowed', () => {
		expect(() => tokenShares(scene().batch, 'constant', 3)).toThrow(RangeError);
	});
});

describe('rlooLoss', () => {
	test.each([
		['plain', { clipRange: 0.2 }],
		['with an entropy bonus', { clipRange: 0.5, clipRangeHigh: 0.9, entropyCoef: 0.03 }]
	])('has the gradient of its loss, %s', (_, options) => {
		const { batch, scores, ...targets } = scene();
		const loss = rlooLoss(targets, options);
		const result = loss(scores, batch);
		const by = (x: Float64Array) => numericalGradient(() => loss(scores, batch).loss, x);
		expectClose(result.dLogProb ?? [], by(scores.logProb), 1e-8);
		expectClose(result.dEntropy ?? new Float64Array(20), by(scores.entropy), 1e-8);
		expect(Object.keys(result.metrics).filter((key) => !metricOf(key))).toEqual([]);
	});

	test('starts an update at ratio 1 with the gradient of REINFORCE', () => {
		const { batch, scores, advantages } = scene();
		const rloo = rlooLoss({ oldLogProb: scores.logProb, advantages }, { clipRange: 0.2 })(
			scores,
			batch
		);
		expect(rloo.metrics).toMatchObject({
			'val/ratio': 1,
			'val/ratio_var': 0,
			'policy/clipfrac_avg': 0
		});
		expectClose(
			rloo.dLogProb ?? [],
			reinforceLoss(advantages)(scores, batch).dLogProb ?? [],
			1e-15
		);
	});

	test('holds the ratio of whole completions, by hand', () => {
		const batch = batchOf(3, [[1, 3]]);
		const at = (a: number) =>
			rlooLoss(
				{ oldLogProb: Float64Array.of(0, -1, -1), advantages: Float64Array.of(a) },
				{ clipRange: 0.2 }
			)(
				{ logProb: Float64Array.of(0, -0.8, -0.7), entropy: new Float64Array(3), value: [] },
				batch
			);
		// Ratio e^0.5 = 1.65, above 1.2: held for a good completion, free for a bad one.
		expect(at(1).loss).toBeCloseTo(-1.2, 14);
		expect([...(at(1).dLogProb ?? [])]).toEqual([0, 0, 0]);
		expect(at(-1).loss).toBeCloseTo(Math.exp(0.5), 14);
	});

	test('skips a minibatch without tokens', () => {
		const { batch, scores, ...targets } = scene();
		const empty = { ...batch, length: batch.promptLength };
		const result = rlooLoss(targets, { clipRange: 0.2 })(scores, empty);
		expect([result.loss, result.skip]).toEqual([0, 'the minibatch has no response token']);
	});
});

describe('sequenceRewards', () => {
	test('takes the price of drifting off the score, and leaves an empty completion its score', () => {
		const batch = batchOf(3, [
			[1, 3],
			[2, 2]
		]);
		const rewards = sequenceRewards(batch, {
			scores: Float64Array.of(2, 0.5),
			logProb: Float64Array.of(0, -1, -2, 0, -1, 0),
			refLogProb: Float64Array.of(0, -3, -1, 0, -9, 0),
			beta: 0.1
		});
		expectClose(rewards, [2 - 0.1 * (2 - 1), 0.5], 1e-15);
		expect(() =>
			sequenceRewards(batch, {
				scores: new Float64Array(3),
				logProb: new Float64Array(6),
				refLogProb: new Float64Array(6),
				beta: 0
			})
		).toThrow(RangeError);
	});
});

describe('REINFORCE', () => {
	test('has the gradient of its loss', () => {
		const { batch, scores, advantages } = scene();
		const loss = reinforceLoss(advantages, { entropyCoef: 0.02 });
		const result = loss(scores, batch);
		const by = (x: Float64Array) => numericalGradient(() => loss(scores, batch).loss, x);
		expectClose(result.dLogProb ?? [], by(scores.logProb), 1e-8);
		expectClose(result.dEntropy ?? [], by(scores.entropy), 1e-8);
		const empty = { ...batch, length: batch.promptLength };
		expect(loss(scores, empty).skip).toContain('no response token');
		expect(() => reinforceLoss(new Float64Array(1))(scores, batch)).toThrow(RangeError);
	});

	test('subtracts the baseline asked for', () => {
		const rewards = Float64Array.of(1, 2, 6);
		expect([...reinforceAdvantages(rewards, 'none')]).toEqual([1, 2, 6]);
		expect([...reinforceAdvantages(rewards, 'running', 0.5)]).toEqual([0.5, 1.5, 5.5]);
		// The mean of the others, as in RLOO.
		expectClose(reinforceAdvantages(rewards, 'batch'), rlooAdvantages(rewards, 3), 1e-14);
		expect([...reinforceAdvantages(Float64Array.of(4), 'batch')]).toEqual([4]);
	});

	test('a running baseline is the weighted mean of earlier batches, and goes on from its state', () => {
		const baseline = RunningBaseline.create(0.75);
		expect(baseline.value).toBe(0);
		baseline.update(Float64Array.of(2, 4));
		expect(baseline.value).toBeCloseTo(3, 14);
		baseline.update(Float64Array.of(10));
		expect(baseline.value).toBeCloseTo((0.75 * 3 + 10) / 1.75, 14);
		baseline.update(new Float64Array(0));
		expect(RunningBaseline.from(baseline.state()).value).toBe(baseline.value);
		expect(() => RunningBaseline.create(1)).toThrow(RangeError);
	});
});

describe('onlinePairs', () => {
	const scores = Float64Array.of(1, 3, 2, 5, 5, 5, -1, 0, -2);

	test('pairs best and worst of each prompt, and none where all score the same', () => {
		expect(onlinePairs(scores, 3, 'hard')).toEqual([
			{ better: 1, worse: 0, y: 1 },
			{ better: 7, worse: 8, y: 1 }
		]);
		const soft = onlinePairs(scores, 3, 'soft');
		expect(soft[0]?.y).toBeCloseTo(1 / (1 + Math.exp(-2)), 14);
	});

	test('refuses groups of one', () => {
		expect(() => onlinePairs(scores, 1, 'hard')).toThrow(RangeError);
		expect(onlinePairs(new Float64Array(0), 2, 'hard')).toEqual([]);
	});
});
