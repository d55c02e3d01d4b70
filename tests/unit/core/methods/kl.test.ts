import { describe, expect, test } from 'vitest';
import { type KlEstimator, klOf, sequenceKl, tokenKl } from '../../../../src/core/methods/kl';
import { tokenScore } from '../../../../src/core/methods/log-prob';
import { batchOf, batchOfResponses } from '../batches';
import { expectClose, golden, GRADIENT_TOLERANCE, numericalGradient } from '../numeric';

interface Fixture {
	tokens: Record<'logprob' | 'ref_logprob' | 'k1' | 'k2' | 'k3' | 'sum', number[]>;
	categorical: {
		logits_pi: number[];
		logits_ref: number[];
		kl_pi_ref: number;
		E_k1: number;
		E_k2: number;
		E_k3: number;
		true_grad_wrt_logits_pi: number[];
		expected_gradient: Record<string, number[]>;
	};
	wrong_sign_guard: { E_wrong_k1: number; E_wrong_k3: number };
}

const { tokens, categorical, wrong_sign_guard: wrong } = golden<Fixture>('05_kl_estimators');
const ESTIMATORS: KlEstimator[] = ['k1', 'k2', 'k3'];

describe('token estimators', () => {
	const batch = batchOfResponses([5]);
	const logProb = Float64Array.of(0, ...tokens.logprob);
	const refLogProb = Float64Array.of(0, ...tokens.ref_logprob);

	test.each(ESTIMATORS)('%s matches the golden tokens and their sum', (estimator) => {
		expectClose(tokenKl(batch, logProb, refLogProb, estimator), [0, ...tokens[estimator]]);
		const sum = tokens.sum[ESTIMATORS.indexOf(estimator)] ?? NaN;
		expectClose(sequenceKl(batch, logProb, refLogProb, estimator), [sum]);
	});

	test('k3 keeps its digits at a difference of a millionth', () => {
		expect(klOf(1e-6, 'k3') / (5e-13 - 1e-18 / 6)).toBeCloseTo(1, 7);
	});

	test('k3 is never negative and k1 has the sign of the difference', () => {
		for (const d of [-8, -0.3, -1e-9, 0, 1e-9, 0.3, 8]) {
			expect(klOf(d, 'k3')).toBeGreaterThanOrEqual(0);
			expect(klOf(d, 'k1')).toBe(d);
		}
	});

	test('prompts and padding add nothing, and an empty response has KL 0', () => {
		const rows = batchOf(3, [
			[1, 2],
			[3, 3]
		]);
		const seven = new Float64Array(6).fill(7);
		expect([...sequenceKl(rows, seven, new Float64Array(6), 'k1')]).toEqual([7, 0]);
	});
});

describe('estimators on an exact categorical', () => {
	const policy = Float64Array.from(categorical.logits_pi);
	const reference = Float64Array.from(categorical.logits_ref);
	const logProbs = (logits: Float64Array) =>
		Float64Array.from(logits, (_, id) => tokenScore(logits, 0, logits.length, 1, id).logProb);
	const refLogProb = logProbs(reference);
	const frozen = logProbs(policy);
	/** Sum over tokens of p * f(ln pi - ln rho). */
	const expectation = (p: Float64Array, logPi: Float64Array, estimator: KlEstimator) =>
		p.reduce(
			(sum, x, i) => sum + x * klOf((logPi[i] ?? NaN) - (refLogProb[i] ?? NaN), estimator),
			0
		);
	const frozenP = frozen.map(Math.exp);

	test('expect what the golden values say, with the right sign', () => {
		const expected = { k1: categorical.E_k1, k2: categorical.E_k2, k3: categorical.E_k3 };
		for (const estimator of ESTIMATORS) {
			expectClose([expectation(frozenP, frozen, estimator)], [expected[estimator]]);
		}
		expect(expectation(frozenP, frozen, 'k1')).toBeCloseTo(categorical.kl_pi_ref, 12);
		expect(expectation(frozenP, frozen, 'k1')).not.toBeCloseTo(wrong.E_wrong_k1, 3);
		expect(expectation(frozenP, frozen, 'k3')).not.toBeCloseTo(wrong.E_wrong_k3, 3);
	});

	test('only k1 inside the reward has the gradient of the KL', () => {
		for (const estimator of ESTIMATORS) {
			const values = frozen.map((x, i) => klOf(x - (refLogProb[i] ?? NaN), estimator));
			const inReward = () =>
				logProbs(policy).reduce((sum, x, i) => sum + Math.exp(x) * (values[i] ?? NaN), 0);
			const gradient = numericalGradient(inReward, policy);
			const expected = categorical.expected_gradient[`${estimator}_in_reward`] ?? [];
			expectClose(gradient, expected, GRADIENT_TOLERANCE);
			const asLoss = numericalGradient(
				() => expectation(frozenP, logProbs(policy), estimator),
				policy
			);
			expectClose(asLoss, categorical.expected_gradient[`${estimator}_as_loss`] ?? [], 1e-6);
		}
		expectClose(
			categorical.expected_gradient['k1_in_reward'] ?? [],
			categorical.true_grad_wrt_logits_pi
		);
	});
});
