/** Studies, and lists of what the open one holds. */
import type { Run, Study } from '../core/records';
import { deleteModel, renamePolicy } from '../storage/models';
import { deleteRun, listRuns } from '../storage/runs';
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

export interface LibraryDependencies {
	openDesk: OpenDesk;
	problems: Problems;
	/** Puts another study on the desk. */
	openStudy: (study: Study) => Promise<void>;
	/** Models have changed in storage. */
	onModels: () => Promise<void>;
}

export class LibraryState {
	readonly #dependencies: LibraryDependencies;
	#studies = $state.raw<readonly Study[]>([]);
	#runs = $state.raw<readonly Run[]>([]);

	constructor(dependencies: LibraryDependencies) {
		this.#dependencies = dependencies;
	}

	get studies(): readonly Study[] {
		return this.#studies;
	}

	/** Of the open study, oldest first. */
	get runs(): readonly Run[] {
		return this.#runs;
	}

	async reload(): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		[this.#studies, this.#runs] = await Promise.all([listStudies(db), listRuns(db, study.id)]);
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
