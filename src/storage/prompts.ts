import { RECORD_VERSION, type Prompt, type PromptSet } from '../core/records';
import { StudioError } from '../protocol/errors';
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

/** In the order of making. */
export function listPromptSets(db: StudioDb, studyId: string): Promise<PromptSet[]> {
	return read(() => db.getAllFromIndex('promptSets', 'byStudy', startingWith(studyId)));
}

export async function putPromptSet(
	db: StudioDb,
	studyId: string,
	set: Omit<PromptSet, 'id' | 'studyId' | 'version' | 'createdAt'> & { id?: string }
): Promise<PromptSet> {
	return write(db, ['promptSets'], async (tx) => {
		const store = tx.objectStore('promptSets');
		const known = set.id === undefined ? undefined : await store.get(set.id);
		const kept = {
			...set,
			id: known?.id ?? newId(),
			studyId,
			version: RECORD_VERSION,
			createdAt: known?.createdAt ?? Date.now()
		};
		await store.put(kept);
		return kept;
	});
}

export type NewPrompt = Pick<Prompt, 'text' | 'source' | 'setId' | 'tags' | 'weight'>;

/**
 * Adds prompts, all or none. One text is one prompt: a text that was taken out comes back in the set it is added to now, and one
 * that is in a set stays there. Gives those that are new or back.
 */
export function addPrompts(
	db: StudioDb,
	studyId: string,
	added: readonly NewPrompt[]
): Promise<Prompt[]> {
	return write(db, ['prompts'], async (tx) => {
		const prompts = tx.objectStore('prompts');
		const now = Date.now();
		const kept: Prompt[] = [];
		for (const [i, { text, source, setId, tags, weight }] of added.entries()) {
			const place = {
				...(setId !== undefined && { setId }),
				...(tags && tags.length > 0 && { tags }),
				...(weight !== undefined && weight !== 1 && { weight })
			};
			const known = await prompts.index('byText').get([studyId, text]);
			// What merely came with imported pairs belongs to no set yet.
			const isFree =
				known && (known.isRetired || (known.setId === undefined && known.source === 'import'));
			if (known && !isFree) {
				continue;
			}
			// Fractions of a millisecond keep the order of a list.
			const createdAt = now + i / 1000;
			const { id } = known ?? { id: newId() };
			const version = RECORD_VERSION;
			const made = known?.createdAt ?? createdAt;
			const prompt: Prompt = { id, studyId, version, createdAt: made, text, source, ...place };
			await prompts.put(prompt);
			kept.push(prompt);
		}
		return kept;
	});
}

/** Changes where prompts stand and how often they are asked, all or none; never their text, which answered pairs name. */
export function updatePrompts(
	db: StudioDb,
	ids: readonly string[],
	changes: Partial<Pick<Prompt, 'tags' | 'weight' | 'isRetired'>>
): Promise<Prompt[]> {
	return write(db, ['prompts'], async (tx) => {
		const prompts = tx.objectStore('prompts');
		const changed: Prompt[] = [];
		for (const id of ids) {
			const prompt = await prompts.get(id);
			if (!prompt) {
				throw new StudioError('missing-file', 'This prompt is no longer stored', {
					detail: { id }
				});
			}
			const next = { ...prompt, ...changes };
			await prompts.put(next);
			changed.push(next);
		}
		return changed;
	});
}
