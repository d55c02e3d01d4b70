/**
 * Where a policy stands that learns from texts written before: how far it has drifted from the reference, and what the judges
 * say of completions of its own. Prompts, seeds and rows are the same every time, so that two measurements differ by the policy
 * alone. These are the axes on which all methods are compared.
 */
import type { OfflineConfig } from '../../src/core/config';
import { assembleRewards } from '../../src/core/methods/reward-assembly';
import { deriveSeed } from '../../src/core/random';
import type { LanguageModel } from '../engine/language-model';
import { completionStatistics } from './on-policy';
import { judgeMetrics, scoreRows, type RewardFunction } from './reward-function';
import { cutRollout, promptsAt, type TextRules } from './rollout';

export interface Drift {
	policy: LanguageModel;
	reference: LanguageModel;
	reward?: RewardFunction;
	gold?: RewardFunction;
	prompts: readonly Int32Array[];
	text: TextRules;
	config: Pick<OfflineConfig, 'measureSamples' | 'maxNew' | 'temperature' | 'microTokens'>;
	seed: number;
}

/** Metrics by the catalogue's keys; none without prompts or samples. */
export async function measureDrift(o: Drift, signal: AbortSignal): Promise<Record<string, number>> {
	const { config, seed } = o;
	if (config.measureSamples === 0 || o.prompts.length === 0) {
		return {};
	}
	const pass = { temperature: config.temperature, microTokens: config.microTokens, signal };
	const sampled = await o.policy.sample(
		promptsAt(o.prompts, deriveSeed(seed, 'drift'), 0, config.measureSamples),
		{
			...pass,
			maxNew: config.maxNew,
			stop: o.text.stop,
			seed: deriveSeed(seed, 'drift samples'),
			first: 0
		}
	);
	const batch = cutRollout(sampled, o.text);
	const { logProb } = await o.policy.score(batch, { ...pass, want: ['logProb'] });
	const { logProb: refLogProb } = await o.reference.score(batch, { ...pass, want: ['logProb'] });
	const scored = o.reward ? await scoreRows(o.reward, batch, signal) : null;
	const { metrics } = assembleRewards({
		batch,
		scores: scored?.scores ?? new Float64Array(batch.B),
		logProb,
		refLogProb,
		beta: 0,
		stopped: sampled.stopped,
		missingEos: 'none',
		missingEosPenalty: 0,
		scoreClip: 0
	});
	const isKnown = (key: string) =>
		!['objective/kl_coef', 'objective/non_score_reward', 'objective/rlhf_reward'].includes(key) &&
		(scored !== null || key !== 'objective/scores');
	return {
		...Object.fromEntries(Object.entries(metrics).filter(([key]) => isKnown(key))),
		...(await judgeMetrics(scored ?? { scores: new Float64Array() }, o.gold, batch, signal)),
		...completionStatistics(batch)
	};
}
