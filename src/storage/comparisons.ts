/** Presentations and the append-only log of answers. Nothing here changes or removes a judgement. */
import type { AnswerEvent, Presentation } from '../core/records';
import { StudioError } from '../protocol/errors';
import { read, startingWith, write, type StudioDb } from './db';

export async function addPresentations(
	db: StudioDb,
	presentations: readonly Presentation[]
): Promise<void> {
	await write(db, ['presentations'], async (tx) => {
		for (const presentation of presentations) {
			await tx.objectStore('presentations').add(presentation);
		}
	});
}

/** In the order of adding. */
export function listPresentations(db: StudioDb, studyId: string): Promise<Presentation[]> {
	return read(() => db.getAllFromIndex('presentations', 'byStudy', startingWith(studyId)));
}

export function appendAnswer(db: StudioDb, event: AnswerEvent): Promise<void> {
	return appendAnswers(db, [event]);
}

/** All of them or none. An event that is already stored, or that answers a pair that is not, is refused. */
export async function appendAnswers(db: StudioDb, events: readonly AnswerEvent[]): Promise<void> {
	await write(db, ['presentations', 'answers'], async (tx) => {
		const presentations = tx.objectStore('presentations');
		const answers = tx.objectStore('answers');
		for (const event of events) {
			if ((await presentations.getKey(event.presentationId)) === undefined) {
				throw new StudioError(
					'storage-failed',
					'This answer belongs to a pair that is not stored',
					{
						detail: { presentationId: event.presentationId }
					}
				);
			}
			await answers.add(event);
		}
	});
}

/** In the order of appending. */
export function listAnswers(db: StudioDb, studyId: string): Promise<AnswerEvent[]> {
	return read(() => db.getAllFromIndex('answers', 'byStudy', studyId));
}
