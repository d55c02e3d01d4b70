/** Golden numbers that no other test reads: variants that are not offered, reproduced from the parts that are, and diagnostics. */
import { expect, test } from 'vitest';
import { KlController } from '../../../../src/core/methods/adaptive-kl';
import { ADAM_BETA1, ADAM_BETA2, adamwUpdate } from '../../../../src/core/methods/adamw';
import { gae } from '../../../../src/core/methods/gae';
import { tokenScore } from '../../../../src/core/methods/log-prob';
import { mean, populationVariance, selectMasked } from '../../../../src/core/methods/math';
import { responseMask } from '../../../../src/core/methods/response';
import { afterPrompt, batchOfResponses } from '../batches';
import { expectClose, flat, flatMask, golden } from '../numeric';

test('01: a score in a slot after the end, as TRL has it, is GAE over one more slot', () => {
	const { variant_score_after_eos: variant } = golden<{
		variant_score_after_eos: {
			rewards: number[][];
			values: number[][];
			gamma: number;
			lambda: number;
			advantages_incl_extra_slot: number[][];
			returns: number[][];
		};
	}>('01_gae');
	const result = gae(flat(variant.rewards), flat(variant.values), variant);
	expectClose(result.advantages, flat(variant.advantages_incl_extra_slot));
	expectClose(result.returns, flat(variant.returns));
});

test('04: mean and variance of the returns', () => {
	const fixture = golden<{
		returns: number[][];
		mask: number[][];
		diagnostics: { returns_mean: number; returns_var: number };
	}>('04_value_loss');
	const returns = selectMasked(flat(fixture.returns), flatMask(fixture.mask));
	const { returns_mean: center, returns_var: variance } = fixture.diagnostics;
	expectClose([mean(returns), populationVariance(returns)], [center, variance]);
});

test('05: k3 as a loss has the gradient of the forward KL', () => {
	const { categorical } = golden<{
		categorical: { logits_pi: number[]; logits_ref: number[]; forward_kl_grad: number[] };
	}>('05_kl_estimators');
	const probabilities = (logits: number[]) => {
		const row = Float64Array.from(logits);
		return row.map((_, id) => Math.exp(tokenScore(row, 0, row.length, 1, id).logProb));
	};
	const p = probabilities(categorical.logits_pi);
	const rho = probabilities(categorical.logits_ref);
	// E[(1 - e^-d) grad ln pi], token by token: slope of k3 times the score function.
	const slope = p.map((x, i) => x * (1 - (rho[i] ?? NaN) / x));
	const total = slope.reduce((sum, s) => sum + s, 0);
	expectClose(
		slope.map((s, j) => s - total * (p[j] ?? NaN)),
		categorical.forward_kl_grad
	);
});

test('06: AlpacaFarm moves the coefficient by a tenth of the error, a horizon of ten batches', () => {
	const { log_space_variant_alpacafarm: variant } = golden<{
		log_space_variant_alpacafarm: {
			init: number;
			target: number;
			trace: { kl: number; coef_after: number }[];
		};
	}>('06_adaptive_kl');
	const controller = KlController.create({
		kind: 'adaptive',
		coef: variant.init,
		target: variant.target,
		horizon: 10,
		totalEpisodes: 0
	});
	for (const { kl, coef_after: expected } of variant.trace) {
		controller.update(kl, 1);
		expectClose([controller.coef], [expected]);
	}
});

test('07: the mask of the response', () => {
	const { lengths, mask } = golden<{ lengths: number[]; mask: number[][] }>('07_reward_assembly');
	expectClose(responseMask(batchOfResponses(lengths)), afterPrompt(mask));
});

test("13: TF1's Adam is ours with an epsilon that shrinks, and its first step so much smaller", () => {
	const fixture = golden<{
		lr: number;
		eps: number;
		theta0: number[];
		grads: number[][];
		delta_theta_pytorch_style: number[][];
		delta_theta_tf1_style: number[][];
		ratio_update_step1: number[];
	}>('13_adam_and_clip');
	const param = Float64Array.from(fixture.theta0);
	const [m, v] = [new Float64Array(3), new Float64Array(3)];
	fixture.grads.forEach((grad, i) => {
		const step = i + 1;
		const eps = fixture.eps / Math.sqrt(1 - ADAM_BETA2 ** step);
		adamwUpdate({
			param,
			grad: Float64Array.from(grad),
			m,
			v,
			step,
			lr: fixture.lr,
			eps,
			beta1: ADAM_BETA1
		});
		expectClose(
			param.map((x, k) => x - (fixture.theta0[k] ?? NaN)),
			fixture.delta_theta_tf1_style[i] ?? []
		);
	});
	const [own, tf1] = [fixture.delta_theta_pytorch_style[0], fixture.delta_theta_tf1_style[0]];
	expectClose(
		(own ?? []).map((d, k) => d / (tf1?.[k] ?? NaN)),
		fixture.ratio_update_step1
	);
});

test('14: the spread of the raw rewards', () => {
	const { raw, std_population: sd } = golden<{ raw: number[]; std_population: number }>(
		'14_reward_normalisation'
	);
	expectClose([Math.sqrt(populationVariance(raw))], [sd]);
});

test('15: mean entropy and summed surprise', () => {
	const { logits, tokens, cases } = golden<{
		logits: number[][][];
		tokens: number[][];
		cases: { temperature: number; mean_entropy: number; sum_neg_logprob: number }[];
	}>('15_logprob_entropy_positions');
	for (const expected of cases) {
		const scores = (logits[0] ?? []).map((row, t) =>
			tokenScore(Float64Array.from(row), 0, row.length, expected.temperature, tokens[0]?.[t] ?? -1)
		);
		expectClose(
			[mean(scores.map((s) => s.entropy)), -scores.reduce((sum, s) => sum + s.logProb, 0)],
			[expected.mean_entropy, expected.sum_neg_logprob]
		);
	}
});

test('17: the reference of the closed-form world from its logits', () => {
	const fixture = golden<{
		ref_logits_token1: number[];
		ref_logits_token2_given_token1: number[][];
		ref_joint: number[][];
		cases: { pi_joint: number[][]; pi_token1: number[]; pi_token2_given_1: number[][] }[];
	}>('17_closed_form_optimum');
	const logProb = (logits: number[], id: number) =>
		tokenScore(Float64Array.from(logits), 0, logits.length, 1, id).logProb;
	const joint = fixture.ref_logits_token2_given_token1.map((second, i) =>
		second.map((_, j) => Math.exp(logProb(fixture.ref_logits_token1, i) + logProb(second, j)))
	);
	expectClose(flat(joint), flat(fixture.ref_joint));
	for (const { pi_joint: all, pi_token1: first, pi_token2_given_1: second } of fixture.cases) {
		expect(all).toHaveLength(first.length);
		expectClose(flat(second.map((row, i) => row.map((p) => p * (first[i] ?? NaN)))), flat(all));
	}
});
