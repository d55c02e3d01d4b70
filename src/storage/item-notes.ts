/** Aliases, tags and notes: what a person says about the things of a study, kept apart from their records. */
import { RECORD_VERSION, type ItemNote } from '../core/records';
import { read, startingWith, write, type StudioDb } from './db';

/** In the order of their first writing. */
export function listItemNotes(db: StudioDb, studyId: string): Promise<ItemNote[]> {
	return read(() => db.getAllFromIndex('itemNotes', 'byStudy', startingWith(studyId)));
}

export type ItemNoteChanges = Partial<Pick<ItemNote, 'alias' | 'tags' | 'note'>>;

/**
 * Changes what is said about one thing. An alias points at one thing at a time: given to another, it leaves the first, in the
 * same transaction.
 */
export function writeItemNote(
	db: StudioDb,
	{ id, studyId, now }: { id: string; studyId: string; now: number },
	changes: ItemNoteChanges
): Promise<ItemNote> {
	return write(db, ['itemNotes'], async (tx) => {
		const notes = tx.objectStore('itemNotes');
		const known = await notes.get(id);
		const written: ItemNote = {
			...{ id, studyId, version: RECORD_VERSION, createdAt: now, alias: '', tags: [], note: '' },
			...known,
			...changes,
			updatedAt: now
		};
		if (written.alias !== '') {
			const others = await notes.index('byStudy').getAll(startingWith(studyId));
			for (const other of others) {
				if (other.id !== id && other.alias === written.alias) {
					await notes.put({ ...other, alias: '', updatedAt: now });
				}
			}
		}
		await notes.put(written);
		return written;
	});
}
