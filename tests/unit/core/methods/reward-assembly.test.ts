import { describe, expect, test } from 'vitest';
import { assembleRewards, type RewardAssembly } from '../../../../src/core/methods/reward-assembly';
import { afterPrompt, batchOf, batchOfResponses } from '../batches';
import { expectClose, golden } from '../numeric';

interface Outcome {
	scores: number[];
	rewards: number[][];
}

interface Fixture {
	logprobs: number[][];
	ref_logprobs: number[][];
	scores: number[];
	beta: number;
	lengths: number[];
	contains_eos: boolean[];
	rewards_no_penalty: number[][];
	missing_eos_subtract_1: Outcome;
	missing_eos_replace_minus1: Outcome;
	'score_clip_0.5': Outcome;
	metrics: Record<string, number>;
	regression_guard: { wrong_objective_entropy: number };
}

const fixture = golden<Fixture>('07_reward_assembly');
const base: RewardAssembly = {
	batch: batchOfResponses(fixture.lengths),
	scores: Float64Array.from(fixture.scores),
	logProb: afterPrompt(fixture.logprobs),
	refLogProb: afterPrompt(fixture.ref_logprobs),
	beta: fixture.beta,
	stopped: Uint8Array.from(fixture.contains_eos, Number),
	missingEos: 'none',
	missingEosPenalty: 1,
	scoreClip: 0
};

describe('assembleRewards', () => {
	test.each<[string, Partial<RewardAssembly>, Outcome]>([
		['no rule', {}, { scores: fixture.scores, rewards: fixture.rewards_no_penalty }],
		['a penalty subtracted', { missingEos: 'subtract' }, fixture.missing_eos_subtract_1],
		['a score replaced', { missingEos: 'replace' }, fixture.missing_eos_replace_minus1],
		['scores clipped', { scoreClip: 0.5 }, fixture['score_clip_0.5']]
	])('matches the golden rewards with %s', (_, change, expected) => {
		const { rewards, scores } = assembleRewards({ ...base, ...change });
		expectClose(scores, expected.scores);
		expectClose(rewards, afterPrompt(expected.rewards));
	});

	test('matches the golden metrics, and not the entropy that counts padding', () => {
		const { metrics } = assembleRewards(base);
		for (const [key, value] of Object.entries(fixture.metrics)) {
			const name = key === 'tokens/response_len_mean' ? 'tokens/responses_len_mean' : key;
			expect(metrics[name], name).toBeCloseTo(value, 12);
		}
		expect(metrics['objective/entropy']).not.toBeCloseTo(
			fixture.regression_guard.wrong_objective_entropy,
			3
		);
	});

	test('penalises drifting from the reference and rewards the score, not the reverse', () => {
		const batch = batchOf(3, [[1, 3]]);
		const { rewards } = assembleRewards({
			...base,
			batch,
			scores: Float64Array.of(2),
			logProb: Float64Array.of(0, -1, -1),
			refLogProb: Float64Array.of(0, -3, -1),
			stopped: Uint8Array.of(0)
		});
		expectClose(rewards, [0, -0.2, 2], 1e-15);
	});

	test('puts the score of an immediate end on its only token', () => {
		const batch = batchOf(3, [[2, 3]]);
		const same = new Float64Array(3).fill(-1);
		const { rewards } = assembleRewards({
			...base,
			batch,
			scores: Float64Array.of(0.7),
			logProb: same,
			refLogProb: same,
			stopped: Uint8Array.of(1)
		});
		expectClose(rewards, [0, 0, 0.7], 1e-15);
	});

	test('gives an empty response no reward and leaves its neighbours alone', () => {
		const batch = batchOf(3, [
			[3, 3],
			[2, 3]
		]);
		const { rewards, metrics } = assembleRewards({
			...base,
			batch,
			scores: Float64Array.of(4, 2),
			logProb: new Float64Array(6).fill(-1),
			refLogProb: new Float64Array(6).fill(-1),
			stopped: Uint8Array.of(0, 1)
		});
		expectClose(rewards, [0, 0, 0, 0, 0, 2], 1e-15);
		expect(metrics['objective/scores']).toBe(3);
		expect(metrics['tokens/responses_len_mean']).toBe(0.5);
		expect(metrics['tokens/responses_len_std']).toBe(0.5);
		expect(metrics['val/eos_rate']).toBe(0.5);
	});

	test('clips a score before its penalty, so that the penalty always shows', () => {
		const { scores } = assembleRewards({ ...base, scoreClip: 0.5, missingEos: 'subtract' });
		expectClose(scores, [0.5, -0.5, -0.4]);
	});

	test('reports a KL of 0 by both estimators against itself', () => {
		const { metrics } = assembleRewards({ ...base, refLogProb: base.logProb });
		expect(metrics['objective/kl']).toBe(0);
		expect(metrics['objective/kl_seq_k3']).toBe(0);
	});

	test('refuses scores that do not belong to the batch', () => {
		expect(() => assembleRewards({ ...base, scores: new Float64Array(2) })).toThrow(RangeError);
	});
});
