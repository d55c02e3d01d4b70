import type { EvaluationRecord } from '../core/records';
import { read, startingWith, write, type StudioDb } from './db';

export async function putEvaluation(db: StudioDb, evaluation: EvaluationRecord): Promise<void> {
	await write(db, ['evaluations'], (tx) => tx.objectStore('evaluations').put(evaluation));
}

export function getEvaluation(db: StudioDb, id: string): Promise<EvaluationRecord | undefined> {
	return read(() => db.get('evaluations', id));
}

/** In the order of making. */
export function listEvaluations(db: StudioDb, studyId: string): Promise<EvaluationRecord[]> {
	return read(() => db.getAllFromIndex('evaluations', 'byStudy', startingWith(studyId)));
}
