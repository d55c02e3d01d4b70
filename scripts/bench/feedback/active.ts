/** Answers needed to reach 80 % gold accuracy: active policies against random, paired by seed. */
import type { ActivePolicy } from '../../../src/core/feedback/acquisition';
import { deriveSeed, Random } from '../../../src/core/random';
import {
	answersToReach,
	learn,
	type LearnOptions,
	linearTask,
	neuralTask,
	type SimulatedTask
} from '../../../tests/unit/core/feedback/learning';
import type { Measurements, RowSpec } from '../rows';

type RewardKind = 'linear' | 'neural';

const LEVEL = 0.8;
/** Half a spread of noise and one answer in twenty at random: right about as often as people agree, in three of four. */
const NOISE = { temperature: 0.5, lapse: 0.05 };
const TASKS: Readonly<Record<RewardKind, (seed: number) => SimulatedTask>> = {
	linear: (seed) => linearTask(32, NOISE, seed),
	neural: (seed) => neuralTask(NOISE, seed)
};
const ACTIVE: readonly ActivePolicy[] = ['bald', 'd-optimal', 'disagreement'];
/** Share of new pairs that the studio draws at random by default: 0.3 / (1 - 0.1 repeats). */
const RANDOM_SHARE = 1 / 3;
/** A run that does not get there counts as this many answers. */
const HORIZON = 400;
/** A single session wobbles across the level; the mean of so many, with pairs and answers of their own, is read for a seed. */
const SESSIONS = 6;
/** Seeds on which the best active policy is chosen are not those on which it is measured. */
const FIRST_PILOT_SEED = 1000;

const OPTIONS = { answers: HORIZON, poolSize: 60, testPairs: 300 };

export const ACTIVE_ROWS: RowSpec[] = (['linear', 'neural'] as const).flatMap((kind) => {
	const isHeldTo = kind === 'linear';
	return [
		{
			name: `answers to 80 % gold accuracy, random, ${kind} reward`,
			unit: 'answers',
			target: null
		},
		{
			name: `answers to 80 % gold accuracy, best active policy, ${kind} reward`,
			unit: 'answers',
			target: null
		},
		{
			name: `ratio, best active policy to random, ${kind} reward`,
			unit: 'ratio',
			target: isHeldTo ? { is: '<=', value: 1 } : null
		},
		{
			name: `upper end of its 95 % interval, ${kind} reward`,
			unit: 'ratio',
			target: isHeldTo ? { is: '<=', value: 1 } : null
		}
	];
});

interface Policy {
	name: string;
	options: Pick<LearnOptions, 'policy' | 'randomShare'>;
}

const RANDOM: Policy = { name: 'random', options: { policy: 'random', randomShare: 1 } };
const MIXED: readonly Policy[] = ACTIVE.map((policy) => ({
	name: `${policy}, a third at random`,
	options: { policy, randomShare: RANDOM_SHARE }
}));
const PURE: readonly Policy[] = [
	{ name: 'bald alone', options: { policy: 'bald', randomShare: 0 } }
];

const sum = (values: readonly number[]): number => values.reduce((all, x) => all + x, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

/** Answers needed under each seed, at most the horizon. */
function needed(kind: RewardKind, { options }: Policy, seeds: readonly number[]): number[] {
	return seeds.map((seed) => {
		const task = TASKS[kind](seed);
		const curves = Array.from({ length: SESSIONS }, (_, session) =>
			learn(task, { ...OPTIONS, ...options, seed: SESSIONS * seed + session })
		);
		const average = Array.from({ length: HORIZON + 1 }, (_, n) =>
			mean(curves.map(({ goldAccuracy }) => goldAccuracy[n] ?? NaN))
		);
		return Math.min(HORIZON, answersToReach(average, LEVEL));
	});
}

/** Ratio of the sums with its 95 % percentile interval over resampled seeds. */
function ratioOf(active: readonly number[], random: readonly number[]) {
	const draws = new Random(deriveSeed(1, 'ratio bootstrap'));
	const ratios = Array.from({ length: 4000 }, () => {
		const seeds = random.map(() => draws.int(random.length));
		return sum(seeds.map((s) => active[s] ?? NaN)) / sum(seeds.map((s) => random[s] ?? NaN));
	}).sort((x, y) => x - y);
	const at = (share: number): number => ratios[Math.round(share * (ratios.length - 1))] ?? NaN;
	return { ratio: sum(active) / sum(random), low: at(0.025), high: at(0.975) };
}

const seedsFrom = (first: number, n: number): number[] =>
	Array.from({ length: n }, (_, i) => first + i);

export function measureActive(seedCount: number, say: (line: string) => void): Measurements {
	const measured: Measurements = {};
	for (const kind of ['linear', 'neural'] as const) {
		const pilot = seedsFrom(FIRST_PILOT_SEED, Math.ceil(seedCount / 4));
		const [best = PURE[0], ...others] = [...MIXED, ...PURE]
			.map((policy) => ({ policy, answers: mean(needed(kind, policy, pilot)) }))
			.toSorted((x, y) => x.answers - y.answers)
			.map(({ policy }) => policy);
		if (!best) {
			throw new Error('no active policy');
		}
		const seeds = seedsFrom(1, seedCount);
		const random = needed(kind, RANDOM, seeds);
		say(`\n${kind} reward, ${seedCount} seeds; best of ${pilot.length} other seeds: ${best.name}`);
		say('| policy | mean answers | ratio to random | 95 % interval | seeds not there by 400 |');
		say('|---|---|---|---|---|');
		const missed = (answers: readonly number[]) => answers.filter((n) => n >= HORIZON).length;
		say(`| random | ${mean(random).toFixed(1)} | 1 | | ${missed(random)} |`);
		for (const policy of [best, ...others]) {
			const answers = needed(kind, policy, seeds);
			const { ratio, low, high } = ratioOf(answers, random);
			say(
				`| ${policy.name} | ${mean(answers).toFixed(1)} | ${ratio.toFixed(3)} | ` +
					`${low.toFixed(3)} to ${high.toFixed(3)} | ${missed(answers)} |`
			);
			if (policy === best) {
				measured[`answers to 80 % gold accuracy, random, ${kind} reward`] = mean(random);
				measured[`answers to 80 % gold accuracy, best active policy, ${kind} reward`] =
					mean(answers);
				measured[`ratio, best active policy to random, ${kind} reward`] = ratio;
				measured[`upper end of its 95 % interval, ${kind} reward`] = high;
			}
		}
	}
	return measured;
}
