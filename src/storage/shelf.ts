/** All that a study holds besides its answers, read at once: what the Library lists. */
import type {
	DatasetVersionRecord,
	EvaluationRecord,
	ItemNote,
	MeasurementRecord,
	PolicyRecord,
	ReportRecord,
	RewardModelRecord,
	Run
} from '../core/records';
import { read, startingWith, type StudioDb } from './db';

export interface ShelfRecords {
	versions: DatasetVersionRecord[];
	runs: Run[];
	rewardModels: RewardModelRecord[];
	policies: PolicyRecord[];
	evaluations: EvaluationRecord[];
	reports: (ReportRecord | MeasurementRecord)[];
	notes: ItemNote[];
}

/** Of one moment: all of it in one transaction. Each kind in the order of making. */
export function readShelf(db: StudioDb, studyId: string): Promise<ShelfRecords> {
	return read(async () => {
		const stores = [
			...(['datasetVersions', 'runs', 'rewardModels', 'policies'] as const),
			...(['evaluations', 'reports', 'itemNotes'] as const)
		] as const;
		const tx = db.transaction(stores);
		const range = startingWith(studyId);
		const [versions, runs, rewardModels, policies, evaluations, reports, notes] = await Promise.all(
			[
				tx.objectStore('datasetVersions').index('byStudy').getAll(range),
				tx.objectStore('runs').index('byStudy').getAll(range),
				tx.objectStore('rewardModels').index('byStudy').getAll(range),
				tx.objectStore('policies').index('byStudy').getAll(range),
				tx.objectStore('evaluations').index('byStudy').getAll(range),
				tx.objectStore('reports').index('byStudy').getAll(range),
				tx.objectStore('itemNotes').index('byStudy').getAll(range)
			]
		);
		return { versions, runs, rewardModels, policies, evaluations, reports, notes };
	});
}
