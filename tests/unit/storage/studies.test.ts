import { describe, expect, test } from 'vitest';
import { commitStep, finishRun, readCheckpoint } from '../../../src/storage/checkpoints';
import { addAnnotator, ensureAnnotator, listAnnotators } from '../../../src/storage/annotators';
import {
	addCompletionSets,
	addPresentations,
	appendAnswers,
	listAnswers,
	listCompletionSets,
	listPresentations
} from '../../../src/storage/comparisons';
import type { StudioDb } from '../../../src/storage/db';
import { listEvaluations, putEvaluation } from '../../../src/storage/evaluations';
import { listPolicies, listRewardModels, readWeights } from '../../../src/storage/models';
import { addPrompt, listPrompts } from '../../../src/storage/prompts';
import { listMetrics, listRuns, listSamples, putRun } from '../../../src/storage/runs';
import {
	createStudy,
	deleteStudy,
	duplicateStudy,
	ensureStudy,
	listStudies,
	renameStudy
} from '../../../src/storage/studies';
import { openMemoryDb, withFullDiskAt } from '../../support/memory-db';
import {
	makeAnswer,
	makeCheckpoint,
	makeCompletion,
	makeCompletionSet,
	makeEvaluation,
	makeMetrics,
	makePolicy,
	makePresentation,
	makeRewardModel,
	makeRun,
	makeSamples,
	makeSetAnswer
} from '../../support/records';

/** A study with one of everything, each pointing at the others. */
async function fillStudy(db: StudioDb) {
	const study = await createStudy(db, 'Ada');
	const prompt = await addPrompt(db, study.id, 'Once upon a time', 'built-in');
	const rewardRun = makeRun(study.id, { kind: 'reward' });
	const rewardModel = makeRewardModel(rewardRun);
	const ppoRun = makeRun(study.id, { parents: { rewardModelId: rewardModel.id } });
	const policy = makePolicy(ppoRun, rewardModel.id);
	const evaluation = makeEvaluation(study.id, policy.id);
	const pair = makePresentation(study.id, prompt.id);
	const blindPair = makePresentation(study.id, prompt.id, {
		purpose: 'evaluation',
		evaluationId: evaluation.id,
		b: makeCompletion({ writer: { model: 'stories-1m', policyId: policy.id } })
	});
	const answer = makeAnswer(pair);
	const repeat = makePresentation(study.id, prompt.id, {
		...{ a: pair.a, b: pair.b, aSide: 'right', repeatOf: pair.id, repeatSwapped: true }
	});
	const set = makeCompletionSet(study.id, prompt.id, {
		completions: [pair.a, makeCompletion({ text: ' Rain.' }), blindPair.b]
	});
	const ada = await ensureAnnotator(db, study.id, 'Ada');
	const bob = await addAnnotator(db, study.id, 'Bob');
	await addPresentations(db, [pair, blindPair, repeat]);
	await addCompletionSets(db, [set]);
	await appendAnswers(db, [
		answer,
		makeAnswer(blindPair),
		makeAnswer(pair, { revision: 2, supersedes: answer.id, outcome: 'tie' }),
		makeAnswer(repeat, { annotator: { kind: 'human', name: 'Bob', id: bob.id } }),
		makeSetAnswer(
			set,
			{ kind: 'ranking', ranks: [2, 1, 2] },
			{ annotator: { kind: 'human', name: 'Ada', id: ada.id } }
		)
	]);
	await finishRun(db, {
		run: { ...rewardRun, status: 'done', resultId: rewardModel.id },
		rewardModel: { record: rewardModel, weights: Uint8Array.of(1).buffer }
	});
	await finishRun(db, {
		run: { ...ppoRun, status: 'stopped', resultId: policy.id },
		policy: { record: policy, weights: Uint8Array.of(2).buffer }
	});
	const liveRun = makeRun(study.id, {
		parents: { rewardModelId: rewardModel.id, runId: ppoRun.id }
	});
	await commitStep(db, {
		run: liveRun,
		metrics: makeMetrics(liveRun.id, 0, 1),
		samples: makeSamples(liveRun.id, 1),
		checkpoint: makeCheckpoint(liveRun.id, 1, { prompts: [prompt.id], controller: { beta: 0.1 } })
	});
	await putEvaluation(db, evaluation);
	return study;
}

/** Everything a study holds, read as the app reads it. */
async function contents(db: StudioDb, studyId: string) {
	const [
		prompts,
		presentations,
		completionSets,
		annotators,
		answers,
		rewardModels,
		policies,
		runs,
		evaluations
	] = await Promise.all([
		listPrompts(db, studyId),
		listPresentations(db, studyId),
		listCompletionSets(db, studyId),
		listAnnotators(db, studyId),
		listAnswers(db, studyId),
		listRewardModels(db, studyId),
		listPolicies(db, studyId),
		listRuns(db, studyId),
		listEvaluations(db, studyId)
	]);
	const weights = await Promise.all(
		[...rewardModels, ...policies].map(async ({ id }) => [
			id,
			[...new Uint8Array(await readWeights(db, id))]
		])
	);
	const runData = await Promise.all(
		runs.map(async ({ id }) => ({
			metrics: await listMetrics(db, id),
			samples: await listSamples(db, id),
			checkpoint: await readCheckpoint(db, id)
		}))
	);
	return {
		prompts,
		presentations,
		completionSets,
		annotators,
		answers,
		rewardModels,
		policies,
		runs,
		evaluations,
		weights,
		runData
	};
}

const allRows = async (db: StudioDb) =>
	Promise.all([...db.objectStoreNames].map(async (name) => [name, await db.count(name)] as const));

/** Values with every id written as the order in which it first appears: equal shapes mean equal references. */
function withIdsNumbered(value: unknown): unknown {
	const seen = new Map<string, string>();
	const isId = (text: string) => /^[0-9a-f]{32}$/.test(text);
	const text = JSON.stringify(value, (_key, part: unknown) => {
		if (typeof part === 'string' && isId(part)) {
			seen.set(part, seen.get(part) ?? `id ${seen.size}`);
			return seen.get(part);
		}
		return part instanceof ArrayBuffer ? [...new Uint8Array(part)] : part;
	});
	return JSON.parse(text);
}

const idsIn = (value: unknown) => new Set(JSON.stringify(value).match(/\b[0-9a-f]{32}\b/g));

describe('the list', () => {
	test('starts with one study, made once even by two tabs at the same time', async () => {
		const db = await openMemoryDb();
		const [one, other] = await Promise.all([ensureStudy(db), ensureStudy(db)]);
		expect(one).toEqual(other);
		expect(await listStudies(db)).toEqual([one]);
	});

	test('has the newest first, which is the one that is opened', async () => {
		const db = await openMemoryDb();
		await createStudy(db, 'Ada');
		const grace = await createStudy(db, 'Grace');
		expect((await listStudies(db)).map(({ name }) => name)).toEqual(['Grace', 'Ada']);
		expect(await ensureStudy(db)).toEqual(grace);
	});

	test('keeps a new name', async () => {
		const db = await openMemoryDb();
		const { id } = await createStudy(db, 'Ada');
		await renameStudy(db, id, 'Ada Lovelace');
		expect((await listStudies(db))[0]?.name).toBe('Ada Lovelace');
		await expect(renameStudy(db, 'nobody', 'x')).rejects.toMatchObject({ code: 'missing-file' });
	});
});

describe('a copy', () => {
	test('holds the same things under new ids that point at each other in the same way', async () => {
		const db = await openMemoryDb();
		const study = await fillStudy(db);
		const copy = await duplicateStudy(db, study.id, 'Ada, copy');
		const original = await contents(db, study.id);
		const copied = await contents(db, copy.id);
		const expected = {
			...original,
			runs: original.runs.map((run) => ({
				...run,
				status: run.status === 'running' ? 'paused' : run.status
			}))
		};
		expect(withIdsNumbered(copied)).toEqual(withIdsNumbered(expected));
		expect([...idsIn(copied)].filter((id) => idsIn(original).has(id))).toEqual([]);
	});

	test('leaves the original as it was', async () => {
		const db = await openMemoryDb();
		const study = await fillStudy(db);
		const before = await contents(db, study.id);
		const copy = await duplicateStudy(db, study.id, 'Copy');
		await deleteStudy(db, copy.id);
		expect(await contents(db, study.id)).toEqual(before);
	});

	test.each([1, 5, 12, 18, 24])(
		'is not made at all when the disk fills up at write %i',
		async (nth) => {
			const db = await openMemoryDb();
			const study = await fillStudy(db);
			const before = await allRows(db);
			await expect(
				withFullDiskAt(nth, () => duplicateStudy(db, study.id, 'Copy'))
			).rejects.toMatchObject({ code: 'quota-exceeded' });
			expect(await allRows(db)).toEqual(before);
		}
	);

	test('of a study that is gone says so', async () => {
		const db = await openMemoryDb();
		await expect(duplicateStudy(db, 'nobody', 'Copy')).rejects.toMatchObject({
			code: 'missing-file'
		});
		expect(await listStudies(db)).toEqual([]);
	});
});

test('a deleted study leaves nothing behind and takes nothing of another', async () => {
	const db = await openMemoryDb();
	const kept = await fillStudy(db);
	const before = await allRows(db);
	const keptContents = await contents(db, kept.id);
	const gone = await fillStudy(db);
	await deleteStudy(db, gone.id);
	expect(await allRows(db)).toEqual(before);
	expect(await contents(db, kept.id)).toEqual(keptContents);
	await putRun(db, makeRun(kept.id));
});
