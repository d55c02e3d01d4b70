/** Who answers on this machine, one list for each study. */
import { RECORD_VERSION, type AnnotatorProfile } from '../core/records';
import { StudioError } from '../protocol/errors';
import { read, startingWith, write, type StudioDb } from './db';
import { newId } from './ids';

/** In the order of adding. */
export function listAnnotators(db: StudioDb, studyId: string): Promise<AnnotatorProfile[]> {
	return read(() => db.getAllFromIndex('annotators', 'byStudy', startingWith(studyId)));
}

function makeProfile(studyId: string, name: string, isFirst: boolean): AnnotatorProfile {
	const createdAt = Date.now();
	return { id: newId(), studyId, version: RECORD_VERSION, createdAt, name, isFirst };
}

/** The study's first profile, made where there is none yet; two tabs opened at once still make only one. */
export function ensureAnnotator(
	db: StudioDb,
	studyId: string,
	name: string
): Promise<AnnotatorProfile> {
	return write(db, ['annotators'], async (tx) => {
		const store = tx.objectStore('annotators');
		const known = await store.index('byStudy').getAll(startingWith(studyId));
		const first = known.find(({ isFirst }) => isFirst);
		if (first) {
			return first;
		}
		const profile = makeProfile(studyId, name, true);
		await store.add(profile);
		return profile;
	});
}

export async function addAnnotator(
	db: StudioDb,
	studyId: string,
	name: string
): Promise<AnnotatorProfile> {
	const profile = makeProfile(studyId, name, false);
	await write(db, ['annotators'], (tx) => tx.objectStore('annotators').add(profile));
	return profile;
}

/** Events keep the name under which they were given; the id stays. */
export function renameAnnotator(db: StudioDb, id: string, name: string): Promise<AnnotatorProfile> {
	return write(db, ['annotators'], async (tx) => {
		const store = tx.objectStore('annotators');
		const profile = await store.get(id);
		if (!profile) {
			throw new StudioError('missing-file', 'This annotator is no longer stored', {
				detail: { id }
			});
		}
		const renamed = { ...profile, name };
		await store.put(renamed);
		return renamed;
	});
}
