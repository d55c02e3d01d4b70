/**
 * The whole loop on three seeds: what a hundred simulated answers teach a reward model, and what PPO makes of it.
 * usage: npm run bench:loop [-- MODEL]   (about five minutes a seed on two cores with stories-1m)
 */
import { DEFAULT_PPO } from '../src/core/config';
import { listMetrics } from '../src/storage/runs';
import { startNodeTrainer } from '../tests/support/node-trainer';
import { UNSEEN_PROMPTS } from '../tests/support/unseen-prompts';
import {
	collectPairs,
	measureGain,
	rewardAgreement,
	storyPrompts,
	toPreferencePairs,
	trainReward,
	tune,
	type Loop,
	type Share
} from '../tests/support/whole-loop';

const MODEL = process.argv[2] ?? 'stories-1m';
const SEEDS = [1, 2, 3];
const ANSWERS = 100;

const percent = (x: number) => `${(100 * x).toFixed(1)}`;
const interval = ({ share, low, high }: Share) =>
	`${percent(share)} [${percent(low)}, ${percent(high)}]`;
const say = (text: string) => process.stdout.write(`${text}\n`);

say(
	`${MODEL} on wasm, ${ANSWERS} answers (happier, 10 % lapse), ${DEFAULT_PPO.iterations} iterations of ${DEFAULT_PPO.batch}`
);
say(
	'| seed | agreement, % of 200 | reading the last token only | reward, reference sd | KL, nats | gold | win rate, % of 200 | s |'
);
say('|---|---|---|---|---|---|---|---|');
for (const seed of SEEDS) {
	const startedMs = performance.now();
	const trainer = await startNodeTrainer();
	await trainer.call('load', { model: MODEL, backend: 'wasm' });
	const prompts = storyPrompts();
	const loop: Loop = {
		trainer,
		model: MODEL,
		seed,
		annotator: { rule: 'happier', lapse: 0.1, seed }
	};
	const pairs = await collectPairs(loop, prompts, ANSWERS, 'answers');
	const reward = await trainReward(loop, toPreferencePairs(pairs), prompts);
	const fresh = await collectPairs(loop, UNSEEN_PROMPTS, 200, 'fresh');
	const agreement = await rewardAgreement(loop, reward.resultId, fresh);
	const last = await trainReward(loop, toPreferencePairs(pairs), prompts, { pooling: 'last' });
	const lastAgreement = await rewardAgreement(loop, last.resultId, fresh);
	const tuned = await tune(loop, reward.resultId, prompts);
	const gain = await measureGain(loop, tuned.resultId, reward.resultId, UNSEEN_PROMPTS, 4);
	const test = await measureGain(
		{ ...loop, seed: seed + 1000 },
		tuned.resultId,
		reward.resultId,
		UNSEEN_PROMPTS.slice(0, 25),
		8
	);
	const kl = (await listMetrics(trainer.db, tuned.runId)).at(-1)?.values['objective/kl'] ?? NaN;
	say(
		`| ${seed} | ${interval(agreement)} | ${interval(lastAgreement)} | ${gain.rewardBefore.toFixed(2)} -> ${gain.rewardAfter.toFixed(2)} | ${kl.toFixed(1)} | ` +
			`${gain.goldBefore.toFixed(2)} -> ${gain.goldAfter.toFixed(2)} | ${interval(test.winRate)} | ${((performance.now() - startedMs) / 1000).toFixed(0)} |`
	);
}
