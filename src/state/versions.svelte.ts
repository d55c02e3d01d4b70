/** Dataset versions of the open study: the answers of a moment, fixed and named by their content. */
import type { RewardConfig } from '../core/config';
import { datasetRows } from '../core/feedback/dataset-rows';
import type { DatasetRow, DatasetTransform } from '../core/feedback/dataset-version';
import { readablePairs, readableSets } from '../core/feedback/readable';
import type { DatasetVersionRecord } from '../core/records';
import { keepDatasetVersion, listDatasetVersions } from '../storage/dataset-versions';
import type { AnnotatorsState } from './annotators.svelte';
import type { CompletionSetsState } from './completion-sets.svelte';
import type { ComparisonState } from './comparison.svelte';
import type { Desk, OpenDesk } from './desk';
import type { Problems } from './problems.svelte';
import type { TrainerState } from './trainer.svelte';

export interface VersionsDependencies {
	openDesk: OpenDesk;
	comparisons: ComparisonState;
	sets: CompletionSetsState;
	annotators: AnnotatorsState;
	trainer: TrainerState;
	problems: Problems;
	now: () => number;
	/** Name of the versions that reward models learn from. */
	trainingName: string;
}

/** What a reward run does to the answers before it learns from them. */
export const transformOf = (
	{ ties, includeSimulated, heldOut }: RewardConfig,
	splitSeed: number
): DatasetTransform => ({ ties, includeSimulated, dropDuplicates: false, heldOut, splitSeed });

export class VersionsState {
	readonly #dependencies: VersionsDependencies;
	#records = $state.raw<readonly DatasetVersionRecord[]>([]);

	constructor(dependencies: VersionsDependencies) {
		this.#dependencies = dependencies;
	}

	/** Oldest first. */
	get records(): readonly DatasetVersionRecord[] {
		return this.#records;
	}

	async openStudy({ db, study }: Desk): Promise<void> {
		this.#records = await listDatasetVersions(db, study.id);
	}

	/** The judged pairs of the study as they are now; `most`: only those that fit so many tokens. */
	rows(most = Infinity): DatasetRow[] {
		const { comparisons, sets, annotators } = this.#dependencies;
		const { answers } = sets.log;
		return datasetRows(
			readablePairs(comparisons.presentations, most),
			readableSets(sets.sets, answers, most),
			answers,
			(answer) => annotators.keyOf(answer)
		);
	}

	/** Keeps what a reward model is about to learn from. */
	async keepForTraining(config: RewardConfig, seed: number): Promise<DatasetVersionRecord> {
		const { trainer, trainingName } = this.#dependencies;
		const most = trainer.loaded?.config.maxPositions;
		return this.#keep(this.rows(most), {
			...{ name: trainingName, transform: transformOf(config, seed), madeFor: 'reward' }
		});
	}

	/** Keeps all answers as they are; gives null where that failed, the problem being on show. */
	async keep(name: string, transform: DatasetTransform): Promise<DatasetVersionRecord | null> {
		try {
			return await this.#keep(this.rows(), { name, transform, madeFor: 'keeping' });
		} catch (cause) {
			this.#dependencies.problems.report(cause);
			return null;
		}
	}

	async #keep(
		rows: readonly DatasetRow[],
		what: Pick<DatasetVersionRecord, 'madeFor'> & { name: string; transform: DatasetTransform }
	): Promise<DatasetVersionRecord> {
		const { openDesk, now } = this.#dependencies;
		const desk = await openDesk();
		const { id } = desk.study;
		const record = await keepDatasetVersion(desk.db, rows, { ...what, studyId: id, now: now() });
		await this.openStudy(desk);
		return record;
	}
}
