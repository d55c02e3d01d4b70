/**
 * The whole loop on the small model with a simulated annotator who looks for happier stories and slips once in ten: what a reward
 * model learns from 200 answers, and what PPO, RLOO and DPO make of them, on prompts that none of them has seen.
 */
import {
	DEFAULT_DPO,
	DEFAULT_PPO,
	DEFAULT_RLOO,
	type RewardConfig
} from '../../../src/core/config';
import { t95 } from '../../../src/core/evaluation/student';
import { datasetHash } from '../../../src/core/feedback/dataset-hash';
import { getPolicy } from '../../../src/storage/checkpoints';
import { startNodeTrainer } from '../../../tests/support/node-trainer';
import { UNSEEN_PROMPTS } from '../../../tests/support/unseen-prompts';
import {
	collectPairs,
	measureGain,
	rewardAgreement,
	storyPrompts,
	toPreferencePairs,
	trainReward,
	tuneWith,
	type Loop,
	type Recipe,
	type Share
} from '../../../tests/support/whole-loop';
import type { Measurements, RowSpec } from '../rows';

const ANSWERS = 200;
const FRESH_PAIRS = 400;
const METHODS = ['PPO', 'RLOO', 'DPO'] as const;
type Method = (typeof METHODS)[number];
const FLOORS: Readonly<Record<Method, number>> = { PPO: 0.7, RLOO: 0.7, DPO: 0.65 };
const MOST_KL = 12;

const ACCURACY = 'reward-model gold accuracy, lower 95 % bound';
const winName = (method: Method) => `${method} win rate over base, lower 95 % bound`;
const klName = (method: Method) => `${method} KL, largest over seeds`;

export const storyRows = (model: string): RowSpec[] => [
	{ name: `${model}: ${ACCURACY}`, unit: 'share', target: { is: '>=', value: 0.7 } },
	...METHODS.flatMap((method): RowSpec[] => [
		{
			name: `${model}: ${winName(method)}`,
			unit: 'share',
			target: { is: '>=', value: FLOORS[method] }
		},
		{
			name: `${model}: ${klName(method)}`,
			unit: 'nats',
			target: method === 'DPO' ? null : { is: '<=', value: MOST_KL }
		}
	])
];

/** Over seeds by Student's t; of one seed, Wilson's. */
function lowerBound(shares: readonly Share[]): number {
	const n = shares.length;
	const mean = shares.reduce((sum, { share }) => sum + share, 0) / n;
	if (n < 2) {
		return shares[0]?.low ?? NaN;
	}
	const variance = shares.reduce((sum, { share }) => sum + (share - mean) ** 2, 0) / (n - 1);
	return mean - t95(n - 1) * Math.sqrt(variance / n);
}

const percent = ({ share, low, high }: Share) =>
	`${(100 * share).toFixed(1)} [${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;

export interface StoryOptions {
	model: string;
	seeds: readonly number[];
	/** Shorter runs, to try the command out: their numbers are not the issue's. */
	isQuick: boolean;
	/** For trying settings. */
	reward?: Partial<RewardConfig>;
	methods?: readonly Method[];
}

export async function measureStories(
	{ model, seeds, isQuick, reward = {}, methods = METHODS }: StoryOptions,
	say: (line: string) => void
): Promise<Measurements> {
	say(`\n| ${model} seed | what | share, % | KL, nats | s |`);
	say('|---|---|---|---|---|');
	const accuracies: Share[] = [];
	const wins = new Map<Method, Share[]>();
	const kls = new Map<Method, number[]>();
	for (const seed of seeds) {
		let startedMs = performance.now();
		const tell = (what: string, share: Share, kl = '') => {
			const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
			say(`| ${seed} | ${what} | ${percent(share)} | ${kl} | ${seconds} |`);
			startedMs = performance.now();
		};
		const trainer = await startNodeTrainer();
		await trainer.call('load', { model, backend: 'wasm' });
		const loop: Loop = {
			trainer,
			model,
			seed,
			annotator: { rule: 'happier', lapse: 0.1, seed }
		};
		const prompts = storyPrompts();
		const pairs = toPreferencePairs(await collectPairs(loop, prompts, ANSWERS, 'answers'));
		const fitted = await trainReward(loop, pairs, prompts, reward);
		const fresh = await collectPairs(loop, UNSEEN_PROMPTS, FRESH_PAIRS, 'fresh');
		const accuracy = await rewardAgreement(loop, fitted.resultId, fresh);
		accuracies.push(accuracy);
		tell('reward model', accuracy);
		const recipes: Record<Method, Recipe> = {
			PPO: {
				method: 'ppo',
				config: { ...DEFAULT_PPO, ...(isQuick && { iterations: 6 }) },
				prompts,
				rewardModelId: fitted.resultId
			},
			RLOO: {
				method: 'rloo',
				config: { ...DEFAULT_RLOO, ...(isQuick && { iterations: 6 }) },
				prompts,
				rewardModelId: fitted.resultId
			},
			DPO: {
				method: 'dpo',
				config: { ...DEFAULT_DPO, ...(isQuick && { epochs: 1 }) },
				prompts,
				pairs,
				datasetHash: datasetHash(pairs)
			}
		};
		for (const method of methods) {
			const { resultId } = await tuneWith(loop, recipes[method]);
			const { winRate } = await measureGain(
				{ ...loop, seed: seed + 1000 },
				resultId,
				fitted.resultId,
				UNSEEN_PROMPTS,
				isQuick ? 2 : 4
			);
			const kl = (await getPolicy(trainer.db, resultId))?.kl ?? NaN;
			wins.set(method, [...(wins.get(method) ?? []), winRate]);
			kls.set(method, [...(kls.get(method) ?? []), kl]);
			tell(method, winRate, kl.toFixed(2));
		}
	}
	return {
		[`${model}: ${ACCURACY}`]: lowerBound(accuracies),
		...Object.fromEntries(
			methods.flatMap((method) => [
				[`${model}: ${winName(method)}`, lowerBound(wins.get(method) ?? [])],
				[`${model}: ${klName(method)}`, Math.max(...(kls.get(method) ?? []))]
			])
		)
	};
}
