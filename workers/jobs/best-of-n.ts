/**
 * Best of n (Gao et al. 2023; Coste et al. 2024): many completions of each prompt by one model, scored by the reward model and by a
 * judge, and from them what the best of 1, 2, 4, … would be worth. Nothing is trained. Formulas: `core/methods/best-of-n.ts`.
 */
import type { BestOfNConfig } from '../../src/core/config';
import { bestOfNCurve } from '../../src/core/methods/best-of-n';
import { mean } from '../../src/core/methods/math';
import { deriveSeed } from '../../src/core/random';
import type { BestOfNRecord } from '../../src/core/records';
import { StudioError } from '../../src/protocol/errors';
import type { LanguageModel } from '../engine/language-model';
import type { RunLoop } from '../run-loop';
import { scoreRows, type RewardFunction } from './reward-function';
import { cutRollout, promptsAt, type TextRules } from './rollout';

export interface BestOfNJob {
	writer: LanguageModel;
	reward: RewardFunction;
	gold?: RewardFunction;
	prompts: readonly Int32Array[];
	text: TextRules;
	config: BestOfNConfig;
	seed: number;
	resumeFrom?: BestOfNState;
}

/** Scores of all completions so far, prompt by prompt. */
export interface BestOfNState {
	proxy: number[][];
	/** Empty without a judge. */
	gold: number[][];
}

export const bestOfNSteps = ({ prompts, batchPrompts }: BestOfNConfig): number =>
	Math.ceil(prompts / batchPrompts);

/** 1, 2, 4, … up to `most`, and `most` itself. */
export function counts(most: number): number[] {
	const powers = Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, k) => 2 ** k);
	return powers.at(-1) === most ? powers : [...powers, most];
}

export function curveOf({ proxy, gold }: BestOfNState, most: number): BestOfNRecord['points'] {
	const hasGold = gold.length > 0;
	const prompts = proxy.map((scores, i) => ({ proxy: scores, gold: gold[i] ?? scores }));
	return bestOfNCurve(prompts, counts(most)).map((point) => ({
		...point,
		gold: hasGold ? point.gold : null,
		goldError: hasGold && Number.isFinite(point.goldError) ? point.goldError : null
	}));
}

export async function runBestOfN(job: BestOfNJob, loop: RunLoop): Promise<BestOfNState> {
	const { config, seed } = job;
	if (job.prompts.length === 0) {
		throw new StudioError('not-enough-data', 'There is no prompt to write from.', {
			detail: { prompts: 0, needed: 1 }
		});
	}
	let state: BestOfNState = job.resumeFrom ?? { proxy: [], gold: [] };
	const total = bestOfNSteps(config);
	while (state.proxy.length < config.prompts) {
		const first = state.proxy.length;
		const count = Math.min(config.batchPrompts, config.prompts - first);
		const asked = Array.from({ length: count }, (_, i) =>
			promptsAt(job.prompts, seed, first + i, 1)
		);
		await loop.phase('sample');
		const sampled = await job.writer.sample(
			asked.flatMap(([prompt]) =>
				Array.from({ length: config.samples }, () => prompt ?? new Int32Array())
			),
			{
				temperature: config.temperature,
				microTokens: config.microTokens,
				maxNew: config.maxNew,
				stop: job.text.stop,
				seed: deriveSeed(seed, 'best of n'),
				first: first * config.samples,
				signal: loop.signal
			}
		);
		const batch = cutRollout(sampled, job.text);
		await loop.phase('score');
		const { scores } = await scoreRows(job.reward, batch, loop.signal);
		const judged = job.gold ? (await scoreRows(job.gold, batch, loop.signal)).scores : null;
		const byPrompt = (values: Float64Array) =>
			asked.map((_, i) => Array.from(values.slice(i * config.samples, (i + 1) * config.samples)));
		state = {
			proxy: [...state.proxy, ...byPrompt(scores)],
			gold: judged ? [...state.gold, ...byPrompt(judged)] : []
		};
		const best = curveOf(state, config.samples).at(-1);
		loop.finishStep(Math.min(total, Math.ceil(state.proxy.length / config.batchPrompts)), {
			values: {
				'objective/scores': mean(scores),
				...(judged && { 'objective/gold': mean(judged) }),
				...(best && { 'best_of_n/proxy': best.proxy }),
				...(best && best.gold !== null && { 'best_of_n/gold': best.gold })
			}
		});
		await loop.phase('save');
		await loop.commit({ state, weights: new ArrayBuffer(0) });
	}
	return state;
}
