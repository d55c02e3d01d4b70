/**
 * Makes public/runs/demo.json: one turn of the whole loop on the default model, recorded. Nothing in it is written by hand.
 * usage: npm run demo   (about ten minutes on two cores)
 */
import { writeFile } from 'node:fs/promises';
import { DEFAULT_PPO, DEFAULT_REWARD } from '../src/core/config';
import {
	RECORDED_RUN_FORMAT,
	RECORDED_RUN_VERSION,
	type RecordedMetrics,
	type RecordedRun
} from '../src/core/formats/recorded-run';
import { deriveSeed, Random } from '../src/core/random';
import type { Run } from '../src/core/records';
import { getRewardModel } from '../src/storage/models';
import { getRun, listMetrics, listSamples } from '../src/storage/runs';
import { startNodeTrainer } from '../tests/support/node-trainer';
import {
	collectPairs,
	measureGain,
	storyPrompts,
	toPreferencePairs,
	trainReward,
	tune,
	type AnsweredPair,
	type Loop
} from '../tests/support/whole-loop';

const MODEL = process.argv[2] ?? 'stories-2.6m';
const ANSWERS = 120;
const SHOWN_COMPARISONS = 8;
const SHOWN_COMPLETIONS = 6;
const SHOWN_SCORES = 12;
const SHOWN_TEXTS = 4;
const EVALUATED = 60;
/** Significant digits: enough to draw, few enough to ship. */
const DIGITS = 5;

const seed = 7;
const startedMs = Date.now();
const say = (text: string) =>
	process.stdout.write(`${((Date.now() - startedMs) / 1000).toFixed(0)} s  ${text}\n`);

const rounded = (value: number) => Number(value.toPrecision(DIGITS));

const trainer = await startNodeTrainer((event) => {
	if (event.type === 'metrics') {
		say(`step ${event.steps.at(-1)}`);
	}
});
const loaded = await trainer.call('load', { model: MODEL, backend: 'wasm' });
const prompts = storyPrompts();
const loop: Loop = {
	trainer,
	model: MODEL,
	seed,
	annotator: { rule: 'happier', lapse: 0.1, seed }
};

const pairs = await collectPairs(loop, prompts, ANSWERS, 'demo');
say(`${pairs.length} answers`);
const reward = await trainReward(loop, toPreferencePairs(pairs), prompts);
const tuned = await tune(loop, reward.resultId, prompts);
const gain = await measureGain(
	loop,
	tuned.resultId,
	reward.resultId,
	prompts.slice(0, EVALUATED),
	1
);
say(
	`gold ${gain.goldBefore.toFixed(2)} -> ${gain.goldAfter.toFixed(2)}, win rate ${gain.winRate.share.toFixed(2)}`
);

const rewardModel = await getRewardModel(trainer.db, reward.resultId);
const rewardRun = await getRun(trainer.db, reward.runId);
const tuneRun = await getRun(trainer.db, tuned.runId);
if (!rewardModel || !rewardRun || !tuneRun) {
	throw new Error('The run was not stored.');
}

const { golds, ties } = await evaluation();
const record: RecordedRun = {
	format: RECORDED_RUN_FORMAT,
	version: RECORDED_RUN_VERSION,
	study: 'Happier stories',
	model: MODEL,
	recordedAt: new Date(startedMs).toISOString(),
	annotator:
		'Prefers happier stories, counts each happy word once, dislikes repetition, and slips on one answer in ten.',
	answers: {
		a: pairs.filter((p) => p.outcome === 'a').length,
		b: pairs.filter((p) => p.outcome === 'b').length,
		tie: 0,
		skip: 0
	},
	completions: pairs.slice(0, SHOWN_COMPLETIONS).map((p) => ({ prompt: p.prompt, text: p.a.text })),
	comparisons: pairs.slice(0, SHOWN_COMPARISONS).map(comparison),
	reward: {
		...(await recorded(rewardRun)),
		config: DEFAULT_REWARD,
		trainPairs: rewardModel.trainPairs,
		heldOutPairs: rewardModel.heldOutPairs,
		trainAccuracy: rewardModel.trainAccuracy,
		heldOutAccuracy: rewardModel.heldOutAccuracy,
		simulatedShare: rewardModel.simulatedShare
	},
	scores: await scores(),
	tune: {
		...(await recorded(tuneRun)),
		config: DEFAULT_PPO,
		samples: (await listSamples(trainer.db, tuned.runId)).map(({ step, samples }) => ({
			step,
			samples: samples.map((s) => ({
				...s,
				score: s.score === null ? null : rounded(s.score),
				tokens: s.tokens.map((t) => ({
					text: t.text,
					logProb: rounded(t.logProb),
					refLogProb: rounded(t.refLogProb)
				}))
			}))
		})),
		invariants: tuneRun.invariants ?? []
	},
	evaluation: {
		wins: golds.wins,
		losses: golds.losses,
		ties,
		skips: 0,
		simulated: true,
		texts: gain.before.slice(0, SHOWN_TEXTS).map((before, i) => ({
			prompt: prompts[i] ?? '',
			base: before.text,
			tuned: gain.after[i]?.text ?? ''
		}))
	}
};
await writeFile(
	new URL('../public/runs/demo.json', import.meta.url),
	`${JSON.stringify(record)}\n`
);
say('written to public/runs/demo.json');

function comparison(p: AnsweredPair, i: number): RecordedRun['comparisons'][number] {
	const isLeft = new Random(deriveSeed(seed, `side ${i}`)).next() < 0.5;
	return {
		prompt: p.prompt,
		a: p.a.text,
		b: p.b.text,
		aSide: isLeft ? 'left' : 'right',
		outcome: p.outcome,
		simulated: true
	};
}

async function recorded(run: Run): Promise<RecordedMetrics> {
	const rows = await listMetrics(trainer.db, run.id);
	const keys = [...new Set(rows.flatMap((r) => Object.keys(r.values)))];
	const value = (x: number | undefined) =>
		x === undefined || !Number.isFinite(x) ? null : rounded(x);
	return {
		seed,
		backend: loaded.backend,
		elapsedMs: Math.round(run.elapsedMs),
		steps: rows.map((r) => r.step),
		metrics: Object.fromEntries(keys.map((key) => [key, rows.map((r) => value(r.values[key]))]))
	};
}

async function scores(): Promise<RecordedRun['scores']> {
	const shown = pairs.slice(-SHOWN_SCORES);
	const items = shown.map(({ a }) => ({ promptIds: a.promptIds, ids: a.ids }));
	const { scores: values } = await trainer.call('scoreCompletions', {
		rewardModelId: reward.resultId,
		items
	});
	return shown
		.map((p, i) => ({ prompt: p.prompt, text: p.a.text, score: rounded(values[i] ?? NaN) }))
		.sort((x, y) => y.score - x.score);
}

/** The annotator's true taste over the same prompts, seeds and rows. */
async function evaluation(): Promise<{ golds: { wins: number; losses: number }; ties: number }> {
	const { goldScore } = await import('../src/core/feedback/simulated-annotator');
	const leads = gain.after.map(
		(after, i) =>
			goldScore('happier', after.text) - goldScore('happier', gain.before[i]?.text ?? '')
	);
	return {
		golds: { wins: leads.filter((d) => d > 0).length, losses: leads.filter((d) => d < 0).length },
		ties: leads.filter((d) => d === 0).length
	};
}
