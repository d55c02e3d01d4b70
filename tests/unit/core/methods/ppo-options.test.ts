/** Every option of PPO changes what is learned from a rollout as its formula says, and nothing else. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_PPO, type PpoConfig } from '../../../../src/core/config';
import { gae } from '../../../../src/core/methods/gae';
import { klOf } from '../../../../src/core/methods/kl';
import { KlController } from '../../../../src/core/methods/adaptive-kl';
import { mean, populationVariance } from '../../../../src/core/methods/math';
import { ppoLoss, type PpoLossOptions } from '../../../../src/core/methods/ppo';
import { ppoTargets, type ScoredRollout } from '../../../../src/core/methods/ppo-targets';
import { scheduleFactor } from '../../../../src/core/methods/schedule';
import { metricOf } from '../../../../src/core/metrics';
import { batchOf } from '../batches';
import { expectClose, numericalGradient } from '../numeric';

/** Responses at columns 2-3 and 6-8 of two rows of five. */
const RESPONSE = [2, 3, 6, 7, 8];
const BETA = 0.1;

function rollout(): ScoredRollout {
	const wave = (phase: number, scale: number) =>
		Float64Array.from({ length: 10 }, (_, i) => scale * Math.sin(1.7 * i + phase));
	return {
		batch: batchOf(5, [
			[2, 4],
			[1, 4]
		]),
		scores: Float64Array.of(1.5, -0.4),
		old: { logProb: wave(0.3, 0.5).map((x) => x - 1.5), value: [wave(1, 0.8)] },
		refLogProb: wave(0.9, 0.5).map((x) => x - 1.5),
		stopped: Uint8Array.of(1, 0)
	};
}

/** What changes in the config, and the minibatch that follows from it. */
function update(change: Partial<PpoConfig> = {}, extra: Partial<PpoLossOptions> = {}, beta = BETA) {
	const config = { ...DEFAULT_PPO, whitenAdvantages: false, ...change };
	const scored = rollout();
	const step = ppoTargets(scored, beta, config);
	const now = {
		logProb: scored.old.logProb.map((x, i) => x + 0.35 * Math.cos(i)),
		entropy: Float64Array.from({ length: 10 }, (_, i) => 1 + 0.3 * Math.sin(i)),
		value: [Float64Array.from(scored.old.value[0] ?? [], (v, i) => v + 0.4 * Math.cos(2 * i))]
	};
	const targets = {
		oldLogProb: scored.old.logProb,
		oldValue: scored.old.value[0] ?? new Float64Array(0),
		advantages: step.advantages,
		returns: step.returns,
		refLogProb: scored.refLogProb
	};
	const loss = ppoLoss(targets, { ...config, ...extra });
	return { step, scored, now, loss, result: loss(now, scored.batch) };
}

const at = (x: ArrayLike<number> | undefined, places = RESPONSE) =>
	places.map((i) => x?.[i] ?? NaN);
const minus = (x: readonly number[], y: readonly number[]) => x.map((v, i) => v - (y[i] ?? NaN));

describe('rewards', () => {
	const plain = update().step;

	test('KL coefficient: the reward of every token moves by its k1, and by nothing else', () => {
		const { scored, step } = update({}, {}, 0.4);
		const k1 = minus(at(scored.old.logProb), at(scored.refLogProb)).map((d) => klOf(d, 'k1'));
		expectClose(
			minus(at(step.rewards), at(plain.rewards)),
			k1.map((k) => -0.3 * k),
			1e-14
		);
		expect(step.metrics['objective/kl_coef']).toBe(0.4);
	});

	test('score clip: only the score changes, at the last real token', () => {
		const { step } = update({ scoreClip: 0.5 });
		expectClose(step.scores, [0.5, -0.4]);
		expectClose(minus(at(step.rewards), at(plain.rewards)), [0, -1, 0, 0, 0], 1e-14);
	});

	test.each([
		['none', 0],
		['subtract', -0.7],
		['replace', -0.7 + 0.4]
	] as const)('missing end, %s', (missingEos, change) => {
		const { step } = update({ missingEos, missingEosPenalty: 0.7 });
		expectClose(minus(at(step.rewards), at(plain.rewards)), [0, 0, 0, 0, change], 1e-14);
	});

	test('whitened rewards keep their mean and have spread 1; GAE sees them', () => {
		const { step, scored } = update({ whitenRewards: true });
		expect(mean(at(step.rewards))).toBeCloseTo(mean(at(plain.rewards)), 12);
		expect(populationVariance(at(step.rewards))).toBeCloseTo(1, 6);
		const [value] = scored.old.value;
		const row = gae(step.rewards.slice(6, 9), Float64Array.from(at(value, [5, 6, 7])), DEFAULT_PPO);
		expectClose(at(step.returns, [6, 7, 8]), row.returns, 1e-14);
	});
});

describe('advantages', () => {
	test.each([
		[1, 1],
		[0.9, 0.8],
		[1, 0]
	])('gamma %f and lambda %f are those of GAE, row by row', (gamma, lambda) => {
		const { step, scored } = update({ gamma, lambda });
		const [value] = scored.old.value;
		for (const places of [
			[2, 3],
			[6, 7, 8]
		]) {
			const row = gae(
				Float64Array.from(at(step.rewards, places)),
				Float64Array.from(
					at(
						value,
						places.map((i) => i - 1)
					)
				),
				{ gamma, lambda }
			);
			expectClose(at(step.advantages, places), row.advantages, 1e-14);
		}
	});

	test('whitened advantages have mean 0 and spread 1, and the returns stay', () => {
		const [plain, whitened] = [update().step, update({ whitenAdvantages: true }).step];
		expect(mean(at(whitened.advantages))).toBeCloseTo(0, 12);
		expect(populationVariance(at(whitened.advantages))).toBeCloseTo(1, 6);
		expect(whitened.returns).toEqual(plain.returns);
		expect(whitened.rawAdvantages).toEqual(plain.advantages);
	});
});

describe('the loss', () => {
	const plain = update();

	test('clip range: held tokens have no gradient, and more are held by a narrower one', () => {
		const narrow = update({ clipRange: 0.01 });
		const held = (u: typeof plain) =>
			at(u.result.trace?.['clipped']).reduce((sum, x) => sum + x, 0);
		expect(held(narrow)).toBeGreaterThan(held(plain));
		at(narrow.result.trace?.['clipped']).forEach((isHeld, k) => {
			if (isHeld === 1) {
				expect(at(narrow.result.dLogProb)[k]).toBe(0);
			}
		});
		const high = update({}, { clipRangeHigh: 0.6 });
		expect(held(high)).toBeLessThanOrEqual(held(plain));
		expect(high.result.loss).not.toBe(plain.result.loss);
	});

	test('dual clip: a bad token costs at most c times its advantage', () => {
		const advantages = plain.step.advantages;
		const bad = RESPONSE.filter((i) => (advantages[i] ?? 0) < 0);
		const dual = update({ dualClip: 1.05 });
		const gained =
			(plain.result.metrics['loss/policy_avg'] ?? NaN) -
			(dual.result.metrics['loss/policy_avg'] ?? NaN);
		const over = bad.reduce((sum, i) => {
			const ratio = Math.max(plain.result.trace?.['ratio']?.[i] ?? NaN, 0.8);
			return sum + Math.max(0, ratio - 1.05) * -(advantages[i] ?? NaN);
		}, 0);
		expect(over).toBeGreaterThan(0);
		expect(gained).toBeCloseTo(over / RESPONSE.length, 12);
	});

	test('value clip, and off', () => {
		const free = update({ valueClip: 0 });
		expect(plain.result.metrics['val/clipfrac_avg']).toBeGreaterThan(0);
		expect(free.result.metrics['val/clipfrac_avg']).toBe(0);
		expect(free.result.metrics['loss/value_avg']).toBeLessThanOrEqual(
			plain.result.metrics['loss/value_avg'] ?? NaN
		);
	});

	test('value coefficient: the loss and its gradient by values are in proportion', () => {
		const more = update({ valueCoef: 0.3 });
		expectClose(
			[...(more.result.dValue?.[0] ?? [])],
			[...(plain.result.dValue?.[0] ?? [])].map((d) => 3 * d),
			1e-14
		);
		expect(more.result.loss - plain.result.loss).toBeCloseTo(
			0.2 * (plain.result.metrics['loss/value_avg'] ?? NaN),
			14
		);
	});

	test('entropy bonus: minus the coefficient over the tokens at each of them', () => {
		const bonus = update({ entropyCoef: 0.05 });
		expect(plain.result.dEntropy).toBeUndefined();
		expectClose(
			at(bonus.result.dEntropy),
			RESPONSE.map(() => -0.01),
			1e-15
		);
		expect(plain.result.loss - bonus.result.loss).toBeCloseTo(
			0.05 * (plain.result.metrics['policy/entropy_avg'] ?? NaN),
			14
		);
	});

	test('critic warm-up: nothing but the value head learns', () => {
		const { result } = update({}, { valueOnly: true });
		expect([result.dLogProb, result.dEntropy]).toEqual([undefined, undefined]);
		expect(result.dValue).toEqual(plain.result.dValue);
	});

	test('price of drifting in the loss: k2, with the gradient of the loss', () => {
		const { scored, now, loss, result } = update({}, { klLossCoef: 0.4 });
		const d = minus(at(now.logProb), at(scored.refLogProb));
		const price = 0.4 * mean(d.map((x) => klOf(x, 'k2')));
		expect(result.metrics['loss/kl_avg']).toBeCloseTo(price, 14);
		expect(result.loss - plain.result.loss).toBeCloseTo(price, 13);
		expectClose(
			minus(at(result.dLogProb), at(plain.result.dLogProb)),
			d.map((x) => (0.4 * x) / 5),
			1e-14
		);
		const numerical = numericalGradient(() => loss(now, scored.batch).loss, now.logProb);
		expectClose(result.dLogProb ?? [], numerical, 1e-8);
		expect(Object.keys(result.metrics).filter((key) => !metricOf(key))).toEqual([]);
		const tokens = now.logProb;
		const targets = { oldLogProb: tokens, oldValue: tokens, advantages: tokens, returns: tokens };
		expect(() => ppoLoss(targets, { ...DEFAULT_PPO, klLossCoef: 1 })(now, scored.batch)).toThrow(
			RangeError
		);
	});
});

describe('from one update to the next', () => {
	test('the schedule of the learning rates: linear falls, constant stays', () => {
		expect(scheduleFactor('linear', 3, 4)).toBe(0.25);
		expect(scheduleFactor('constant', 3, 4)).toBe(1);
	});

	test('the controller: fixed stays, adaptive follows, a shorter horizon faster', () => {
		const after = (kind: 'fixed' | 'adaptive', horizon: number) => {
			const controller = KlController.create({
				kind,
				coef: 0.1,
				target: 6,
				horizon,
				totalEpisodes: 1000
			});
			controller.update(9, 16);
			return controller.coef;
		};
		expect(after('fixed', 160)).toBe(0.1);
		expect(after('adaptive', 160)).toBeCloseTo(0.1 * (1 + (0.2 * 16) / 160), 14);
		expect(after('adaptive', 80)).toBeCloseTo(0.1 * (1 + (0.2 * 16) / 80), 14);
	});

	test('values are needed', () => {
		const scored = rollout();
		expect(() =>
			ppoTargets({ ...scored, old: { ...scored.old, value: [] } }, 0.1, DEFAULT_PPO)
		).toThrow(RangeError);
	});
});
