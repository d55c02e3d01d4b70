import { expect, test } from 'vitest';
import { DEFAULT_PPO, type PpoConfig } from '../../../src/core/config';
import { listMetrics } from '../../../src/storage/runs';
import { TabularModel } from '../../../workers/engine/tabular/tabular-model';
import { completionIds } from '../../../workers/jobs/rollout';
import { runPpo, type PpoJob } from '../../../workers/jobs/ppo';
import golden from '../../golden/17_closed_form_optimum.json';
import { startTestLoop } from '../../support/run-loop';

const V = golden.vocab;

function world() {
	return TabularModel.create(V, 2, 1, (prefix) => {
		const [first] = prefix;
		return first === undefined
			? golden.ref_logits_token1
			: (golden.ref_logits_token2_given_token1[first] ?? []);
	});
}

const rewardOf: PpoJob['reward'] = (batch) =>
	Promise.resolve(
		Float64Array.from({ length: batch.B }, (_, b) => {
			const [first = 0, second = 0] = completionIds(batch, b);
			return golden.reward[first]?.[second] ?? NaN;
		})
	);

const config: PpoConfig = {
	...DEFAULT_PPO,
	iterations: 150,
	batch: 512,
	maxNew: 2,
	cutAtSentence: false,
	lr: 0.02,
	headLr: 0.05,
	clipNorm: 1,
	klCoef: 0.5,
	klController: 'fixed',
	valueClip: 0,
	valueCoef: 1,
	targetPolicyKl: 0,
	lambda: 1
};

test(
	'PPO on a world small enough to solve reaches the closed-form optimum',
	{ timeout: 120_000 },
	async () => {
		const optimum = golden.cases.find((c) => c.beta === config.klCoef);
		const policy = world();
		const reference = world();
		const { loop, db, run } = await startTestLoop('ppo', config, { totalSteps: config.iterations });
		const prompts = [Int32Array.of(0)];
		await runPpo(
			{
				policy,
				reference,
				reward: rewardOf,
				prompts,
				text: { stop: [], cut: null },
				config,
				seed: 3
			},
			loop
		);

		const pi = policy.enumerate();
		const rho = reference.enumerate();
		const reward = golden.reward.flat();
		const expectedReward = pi.reduce((sum, p, i) => sum + p * (reward[i] ?? NaN), 0);
		const kl = pi.reduce((sum, p, i) => sum + p * Math.log(p / (rho[i] ?? NaN)), 0);
		const start = rho.reduce((sum, p, i) => sum + p * (reward[i] ?? NaN), 0);
		const rows = await listMetrics(db, run.id);
		console.log(
			`closed form: E[r] ${expectedReward.toFixed(4)} (optimum ${optimum?.expected_reward.toFixed(4)}, start ${start.toFixed(4)}), ` +
				`KL ${kl.toFixed(4)} (optimum ${optimum?.kl.toFixed(4)}), last objective/kl ${rows.at(-1)?.values['objective/kl']?.toFixed(4)}`
		);
		expect(Math.abs(expectedReward - (optimum?.expected_reward ?? NaN))).toBeLessThanOrEqual(0.02);
		expect(Math.abs(kl - (optimum?.kl ?? NaN))).toBeLessThanOrEqual(0.02);
		expect(rows).toHaveLength(config.iterations);
		expect(loop.run.invariants?.filter((check) => !check.ok)).toEqual([]);
	}
);
