/** Dataset versions of a study. They are added and read, never changed. */
import {
	makeVersion,
	type DatasetRow,
	type DatasetTransform
} from '../core/feedback/dataset-version';
import { RECORD_VERSION, type DatasetVersionRecord } from '../core/records';
import { read, startingWith, write, type StudioDb } from './db';
import { newId } from './ids';

/** In the order of making. */
export function listDatasetVersions(
	db: StudioDb,
	studyId: string
): Promise<DatasetVersionRecord[]> {
	return read(() => db.getAllFromIndex('datasetVersions', 'byStudy', startingWith(studyId)));
}

export interface NewVersion {
	studyId: string;
	name: string;
	transform: DatasetTransform;
	madeFor: DatasetVersionRecord['madeFor'];
	now: number;
}

/** The version these rows are; where the study has kept the same content already, that one, and nothing is stored. */
export function keepDatasetVersion(
	db: StudioDb,
	rows: readonly DatasetRow[],
	{ studyId, name, transform, madeFor, now }: NewVersion
): Promise<DatasetVersionRecord> {
	return write(db, ['datasetVersions'], async (tx) => {
		const store = tx.objectStore('datasetVersions');
		const known = await store.index('byStudy').getAll(startingWith(studyId));
		const parent = known.findLast(({ dataset }) => dataset.name === name)?.dataset ?? null;
		const dataset = makeVersion(rows, { name, transform, parent });
		const same = known.find((version) => version.dataset.id === dataset.id);
		if (same) {
			return same;
		}
		const record: DatasetVersionRecord = {
			...{ id: newId(), studyId, version: RECORD_VERSION, createdAt: now },
			...{ dataset, madeFor }
		};
		await store.add(record);
		return record;
	});
}
