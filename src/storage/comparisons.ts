/** What was put before a person, and the append-only log of answers. Nothing here changes or removes a judgement. */
import type { AnswerEvent, CompletionSet, Presentation } from '../core/records';
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

export async function addCompletionSets(
	db: StudioDb,
	sets: readonly CompletionSet[]
): Promise<void> {
	await write(db, ['completionSets'], async (tx) => {
		for (const set of sets) {
			await tx.objectStore('completionSets').add(set);
		}
	});
}

/** In the order of adding. */
export function listCompletionSets(db: StudioDb, studyId: string): Promise<CompletionSet[]> {
	return read(() => db.getAllFromIndex('completionSets', 'byStudy', startingWith(studyId)));
}

export function appendAnswer(db: StudioDb, event: AnswerEvent): Promise<void> {
	return appendAnswers(db, [event]);
}

/** All of them or none. An event that is already stored, or that answers a pair or set that is not, is refused. */
export async function appendAnswers(db: StudioDb, events: readonly AnswerEvent[]): Promise<void> {
	await write(db, ['presentations', 'completionSets', 'answers'], async (tx) => {
		const answers = tx.objectStore('answers');
		for (const event of events) {
			const id = event.presentationId;
			const isStored =
				(await tx.objectStore('presentations').getKey(id)) ??
				(await tx.objectStore('completionSets').getKey(id));
			if (isStored === undefined) {
				throw new StudioError(
					'storage-failed',
					'This answer belongs to a pair that is not stored',
					{ detail: { presentationId: id } }
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
