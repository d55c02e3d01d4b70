/** Studies: the folders that keep people apart on a shared laptop. Copying and deleting one covers everything in it. */
import type { IDBPTransaction } from 'idb';
import { RECORD_VERSION, type Study } from '../core/records';
import { StudioError } from '../protocol/errors';
import { read, startingWith, write, type StudioDb } from './db';
import { newId } from './ids';
import type { StudioSchema } from './schema';

/** Newest first. */
export async function listStudies(db: StudioDb): Promise<Study[]> {
	const studies = await read(() => db.getAll('studies'));
	return studies.sort(
		(one, other) => other.createdAt - one.createdAt || (one.id < other.id ? 1 : -1)
	);
}

function makeStudy(name: string): Study {
	const now = Date.now();
	return { id: newId(), version: RECORD_VERSION, name, createdAt: now, updatedAt: now };
}

export async function createStudy(db: StudioDb, name: string): Promise<Study> {
	const study = makeStudy(name);
	await write(db, ['studies'], (tx) => tx.objectStore('studies').add(study));
	return study;
}

/** The newest study; the first one is made here. Two tabs opened at once still make only one. */
export async function ensureStudy(db: StudioDb, name = 'My study'): Promise<Study> {
	const first = makeStudy(name);
	await write(db, ['studies'], async (tx) => {
		const studies = tx.objectStore('studies');
		if ((await studies.count()) === 0) {
			await studies.add(first);
		}
	});
	const [newest] = await listStudies(db);
	return newest ?? first;
}

function noStudy(id: string): StudioError {
	return new StudioError('missing-file', 'This study is no longer stored', { detail: { id } });
}

export async function renameStudy(db: StudioDb, id: string, name: string): Promise<Study> {
	return write(db, ['studies'], async (tx) => {
		const studies = tx.objectStore('studies');
		const study = await studies.get(id);
		if (!study) {
			throw noStudy(id);
		}
		const renamed = { ...study, name, updatedAt: Date.now() };
		await studies.put(renamed);
		return renamed;
	});
}

const BY_STUDY_AND_TIME = [
	'prompts',
	'promptSets',
	'presentations',
	'completionSets',
	'annotators',
	'rewardModels',
	'policies',
	'runs',
	'evaluations',
	'reports',
	'imports',
	'datasetVersions',
	'itemNotes'
] as const;
const BY_RUN_AND_STEP = ['metrics', 'samples', 'snapshots'] as const;
const ALL = [
	'studies',
	...BY_STUDY_AND_TIME,
	...BY_RUN_AND_STEP,
	'answers',
	'weights',
	'checkpoints'
] as const;

type WholeStudy = IDBPTransaction<StudioSchema, typeof ALL, 'readwrite'>;

/** Keys of a study's records, in the order of their making. */
const keysOf = (tx: WholeStudy, name: (typeof BY_STUDY_AND_TIME)[number], studyId: string) =>
	tx.objectStore(name).index('byStudy').getAllKeys(startingWith(studyId));

/** Removes a study and all that belongs to it. */
export async function deleteStudy(db: StudioDb, id: string): Promise<void> {
	await write(db, ALL, async (tx) => {
		await tx.objectStore('studies').delete(id);
		for (const runId of await keysOf(tx, 'runs', id)) {
			await tx.objectStore('checkpoints').delete(runId);
			for (const name of BY_RUN_AND_STEP) {
				await tx.objectStore(name).delete(startingWith(runId));
			}
		}
		for (const name of BY_STUDY_AND_TIME) {
			for (const key of await keysOf(tx, name, id)) {
				await tx.objectStore(name).delete(key);
			}
		}
		for (const key of await tx.objectStore('answers').index('byStudy').getAllKeys(id)) {
			await tx.objectStore('answers').delete(key);
		}
		for (const key of await tx.objectStore('weights').index('byStudy').getAllKeys(id)) {
			await tx.objectStore('weights').delete(key);
		}
	});
}

/**
 * Copies a study and all that belongs to it; every record gets a new id, and what pointed at a copied record points at
 * its copy. Runs that were going are paused in the copy.
 */
export async function duplicateStudy(db: StudioDb, id: string, name: string): Promise<Study> {
	const copy = makeStudy(name);
	await write(db, ALL, async (tx) => {
		if (!(await tx.objectStore('studies').getKey(id))) {
			throw noStudy(id);
		}
		const renew = await newIdsFor(tx, id, copy.id);
		await tx.objectStore('studies').add(copy);
		for (const name of BY_STUDY_AND_TIME) {
			await copyStore(tx, name, id, renew);
		}
		await copyAnswers(tx, id, renew);
		await copyWeights(tx, id, renew);
		await copyRunData(tx, id, renew);
	});
	return copy;
}

type Renew = <T>(value: T) => T;

/**
 * Ids carry 64 random bits, so a string that equals one is a reference to it wherever it stands, a checkpoint's own
 * state included.
 */
function replaceIds<T>(value: T, ids: ReadonlyMap<string, string>): T {
	const visit = (part: unknown): unknown => {
		if (typeof part === 'string') {
			return ids.get(part) ?? part;
		}
		if (Array.isArray(part)) {
			return part.map(visit);
		}
		const isPlain =
			typeof part === 'object' && part !== null && Object.getPrototypeOf(part) === Object.prototype;
		return isPlain
			? Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, visit(inner)]))
			: part;
	};
	return visit(value) as T;
}

async function newIdsFor(tx: WholeStudy, studyId: string, copyId: string): Promise<Renew> {
	const ids = new Map([[studyId, copyId]]);
	for (const name of BY_STUDY_AND_TIME) {
		for (const key of await keysOf(tx, name, studyId)) {
			// A note has the id of what it is about.
			ids.set(key, ids.get(key) ?? newId());
		}
	}
	const presentations = tx.objectStore('presentations').index('byStudy');
	for (const { a, b } of await presentations.getAll(startingWith(studyId))) {
		// A repeat shows completions that were shown before: one id each.
		for (const { id } of [a, b]) {
			ids.set(id, ids.get(id) ?? newId());
		}
	}
	const sets = tx.objectStore('completionSets').index('byStudy');
	for (const { completions } of await sets.getAll(startingWith(studyId))) {
		for (const { id } of completions) {
			ids.set(id, ids.get(id) ?? newId());
		}
	}
	for (const event of await tx.objectStore('answers').index('byStudy').getAll(studyId)) {
		ids.set(event.id, newId());
	}
	return (value) => replaceIds(value, ids);
}

async function copyStore(
	tx: WholeStudy,
	name: (typeof BY_STUDY_AND_TIME)[number],
	studyId: string,
	renew: Renew
): Promise<void> {
	const store = tx.objectStore(name);
	for (const record of await store.index('byStudy').getAll(startingWith(studyId))) {
		const copied = renew(record);
		const isRunning = 'status' in copied && copied.status === 'running';
		await store.add(isRunning ? { ...copied, status: 'paused' } : copied);
	}
}

async function copyAnswers(tx: WholeStudy, studyId: string, renew: Renew): Promise<void> {
	const store = tx.objectStore('answers');
	for (const event of await store.index('byStudy').getAll(studyId)) {
		await store.add(renew(event));
	}
}

async function copyWeights(tx: WholeStudy, studyId: string, renew: Renew): Promise<void> {
	const store = tx.objectStore('weights');
	// By key: all together they may be larger than memory.
	for (const key of await store.index('byStudy').getAllKeys(studyId)) {
		const weights = await store.get(key);
		if (weights) {
			await store.add(renew(weights));
		}
	}
}

async function copyRunData(tx: WholeStudy, studyId: string, renew: Renew): Promise<void> {
	const checkpoints = tx.objectStore('checkpoints');
	for (const runId of await keysOf(tx, 'runs', studyId)) {
		for (const name of BY_RUN_AND_STEP) {
			const store = tx.objectStore(name);
			for (const row of await store.getAll(startingWith(runId))) {
				await store.add(renew(row));
			}
		}
		const checkpoint = await checkpoints.get(runId);
		if (checkpoint) {
			await checkpoints.add(renew(checkpoint));
		}
	}
}
