import { expect, test } from 'vitest';
import { listItemNotes, writeItemNote } from '../../../src/storage/item-notes';
import { createStudy, deleteStudy, duplicateStudy } from '../../../src/storage/studies';
import { listRuns, putRun } from '../../../src/storage/runs';
import { openMemoryDb } from '../../support/memory-db';
import { makeRun } from '../../support/records';

test('what is said about a thing is kept, one field at a time', async () => {
	const db = await openMemoryDb();
	const at = { id: 'run', studyId: 'study', now: 5 };
	await writeItemNote(db, at, { note: 'Broke at step 12.' });
	await writeItemNote(db, { ...at, now: 9 }, { tags: ['class', 'bold'] });
	expect(await listItemNotes(db, 'study')).toMatchObject([
		{ id: 'run', note: 'Broke at step 12.', tags: ['class', 'bold'], createdAt: 5, updatedAt: 9 }
	]);
	expect(await listItemNotes(db, 'another')).toEqual([]);
});

test('an alias points at one thing of a study, and at others in others', async () => {
	const db = await openMemoryDb();
	const at = (id: string, studyId = 'study') => ({ id, studyId, now: 1 });
	await writeItemNote(db, at('one'), { alias: 'best', note: 'first' });
	await writeItemNote(db, at('elsewhere', 'other study'), { alias: 'best' });
	await writeItemNote(db, at('two'), { alias: 'best' });
	const notes = await listItemNotes(db, 'study');
	expect(notes.map(({ id, alias, note }) => [id, alias, note]).sort()).toEqual([
		['one', '', 'first'],
		['two', 'best', '']
	]);
	expect((await listItemNotes(db, 'other study'))[0]?.alias).toBe('best');
});

test('a copied study has the notes at the copies, and a deleted one takes them along', async () => {
	const db = await openMemoryDb();
	const study = await createStudy(db, 'Ada');
	const run = makeRun(study.id);
	await putRun(db, run);
	await writeItemNote(db, { id: run.id, studyId: study.id, now: 1 }, { tags: ['kept'] });
	const copy = await duplicateStudy(db, study.id, 'Copy');
	const [copiedRun] = await listRuns(db, copy.id);
	expect(await listItemNotes(db, copy.id)).toMatchObject([{ id: copiedRun?.id, tags: ['kept'] }]);
	expect(copiedRun?.id).not.toBe(run.id);
	await deleteStudy(db, study.id);
	expect(await listItemNotes(db, study.id)).toEqual([]);
	expect(await listItemNotes(db, copy.id)).toHaveLength(1);
});
