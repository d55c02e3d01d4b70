/** What the database holds, one store per kind of record, and how each version came to be from the one before. */
import type { DBSchema, IDBPDatabase, IDBPTransaction, StoreNames } from 'idb';
import type {
	AnnotatorProfile,
	AnswerEvent,
	Checkpoint,
	CompletionSet,
	DatasetVersionRecord,
	EvaluationRecord,
	ImportRecord,
	ItemNote,
	MeasurementRecord,
	MetricRow,
	PolicyRecord,
	Presentation,
	Prompt,
	PromptSet,
	ReportRecord,
	RewardModelRecord,
	Run,
	SampleRow,
	Snapshot,
	Study
} from '../core/records';

/** Weights of a reward model or policy, kept apart from its record so that lists stay light. */
export interface StoredWeights {
	id: string;
	studyId: string;
	/** safetensors */
	bytes: ArrayBuffer;
}

/** [studyId, createdAt]: one study's records in the order of their making. */
type StudyIndex = {
	byStudy: [string, number];
};

export interface StudioSchema extends DBSchema {
	studies: { key: string; value: Study };
	prompts: {
		key: string;
		value: Prompt;
		indexes: StudyIndex & { byText: [studyId: string, text: string] };
	};
	promptSets: { key: string; value: PromptSet; indexes: StudyIndex };
	presentations: { key: string; value: Presentation; indexes: StudyIndex };
	completionSets: { key: string; value: CompletionSet; indexes: StudyIndex };
	annotators: { key: string; value: AnnotatorProfile; indexes: StudyIndex };
	/** Keyed by a counter: events stay in the order of appending, whatever the clocks said. */
	answers: { key: number; value: AnswerEvent; indexes: { byStudy: string; byId: string } };
	rewardModels: { key: string; value: RewardModelRecord; indexes: StudyIndex };
	policies: { key: string; value: PolicyRecord; indexes: StudyIndex };
	weights: { key: string; value: StoredWeights; indexes: { byStudy: string } };
	runs: { key: string; value: Run; indexes: StudyIndex };
	metrics: { key: [runId: string, step: number]; value: MetricRow };
	samples: { key: [runId: string, step: number]; value: SampleRow };
	/** One per run: the newest replaces the one before. */
	checkpoints: { key: string; value: Checkpoint };
	/** A few per run, evenly spaced. */
	snapshots: { key: [runId: string, step: number]; value: Snapshot };
	reports: { key: string; value: ReportRecord | MeasurementRecord; indexes: StudyIndex };
	evaluations: { key: string; value: EvaluationRecord; indexes: StudyIndex };
	imports: { key: string; value: ImportRecord; indexes: StudyIndex };
	datasetVersions: { key: string; value: DatasetVersionRecord; indexes: StudyIndex };
	/** Keyed by the id of the thing they are about. */
	itemNotes: { key: string; value: ItemNote; indexes: StudyIndex };
}

export type StoreName = StoreNames<StudioSchema>;

export type Migration = (
	db: IDBPDatabase<StudioSchema>,
	tx: IDBPTransaction<StudioSchema, StoreName[], 'versionchange'>
) => void;

/** Entry n takes a database from version n to n + 1. Published entries never change; new ones are added at the end. */
export const MIGRATIONS: readonly Migration[] = [
	(db) => {
		db.createObjectStore('studies', { keyPath: 'id' });
		const prompts = db.createObjectStore('prompts', { keyPath: 'id' });
		prompts.createIndex('byStudy', ['studyId', 'createdAt']);
		prompts.createIndex('byText', ['studyId', 'text'], { unique: true });
		const answers = db.createObjectStore('answers', { autoIncrement: true });
		answers.createIndex('byStudy', 'studyId');
		answers.createIndex('byId', 'id', { unique: true });
		for (const name of [
			'presentations',
			'rewardModels',
			'policies',
			'runs',
			'evaluations'
		] as const) {
			db.createObjectStore(name, { keyPath: 'id' }).createIndex('byStudy', [
				'studyId',
				'createdAt'
			]);
		}
		db.createObjectStore('weights', { keyPath: 'id' }).createIndex('byStudy', 'studyId');
		db.createObjectStore('metrics', { keyPath: ['runId', 'step'] });
		db.createObjectStore('samples', { keyPath: ['runId', 'step'] });
		db.createObjectStore('checkpoints', { keyPath: 'runId' });
	},
	// Version 2: feedback other than comparisons, annotators, prompt sets. Stored records stay as they are: all that is new
	// in them is optional.
	(db) => {
		for (const name of ['completionSets', 'annotators', 'promptSets'] as const) {
			db.createObjectStore(name, { keyPath: 'id' }).createIndex('byStudy', [
				'studyId',
				'createdAt'
			]);
		}
	},
	// Version 3: what was imported, and dataset versions.
	(db) => {
		for (const name of ['imports', 'datasetVersions'] as const) {
			db.createObjectStore(name, { keyPath: 'id' }).createIndex('byStudy', [
				'studyId',
				'createdAt'
			]);
		}
	},
	// Version 4: states of runs kept to go back to, and measurements of models.
	(db) => {
		db.createObjectStore('snapshots', { keyPath: ['runId', 'step'] });
		db.createObjectStore('reports', { keyPath: 'id' }).createIndex('byStudy', [
			'studyId',
			'createdAt'
		]);
	},
	// Version 5: aliases, tags and notes.
	(db) => {
		db.createObjectStore('itemNotes', { keyPath: 'id' }).createIndex('byStudy', [
			'studyId',
			'createdAt'
		]);
	}
];
