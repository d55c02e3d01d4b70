/** The world in which the best policy can be counted out: how far PPO, RLOO and DPO end from it. */
import { DEFAULT_DPO, DEFAULT_PPO, DEFAULT_RLOO } from '../../../src/core/config';
import {
	softLabelTable,
	standing,
	world,
	WORLD_PROMPT,
	worldReward
} from '../../../tests/support/closed-form-world';
import { startTestLoop } from '../../../tests/support/run-loop';
import { runPpo } from '../../../workers/jobs/ppo';
import { runPreference } from '../../../workers/jobs/preference';
import { runRloo } from '../../../workers/jobs/rloo';
import type { TabularModel } from '../../../workers/engine/tabular/tabular-model';
import type { Measurements, RowSpec } from '../rows';

const METHODS = ['PPO', 'RLOO', 'DPO'] as const;
type Method = (typeof METHODS)[number];
const BETAS = [0.5, 0.1];
const LIMIT = 0.005;

const nameOf = (method: Method, beta: number, what: string) =>
	`closed form, beta ${beta}: ${method}, error of ${what}`;

export const CLOSED_FORM_ROWS: RowSpec[] = BETAS.flatMap((beta) =>
	METHODS.flatMap((method) => [
		{ name: nameOf(method, beta, 'E[r]'), unit: 'reward', target: { is: '<=', value: LIMIT } },
		// Its target is the larger of 0.005 and 2 % of the optimum's.
		{ name: nameOf(method, beta, 'KL'), unit: 'nats', target: { is: '<=', value: LIMIT } }
	])
);

const text = { stop: [], cut: null };
const SEED = 3;

async function train(method: Method, beta: number): Promise<TabularModel> {
	const shape = {
		iterations: 200,
		batch: 1024,
		maxNew: 2,
		cutAtSentence: false,
		klController: 'fixed' as const,
		klCoef: beta
	};
	const policy = world(method === 'PPO' ? 1 : 0);
	const given = { policy, reference: world(0), prompts: [WORLD_PROMPT], text, seed: SEED };
	if (method === 'PPO') {
		const critic = { headLr: 0.05, valueClip: 0, valueCoef: 1, lambda: 1 };
		const config = { ...DEFAULT_PPO, ...shape, ...critic, lr: 0.03, targetPolicyKl: 0 };
		const { loop } = await startTestLoop('ppo', config);
		await runPpo({ ...given, reward: worldReward, config }, loop);
	} else if (method === 'RLOO') {
		const config = { ...DEFAULT_RLOO, ...shape, lr: 0.1 };
		const { loop } = await startTestLoop('rloo', config);
		await runRloo({ ...given, reward: worldReward, config }, loop);
	} else {
		const pairs = softLabelTable();
		const steps = { epochs: 1500, batchRows: pairs.length, heldOut: 0, measureSamples: 0 };
		const config = { ...DEFAULT_DPO, ...steps, beta, lr: 0.05, clipNorm: 10 };
		const { loop } = await startTestLoop('dpo', config);
		await runPreference({ method: 'dpo', config }, { ...given, config }, pairs, loop);
	}
	return policy;
}

export async function measureClosedForm(say: (line: string) => void): Promise<Measurements> {
	const measured: Measurements = {};
	say('\n| closed form | beta | E[r] | optimum | KL, nats | optimum |');
	say('|---|---|---|---|---|---|');
	for (const beta of BETAS) {
		for (const method of METHODS) {
			const s = standing(await train(method, beta), beta);
			const cells = [s.expectedReward, s.bestReward, s.kl, s.bestKl].map((x) => x.toFixed(4));
			say(`| ${method} | ${beta} | ${cells.join(' | ')} |`);
			measured[nameOf(method, beta, 'E[r]')] = Math.abs(s.expectedReward - s.bestReward);
			measured[nameOf(method, beta, 'KL')] = {
				value: Math.abs(s.kl - s.bestKl),
				target: { is: '<=', value: Math.max(LIMIT, 0.02 * s.bestKl) }
			};
		}
	}
	return measured;
}
