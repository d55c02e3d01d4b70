import { beforeAll, describe, expect, test } from 'vitest';
import {
	DEFAULT_DPO,
	DEFAULT_GRPO,
	DEFAULT_IPO,
	DEFAULT_KTO,
	DEFAULT_ONLINE_DPO,
	DEFAULT_ORPO,
	DEFAULT_PPO,
	DEFAULT_REINFORCE,
	DEFAULT_RLOO,
	DEFAULT_SFT,
	DEFAULT_SIMPO,
	type TuneConfig,
	type TuneMethod
} from '../../../src/core/config';
import type { PreferencePair } from '../../../src/core/feedback/comparison';
import { chosenTexts, labelledFromPairs } from '../../../src/core/feedback/labelled';
import { metricOf } from '../../../src/core/metrics';
import { Random } from '../../../src/core/random';
import { readCheckpoint, snapshotSteps } from '../../../src/storage/checkpoints';
import { getRun, listMetrics } from '../../../src/storage/runs';
import type { ComputeDevice } from '../../../workers/engine/device';
import type { Batch, F, LanguageModel } from '../../../workers/engine/language-model';
import { runGrpo } from '../../../workers/jobs/grpo';
import { runKto } from '../../../workers/jobs/kto';
import type { OfflineState } from '../../../workers/jobs/offline';
import { runOnlineDpo } from '../../../workers/jobs/online-dpo';
import type { OnPolicyState } from '../../../workers/jobs/on-policy';
import { runPpo } from '../../../workers/jobs/ppo';
import { runPreference, type PairMethod } from '../../../workers/jobs/preference';
import { runReinforce } from '../../../workers/jobs/reinforce';
import { completionIds } from '../../../workers/jobs/rollout';
import { runRloo } from '../../../workers/jobs/rloo';
import { runSft } from '../../../workers/jobs/sft';
import { openWeights, unpack, weightsHash } from '../../../workers/jobs/weights-io';
import type { RunLoop } from '../../../workers/run-loop';
import { loadTestModel, startTestDevice } from '../../support/engine';
import { startTestLoop, type TestLoop } from '../../support/run-loop';

const text = { stop: [], cut: null };
const prompts = [
	Int32Array.of(3, 17),
	Int32Array.of(9),
	Int32Array.of(64, 1),
	Int32Array.of(8, 30)
];

let device: ComputeDevice;
beforeAll(async () => {
	device = await startTestDevice('wasm');
});
const tiny = async (valueHeads: number): Promise<LanguageModel> =>
	(await loadTestModel('tests/golden/hf-llama-tiny', device, { valueHeads })).model;

/** The share of even ids among the completion's, times two, less one. */
const evenness = (batch: Batch): Promise<F> =>
	Promise.resolve(
		Float64Array.from({ length: batch.B }, (_, b) => {
			const ids = completionIds(batch, b);
			return (2 * ids.filter((id) => id % 2 === 0).length) / Math.max(1, ids.length) - 1;
		})
	);

/** Completions of random ids; the one of even ids is better. */
function somePairs(n: number): PreferencePair[] {
	const random = new Random(2);
	return Array.from({ length: n }, (_, i) => {
		const draw = (bit: number) => Array.from({ length: 4 }, () => 2 * random.int(60) + bit);
		const isA = random.next() < 0.5;
		return {
			presentationId: `pair ${i}`,
			promptId: `prompt ${i % 6}`,
			promptIds: [3, 17 + (i % 6)],
			aIds: draw(isA ? 0 : 1),
			bIds: draw(isA ? 1 : 0),
			y: i % 7 === 6 ? 0.5 : isA ? 1 : 0,
			simulated: true
		};
	});
}

interface Given {
	policy: LanguageModel;
	reference: LanguageModel;
	reward: (batch: Batch) => Promise<F>;
	seed: number;
	resumeFrom?: unknown;
	pairs: PreferencePair[];
}

interface Case {
	method: TuneMethod;
	config: TuneConfig;
	/** Name of the phase in which a run is stopped for the second time. */
	stopIn: string;
	run(given: Given, loop: RunLoop): Promise<unknown>;
}

const shortRun = { iterations: 4, batch: 8, maxNew: 6, lr: 1e-2, gold: undefined };
const { gold: _gold, ...onPolicy } = shortRun;
const offline = { epochs: 3, batchRows: 6, lr: 3e-3, heldOut: 0.2, measureSamples: 4, maxNew: 6 };
const base = ({ policy, reference, reward, seed }: Given) => ({
	policy,
	reference,
	reward,
	gold: reward,
	prompts,
	text,
	seed
});
const resumedOnline = ({ resumeFrom }: Given) =>
	resumeFrom === undefined ? {} : { resumeFrom: resumeFrom as OnPolicyState };
const resumedOffline = ({ resumeFrom }: Given) =>
	resumeFrom === undefined ? {} : { resumeFrom: resumeFrom as OfflineState };

const ppo = { ...DEFAULT_PPO, ...onPolicy, minibatches: 2 };
const rloo = { ...DEFAULT_RLOO, ...onPolicy, minibatches: 2 };
const grpo = { ...DEFAULT_GRPO, ...onPolicy, klLossCoef: 0.02 };
const drGrpo = { ...grpo, scaleBySpread: false, aggregation: 'constant' as const };
const reinforce = { ...DEFAULT_REINFORCE, ...onPolicy, baseline: 'running' as const };
const onlineDpo = { ...DEFAULT_ONLINE_DPO, ...onPolicy };
const kto = { ...DEFAULT_KTO, ...offline };
const sft = { ...DEFAULT_SFT, ...offline };

const pairCase = (m: PairMethod): Case => ({
	method: m.method,
	config: m.config,
	stopIn: 'train',
	run: (g, loop) =>
		runPreference(m, { ...base(g), ...resumedOffline(g), config: m.config }, g.pairs, loop)
});

const CASES: [string, Case][] = [
	[
		'PPO',
		{
			method: 'ppo',
			config: ppo,
			stopIn: 'update',
			run: (g, loop) => runPpo({ ...base(g), ...resumedOnline(g), config: ppo }, loop)
		}
	],
	[
		'RLOO',
		{
			method: 'rloo',
			config: rloo,
			stopIn: 'update',
			run: (g, loop) => runRloo({ ...base(g), ...resumedOnline(g), config: rloo }, loop)
		}
	],
	[
		'GRPO',
		{
			method: 'grpo',
			config: grpo,
			stopIn: 'update',
			run: (g, loop) => runGrpo({ ...base(g), ...resumedOnline(g), config: grpo }, loop)
		}
	],
	[
		'Dr. GRPO',
		{
			method: 'grpo',
			config: drGrpo,
			stopIn: 'score',
			run: (g, loop) => runGrpo({ ...base(g), ...resumedOnline(g), config: drGrpo }, loop)
		}
	],
	[
		'REINFORCE',
		{
			method: 'reinforce',
			config: reinforce,
			stopIn: 'update',
			run: (g, loop) => runReinforce({ ...base(g), ...resumedOnline(g), config: reinforce }, loop)
		}
	],
	[
		'online DPO',
		{
			method: 'online-dpo',
			config: onlineDpo,
			stopIn: 'score',
			run: (g, loop) => runOnlineDpo({ ...base(g), ...resumedOnline(g), config: onlineDpo }, loop)
		}
	],
	['DPO', pairCase({ method: 'dpo', config: { ...DEFAULT_DPO, ...offline } })],
	[
		'cDPO',
		pairCase({ method: 'dpo', config: { ...DEFAULT_DPO, ...offline, loss: 'conservative' } })
	],
	[
		'robust DPO',
		pairCase({ method: 'dpo', config: { ...DEFAULT_DPO, ...offline, loss: 'robust' } })
	],
	['hinge', pairCase({ method: 'dpo', config: { ...DEFAULT_DPO, ...offline, loss: 'hinge' } })],
	['IPO by token', pairCase({ method: 'ipo', config: { ...DEFAULT_IPO, ...offline } })],
	[
		'IPO by completion',
		pairCase({ method: 'ipo', config: { ...DEFAULT_IPO, ...offline, convention: 'sum' } })
	],
	['SimPO', pairCase({ method: 'simpo', config: { ...DEFAULT_SIMPO, ...offline } })],
	['ORPO', pairCase({ method: 'orpo', config: { ...DEFAULT_ORPO, ...offline } })],
	[
		'KTO',
		{
			method: 'kto',
			config: kto,
			stopIn: 'train',
			run: (g, loop) =>
				runKto({ ...base(g), ...resumedOffline(g), config: kto }, labelledFromPairs(g.pairs), loop)
		}
	],
	[
		'SFT',
		{
			method: 'sft',
			config: sft,
			stopIn: 'train',
			run: (g, loop) =>
				runSft({ ...base(g), ...resumedOffline(g), config: sft }, chosenTexts(g.pairs), loop)
		}
	]
];

const headsOf = (method: TuneMethod) => (method === 'ppo' ? 1 : 0);

async function given({ method }: Case, changes: Partial<Given> = {}): Promise<Given> {
	const policy = changes.policy ?? (await tiny(headsOf(method)));
	return {
		policy,
		reference: await tiny(0),
		reward: evenness,
		seed: 5,
		pairs: somePairs(28),
		...changes
	};
}

async function rowsOf(t: TestLoop) {
	const clocks = { 'perf/tokens_per_second': 0, 'perf/rows_per_second': 0 };
	const rows = await listMetrics(t.db, t.run.id);
	return rows.map(({ step, values }) => ({ step, values: { ...values, ...clocks } }));
}

/** Stops the run when a phase begins for the nth time. */
function stopIn(t: TestLoop, phase: string, nth: number): void {
	const begin = t.loop.phase.bind(t.loop);
	let count = 0;
	t.loop.phase = (next) => {
		if (next === phase && ++count === nth) {
			t.controller.abort();
		}
		return begin(next);
	};
}

describe.each(CASES)('%s', (_, one) => {
	test(
		'learns, reports keys of the catalogue and finite numbers, and changes no reference',
		{ timeout: 60_000 },
		async () => {
			const t = await startTestLoop(one.method, one.config, { totalSteps: 4 });
			const g = await given(one);
			const before = await weightsHash(g.policy);
			await one.run(g, t.loop);
			expect(await weightsHash(g.policy)).not.toBe(before);
			const rows = await listMetrics(t.db, t.run.id);
			const values = rows.flatMap((row) => Object.entries(row.values));
			expect(values.filter(([key]) => !metricOf(key)).map(([key]) => key)).toEqual([]);
			expect(values.filter(([, value]) => !Number.isFinite(value))).toEqual([]);
			expect(rows.at(-1)?.values).toMatchObject({
				'objective/kl': expect.any(Number) as number,
				'objective/scores': expect.any(Number) as number,
				'objective/gold': expect.any(Number) as number
			});
			expect(t.loop.run.invariants?.filter((c) => !c.ok)).toEqual([]);
			expect(t.loop.run.invariants?.map((c) => c.key)).toContain('reference-unchanged');
		}
	);

	test(
		'stopped and resumed, it ends where it would have, to the last bit; another seed ends elsewhere',
		{ timeout: 60_000 },
		async () => {
			const whole = await startTestLoop(one.method, one.config);
			const straight = await given(one);
			await one.run(straight, whole.loop);

			const t = await startTestLoop(one.method, one.config);
			stopIn(t, one.stopIn, one.stopIn === 'train' ? 7 : 3);
			await expect(one.run(await given(one), t.loop)).rejects.toMatchObject({ code: 'aborted' });
			const checkpoint = await readCheckpoint(t.db, t.run.id);
			expect(checkpoint?.step).toBeGreaterThan(0);
			const policy = await tiny(headsOf(one.method));
			await policy.load(unpack(openWeights(checkpoint?.weights ?? new ArrayBuffer(0))));
			const run = (await getRun(t.db, t.run.id)) ?? t.run;
			const again = await startTestLoop(one.method, one.config, { db: t.db, run });
			await one.run(await given(one, { policy, resumeFrom: checkpoint?.state }), again.loop);
			expect(await weightsHash(policy)).toBe(await weightsHash(straight.policy));
			expect(await rowsOf(t)).toEqual(await rowsOf(whole));

			const other = await startTestLoop(one.method, one.config);
			const elsewhere = await given(one, { seed: 6 });
			await one.run(elsewhere, other.loop);
			expect(await weightsHash(elsewhere.policy)).not.toBe(await weightsHash(policy));
		}
	);
});

describe('with nothing to learn', () => {
	const online = CASES.filter(([, { config }]) => 'iterations' in config);
	const pairwise = CASES.filter(([, { method }]) =>
		['dpo', 'ipo', 'simpo', 'orpo'].includes(method)
	);

	test.each(online)('%s takes a constant reward as no news: finite numbers', async (_, one) => {
		const t = await startTestLoop(one.method, one.config);
		const reward = (batch: Batch) => Promise.resolve(new Float64Array(batch.B).fill(0.7));
		await one.run(await given(one, { reward }), t.loop);
		const rows = await listMetrics(t.db, t.run.id);
		expect(rows).toHaveLength(4);
		const values = rows.flatMap((row) => Object.entries(row.values));
		expect(values.filter(([, value]) => !Number.isFinite(value))).toEqual([]);
	});

	test.each(pairwise)('%s says why it does not begin', async (_, one) => {
		const [pair] = somePairs(1);
		if (!pair) {
			throw new Error('no pair');
		}
		const badData: [PreferencePair[], RegExp][] = [
			[[], /no answer/],
			[[{ ...pair, y: 0.5 }], /tie/],
			[[{ ...pair, bIds: pair.aIds }], /same text/],
			[[{ ...pair, aIds: [] }], /empty/]
		];
		for (const [pairs, reason] of badData) {
			const t = await startTestLoop(one.method, one.config);
			const run = one.run(await given(one, { pairs }), t.loop);
			await expect(run).rejects.toMatchObject({ code: 'not-enough-data' });
			await expect(run).rejects.toThrow(reason);
		}
	});

	test.each(pairwise)(
		'%s learns from a single answer, and from one that contradicts it',
		async (_, one) => {
			const [pair] = somePairs(1);
			if (!pair) {
				throw new Error('no pair');
			}
			for (const pairs of [
				[pair],
				[pair, { ...pair, y: 1 - pair.y }],
				[pair, { ...pair, aIds: [] }]
			]) {
				const t = await startTestLoop(one.method, one.config);
				await one.run(await given(one, { pairs }), t.loop);
				const rows = await listMetrics(t.db, t.run.id);
				const values = rows.flatMap((row) => Object.values(row.values));
				expect(values.every(Number.isFinite)).toBe(true);
			}
		}
	);

	test('KTO and SFT name what is missing', async () => {
		for (const [, one] of CASES.filter(([, { method }]) => method === 'kto' || method === 'sft')) {
			const [pair] = somePairs(1);
			const empty = pair ? [{ ...pair, aIds: [], bIds: [] }] : [];
			for (const pairs of [[], empty]) {
				const t = await startTestLoop(one.method, one.config);
				const run = one.run(await given(one, { pairs }), t.loop);
				await expect(run).rejects.toMatchObject({ code: 'not-enough-data' });
			}
		}
	});

	test('groups that do not divide the batch are refused by name', async () => {
		const t = await startTestLoop('rloo', rloo);
		const g = await given({
			method: 'rloo',
			config: rloo,
			stopIn: '',
			run: () => Promise.resolve()
		});
		const run = runRloo({ ...base(g), config: { ...rloo, perPrompt: 3 } }, t.loop);
		await expect(run).rejects.toMatchObject({ code: 'bad-settings', detail: { perPrompt: 3 } });
	});
});

test('states of a run are kept to go back to, evenly spaced, without the optimizer', async () => {
	const config = { ...DEFAULT_REINFORCE, ...onPolicy, iterations: 25, maxNew: 2 };
	const t = await startTestLoop('reinforce', config, { totalSteps: 25, keepsSnapshots: true });
	const g = await given({ method: 'reinforce', config, stopIn: '', run: () => Promise.resolve() });
	await runReinforce({ ...base(g), config }, t.loop);
	expect(await snapshotSteps(t.db, t.run.id)).toEqual([3, 6, 9, 12, 15, 18, 21, 24]);
});
