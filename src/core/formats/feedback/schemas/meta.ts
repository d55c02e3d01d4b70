/**
 * Columns `meta_*`: facts that TRL's formats have no column for. Its trainers ignore columns they do not know, so the
 * facts can travel in the same file, above all that an answer was simulated.
 */
import {
	optionalChoice,
	optionalNumber,
	optionalText,
	optionalTexts,
	type ColumnType
} from '../fields';
import type { JsonObject } from '../json';
import type { LostFact } from '../losses';
import type { FeedbackCompletion, FeedbackRow, FeedbackSource, RowDraft } from '../row';

export const META_COLUMNS: Readonly<Record<string, ColumnType>> = {
	meta_id: 'optional-text',
	meta_group_id: 'optional-text',
	meta_source: 'optional-text',
	meta_annotator: 'optional-text',
	meta_annotator_id: 'optional-text',
	meta_created_at: 'optional-text',
	meta_response_ms: 'number',
	meta_strength: 'number',
	meta_reason_tags: 'json',
	meta_rationale: 'optional-text',
	meta_first_side: 'optional-text',
	meta_model_first: 'optional-text',
	meta_model_second: 'optional-text',
	meta_quality_first: 'optional-text',
	meta_quality_second: 'optional-text'
};

/** What these columns hold. `first` and `second` are the chosen and the rejected completion of a preference. */
export const META_FACTS: readonly LostFact[] = [
	'identity',
	'annotator',
	'source',
	'time',
	'response-time',
	'side',
	'model',
	'strength',
	'quality',
	'reason-tags',
	'rationale'
];

/** Of a row of which only one completion is written; what wrote the other one is not said. */
export const META_FACTS_OF_WRITTEN = META_FACTS.filter((fact) => fact !== 'model');

const SOURCES: readonly FeedbackSource[] = ['human', 'simulated', 'rule', 'import'];
const QUALITIES = ['good', 'bad'] as const;
const OTHER_SIDE = { left: 'right', right: 'left' } as const;

export function modelOf(completion: FeedbackCompletion | undefined): string | undefined {
	const writer = completion?.sample?.writer;
	return (
		completion?.model ??
		(writer && (writer.policyId === null ? writer.model : `${writer.model}/${writer.policyId}`))
	);
}

/** Formats with one column for who judged hold a name or an id, not both. */
export const carriesAnnotator = ({ annotator }: FeedbackRow): LostFact[] =>
	annotator?.id === undefined || annotator.id === annotator.name ? ['annotator'] : [];

/**
 * Columns for one written row about the completions at the given places of the native row (null: what the annotator wrote).
 * `isOnly`: the native row becomes this row alone. Otherwise its id is that of a group, which belongs in one split.
 */
export function writeMeta(
	row: FeedbackRow,
	places: readonly (number | null)[],
	isOnly: boolean
): JsonObject {
	const { judgement, annotator, createdAt, event, presentation } = row;
	const [first, second] = places;
	const qualities = [judgement?.qualityA, judgement?.qualityB];
	const at = <T>(list: readonly T[], place: number | null | undefined) =>
		place === null || place === undefined ? undefined : list[place];
	const aSide = row.kind === 'comparison' ? presentation?.aSide : undefined;
	const cells: Record<string, JsonObject[string] | undefined> = {
		meta_id: isOnly ? row.id : undefined,
		meta_group_id: isOnly ? undefined : row.id,
		meta_source: row.source,
		meta_annotator: annotator?.name,
		meta_annotator_id: annotator?.id,
		meta_created_at: createdAt === undefined ? undefined : new Date(createdAt).toISOString(),
		meta_response_ms: event?.responseMs ?? undefined,
		meta_strength: judgement?.strength,
		meta_reason_tags: judgement?.reasonTags,
		meta_rationale: judgement?.rationale,
		meta_first_side: aSide && (first === 1 ? OTHER_SIDE[aSide] : aSide),
		meta_model_first: modelOf(at(row.completions, first)),
		meta_model_second: modelOf(at(row.completions, second)),
		meta_quality_first: at(qualities, first),
		meta_quality_second: at(qualities, second)
	};
	return Object.fromEntries(
		Object.entries(cells).flatMap(([key, cell]) => (cell === undefined ? [] : [[key, cell]]))
	);
}

/** The draft with the facts of its `meta_*` columns, its completions being the first and the second. */
export function readMeta(row: JsonObject, draft: RowDraft): RowDraft {
	const id = optionalText(row, 'meta_id');
	const name = optionalText(row, 'meta_annotator');
	const annotatorId = optionalText(row, 'meta_annotator_id');
	const created = optionalText(row, 'meta_created_at');
	const createdAt = created === undefined ? NaN : Date.parse(created);
	const responseMs = optionalNumber(row, 'meta_response_ms');
	const side = optionalChoice(row, 'meta_first_side', ['left', 'right'] as const);
	const models = ['meta_model_first', 'meta_model_second'].map((key) => optionalText(row, key));
	return {
		...draft,
		...(id !== undefined && { id }),
		source: optionalChoice(row, 'meta_source', SOURCES) ?? draft.source,
		...(name !== undefined && {
			annotator: { name, ...(annotatorId !== undefined && { id: annotatorId }) }
		}),
		...(Number.isFinite(createdAt) && { createdAt }),
		...(responseMs !== undefined && { event: { action: 'answer' as const, responseMs } }),
		...(side !== undefined && { presentation: { aSide: side } }),
		completions: draft.completions.map((completion, i) => {
			const model = models[i];
			return model === undefined ? completion : { ...completion, model };
		}),
		judgement: draft.judgement && { ...draft.judgement, ...readMetaJudgement(row) }
	};
}

function readMetaJudgement(row: JsonObject): Partial<NonNullable<RowDraft['judgement']>> {
	const strength = optionalChoice(row, 'meta_strength', [0, 1, 2, 3] as const);
	const reasonTags = optionalTexts(row, 'meta_reason_tags');
	const rationale = optionalText(row, 'meta_rationale');
	const qualityA = optionalChoice(row, 'meta_quality_first', QUALITIES);
	const qualityB = optionalChoice(row, 'meta_quality_second', QUALITIES);
	return {
		...(strength !== undefined && { strength }),
		...(reasonTags && { reasonTags }),
		...(rationale !== undefined && { rationale }),
		...(qualityA && { qualityA }),
		...(qualityB && { qualityB })
	};
}
