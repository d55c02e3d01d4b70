/** Studies, and the shelf of the open one: everything in it, what came from what, what is said about it, what is stale. */
import { rowHash, type DatasetRow } from '../core/feedback/dataset-version';
import { lineageOf } from '../core/lineage';
import type { ItemNote, Run, Study } from '../core/records';
import { driftOf, staleItems, type Drift, type HashedRow } from '../core/staleness';
import { writeItemNote, type ItemNoteChanges } from '../storage/item-notes';
import { deleteModel, renamePolicy } from '../storage/models';
import { deleteRun } from '../storage/runs';
import { readShelf, type ShelfRecords } from '../storage/shelf';
import {
	createStudy,
	deleteStudy,
	duplicateStudy,
	ensureStudy,
	listStudies,
	renameStudy
} from '../storage/studies';
import type { OpenDesk } from './desk';
import type { Problems } from './problems.svelte';

/** Rows hashed before the page may paint again. */
const HASHED_AT_ONCE = 250;

export interface LibraryDependencies {
	openDesk: OpenDesk;
	problems: Problems;
	now: () => number;
	/** Puts another study on the desk. */
	openStudy: (study: Study) => Promise<void>;
	/** Models have changed in storage. */
	onModels: () => Promise<void>;
	/** The judged pairs of the study as they are now. */
	rows: () => readonly DatasetRow[];
}

const EMPTY: ShelfRecords = {
	...{
		versions: [],
		runs: [],
		rewardModels: [],
		policies: [],
		evaluations: [],
		reports: [],
		notes: []
	}
};

export class LibraryState {
	readonly #dependencies: LibraryDependencies;
	#studies = $state.raw<readonly Study[]>([]);
	#records = $state.raw<ShelfRecords>(EMPTY);
	#drifts = $state.raw<ReadonlyMap<string, Drift>>(new Map());
	readonly #lineage = $derived(lineageOf(this.#records));
	readonly #stale = $derived(staleItems(this.#lineage, this.#drifts));
	readonly #notes = $derived(new Map(this.#records.notes.map((note) => [note.id, note])));
	#measuring = 0;

	constructor(dependencies: LibraryDependencies) {
		this.#dependencies = dependencies;
	}

	get studies(): readonly Study[] {
		return this.#studies;
	}

	/** Of the open study, oldest first. */
	get runs(): readonly Run[] {
		return this.#records.runs;
	}

	get records(): Readonly<ShelfRecords> {
		return this.#records;
	}

	get lineage() {
		return this.#lineage;
	}

	/** What is stale or behind, and why; as of the last `measureDrift`. */
	get stale() {
		return this.#stale;
	}

	noteOf(id: string): ItemNote | null {
		return this.#notes.get(id) ?? null;
	}

	async reload(): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		[this.#studies, this.#records] = await Promise.all([listStudies(db), readShelf(db, study.id)]);
	}

	/** Compares every dataset version with the answers of now. Of two calls the later one counts. */
	async measureDrift(): Promise<void> {
		const ticket = ++this.#measuring;
		const rows: HashedRow[] = [];
		for (const row of this.#dependencies.rows()) {
			rows.push({ row, hash: rowHash(row) });
			if (rows.length % HASHED_AT_ONCE === 0) {
				await new Promise((resolve) => setTimeout(resolve));
				if (ticket !== this.#measuring) {
					return;
				}
			}
		}
		const { versions } = this.#records;
		this.#drifts = new Map(versions.map(({ id, dataset }) => [id, driftOf(dataset, rows)]));
	}

	createStudy(name: string): Promise<void> {
		return this.#change(async () => {
			const { db } = await this.#dependencies.openDesk();
			await this.#dependencies.openStudy(await createStudy(db, name));
		});
	}

	openStudy(study: Study): Promise<void> {
		return this.#change(() => this.#dependencies.openStudy(study));
	}

	renameStudy(study: Study, name: string): Promise<void> {
		return this.#change(async () => {
			const desk = await this.#dependencies.openDesk();
			const renamed = await renameStudy(desk.db, study.id, name);
			if (study.id === desk.study.id) {
				await this.#dependencies.openStudy(renamed);
			}
		});
	}

	duplicateStudy(study: Study, name: string): Promise<void> {
		return this.#change(async () => {
			const { db } = await this.#dependencies.openDesk();
			await duplicateStudy(db, study.id, name);
		});
	}

	/** Deleting the open study puts the newest other one on the desk; there is always one. */
	deleteStudy(study: Study): Promise<void> {
		return this.#change(async () => {
			const desk = await this.#dependencies.openDesk();
			await deleteStudy(desk.db, study.id);
			if (study.id === desk.study.id) {
				await this.#dependencies.openStudy(await ensureStudy(desk.db));
			}
		});
	}

	/** What a person says about an item. */
	annotate(id: string, changes: ItemNoteChanges): Promise<void> {
		return this.#change(async () => {
			const { db, study } = await this.#dependencies.openDesk();
			await writeItemNote(db, { id, studyId: study.id, now: this.#dependencies.now() }, changes);
		});
	}

	renamePolicy(id: string, name: string): Promise<void> {
		return this.#change(async () => {
			const { db } = await this.#dependencies.openDesk();
			await renamePolicy(db, id, name);
			await this.#dependencies.onModels();
		});
	}

	/** A reward model or a policy. */
	deleteModel(id: string): Promise<void> {
		return this.#change(async () => {
			const { db } = await this.#dependencies.openDesk();
			await deleteModel(db, id);
			await this.#dependencies.onModels();
		});
	}

	deleteRun(run: Run): Promise<void> {
		return this.#change(async () => {
			const { db } = await this.#dependencies.openDesk();
			await deleteRun(db, run.id);
		});
	}

	async #change(action: () => Promise<void>): Promise<void> {
		try {
			await action();
			await this.reload();
		} catch (cause) {
			this.#dependencies.problems.report(cause);
		}
	}
}
