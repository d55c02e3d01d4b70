import { expect, test } from 'vitest';
import {
	addPrompt,
	addPrompts,
	listPrompts,
	listPromptSets,
	putPromptSet,
	updatePrompts
} from '../../../src/storage/prompts';
import { createStudy, duplicateStudy } from '../../../src/storage/studies';
import { openMemoryDb, withFullDiskAt } from '../../support/memory-db';

async function setUp() {
	const db = await openMemoryDb();
	const { id: studyId } = await createStudy(db, 'Ada');
	const set = await putPromptSet(db, studyId, {
		name: 'Sea',
		isOn: true,
		weight: 2,
		isBuiltIn: false
	});
	const added = (texts: string[], setId = set.id) =>
		addPrompts(
			db,
			studyId,
			texts.map((text) => ({ text, source: 'import' as const, setId, tags: ['x'], weight: 1 }))
		);
	return { db, studyId, set, added };
}

test('prompts keep the order of their list, and one text is one prompt', async () => {
	const { db, studyId, set, added } = await setUp();
	const texts = Array.from({ length: 30 }, (_, i) => `prompt ${i}`);
	expect(await added([...texts, 'prompt 3'])).toHaveLength(30);
	const stored = await listPrompts(db, studyId);
	expect(stored.map(({ text }) => text)).toEqual(texts);
	expect(stored[0]).toMatchObject({ setId: set.id, tags: ['x'], source: 'import' });
	expect(await added(['prompt 3', 'new'])).toHaveLength(1);
});

test('what is taken out stays stored, with its id, and comes back under it', async () => {
	const { db, studyId, set, added } = await setUp();
	const [prompt] = await added(['Once']);
	const id = prompt?.id ?? '';
	await updatePrompts(db, [id], { isRetired: true });
	expect(await listPrompts(db, studyId)).toMatchObject([{ id, isRetired: true }]);
	expect(await added(['Once'])).toHaveLength(1);
	const [back] = await listPrompts(db, studyId);
	expect(back).toMatchObject({ id, setId: set.id });
	expect(back?.isRetired).toBeUndefined();
});

test('a prompt typed by hand stays where it is; one that only came with pairs may join a set', async () => {
	const { db, studyId, set, added } = await setUp();
	const typed = await addPrompt(db, studyId, 'typed', 'typed');
	const paired = await addPrompt(db, studyId, 'paired', 'import');
	const kept = await added(['typed', 'paired']);
	expect(kept).toMatchObject([{ id: paired.id, setId: set.id }]);
	expect(await listPrompts(db, studyId)).toContainEqual(typed);
});

test('all or none: a full disk half way leaves nothing, a missing prompt changes none', async () => {
	const { db, studyId, added } = await setUp();
	await expect(withFullDiskAt(3, () => added(['a', 'b', 'c', 'd']))).rejects.toMatchObject({
		code: 'quota-exceeded'
	});
	expect(await listPrompts(db, studyId)).toEqual([]);
	const [prompt] = await added(['a']);
	await expect(updatePrompts(db, [prompt?.id ?? '', 'gone'], { weight: 3 })).rejects.toMatchObject({
		code: 'missing-file'
	});
	expect(await listPrompts(db, studyId)).toEqual([prompt]);
});

test('sets are changed in place, and a copied study has its own', async () => {
	const { db, studyId, set, added } = await setUp();
	await added(['Once']);
	const { createdAt } = set;
	await putPromptSet(db, studyId, { ...set, isOn: false, tags: ['x'] });
	expect(await listPromptSets(db, studyId)).toEqual([
		{ ...set, isOn: false, tags: ['x'], createdAt }
	]);
	const copy = await duplicateStudy(db, studyId, 'Copy');
	const [copied] = await listPromptSets(db, copy.id);
	expect(copied?.id).not.toBe(set.id);
	expect((await listPrompts(db, copy.id)).map(({ setId }) => setId)).toEqual([copied?.id]);
});
