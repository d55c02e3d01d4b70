/** Opens the database, and runs the transactions that every other storage module is made of. */
import { openDB, type IDBPDatabase, type IDBPTransaction } from 'idb';
import { MIGRATIONS, type Migration, type StoreName, type StudioSchema } from './schema';
import { toStorageError } from './storage-error';

export type StudioDb = IDBPDatabase<StudioSchema>;

export interface OpenOptions {
	name?: string;
	/** Another tab still holds an older version open: opening waits until that tab lets go. */
	onBlocked?(): void;
	/** A newer version waits in another tab: this connection has closed itself, and the page must be reloaded. */
	onBlocking?(): void;
	/** The browser took the connection away: nothing can be stored until the page is reloaded. */
	onTerminated?(): void;
	/** For tests of upgrades. */
	migrations?: readonly Migration[];
}

/** Opens the studio's database, bringing it up to date first. */
export async function openStudio(o: OpenOptions = {}): Promise<StudioDb> {
	const migrations = o.migrations ?? MIGRATIONS;
	try {
		return await openDB<StudioSchema>(o.name ?? 'tiller', migrations.length, {
			upgrade: (db, oldVersion, _newVersion, tx) => {
				// A failed upgrade rejects `openDB`; this is the same failure once more.
				tx.done.catch(() => undefined);
				for (const migrate of migrations.slice(oldVersion)) {
					migrate(db, tx);
				}
			},
			blocked: () => o.onBlocked?.(),
			blocking: (_current, _blocked, event) => {
				// Transactions under way finish first; without this the other tab waits for ever.
				(event.target as IDBDatabase).close();
				o.onBlocking?.();
			},
			terminated: () => o.onTerminated?.()
		});
	} catch (cause) {
		throw toStorageError(cause);
	}
}

/** Runs a read, turning what goes wrong into a StudioError. */
export async function read<T>(action: () => Promise<T>): Promise<T> {
	try {
		return await action();
	} catch (cause) {
		throw toStorageError(cause);
	}
}

/**
 * Runs one transaction, flushed to disk before the promise resolves. If anything fails, nothing of it is stored.
 * `action` may await only requests of `tx`, one after the other: of several begun at once, those begun before one that
 * throws would fail unheard.
 */
export async function write<const Names extends readonly StoreName[], T>(
	db: StudioDb,
	stores: Names,
	action: (tx: IDBPTransaction<StudioSchema, Names, 'readwrite'>) => Promise<T>
): Promise<T> {
	let tx: IDBPTransaction<StudioSchema, Names, 'readwrite'>;
	try {
		tx = db.transaction(stores, 'readwrite', { durability: 'strict' });
	} catch (cause) {
		throw toStorageError(cause);
	}
	const end = new Promise<'complete' | 'abort'>((resolve) => {
		tx.addEventListener('complete', () => resolve('complete'));
		tx.addEventListener('abort', () => resolve('abort'));
	});
	// idb rejects `done` at the first failed request, before the transaction knows its own error; `end` is the one awaited.
	tx.done.catch(() => undefined);
	let result: T;
	try {
		result = await action(tx);
	} catch (cause) {
		try {
			tx.abort();
		} catch {
			// It has ended by itself.
		}
		await end;
		// When the disk is full the requests only say "aborted"; the transaction knows why.
		throw toStorageError(tx.error ?? cause);
	}
	if ((await end) === 'abort') {
		throw toStorageError(tx.error ?? new DOMException('The transaction was aborted', 'AbortError'));
	}
	return result;
}

/** Range of all keys that begin with `first`: [first] sorts before [first, x], and [first, []] after it. */
export function startingWith(first: string): IDBKeyRange {
	return IDBKeyRange.bound([first], [first, []]);
}
