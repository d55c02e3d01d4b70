import { RECORD_VERSION, type Prompt } from '../core/records';
import { read, startingWith, write, type StudioDb } from './db';
import { newId } from './ids';

/** In the order of adding. */
export function listPrompts(db: StudioDb, studyId: string): Promise<Prompt[]> {
	return read(() => db.getAllFromIndex('prompts', 'byStudy', startingWith(studyId)));
}

/**
 * The study's prompt with this text, added if it is new: one text is one prompt, so that a split by prompt never has
 * the same text on both sides.
 */
export function addPrompt(
	db: StudioDb,
	studyId: string,
	text: string,
	source: Prompt['source']
): Promise<Prompt> {
	return write(db, ['prompts'], async (tx) => {
		const prompts = tx.objectStore('prompts');
		const known = await prompts.index('byText').get([studyId, text]);
		if (known) {
			return known;
		}
		const prompt: Prompt = {
			id: newId(),
			studyId,
			version: RECORD_VERSION,
			createdAt: Date.now(),
			text,
			source
		};
		await prompts.add(prompt);
		return prompt;
	});
}
