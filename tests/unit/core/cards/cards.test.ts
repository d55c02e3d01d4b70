import { describe, expect, test } from 'vitest';
import { DEFAULT_PPO, DEFAULT_REWARD } from '../../../../src/core/config';
import type {
	CardEvaluation,
	ModelCardFacts,
	RewardCardFacts
} from '../../../../src/core/cards/facts';
import { modelCard } from '../../../../src/core/cards/model-card';
import { rewardCard } from '../../../../src/core/cards/reward-card';
import { makeVersion } from '../../../../src/core/feedback/dataset-version';
import { winRate } from '../../../../src/core/evaluation/intervals';
import { makePolicy, makeRewardModel, makeRun } from '../../../support/records';

const dataset = makeVersion(
	Array.from({ length: 10 }, (_, i) => ({
		...{ id: `r${i}`, prompt: `p${i}`, promptIds: [i], aText: 'good', bText: 'bad' },
		outcome: i === 9 ? ('tie' as const) : ('a' as const),
		source: i < 4 ? ('simulated' as const) : ('human' as const),
		annotatorId: i < 4 ? 'robot' : 'me'
	})),
	{
		name: 'Training',
		transform: {
			...{ ties: 'half', includeSimulated: true, dropDuplicates: false },
			...{ heldOut: 0.2, splitSeed: 1 }
		},
		parent: null
	}
);

const rewardRun = makeRun('s', {
	...{ kind: 'reward', status: 'done', seed: 41, step: 5, totalSteps: 5, elapsedMs: 61_400 },
	config: { ...DEFAULT_REWARD, lr: 5e-5 },
	parents: { datasetVersionId: dataset.id }
});
const rewardFacts = (fields: Partial<RewardCardFacts> = {}): RewardCardFacts => ({
	record: makeRewardModel(rewardRun, { name: 'Happy' }),
	...{ run: rewardRun, dataset, drift: null, note: '' },
	...fields
});

const run = makeRun('s', { config: { ...DEFAULT_PPO, klCoef: 0.2 }, step: 40, status: 'done' });
const modelFacts = (fields: Partial<ModelCardFacts> = {}): ModelCardFacts => ({
	record: makePolicy(run, 'r', { name: 'Tuned 1', step: 40, kl: 3.14159 }),
	...{ run, dataset: null, reward: rewardFacts(), evaluations: [], metrics: {} },
	...{ drift: null, note: '' },
	...fields
});

const blind = (wins: number, ties: number, losses: number, simulated = 0): CardEvaluation => ({
	...winRate(wins, ties, losses),
	...{ name: 'Blind test 1', wins, ties, losses, simulated },
	answered: wins + ties + losses,
	planned: 20
});

/** The front matter, line by line. */
const yaml = (card: string) => card.split('---\n')[1]?.split('\n') ?? [];

describe('reward card', () => {
	test('counts, share of simulated answers, split, settings and seed are those of the records', () => {
		const card = rewardCard(rewardFacts());
		expect(yaml(card)).toContain('pipeline_tag: "text-classification"');
		expect(card).toContain(`content hash \`${dataset.id}\``);
		expect(card).toContain(
			'10 comparisons of two completions each, of 10 prompts: a 9, b 0, tie 1.'
		);
		expect(card).toContain('6 answers are of people, 4 of simulated annotators (40.0 % simulated)');
		expect(card).toContain('8 for training, 2 held out');
		expect(card).toContain('- Seed 41; 5 of 5 steps; status: done.');
		expect(card).toContain('- Time: 61 s');
		expect(card).toContain('| `lr` | 0.00005 | 0.00002 |');
		expect(card.match(/^\| `/gm)).toHaveLength(1);
	});

	test('without the number of decided pairs there is no interval, and without a report nothing is claimed', () => {
		const card = rewardCard(rewardFacts());
		expect(card).toContain('70.0 % (no interval: the number of decided pairs was not recorded)');
		expect(card).toContain('Slices, calibration and the pull of length were not measured.');
		const none = makeRewardModel(rewardRun, { heldOutAccuracy: null, heldOutPairs: 0 });
		expect(rewardCard(rewardFacts({ record: none }))).toContain('Nothing was held out');
	});

	test('with a report the interval is Wilson’s over the decided pairs', () => {
		const missing = { value: null, reason: 'nothing-counted' as const };
		const record = makeRewardModel(rewardRun, {
			report: {
				on: 'held-out',
				slices: [],
				length: {
					pearson: { value: null, reason: 'constant' },
					spearman: { value: null, reason: 'constant' },
					...{ prefersLonger: missing, answersPreferLonger: missing }
				},
				calibration: {
					nll: 0.5,
					brier: 0.2,
					accuracy: 0.7,
					ece: 0.1,
					bins: [],
					n: 12,
					decided: 10
				},
				temperature: { value: null, reason: 'no-signal' }
			}
		});
		// Wilson for 7 of 10: (0.7 + 1.92073 / 10 -+ 1.95996 sqrt(0.021 + 0.0096036)) / 1.384146 = 0.3968, 0.8922.
		expect(rewardCard(rewardFacts({ record }))).toContain('70.0 % [39.7 %, 89.2 %], n = 10');
	});

	test('what became of the answers is told', () => {
		const card = rewardCard(rewardFacts({ drift: { removed: 2, changed: 1, added: 5 } }));
		expect(card).toContain(
			'**Stale**: of the answers it rests on, 2 were taken back and 1 were changed'
		);
		const behind = rewardCard(rewardFacts({ drift: { removed: 0, changed: 0, added: 5 } }));
		expect(behind).not.toContain('Stale');
		expect(behind).toContain('5 newer answers were not learned from.');
	});

	test('records that are gone are said to be gone', () => {
		const card = rewardCard(rewardFacts({ run: null, dataset: null }));
		expect(card).toContain('The run is no longer stored');
		expect(card).toContain('the content hash `hash`');
	});
});

describe('model card', () => {
	test('without a blind test nothing is said of its quality, and the hub is told no result', () => {
		const card = modelCard(modelFacts());
		expect(card).toContain('No blind test of this model was made');
		expect(card).not.toContain('model-index');
		expect(card).toContain('Drift from the reference at that step: 3.14 nats');
		expect(card).toContain('| `klCoef` | 0.2 | 0.05 |');
		expect(yaml(card)).toContain('- "ppo"');
	});

	test('a win rate comes with its interval, and no winner where that holds one half', () => {
		const open = modelCard(modelFacts({ evaluations: [blind(11, 2, 7)] }));
		expect(open).toContain('60.0 % [38.7 %, 78.1 %], n = 20 (11 won, 2 ties as half, 7 lost)');
		expect(open).toContain('neither is shown to be better');
		const won = modelCard(modelFacts({ evaluations: [blind(19, 0, 1)] }));
		expect(won).toContain('By its interval it is better than the base model.');
		expect(yaml(won)).toContain('      value: 95.0');
		expect(yaml(won)).toContain(`      revision: "${dataset.id}"`);
	});

	test('unfinished or simulated tests are told, and are no result for the hub', () => {
		const early = modelCard(modelFacts({ evaluations: [blind(3, 0, 0)] }));
		expect(early).toContain('Only 3 of 20 pairs were answered.');
		const robot = modelCard(modelFacts({ evaluations: [blind(20, 0, 0, 20)] }));
		expect(robot).toContain('20 of the answers are simulated.');
		expect([early, robot].join()).not.toContain('model-index');
		expect(modelCard(modelFacts({ evaluations: [blind(0, 0, 0)] }))).toContain('No blind test');
	});

	test('metrics are listed as they were measured; what is no number is left out', () => {
		const metrics = { 'objective/kl': 3.14159, 'objective/scores': NaN };
		const card = modelCard(modelFacts({ metrics }));
		expect(card).toContain(
			'| `objective/kl` | How far it has drifted from the base | 3.14 | nats |'
		);
		expect(card).not.toContain('`objective/scores`');
	});

	test('names and notes are text: no markup, no second YAML document', () => {
		const name = 'x"\n---\nlicense: mit\n# <b>_hi_</b>';
		const card = modelCard(
			modelFacts({
				record: makePolicy(run, 'r', { name }),
				evaluations: [{ ...blind(19, 0, 1), name }],
				note: '# Not a heading\n- [link](http://x)'
			})
		);
		expect(yaml(card)).toContain(`- name: ${JSON.stringify(name)}`);
		expect(card.split('\n').filter((line) => line === '---')).toHaveLength(2);
		expect(card).not.toMatch(/^license: mit$/m);
		expect(card.split('\n---\n')[1]).not.toContain('<b>');
		expect(card).toContain('> \\# Not a heading');
		expect(card).toContain('> \\- \\[link\\](http://x)');
	});
});
