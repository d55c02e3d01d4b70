/**
 * The same answers through every method, in one go: what the comparison page does, by the worker's own commands. All are measured
 * on the same unseen prompts with the same seed, against the base model, by the rule that the annotator follows.
 */
import { DEFAULT_SAMPLING, DEFAULT_TUNE, type TuneConfigs } from '../../../src/core/config';
import type { Interval } from '../../../src/core/evaluation/intervals';
import {
	bestOfNStanding,
	frontierOf,
	standingOf,
	type Measured,
	type Standing
} from '../../../src/core/evaluation/measured';
import { datasetHash } from '../../../src/core/feedback/dataset-hash';
import { labelledFromPairs } from '../../../src/core/feedback/labelled';
import { applyTunePreset, TUNE_PRESETS, type Preset } from '../../../src/core/presets';
import { deriveSeed } from '../../../src/core/random';
import type { WeightsRef } from '../../../src/core/records';
import { startNodeTrainer } from '../../../tests/support/node-trainer';
import { UNSEEN_PROMPTS } from '../../../tests/support/unseen-prompts';
import {
	collectPairs,
	storyPrompts,
	toPreferencePairs,
	trainReward,
	tuneWith,
	type Loop,
	type Recipe
} from '../../../tests/support/whole-loop';
import type { Measurements, RowSpec } from '../rows';

const METHODS = ['best-of-n', 'ppo', 'rloo', 'dpo', 'ipo', 'kto'] as const;
type Method = (typeof METHODS)[number];
type TrainedMethod = Exclude<Method, 'best-of-n'>;

const MODEL = 'stories-1m';
const RULE = 'happier';
const SEED = 1;
const ANSWERS = 200;
const MEASURED = 'same labels, every method: methods with a win rate and a KL, in one run';

export const FRONTIER_ROWS: RowSpec[] = [
	{ name: MEASURED, unit: 'methods', target: { is: '=', value: METHODS.length } }
];

interface Sizes {
	completions: number;
	bestOf: number;
}

function configOf<M extends TrainedMethod>(method: M, isQuick: boolean): TuneConfigs[M] {
	const presets: readonly Preset<TuneConfigs[M]>[] = TUNE_PRESETS[method];
	const quick = isQuick ? presets.find(({ id }) => id === 'quick') : undefined;
	return quick ? applyTunePreset(method, quick) : DEFAULT_TUNE[method];
}

function range({ estimate, low, high }: Interval, digits: number, scale = 1): string {
	const text = (x: number) => (scale * x).toFixed(digits);
	return `${text(estimate)} [${text(low)}, ${text(high)}]`;
}

export async function measureFrontier(
	isQuick: boolean,
	say: (line: string) => void
): Promise<Measurements> {
	const { completions, bestOf }: Sizes = isQuick
		? { completions: 64, bestOf: 8 }
		: { completions: 192, bestOf: 16 };
	const trainer = await startNodeTrainer();
	await trainer.call('load', { model: MODEL, backend: 'wasm' });
	const loop: Loop = {
		trainer,
		model: MODEL,
		seed: SEED,
		annotator: { rule: RULE, lapse: 0.1, seed: SEED }
	};
	const prompts = storyPrompts();
	const pairs = toPreferencePairs(await collectPairs(loop, prompts, ANSWERS, 'answers'));
	const { resultId: rewardModelId } = await trainReward(loop, pairs, prompts);
	const asked = Array.from(
		{ length: completions },
		(_, i) => UNSEEN_PROMPTS[i % UNSEEN_PROMPTS.length] ?? ''
	);
	const measure = (writer: WeightsRef, draw: 'single' | 'pool', perPrompt: number) =>
		trainer.call('measure', {
			model: MODEL,
			writer,
			prompts: asked,
			perPrompt,
			rewardModelId,
			gold: { kind: 'rule', rule: RULE },
			sampling: DEFAULT_SAMPLING,
			seed: deriveSeed(SEED, `frontier ${draw}`)
		});
	const compared = { prompts, pairs, datasetHash: datasetHash(pairs) };
	const recipes: Record<TrainedMethod, () => Recipe> = {
		ppo: () => ({ method: 'ppo', config: configOf('ppo', isQuick), prompts, rewardModelId }),
		rloo: () => ({ method: 'rloo', config: configOf('rloo', isQuick), prompts, rewardModelId }),
		dpo: () => ({ method: 'dpo', config: configOf('dpo', isQuick), ...compared }),
		ipo: () => ({ method: 'ipo', config: configOf('ipo', isQuick), ...compared }),
		kto: () => ({
			method: 'kto',
			config: configOf('kto', isQuick),
			prompts,
			rows: labelledFromPairs(pairs),
			datasetHash: compared.datasetHash
		})
	};
	const base: Measured = await measure({ kind: 'base' }, 'single', 1);
	say('\n| same labels | win rate, % | KL, nats | judge | s |');
	say('|---|---|---|---|---|');
	const standings: Standing[] = [];
	for (const method of METHODS) {
		const startedMs = performance.now();
		const standing =
			method === 'best-of-n'
				? bestOfNStanding(await measure({ kind: 'base' }, 'pool', bestOf), bestOf, base)
				: standingOf(
						await measure(
							{ kind: 'policy', policyId: (await tuneWith(loop, recipes[method]())).resultId },
							'single',
							1
						),
						base
					);
		standings.push(standing);
		say(
			`| ${method} | ${range(standing.winRate, 1, 100)} | ${range(standing.kl, 2)} | ` +
				`${standing.gold.toFixed(2)} | ${((performance.now() - startedMs) / 1000).toFixed(0)} |`
		);
	}
	const best = frontierOf(standings).map((i) => METHODS[i] ?? '');
	say(`On the frontier, by drift: ${best.join(', ')}`);
	const isMeasured = ({ winRate, kl }: Standing) =>
		[winRate, kl].every(({ estimate, low, high }) => Number.isFinite(estimate + low + high));
	return { [MEASURED]: standings.filter(isMeasured).length };
}
