import { expect, test } from 'vitest';
import {
	addAnnotator,
	ensureAnnotator,
	listAnnotators,
	renameAnnotator
} from '../../../src/storage/annotators';
import {
	addCompletionSets,
	addPresentations,
	appendAnswer,
	appendAnswers,
	listAnswers,
	listCompletionSets,
	listPresentations
} from '../../../src/storage/comparisons';
import { addPrompt, listPrompts } from '../../../src/storage/prompts';
import { createStudy } from '../../../src/storage/studies';
import { openMemoryDb, withFullDiskAt } from '../../support/memory-db';
import {
	makeAnswer,
	makeCompletion,
	makeCompletionSet,
	makePresentation,
	makeSetAnswer
} from '../../support/records';

async function setUp(pairs = 3) {
	const db = await openMemoryDb();
	const study = await createStudy(db, 'Ada');
	const prompt = await addPrompt(db, study.id, 'Once upon a time', 'built-in');
	const presentations = Array.from({ length: pairs }, () => makePresentation(study.id, prompt.id));
	await addPresentations(db, presentations);
	return { db, study, prompt, presentations };
}

test('presentations come back as they were put before a person, in order', async () => {
	const { db, study, presentations } = await setUp();
	expect(await listPresentations(db, study.id)).toEqual(presentations);
});

test('answers come back in the order of appending, whatever their clocks say', async () => {
	const { db, study, presentations } = await setUp();
	const events = presentations.map((pair, i) => makeAnswer(pair, { createdAt: 1000 - i }));
	for (const event of events) {
		await appendAnswer(db, event);
	}
	expect(await listAnswers(db, study.id)).toEqual(events);
});

test('one study never sees the records of another', async () => {
	const { db, presentations } = await setUp();
	await appendAnswers(
		db,
		presentations.map((pair) => makeAnswer(pair))
	);
	const other = await createStudy(db, 'Grace');
	expect(await listPrompts(db, other.id)).toEqual([]);
	expect(await listPresentations(db, other.id)).toEqual([]);
	expect(await listAnswers(db, other.id)).toEqual([]);
});

test('the same event is stored once, and the second try changes nothing', async () => {
	const { db, study, presentations } = await setUp(1);
	const [pair] = presentations;
	const event = makeAnswer(pair ?? expect.fail('no pair'));
	await appendAnswer(db, event);
	await expect(appendAnswer(db, { ...event, outcome: 'b' })).rejects.toMatchObject({
		code: 'storage-failed'
	});
	expect(await listAnswers(db, study.id)).toEqual([event]);
});

test('an answer to a pair that is not stored is refused with all that came with it', async () => {
	const { db, study, prompt, presentations } = await setUp();
	const stray = makeAnswer(makePresentation(study.id, prompt.id));
	const events = [...presentations.map((pair) => makeAnswer(pair)), stray];
	await expect(appendAnswers(db, events)).rejects.toMatchObject({ code: 'storage-failed' });
	expect(await listAnswers(db, study.id)).toEqual([]);
});

test('a disk that fills up in the middle of many answers stores none of them', async () => {
	const { db, study, presentations } = await setUp();
	const events = presentations.map((pair) => makeAnswer(pair));
	await expect(withFullDiskAt(2, () => appendAnswers(db, events))).rejects.toMatchObject({
		code: 'quota-exceeded'
	});
	expect(await listAnswers(db, study.id)).toEqual([]);
});

test('one text is one prompt of a study, and a prompt of its own in another', async () => {
	const { db, study, prompt } = await setUp();
	expect(await addPrompt(db, study.id, 'Once upon a time', 'typed')).toEqual(prompt);
	const other = await createStudy(db, 'Grace');
	const theirs = await addPrompt(db, other.id, 'Once upon a time', 'typed');
	expect(theirs.id).not.toBe(prompt.id);
	expect(await listPrompts(db, study.id)).toEqual([prompt]);
});

test('prompts added in one millisecond keep their order', async () => {
	const { db, study } = await setUp();
	const texts = Array.from({ length: 20 }, (_, i) => `Prompt ${(i * 7) % 20}`);
	await Promise.all(texts.map((text) => addPrompt(db, study.id, text, 'typed')));
	const listed = await listPrompts(db, study.id);
	expect(listed.map((prompt) => prompt.text)).toEqual(['Once upon a time', ...texts]);
});

test('completion sets come back as they were, and answers to them join the same log', async () => {
	const { db, study, prompt, presentations } = await setUp(1);
	const sets = [
		makeCompletionSet(study.id, prompt.id),
		makeCompletionSet(study.id, prompt.id, {
			kind: 'rating',
			completions: [makeCompletion()],
			order: [0]
		})
	];
	await addCompletionSets(db, sets);
	const [ranked, rated] = sets;
	const [pair] = presentations;
	if (!ranked || !rated || !pair) {
		return expect.fail('nothing stored');
	}
	const events = [
		makeSetAnswer(ranked, { kind: 'ranking', ranks: [1, 3, 1] }),
		makeAnswer(pair),
		makeSetAnswer(rated, { kind: 'rating', value: 4, scale: 5 })
	];
	await appendAnswers(db, events);
	expect(await listCompletionSets(db, study.id)).toEqual(sets);
	expect(await listAnswers(db, study.id)).toEqual(events);
});

test('an answer to a set that is not stored is refused', async () => {
	const { db, study, prompt } = await setUp(0);
	const stray = makeCompletionSet(study.id, prompt.id);
	await expect(
		appendAnswer(db, makeSetAnswer(stray, { kind: 'ranking', ranks: [1, 2, 3] }))
	).rejects.toMatchObject({ code: 'storage-failed' });
});

test('a study has one first annotator, and any number of others under their own ids', async () => {
	const { db, study } = await setUp(0);
	const [one, again] = await Promise.all([
		ensureAnnotator(db, study.id, 'Annotator 1'),
		ensureAnnotator(db, study.id, 'Annotator 1')
	]);
	expect(again).toEqual(one);
	const bob = await addAnnotator(db, study.id, 'Bob');
	await renameAnnotator(db, one.id, 'Ada');
	expect(await listAnnotators(db, study.id)).toEqual([{ ...one, name: 'Ada' }, bob]);
	await expect(renameAnnotator(db, 'nobody', 'x')).rejects.toMatchObject({
		code: 'missing-file'
	});
});
