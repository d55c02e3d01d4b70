/**
 * Imported rows into a study: prompts, what was shown, and the answers to it. A batch is stored whole or not at all; a row whose
 * event the study holds already is a duplicate, so that a file may be read again, after a stop or for any other reason.
 */
import {
	idInStudy,
	shownIdOf,
	studyRecords,
	whyNot,
	type LeftOutReason,
	type StudyContext,
	type StudyRecords,
	type Tokens
} from '../core/formats/feedback/study-records';
import { promptText } from '../core/formats/feedback/content';
import type { FeedbackAnnotator, FeedbackRow } from '../core/formats/feedback/row';
import { RECORD_VERSION, type ImportRecord, type Prompt, type PromptSet } from '../core/records';
import type { IDBPTransaction } from 'idb';
import { read, startingWith, write, type StudioDb } from './db';
import { newId } from './ids';
import type { StudioSchema } from './schema';

/** Pairs and sets of one study: all of them are on the page at once, about four kilobytes each. */
export const MOST_IN_STUDY = 50_000;
/** Longest prompt of a prompt set, in characters: longer ones leave a completion no room. */
export const MOST_PROMPT_CHARACTERS = 400;

export interface PreparedRow {
	row: FeedbackRow;
	/** null for a row that brings its own, or needs none. */
	tokens: Tokens | null;
	/** Who answered, where the row does not say. */
	annotator: FeedbackAnnotator;
}

export interface BatchOutcome {
	/** Rows stored now. */
	kept: number;
	/** Rows that were there already. */
	duplicates: number;
	leftOut: Partial<Record<LeftOutReason, number>>;
}

export interface ImportTarget {
	studyId: string;
	importId: string;
	now: number;
}

/** Takes the rows of one import, batch by batch. */
export interface RecordSink {
	/** @throws StudioError 'quota-exceeded' | 'storage-failed'; then nothing of the batch is stored */
	write(rows: readonly PreparedRow[]): Promise<BatchOutcome>;
}

const STORES = ['presentations', 'completionSets', 'answers', 'prompts'] as const;
type Tx = IDBPTransaction<StudioSchema, typeof STORES, 'readwrite'>;

const emptyOutcome = (): BatchOutcome => ({ kept: 0, duplicates: 0, leftOut: {} });

function leaveOut({ leftOut }: BatchOutcome, reason: LeftOutReason): void {
	leftOut[reason] = (leftOut[reason] ?? 0) + 1;
}

/** Rows as events, pairs, sets and prompts of a study. */
export class StudySink implements RecordSink {
	readonly #db: StudioDb;
	readonly #target: ImportTarget;
	readonly #limit: number;

	constructor(db: StudioDb, target: ImportTarget, limit = MOST_IN_STUDY) {
		this.#db = db;
		this.#target = target;
		this.#limit = limit;
	}

	write(rows: readonly PreparedRow[]): Promise<BatchOutcome> {
		return write(this.#db, STORES, async (tx) => {
			const batch = new Batch(tx, this.#target);
			const room = this.#limit - (await batch.countShown());
			return batch.store(rows, room);
		});
	}
}

/** One transaction. Reads are begun together: none of them can fail alone, and all are awaited. */
class Batch {
	readonly #tx: Tx;
	readonly #target: ImportTarget;
	readonly #ids = new Map<string, string>();
	readonly #promptIds = new Map<string, string>();
	/** Ids of events and of what was shown that are stored, or are about to be. */
	readonly #stored = new Set<string>();
	readonly #requests: Promise<unknown>[] = [];

	constructor(tx: Tx, target: ImportTarget) {
		this.#tx = tx;
		this.#target = target;
	}

	async countShown(): Promise<number> {
		const range = startingWith(this.#target.studyId);
		const [pairs, sets] = await Promise.all([
			this.#tx.objectStore('presentations').index('byStudy').count(range),
			this.#tx.objectStore('completionSets').index('byStudy').count(range)
		]);
		return pairs + sets;
	}

	async store(rows: readonly PreparedRow[], room: number): Promise<BatchOutcome> {
		await this.#look(rows.map(({ row }) => row));
		const outcome = emptyOutcome();
		let left = room;
		for (const prepared of rows) {
			const { row } = prepared;
			const reason = row.kind === 'prompt' ? null : whyNot(row);
			if (reason) {
				leaveOut(outcome, reason);
			} else if (row.kind === 'prompt') {
				outcome[this.#addPrompt(row) ? 'kept' : 'duplicates']++;
			} else if (this.#stored.has(this.#idOf(row.id))) {
				outcome.duplicates++;
			} else {
				const isNewPair = !this.#stored.has(this.#idOf(shownIdOf(row)));
				if (isNewPair && left <= 0) {
					leaveOut(outcome, 'study-full');
				} else {
					left -= isNewPair ? 1 : 0;
					this.#add(prepared, isNewPair);
					outcome.kept++;
				}
			}
		}
		await Promise.all(this.#requests);
		return outcome;
	}

	readonly #idOf = (id: string): string => this.#ids.get(id) ?? idInStudy(this.#target.studyId, id);

	/** Awaited at the end; one that fails ends the transaction, and those behind it cannot even be begun. */
	#begin(request: Promise<unknown>): void {
		request.catch(() => undefined);
		this.#requests.push(request);
	}

	/** What the study holds already of what the rows name. */
	async #look(rows: readonly FeedbackRow[]): Promise<void> {
		const { studyId } = this.#target;
		const answers = this.#tx.objectStore('answers').index('byId');
		const shown = [
			this.#tx.objectStore('presentations'),
			this.#tx.objectStore('completionSets')
		] as const;
		const isOwn = (record: { studyId: string } | undefined) => record?.studyId === studyId;
		const look = async (id: string, stores: readonly Finder[]) => {
			const own = await Promise.all(stores.map((store) => store.get(id)));
			// A record of this very study keeps its name; whatever else has that name belongs to another study.
			const name = own.some(isOwn) ? id : idInStudy(studyId, id);
			this.#ids.set(id, name);
			const keys = await Promise.all(stores.map((store) => store.getKey(name)));
			if (keys.some((key) => key !== undefined)) {
				this.#stored.add(name);
			}
		};
		const judged = rows.filter(({ kind }) => kind !== 'prompt');
		const events = new Set(judged.flatMap(({ id, event }) => [id, event?.supersedes ?? id]));
		const pairs = new Set(
			judged.flatMap((row) => [shownIdOf(row), row.presentation?.repeatOf ?? shownIdOf(row)])
		);
		const texts = new Set(rows.map(({ prompt }) => promptText(prompt)));
		const prompts = this.#tx.objectStore('prompts').index('byText');
		await Promise.all([
			...[...events].map((id) => look(id, [answers])),
			...[...pairs].map((id) => look(id, shown)),
			...[...texts].map(async (text) => {
				const key = await prompts.getKey([studyId, text]);
				if (key !== undefined) {
					this.#promptIds.set(text, key);
				}
			})
		]);
	}

	#add({ row, tokens, annotator }: PreparedRow, isNewPair: boolean): void {
		const { studyId, importId, now } = this.#target;
		const context: StudyContext = {
			...{ studyId, importId, now, annotator, tokens },
			idOf: this.#idOf,
			promptId: this.#promptFor(row)
		};
		const { shown, event }: StudyRecords = studyRecords(row, context);
		if (isNewPair) {
			this.#stored.add(shown.record.id);
			this.#begin(
				shown.store === 'presentations'
					? this.#tx.objectStore('presentations').add(shown.record)
					: this.#tx.objectStore('completionSets').add(shown.record)
			);
		}
		if (event) {
			this.#stored.add(event.id);
			this.#begin(this.#tx.objectStore('answers').add(event));
		}
	}

	/** The study's prompt with a row's text, added if it is new: one text is one prompt. */
	#promptFor(row: FeedbackRow): string {
		const text = promptText(row.prompt);
		const id = this.#promptIds.get(text) ?? newId();
		if (!this.#promptIds.has(text)) {
			this.#promptIds.set(text, id);
			const prompt = promptOf(row, { ...this.#target, id, text });
			this.#begin(this.#tx.objectStore('prompts').add(prompt));
		}
		return id;
	}

	/** False where the study has it. */
	#addPrompt(row: FeedbackRow): boolean {
		const isNew = !this.#promptIds.has(promptText(row.prompt));
		this.#promptFor(row);
		return isNew;
	}
}

/** A store or index whose records belong to studies. */
interface Finder {
	get(id: string): Promise<{ studyId: string } | undefined>;
	getKey(id: string): Promise<IDBValidKey | undefined>;
}

function promptOf(
	{ prompt: { tags, record }, kind }: FeedbackRow,
	{ studyId, now, id, text }: Pick<ImportTarget, 'studyId' | 'now'> & { id: string; text: string }
): Prompt {
	return {
		id,
		studyId,
		version: RECORD_VERSION,
		createdAt: now,
		text,
		// A prompt that comes with a pair is that pair's, and no opening to be asked.
		source: kind === 'prompt' && record?.source === 'typed' ? 'typed' : 'import',
		...(tags && { tags })
	};
}

/** The prompts of rows, whatever else stands in them, as a set of prompts. */
export class PromptSink implements RecordSink {
	readonly #db: StudioDb;
	readonly #target: ImportTarget;
	readonly #set: PromptSet;

	constructor(db: StudioDb, target: ImportTarget, name: string) {
		this.#db = db;
		this.#target = target;
		this.#set = {
			id: newId(),
			studyId: target.studyId,
			version: RECORD_VERSION,
			createdAt: target.now,
			name,
			isOn: true,
			weight: 1,
			isBuiltIn: false
		};
	}

	write(rows: readonly PreparedRow[]): Promise<BatchOutcome> {
		return write(this.#db, ['prompts', 'promptSets'], async (tx) => {
			const { studyId, now } = this.#target;
			const prompts = tx.objectStore('prompts');
			const outcome = emptyOutcome();
			for (const { row } of rows) {
				const text = promptText(row.prompt);
				if (text.trim() === '') {
					leaveOut(outcome, 'empty-prompt');
				} else if (text.length > MOST_PROMPT_CHARACTERS) {
					leaveOut(outcome, 'prompt-too-long');
				} else if ((await prompts.index('byText').getKey([studyId, text])) !== undefined) {
					outcome.duplicates++;
				} else {
					const prompt = promptOf({ ...row, kind: 'thumb' }, { studyId, now, id: newId(), text });
					await prompts.add({ ...prompt, setId: this.#set.id });
					outcome.kept++;
				}
			}
			const isNew = (await tx.objectStore('promptSets').getKey(this.#set.id)) === undefined;
			if (outcome.kept > 0 && isNew) {
				await tx.objectStore('promptSets').add(this.#set);
			}
			return outcome;
		});
	}
}

export async function putImport(db: StudioDb, record: ImportRecord): Promise<void> {
	await write(db, ['imports'], (tx) => tx.objectStore('imports').put(record));
}

/** In the order of importing. */
export function listImports(db: StudioDb, studyId: string): Promise<ImportRecord[]> {
	return read(() => db.getAllFromIndex('imports', 'byStudy', startingWith(studyId)));
}
