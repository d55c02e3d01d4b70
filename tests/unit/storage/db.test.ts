import 'fake-indexeddb/auto';
import { forceCloseDatabase } from 'fake-indexeddb';
import { unwrap } from 'idb';
import { describe, expect, test, vi } from 'vitest';
import { openStudio, read, write } from '../../../src/storage/db';
import { newId } from '../../../src/storage/ids';
import { MIGRATIONS, type Migration } from '../../../src/storage/schema';
import { createStudy, listStudies } from '../../../src/storage/studies';
import { currentAnswers } from '../../../src/core/feedback/comparison';
import { ensureAnnotator } from '../../../src/storage/annotators';
import {
	addCompletionSets,
	appendAnswer,
	listAnswers,
	listPresentations
} from '../../../src/storage/comparisons';
import { openMemoryDb, withFullDiskAt } from '../../support/memory-db';
import {
	makeAnswer,
	makeCompletionSet,
	makePresentation,
	makeSetAnswer
} from '../../support/records';

const freshName = () => `db-${newId()}`;

/** Stands for a later version: it changes every study that is stored. */
const markStudies: Migration = (_db, tx) => {
	void tx
		.objectStore('studies')
		.openCursor()
		.then(async (cursor) => {
			for (let at = cursor; at; at = await at.continue()) {
				await at.update({ ...at.value, name: `${at.value.name} (moved)` });
			}
		});
};

describe('opening', () => {
	test('a new database has every store of version 5', async () => {
		const db = await openMemoryDb();
		expect(db.version).toBe(5);
		expect([...db.objectStoreNames].sort()).toEqual([
			'annotators',
			'answers',
			'checkpoints',
			'completionSets',
			'datasetVersions',
			'evaluations',
			'imports',
			'itemNotes',
			'metrics',
			'policies',
			'presentations',
			'promptSets',
			'prompts',
			'reports',
			'rewardModels',
			'runs',
			'samples',
			'snapshots',
			'studies',
			'weights'
		]);
	});

	test('an old database goes through the missing migrations and keeps its records', async () => {
		const name = freshName();
		const old = await openStudio({ name });
		await createStudy(old, 'Ada');
		old.close();
		const migrated = await openStudio({ name, migrations: [...MIGRATIONS, markStudies] });
		expect(migrated.version).toBe(MIGRATIONS.length + 1);
		expect((await listStudies(migrated)).map((study) => study.name)).toEqual(['Ada (moved)']);
	});

	test('a database of version 1 opens with every record as it was, and takes the new kinds beside them', async () => {
		const name = freshName();
		const old = await openStudio({ name, migrations: MIGRATIONS.slice(0, 1) });
		const study = await createStudy(old, 'Ada');
		const [pair, other] = [makePresentation(study.id, 'p'), makePresentation(study.id, 'p')];
		const ofVersion1 = [
			makeAnswer(pair, { version: 1 }),
			makeAnswer(other, { version: 1, outcome: 'tie', qualityA: 'bad', qualityB: 'bad' })
		];
		// Written as the app of version 1 did: it knew no other store than these two.
		const tx = old.transaction(['presentations', 'answers'], 'readwrite');
		await Promise.all([
			...[pair, other].map((p) => tx.objectStore('presentations').add({ ...p, version: 1 })),
			...ofVersion1.map((event) => tx.objectStore('answers').add(event)),
			tx.done
		]);
		old.close();

		const db = await openStudio({ name });
		expect(db.version).toBe(5);
		expect(await listAnswers(db, study.id)).toEqual(ofVersion1);
		const pairs = await listPresentations(db, study.id);
		expect(pairs).toEqual([pair, other].map((p) => ({ ...p, version: 1 })));
		expect([...currentAnswers(await listAnswers(db, study.id)).keys()]).toEqual([
			pair.id,
			other.id
		]);
		const set = makeCompletionSet(study.id, 'p');
		await addCompletionSets(db, [set]);
		const ranked = makeSetAnswer(set, { kind: 'ranking', ranks: [1, 2, 2] });
		await appendAnswer(db, ranked);
		expect((await listAnswers(db, study.id)).at(-1)).toEqual(ranked);
		expect(await ensureAnnotator(db, study.id, 'Ada')).toMatchObject({ isFirst: true });
	});

	test('a database of a newer app is refused by name and left as it was', async () => {
		const name = freshName();
		const newer = await openStudio({ name, migrations: [...MIGRATIONS, markStudies] });
		await createStudy(newer, 'Ada');
		newer.close();
		await expect(openStudio({ name })).rejects.toMatchObject({ code: 'newer-version' });
		const again = await openStudio({ name, migrations: [...MIGRATIONS, markStudies] });
		expect(await listStudies(again)).toHaveLength(1);
	});

	test('a tab with the old version lets go when a newer one wants to open', async () => {
		const name = freshName();
		const onBlocking = vi.fn();
		const old = await openStudio({ name, onBlocking });
		const newer = await openStudio({ name, migrations: [...MIGRATIONS, markStudies] });
		expect(newer.version).toBe(MIGRATIONS.length + 1);
		expect(onBlocking).toHaveBeenCalledOnce();
		await expect(createStudy(old, 'Ada')).rejects.toMatchObject({ code: 'storage-failed' });
	});

	test('a tab that does not let go is reported, and opening goes on once it does', async () => {
		const name = freshName();
		(await openStudio({ name })).close();
		const stubborn = await new Promise<IDBDatabase>((resolve, reject) => {
			const request = indexedDB.open(name);
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => reject(new Error('open failed'));
		});
		const onBlocked = vi.fn(() => stubborn.close());
		const db = await openStudio({ name, migrations: [...MIGRATIONS, markStudies], onBlocked });
		expect(onBlocked).toHaveBeenCalledOnce();
		expect(db.version).toBe(MIGRATIONS.length + 1);
	});

	test('a migration that fails leaves the old database as it was', async () => {
		const name = freshName();
		const old = await openStudio({ name });
		await createStudy(old, 'Ada');
		old.close();
		const failing: Migration = (db) => {
			db.deleteObjectStore('studies');
			throw new Error('half way');
		};
		const opening = openStudio({ name, migrations: [...MIGRATIONS, failing] });
		await expect(opening).rejects.toMatchObject({ code: 'storage-failed' });
		expect(await listStudies(await openStudio({ name }))).toHaveLength(1);
	});

	test('a connection that the browser takes away is reported, and later writes fail by name', async () => {
		const onTerminated = vi.fn();
		const db = await openStudio({ name: freshName(), onTerminated });
		forceCloseDatabase(unwrap(db) as unknown as Parameters<typeof forceCloseDatabase>[0]);
		await vi.waitFor(() => expect(onTerminated).toHaveBeenCalledOnce());
		await expect(createStudy(db, 'Ada')).rejects.toMatchObject({ code: 'storage-failed' });
		await expect(listStudies(db)).rejects.toMatchObject({ code: 'storage-failed' });
	});
});

describe('transactions', () => {
	test('are strict: flushed to disk before they are reported as done', async () => {
		const db = await openMemoryDb();
		const durability = await write(db, ['studies'], (tx) => Promise.resolve(tx.durability));
		expect(durability).toBe('strict');
	});

	test('store nothing when the action throws, and pass its error on', async () => {
		const db = await openMemoryDb();
		const failing = write(db, ['studies'], async (tx) => {
			await tx
				.objectStore('studies')
				.add({ id: 's', version: 1, name: 'Ada', createdAt: 1, updatedAt: 1 });
			throw new Error('second thoughts');
		});
		await expect(failing).rejects.toMatchObject({ message: 'second thoughts' });
		expect(await listStudies(db)).toEqual([]);
	});

	test('say that the disk is full, though the request only says aborted', async () => {
		const db = await openMemoryDb();
		await expect(withFullDiskAt(1, () => createStudy(db, 'Ada'))).rejects.toMatchObject({
			name: 'StudioError',
			code: 'quota-exceeded'
		});
		expect(await listStudies(db)).toEqual([]);
		await createStudy(db, 'Grace');
		expect(await listStudies(db)).toHaveLength(1);
	});

	test('an abort by the browser is a storage failure, never a stop by the person', async () => {
		const db = await openMemoryDb();
		const aborted = write(db, ['studies'], (tx) => {
			tx.abort();
			return Promise.resolve();
		});
		await expect(aborted).rejects.toMatchObject({ code: 'storage-failed' });
	});

	test('a value that cannot be cloned is a mistake of the app', async () => {
		const db = await openMemoryDb();
		const failing = write(db, ['studies'], (tx) =>
			tx.objectStore('studies').add({
				id: 's',
				version: 1,
				name: (() => 'Ada') as unknown as string,
				createdAt: 1,
				updatedAt: 1
			})
		);
		await expect(failing).rejects.toMatchObject({ code: 'internal' });
	});

	test('a read that fails is turned into the error of the app', async () => {
		await expect(
			read(() => Promise.reject(new DOMException('gone', 'UnknownError')))
		).rejects.toMatchObject({ code: 'storage-failed', message: 'gone' });
	});
});

test('ids made in one millisecond differ and sort in the order of making', () => {
	const ids = Array.from({ length: 70_000 }, newId);
	expect(new Set(ids).size).toBe(ids.length);
	expect([...ids].sort()).toEqual(ids);
});
