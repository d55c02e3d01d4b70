import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_REWARD, type RewardConfig } from '../../../src/core/config';
import type { PreferencePair } from '../../../src/core/feedback/comparison';
import { Random } from '../../../src/core/random';
import { readCheckpoint } from '../../../src/storage/checkpoints';
import { getRun, listMetrics } from '../../../src/storage/runs';
import type { ComputeDevice } from '../../../workers/engine/device';
import type { LanguageModel } from '../../../workers/engine/language-model';
import {
	BEST_PREFIX,
	nextDecay,
	runReward,
	type RewardJob,
	type RewardState
} from '../../../workers/jobs/reward';
import { openWeights, unpack, weightsHash } from '../../../workers/jobs/weights-io';
import { loadTestModel, startTestDevice } from '../../support/engine';
import { startTestLoop } from '../../support/run-loop';

let device: ComputeDevice;
beforeAll(async () => {
	device = await startTestDevice('wasm');
});
const tiny = async (): Promise<LanguageModel> =>
	(await loadTestModel('tests/golden/hf-llama-tiny', device, { valueHeads: 1 })).model;

const config: RewardConfig = {
	...DEFAULT_REWARD,
	epochs: 3,
	lr: 3e-3,
	headLr: 3e-2,
	normaliseSamples: 8,
	patience: 0,
	ensemble: 0
};

function somePairs(n: number): PreferencePair[] {
	const random = new Random(2);
	return Array.from({ length: n }, (_, i) => {
		const draw = (bit: number) => Array.from({ length: 4 }, () => 2 * random.int(60) + bit);
		return {
			presentationId: `pair ${i}`,
			promptId: `prompt ${i % 6}`,
			promptIds: [3, 17 + (i % 6)],
			aIds: draw(0),
			bIds: draw(1),
			y: 1,
			simulated: true,
			strength: i % 2 === 0 ? 3 : 1,
			tags: i % 2 === 0 ? ['funny'] : [],
			annotatorId: i % 3 === 0 ? 'ada' : 'bo'
		};
	});
}

const job = async (
	changes: Partial<RewardConfig> = {},
	pairs = somePairs(24)
): Promise<RewardJob> => ({
	model: await tiny(),
	reference: await tiny(),
	pairs,
	prompts: [Int32Array.of(3, 17), Int32Array.of(9)],
	text: { stop: [], cut: null },
	maxNew: 4,
	config: { ...config, ...changes },
	seed: 5
});

async function train(work: RewardJob) {
	const t = await startTestLoop('reward', work.config);
	return { outcome: await runReward(work, t.loop), rows: await listMetrics(t.db, t.run.id) };
}

describe('options of the reward model', () => {
	test('a margin by strength asks for a larger lead: the first loss rises as its formula says', async () => {
		const plain = await train(await job());
		const wide = await train(await job({ marginScale: 1, lapse: 0 }));
		const still = await train(await job({ lapse: 0 }));
		// Before anything is learned all rewards are 0: the loss is softplus(m), m a third of the scale per strength.
		expect(still.rows[0]?.values['reward/loss']).toBeCloseTo(Math.log(2), 6);
		const wideLoss = wide.rows[0]?.values['reward/loss'] ?? NaN;
		expect(wideLoss).toBeGreaterThan(Math.log(1 + Math.exp(1 / 3)) - 1e-6);
		expect(wideLoss).toBeLessThan(Math.log(1 + Math.exp(1)) + 1e-6);
		expect(plain.outcome.trainPairs + plain.outcome.heldOutPairs).toBe(24);
	});

	test('the decay doubles where answers are learned by heart, halves where they are not, and keeps within bounds', () => {
		expect(nextDecay(0.01, 0.4, 0.8)).toBe(0.02);
		expect(nextDecay(0.01, 0.5, 0.5)).toBe(0.005);
		expect(nextDecay(0.01, 0.5, 0.6)).toBe(0.01);
		expect(nextDecay(10, 0.1, 1)).toBe(10);
		expect(nextDecay(0.001, 0.5, 0.1)).toBe(0.001);
		expect(nextDecay(0.01, 0.5, null)).toBe(0.01);
	});

	test('a decay that set itself is gone on with after a stop, to the last bit', async () => {
		const whole = await job({ autoDecay: true });
		const straight = await train(whole);
		const decays = straight.rows.flatMap(({ values }) => values['reward/weight_decay'] ?? []);
		expect(decays).toHaveLength(3);
		expect(new Set(decays).size).toBeGreaterThan(1);

		const first = await job({ autoDecay: true });
		const t = await startTestLoop('reward', first.config);
		const begin = t.loop.phase.bind(t.loop);
		let count = 0;
		t.loop.phase = (phase) => {
			if (phase === 'hold-out' && ++count === 3) {
				t.controller.abort();
			}
			return begin(phase);
		};
		await expect(runReward(first, t.loop)).rejects.toMatchObject({ code: 'aborted' });
		const checkpoint = await readCheckpoint(t.db, t.run.id);
		const file = openWeights(checkpoint?.weights ?? new ArrayBuffer(0));
		const again = await job({ autoDecay: true });
		await again.model.load([...unpack(file)].filter(({ name }) => !name.startsWith(BEST_PREFIX)));
		const state = checkpoint?.state as RewardState;
		const run = (await getRun(t.db, t.run.id)) ?? t.run;
		const next = await startTestLoop('reward', again.config, { db: t.db, run });
		const resumeFrom = { state, best: [...unpack(file, BEST_PREFIX)] };
		expect(await runReward({ ...again, resumeFrom }, next.loop)).toEqual(straight.outcome);
		expect(await weightsHash(again.model)).toBe(await weightsHash(whole.model));
	});

	test('the report has a slice for each tag, annotator and kind of length', async () => {
		const { outcome } = await train(await job());
		const { report } = outcome;
		expect(report.on).toBe('held-out');
		expect(new Set(report.slices.map(({ dimension }) => dimension))).toEqual(
			new Set(['length', 'annotator', 'tag'])
		);
		const whole = await train(await job({ heldOut: 0 }));
		expect(whole.outcome.report.on).toBe('train');
		expect(whole.outcome.heldOutAccuracy).toBeNull();
	});

	test('answers that teach nothing are refused with the reason', async () => {
		const pairs = somePairs(8);
		const bad: [PreferencePair[], RegExp][] = [
			[pairs.map((pair) => ({ ...pair, y: 0.5 })), /tie/],
			[pairs.map((pair) => ({ ...pair, bIds: pair.aIds })), /same text/],
			[pairs.map((pair) => ({ ...pair, aIds: [] })), /empty/],
			[pairs.slice(0, 1), /1 answers/]
		];
		for (const [given, reason] of bad) {
			const work = await job({}, given);
			const t = await startTestLoop('reward', work.config);
			const run = runReward(work, t.loop);
			await expect(run).rejects.toMatchObject({ code: 'not-enough-data' });
			await expect(run).rejects.toThrow(reason);
		}
	});

	test('ties among the answers, and answers that contradict each other, leave every number a number', async () => {
		const mixed = somePairs(16).map((pair, i) => ({
			...pair,
			y: i % 4 === 0 ? 0 : i % 3 === 0 ? 1 : 0.5
		}));
		const contradictory = somePairs(8).flatMap((pair) => [pair, { ...pair, y: 1 - pair.y }]);
		for (const pairs of [mixed, contradictory]) {
			const { rows, outcome } = await train(await job({ batchPairs: 1 }, pairs));
			const values = rows.flatMap((row) => Object.values(row.values));
			expect(values.every(Number.isFinite)).toBe(true);
			expect(Number.isFinite(outcome.trainAccuracy)).toBe(true);
		}
	});
});
