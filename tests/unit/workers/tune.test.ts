import { beforeAll, describe, expect, test } from 'vitest';
import {
	DEFAULT_BEST_OF_N,
	DEFAULT_DPO,
	DEFAULT_KTO,
	DEFAULT_PPO,
	DEFAULT_RLOO,
	DEFAULT_SFT,
	type TuneConfig,
	type TuneMethod
} from '../../../src/core/config';
import { datasetHash } from '../../../src/core/feedback/dataset-hash';
import { chosenTexts, labelledFromPairs } from '../../../src/core/feedback/labelled';
import type { PreferencePair } from '../../../src/core/feedback/comparison';
import type { TuneArgs } from '../../../src/protocol/trainer';
import {
	getPolicy,
	getRewardModel,
	listReports,
	readSnapshot,
	snapshotSteps
} from '../../../src/storage/checkpoints';
import { getRun, listMetrics, putRun } from '../../../src/storage/runs';
import { startNodeTrainer } from '../../support/node-trainer';
import { testRun } from '../../support/records-of-jobs';
import {
	collectPairs,
	storyPrompts,
	toPreferencePairs,
	trainReward,
	type Loop
} from '../../support/whole-loop';

const MODEL = 'stories-1m';
const prompts = storyPrompts().slice(0, 6);
let loop: Loop;
let pairs: PreferencePair[];
let rewardModelId: string;

beforeAll(async () => {
	const trainer = await startNodeTrainer();
	await trainer.call('load', { model: MODEL, backend: 'wasm' });
	const annotator = { rule: 'longer' as const, lapse: 0, seed: 1 };
	loop = { trainer, model: MODEL, seed: 1, annotator };
	pairs = toPreferencePairs(await collectPairs(loop, prompts, 8, 'pairs'));
	const reward = await trainReward(loop, pairs, prompts, { epochs: 1, normaliseSamples: 8 });
	rewardModelId = reward.resultId;
}, 60_000);

async function start(method: TuneMethod, config: TuneConfig) {
	const run = testRun(method, config, 1);
	await putRun(loop.trainer.db, run);
	return {
		runId: run.id,
		studyId: run.studyId,
		name: `With ${method}`,
		model: MODEL,
		prompts,
		fixedPrompts: prompts.slice(0, 1),
		seed: 1,
		resume: false,
		startPaused: false
	};
}
const tune = (args: TuneArgs, signal?: AbortSignal) => loop.trainer.call('tune', args, signal);

const online = { iterations: 2, batch: 4, maxNew: 8 };
const offline = { epochs: 2, batchRows: 4, measureSamples: 4, maxNew: 8 };
const hash = () => datasetHash(pairs);

describe('a reward model', () => {
	test('is stored with its second opinions and where it can be trusted', async () => {
		const record = await getRewardModel(loop.trainer.db, rewardModelId);
		expect(record?.ensemble?.members).toHaveLength(8);
		expect(record?.ensemble?.members.every(({ gain }) => gain > 0)).toBe(true);
		expect(record?.report?.slices.length).toBeGreaterThan(0);
		expect(record?.report?.calibration).toHaveProperty('nll');
	});

	test('scores alike with its ensemble and without one', { timeout: 60_000 }, async () => {
		const plain = await trainReward(loop, pairs, prompts, {
			epochs: 1,
			normaliseSamples: 8,
			ensemble: 0
		});
		const items = pairs.map(({ promptIds, aIds }) => ({ promptIds, ids: aIds }));
		const score = async (id: string) =>
			(await loop.trainer.call('scoreCompletions', { rewardModelId: id, items })).scores;
		expect(await score(plain.resultId)).toEqual(await score(rewardModelId));
	});
});

describe('the tune command', () => {
	test('RLOO by the worst of the ensemble, with a judge', { timeout: 60_000 }, async () => {
		const config = { ...DEFAULT_RLOO, ...online };
		const base = await start('rloo', config);
		const rewardRule = { rule: 'worst' as const, lambda: 0 };
		const gold = { kind: 'rule' as const, rule: 'longer' as const };
		const done = await tune({ ...base, method: 'rloo', config, rewardModelId, rewardRule, gold });
		const policy = await getPolicy(loop.trainer.db, done.resultId ?? '');
		expect(policy).toMatchObject({ method: 'rloo', config, rewardModelId, step: 2 });
		const run = await getRun(loop.trainer.db, base.runId);
		expect(run).toMatchObject({ status: 'done', kind: 'rloo', rewardRule, gold });
		const [first] = await listMetrics(loop.trainer.db, base.runId);
		expect(first?.values['objective/gold']).toBeGreaterThan(0);
		expect(first?.values['rm/uncertainty']).toBeGreaterThan(0);
	});

	test('a rule for an ensemble that was never fitted is refused', { timeout: 60_000 }, async () => {
		const plain = await trainReward(loop, pairs, prompts, {
			epochs: 1,
			normaliseSamples: 4,
			ensemble: 0
		});
		const config = { ...DEFAULT_RLOO, ...online };
		const args: TuneArgs = {
			...(await start('rloo', config)),
			method: 'rloo',
			config,
			rewardModelId: plain.resultId,
			rewardRule: { rule: 'mean-sd', lambda: 1 }
		};
		await expect(tune(args)).rejects.toMatchObject({ code: 'bad-settings' });
		expect((await getRun(loop.trainer.db, args.runId))?.status).toBe('failed');
	});

	test(
		'DPO, KTO and SFT from the same answers, without a reward model',
		{ timeout: 60_000 },
		async () => {
			const dpo = { ...DEFAULT_DPO, ...offline };
			const kto = { ...DEFAULT_KTO, ...offline };
			const sft = { ...DEFAULT_SFT, ...offline };
			const given = { datasetHash: hash() };
			const all: TuneArgs[] = [
				{ ...(await start('dpo', dpo)), ...given, method: 'dpo', config: dpo, pairs },
				{
					...(await start('kto', kto)),
					...given,
					method: 'kto',
					config: kto,
					rows: labelledFromPairs(pairs)
				},
				{
					...(await start('sft', sft)),
					...given,
					method: 'sft',
					config: sft,
					texts: chosenTexts(pairs)
				}
			];
			for (const args of all) {
				const done = await tune(args);
				const policy = await getPolicy(loop.trainer.db, done.resultId ?? '');
				expect(policy).toMatchObject({ method: args.method, datasetHash: hash() });
				expect(policy).not.toHaveProperty('rewardModelId');
				expect(Number.isFinite(policy?.kl)).toBe(true);
				const run = await getRun(loop.trainer.db, args.runId);
				expect(run?.step).toBe(run?.totalSteps);
				expect(run?.invariants?.filter((check) => !check.ok)).toEqual([]);
			}
		}
	);

	test('DPO measured by a reward model, stopped and resumed', { timeout: 60_000 }, async () => {
		const config = { ...DEFAULT_DPO, ...offline, epochs: 3 };
		const controller = new AbortController();
		const args: TuneArgs = {
			...(await start('dpo', config)),
			method: 'dpo',
			config,
			pairs,
			datasetHash: hash(),
			rewardModelId
		};
		const stopping = tune({ ...args, startPaused: true }, controller.signal);
		controller.abort();
		expect(await stopping).toMatchObject({ status: 'stopped', step: 0, resultId: null });
		const done = await tune({ ...args, resume: true });
		expect(done.status).toBe('done');
		const policy = await getPolicy(loop.trainer.db, done.resultId ?? '');
		expect(Number.isFinite(policy?.reward)).toBe(true);
	});

	test(
		'a fork starts from a kept state, held to it or to the base',
		{ timeout: 60_000 },
		async () => {
			const config = { ...DEFAULT_PPO, ...online, iterations: 3 };
			const first = await start('ppo', config);
			await tune({ ...first, method: 'ppo', config, rewardModelId });
			expect(await snapshotSteps(loop.trainer.db, first.runId)).toEqual([1, 2, 3]);
			expect(
				(await readSnapshot(loop.trainer.db, first.runId, 2))?.weights.byteLength
			).toBeLessThan(6e6);
			const from = { kind: 'snapshot' as const, runId: first.runId, step: 2 };
			const klOf = async (reference?: typeof from) => {
				const fork = await start('ppo', config);
				const changed = { ...config, iterations: 1, klCoef: 0.2 };
				const done = await tune({
					...fork,
					method: 'ppo',
					config: changed,
					rewardModelId,
					start: from,
					...(reference && { reference })
				});
				const run = await getRun(loop.trainer.db, fork.runId);
				expect(run).toMatchObject({ start: from, ...(reference && { reference }) });
				expect(await getPolicy(loop.trainer.db, done.resultId ?? '')).toMatchObject({
					start: from
				});
				expect(run?.invariants?.filter((check) => !check.ok)).toEqual([]);
				const [row] = await listMetrics(loop.trainer.db, fork.runId);
				return row?.values['objective/kl'] ?? NaN;
			};
			expect(await klOf(from)).toBe(0);
			expect(Math.abs(await klOf())).toBeGreaterThan(0);
		}
	);

	test('best of n is a report, stopped and resumed alike', { timeout: 60_000 }, async () => {
		const config = { ...DEFAULT_BEST_OF_N, samples: 6, prompts: 3, batchPrompts: 1, maxNew: 8 };
		const gold = { kind: 'rule' as const, rule: 'longer' as const };
		const whole = await start('best-of-n', config);
		const args = { method: 'best-of-n' as const, config, rewardModelId, gold };
		const done = await tune({ ...whole, ...args });
		const [report] = await listReports(loop.trainer.db, whole.studyId);
		expect(report?.id).toBe(done.resultId);
		expect(report?.points.map(({ n }) => n)).toEqual([1, 2, 4, 6]);
		expect(report?.points[0]?.kl).toBe(0);
		const proxies = report?.points.map(({ proxy }) => proxy) ?? [];
		expect(proxies).toEqual(proxies.toSorted((x, y) => x - y));
		expect(report?.points.every(({ gold: g }) => g !== null && g > 0)).toBe(true);

		const cut = await start('best-of-n', config);
		const controller = new AbortController();
		const begun = tune({ ...cut, ...args, startPaused: true }, controller.signal);
		for (const verb of ['step', 'step', 'step', 'step'] as const) {
			await new Promise((resolve) => setTimeout(resolve, 300));
			await loop.trainer.call('control', { runId: cut.runId, verb });
		}
		await new Promise((resolve) => setTimeout(resolve, 300));
		controller.abort();
		expect(await begun).toMatchObject({ status: 'stopped', step: 1 });
		await tune({ ...cut, ...args, resume: true });
		const [, again] = await listReports(loop.trainer.db, whole.studyId);
		expect(again?.points).toEqual(report?.points);
	});
});

test(
	'how long a run will take is measured for every kind of method',
	{ timeout: 60_000 },
	async () => {
		const common = { model: MODEL, prompts };
		const estimates = [
			await loop.trainer.call('estimateTune', {
				...common,
				method: 'rloo',
				config: { ...DEFAULT_RLOO, ...online }
			}),
			await loop.trainer.call('estimateTune', {
				...common,
				method: 'dpo',
				config: { ...DEFAULT_DPO, ...offline },
				rows: 20
			}),
			await loop.trainer.call('estimateTune', {
				...common,
				method: 'best-of-n',
				config: { ...DEFAULT_BEST_OF_N, samples: 4, prompts: 2, maxNew: 8 }
			})
		];
		for (const { totalMs, bytes } of estimates) {
			expect(totalMs).toBeGreaterThan(0);
			expect(bytes).toBeGreaterThan(1e6);
		}
	}
);
