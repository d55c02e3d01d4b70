/** The studio's database in memory, each one apart from all others. */
import 'fake-indexeddb/auto';
import { openStudio, type StudioDb } from '../../src/storage/db';
import { newId } from '../../src/storage/ids';

export function openMemoryDb(): Promise<StudioDb> {
	return openStudio({ name: `test-${newId()}` });
}

interface FakeTransaction {
	_abort(name: string): void;
}

/**
 * Runs `action` on a disk that fills up at the `nth` write: as in Chromium, the request says only that it was aborted
 * and the transaction holds the QuotaExceededError.
 */
export async function withFullDiskAt<T>(nth: number, action: () => Promise<T>): Promise<T> {
	const store = IDBObjectStore.prototype;
	const { put, add } = store;
	let writes = 0;
	const failing = (original: typeof put): typeof put =>
		function (this: IDBObjectStore, ...args) {
			const request = original.apply(this, args);
			if (++writes === nth) {
				(this.transaction as unknown as FakeTransaction)._abort('QuotaExceededError');
			}
			return request;
		};
	store.put = failing(put);
	store.add = failing(add);
	try {
		return await action();
	} finally {
		store.put = put;
		store.add = add;
	}
}
