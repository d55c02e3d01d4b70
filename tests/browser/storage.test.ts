import { afterEach, expect, test } from 'vitest';
import { openStudio, type StudioDb } from '../../src/storage/db';
import { newId } from '../../src/storage/ids';
import { askPersistence, readStorageState } from '../../src/storage/quota';
import { createStudy, listStudies } from '../../src/storage/studies';

const opened: StudioDb[] = [];
afterEach(() => {
	for (const db of opened.splice(0)) {
		db.close();
		indexedDB.deleteDatabase(db.name);
	}
});

async function openFresh() {
	const db = await openStudio({ name: `test-${newId()}` });
	opened.push(db);
	return db;
}

test('a study is still there after the connection was closed', async () => {
	const db = await openFresh();
	const study = await createStudy(db, 'Ada');
	db.close();
	const again = await openStudio({ name: db.name });
	opened.push(again);
	expect(await listStudies(again)).toEqual([study]);
});

test('the browser tells how much is used and whether it keeps it', async () => {
	const db = await openFresh();
	await createStudy(db, 'Ada');
	const state = await readStorageState();
	expect(state.usageBytes).toBeGreaterThan(0);
	expect(state.quotaBytes).toBeGreaterThan(state.usageBytes ?? Infinity);
	expect(await askPersistence()).toBe((await readStorageState()).isPersistent);
});
