import { expect, test } from 'vitest';
import { commitStep, finishRun, readCheckpoint } from '../../../src/storage/checkpoints';
import { getEvaluation, listEvaluations, putEvaluation } from '../../../src/storage/evaluations';
import {
	deleteModel,
	getPolicy,
	getRewardModel,
	listPolicies,
	listRewardModels,
	readWeights,
	renamePolicy
} from '../../../src/storage/models';
import {
	deleteRun,
	getRun,
	listMetrics,
	listRuns,
	listSamples,
	markInterruptedRuns,
	putRun
} from '../../../src/storage/runs';
import { openMemoryDb, withFullDiskAt } from '../../support/memory-db';
import {
	makeCheckpoint,
	makeEvaluation,
	makeMetrics,
	makePolicy,
	makeRewardModel,
	makeRun,
	makeSamples
} from '../../support/records';

const STUDY = 'study';
const bytes = (...values: number[]) => Uint8Array.from(values).buffer;

async function setUp() {
	const db = await openMemoryDb();
	const run = makeRun(STUDY);
	await putRun(db, run);
	const first = {
		run: { ...run, step: 1 },
		metrics: makeMetrics(run.id, 0, 1),
		samples: makeSamples(run.id, 0, 1),
		checkpoint: makeCheckpoint(run.id, 1, { seed: 7 })
	};
	await commitStep(db, first);
	return { db, run, first };
}

/** Everything stored about a run, to compare before and after. */
async function picture(db: Awaited<ReturnType<typeof openMemoryDb>>, runId: string) {
	return {
		run: await getRun(db, runId),
		metrics: await listMetrics(db, runId),
		samples: await listSamples(db, runId),
		checkpoint: await readCheckpoint(db, runId)
	};
}

test('a committed step comes back whole: run, curves, samples and checkpoint', async () => {
	const { db, run, first } = await setUp();
	expect(await picture(db, run.id)).toEqual(first);
});

test('a newer checkpoint replaces the one before; a commit without one keeps it', async () => {
	const { db, run } = await setUp();
	const commit = { run: { ...run, step: 2 }, metrics: makeMetrics(run.id, 2), samples: [] };
	await commitStep(db, { ...commit, checkpoint: null });
	expect((await readCheckpoint(db, run.id))?.step).toBe(1);
	await commitStep(db, { ...commit, checkpoint: makeCheckpoint(run.id, 2) });
	expect((await readCheckpoint(db, run.id))?.step).toBe(2);
	expect(await db.count('checkpoints')).toBe(1);
});

test.each([1, 2, 3, 4, 5])(
	'a disk that fills up at write %i of a step leaves the step before untouched',
	async (nth) => {
		const { db, run, first } = await setUp();
		const commit = commitStep.bind(null, db, {
			run: { ...run, step: 2 },
			metrics: makeMetrics(run.id, 1, 2),
			samples: makeSamples(run.id, 2),
			checkpoint: makeCheckpoint(run.id, 2)
		});
		await expect(withFullDiskAt(nth, commit)).rejects.toMatchObject({ code: 'quota-exceeded' });
		expect(await picture(db, run.id)).toEqual(first);
	}
);

test('a run that goes on from an earlier checkpoint drops the rows beyond it', async () => {
	const { db, run } = await setUp();
	await commitStep(db, {
		run: { ...run, step: 4 },
		metrics: makeMetrics(run.id, 2, 3, 4),
		samples: makeSamples(run.id, 4),
		checkpoint: null
	});
	await commitStep(db, {
		run: { ...run, step: 2 },
		metrics: makeMetrics(run.id, 2),
		samples: makeSamples(run.id, 2),
		checkpoint: null
	});
	expect((await listMetrics(db, run.id)).map((row) => row.step)).toEqual([0, 1, 2]);
	expect((await listSamples(db, run.id)).map((row) => row.step)).toEqual([0, 1, 2]);
});

test('rows sort by step as numbers and never mix with those of another run', async () => {
	const { db, run } = await setUp();
	const other = makeRun(STUDY);
	await commitStep(db, {
		run: other,
		metrics: makeMetrics(other.id, 10, 9, 100),
		samples: [],
		checkpoint: null
	});
	expect((await listMetrics(db, other.id)).map((row) => row.step)).toEqual([9, 10, 100]);
	expect(await listMetrics(db, run.id)).toHaveLength(2);
});

test('a finished run stores its policy with the weights and needs its checkpoint no more', async () => {
	const { db, run } = await setUp();
	const policy = makePolicy(run, 'reward');
	await finishRun(db, {
		run: { ...run, status: 'done', resultId: policy.id },
		policy: { record: policy, weights: bytes(4, 5, 6) }
	});
	expect(await listPolicies(db, STUDY)).toEqual([policy]);
	expect(new Uint8Array(await readWeights(db, policy.id))).toEqual(Uint8Array.of(4, 5, 6));
	expect(await readCheckpoint(db, run.id)).toBeUndefined();
	expect(await getRun(db, run.id)).toMatchObject({ status: 'done', resultId: policy.id });
});

test('a stopped run keeps everything, its checkpoint included', async () => {
	const { db, run } = await setUp();
	const record = makeRewardModel(run);
	await finishRun(db, {
		run: { ...run, status: 'stopped', resultId: record.id },
		rewardModel: { record, weights: bytes(1) }
	});
	expect((await readCheckpoint(db, run.id))?.step).toBe(1);
	expect(await getRewardModel(db, record.id)).toEqual(record);
});

test('a disk that fills up at the end of a run leaves it unfinished with its checkpoint', async () => {
	const { db, run, first } = await setUp();
	const record = makePolicy(run, 'reward');
	const finish = () =>
		finishRun(db, { run: { ...run, status: 'done' }, policy: { record, weights: bytes(1) } });
	await expect(withFullDiskAt(3, finish)).rejects.toMatchObject({ code: 'quota-exceeded' });
	expect(await picture(db, run.id)).toEqual(first);
	expect(await listPolicies(db, STUDY)).toEqual([]);
	await expect(readWeights(db, record.id)).rejects.toMatchObject({ code: 'missing-file' });
});

test('at boot a run that was going is paused; the others stay as they were', async () => {
	const { db, run } = await setUp();
	const done = makeRun(STUDY, { status: 'done' });
	const elsewhere = makeRun('another study');
	await putRun(db, done);
	await putRun(db, elsewhere);
	expect((await markInterruptedRuns(db, STUDY)).map(({ id }) => id)).toEqual([run.id]);
	expect((await listRuns(db, STUDY)).map(({ status }) => status)).toEqual(['paused', 'done']);
	expect((await getRun(db, elsewhere.id))?.status).toBe('running');
});

test('a deleted run leaves no row behind, and what it made stays', async () => {
	const { db, run } = await setUp();
	const record = makeRewardModel(run);
	await finishRun(db, {
		run: { ...run, status: 'stopped' },
		rewardModel: { record, weights: bytes(1) }
	});
	await deleteRun(db, run.id);
	expect(await picture(db, run.id)).toEqual({
		run: undefined,
		metrics: [],
		samples: [],
		checkpoint: undefined
	});
	expect(await listRewardModels(db, STUDY)).toEqual([record]);
});

test('a policy can be renamed, and deleted with its weights', async () => {
	const { db, run } = await setUp();
	const record = makePolicy(run, 'reward');
	await finishRun(db, { run, policy: { record, weights: bytes(1) } });
	await renamePolicy(db, record.id, 'Cheerful');
	expect(await getPolicy(db, record.id)).toEqual({ ...record, name: 'Cheerful' });
	await deleteModel(db, record.id);
	expect(await getPolicy(db, record.id)).toBeUndefined();
	await expect(readWeights(db, record.id)).rejects.toMatchObject({ code: 'missing-file' });
	await expect(renamePolicy(db, record.id, 'Back')).rejects.toMatchObject({ code: 'missing-file' });
});

test('an evaluation is stored, replaced when it finishes, and listed', async () => {
	const db = await openMemoryDb();
	const evaluation = makeEvaluation(STUDY, 'policy');
	await putEvaluation(db, evaluation);
	await putEvaluation(db, { ...evaluation, finishedAt: 5 });
	expect(await getEvaluation(db, evaluation.id)).toEqual({ ...evaluation, finishedAt: 5 });
	expect(await listEvaluations(db, STUDY)).toHaveLength(1);
});
