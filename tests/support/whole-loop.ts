/**
 * The whole loop without a page: comparisons by a simulated annotator, reward model, PPO, and how far each is from the annotator's
 * true taste. Shared by the benchmark, the recorded demo run and the checks of the browser's results.
 */
import { readFileSync } from 'node:fs';
import {
	DEFAULT_PPO,
	DEFAULT_REWARD,
	DEFAULT_SAMPLING,
	type PpoConfig,
	type RewardConfig,
	type TuneConfig
} from '../../src/core/config';
import { wilson } from '../../src/core/evaluation/intervals';
import { datasetHash } from '../../src/core/feedback/dataset-hash';
import type { PreferencePair } from '../../src/core/feedback/comparison';
import { goldScore, simulatedAnswer } from '../../src/core/feedback/simulated-annotator';
import { deriveSeed } from '../../src/core/random';
import {
	RECORD_VERSION,
	type Completion,
	type JobKind,
	type Run,
	type SimulatedAnnotatorConfig
} from '../../src/core/records';
import { newId } from '../../src/storage/ids';
import { putRun } from '../../src/storage/runs';
import type { TuneArgs } from '../../src/protocol/trainer';
import type { NodeTrainer } from './node-trainer';

const promptFile = new URL('../../public/prompts/stories.jsonl', import.meta.url);

export function storyPrompts(): string[] {
	const lines = readFileSync(promptFile, 'utf8').trim().split('\n');
	return lines.map((line) => (JSON.parse(line) as { text: string }).text);
}

export interface AnsweredPair {
	id: string;
	prompt: string;
	a: Completion;
	b: Completion;
	outcome: 'a' | 'b';
	/** True preference: score of a less score of b. */
	lead: number;
}

export interface Loop {
	trainer: NodeTrainer;
	model: string;
	seed: number;
	annotator: SimulatedAnnotatorConfig;
}

/** n pairs over the prompts in turn; pairs that the annotator scores equal are redrawn. */
export async function collectPairs(
	loop: Loop,
	prompts: readonly string[],
	n: number,
	label: string,
	policyId: string | null = null
): Promise<AnsweredPair[]> {
	const pairs: AnsweredPair[] = [];
	for (let round = 0; pairs.length < n; round++) {
		const asked = Array.from(
			{ length: n - pairs.length },
			(_, i) => prompts[(pairs.length + i) % prompts.length] ?? ''
		);
		const completions = await loop.trainer.call('sample', {
			writer: { model: loop.model, policyId },
			prompts: asked,
			perPrompt: 2,
			sampling: DEFAULT_SAMPLING,
			seed: deriveSeed(loop.seed, `${label} ${round}`),
			first: 0
		});
		for (const [i, prompt] of asked.entries()) {
			const [a, b] = completions.slice(2 * i);
			const id = `${label} ${round} ${i}`;
			const answer = a && b && simulatedAnswer(loop.annotator, id, a.text, b.text);
			if (answer) {
				const { rule } = loop.annotator;
				pairs.push({
					id,
					prompt,
					a,
					b,
					outcome: answer.outcome,
					lead: goldScore(rule, a.text) - goldScore(rule, b.text)
				});
			}
		}
	}
	return pairs;
}

export function toPreferencePairs(pairs: readonly AnsweredPair[]): PreferencePair[] {
	return pairs.map((p) => ({
		presentationId: p.id,
		promptId: p.prompt,
		promptIds: p.a.promptIds,
		aIds: p.a.ids,
		bIds: p.b.ids,
		y: p.outcome === 'a' ? 1 : 0,
		simulated: true
	}));
}

async function newRun(loop: Loop, kind: JobKind, config: RewardConfig | TuneConfig): Promise<Run> {
	const run: Run = {
		id: newId(),
		studyId: 'study',
		version: RECORD_VERSION,
		createdAt: Date.now(),
		kind,
		name: kind,
		status: 'running',
		seed: loop.seed,
		config,
		model: loop.model,
		backend: 'wasm',
		backendReason: '',
		parents: {},
		step: 0,
		totalSteps: 1,
		updatedAt: Date.now(),
		elapsedMs: 0
	};
	await putRun(loop.trainer.db, run);
	return run;
}

export interface Trained {
	runId: string;
	resultId: string;
}

export async function trainReward(
	loop: Loop,
	pairs: readonly PreferencePair[],
	prompts: string[],
	changes: Partial<RewardConfig> = {}
): Promise<Trained> {
	const config = { ...DEFAULT_REWARD, ...changes };
	const run = await newRun(loop, 'reward', config);
	const { resultId } = await loop.trainer.call('trainReward', {
		runId: run.id,
		studyId: run.studyId,
		name: 'Reward model',
		model: loop.model,
		pairs: [...pairs],
		datasetHash: datasetHash(pairs),
		prompts,
		config,
		seed: loop.seed,
		resume: false,
		startPaused: false
	});
	return { runId: run.id, resultId: resultId ?? '' };
}

export async function tune(
	loop: Loop,
	rewardModelId: string,
	prompts: string[],
	changes: Partial<PpoConfig> = {}
): Promise<Trained> {
	const config = { ...DEFAULT_PPO, ...changes };
	const run = await newRun(loop, 'ppo', config);
	const { resultId } = await loop.trainer.call('tune', {
		method: 'ppo',
		runId: run.id,
		studyId: run.studyId,
		name: 'Tuned model',
		model: loop.model,
		rewardModelId,
		prompts,
		fixedPrompts: prompts.slice(0, 3),
		config,
		seed: loop.seed,
		resume: false,
		startPaused: false
	});
	return { runId: run.id, resultId: resultId ?? '' };
}

/** What `tuneWith` knows by itself. */
type Known =
	'runId' | 'studyId' | 'name' | 'model' | 'fixedPrompts' | 'seed' | 'resume' | 'startPaused';
type WithoutKnown<A> = A extends unknown ? Omit<A, Known> : never;

/** Any method: what differs from one to the next. */
export type Recipe = WithoutKnown<TuneArgs>;

export async function tuneWith(loop: Loop, recipe: Recipe): Promise<Trained> {
	const run = await newRun(loop, recipe.method, recipe.config);
	const { resultId } = await loop.trainer.call('tune', {
		...recipe,
		runId: run.id,
		studyId: run.studyId,
		name: recipe.method,
		model: loop.model,
		fixedPrompts: [],
		seed: loop.seed,
		resume: false,
		startPaused: false
	});
	return { runId: run.id, resultId: resultId ?? '' };
}

export interface Share {
	share: number;
	low: number;
	high: number;
	n: number;
}

function shareOf(wins: number, n: number): Share {
	const { low, high } = wilson(wins, n);
	return { share: wins / n, low, high, n };
}

const scoreOf = (loop: Loop, rewardModelId: string, completions: readonly Completion[]) =>
	loop.trainer
		.call('scoreCompletions', {
			rewardModelId,
			items: completions.map(({ promptIds, ids }) => ({ promptIds, ids }))
		})
		.then(({ scores }) => scores);

/** Agreement of a reward model with the annotator's true preference on fresh pairs. */
export async function rewardAgreement(
	loop: Loop,
	rewardModelId: string,
	pairs: readonly AnsweredPair[]
): Promise<Share> {
	const a = await scoreOf(
		loop,
		rewardModelId,
		pairs.map((p) => p.a)
	);
	const b = await scoreOf(
		loop,
		rewardModelId,
		pairs.map((p) => p.b)
	);
	const right = pairs.filter((p, i) => ((a[i] ?? 0) - (b[i] ?? 0)) * p.lead > 0).length;
	return shareOf(right, pairs.length);
}

export interface Gain {
	/** Means over prompts x samples, same seeds and rows for both. */
	rewardBefore: number;
	rewardAfter: number;
	goldBefore: number;
	goldAfter: number;
	/** By the true preference; ties are half a win. */
	winRate: Share;
	before: Completion[];
	after: Completion[];
}

/** The tuned policy against the base on the same prompts, seeds and rows. */
export async function measureGain(
	loop: Loop,
	policyId: string,
	rewardModelId: string,
	prompts: readonly string[],
	perPrompt: number
): Promise<Gain> {
	const write = (id: string | null) =>
		loop.trainer.call('sample', {
			writer: { model: loop.model, policyId: id },
			prompts: [...prompts],
			perPrompt,
			sampling: DEFAULT_SAMPLING,
			seed: deriveSeed(loop.seed, 'measure gain'),
			first: 0
		});
	const before = await write(null);
	const after = await write(policyId);
	const mean = (values: ArrayLike<number>) =>
		Array.from(values).reduce((x, y) => x + y, 0) / values.length;
	const gold = (completions: readonly Completion[]) =>
		completions.map((c) => goldScore(loop.annotator.rule, c.text));
	const [goldBefore, goldAfter] = [gold(before), gold(after)];
	const wins = goldAfter.reduce(
		(sum, g, i) => sum + (g > (goldBefore[i] ?? 0) ? 1 : g === goldBefore[i] ? 0.5 : 0),
		0
	);
	return {
		rewardBefore: mean(await scoreOf(loop, rewardModelId, before)),
		rewardAfter: mean(await scoreOf(loop, rewardModelId, after)),
		goldBefore: mean(goldBefore),
		goldAfter: mean(goldAfter),
		winRate: shareOf(wins, after.length),
		before,
		after
	};
}
