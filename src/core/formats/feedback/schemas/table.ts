/**
 * A plain table of Tiller's own, for spreadsheets: one judgement a line, its texts and what was said of them in columns a person
 * can read and correct. Tokens, seeds and conversations have no place in it; rankings do not either.
 */
import { completionText, promptText } from '../content';
import {
	choiceField,
	has,
	optionalBoolean,
	optionalChoice,
	optionalNumber,
	optionalText,
	otherColumns,
	textField
} from '../fields';
import type { JsonObject } from '../json';
import { lostAsText, type LostFact } from '../losses';
import { RowError } from '../problems';
import {
	FEEDBACK_KINDS,
	type FeedbackCompletion,
	type FeedbackJudgement,
	type FeedbackRow,
	type Given,
	type RowDraft
} from '../row';
import { modelOf } from './meta';
import { lossOf, ownColumns, type FeedbackSchema, type Written } from './schema';

const NAME = 'table';
const SOURCES = ['human', 'simulated', 'rule', 'import'] as const;
const QUALITIES = ['good', 'bad'] as const;
const VERDICTS = ['up', 'down'] as const;

const COLUMNS: FeedbackSchema['columns'] = {
	id: 'optional-text',
	kind: 'text',
	prompt: 'text',
	a: 'text',
	b: 'text',
	outcome: 'optional-text',
	strength: 'number',
	quality_a: 'optional-text',
	quality_b: 'optional-text',
	rating: 'number',
	rating_scale: 'number',
	thumb: 'optional-text',
	written: 'optional-text',
	skip_reason: 'optional-text',
	reason_tags: 'optional-text',
	rationale: 'optional-text',
	annotator: 'optional-text',
	annotator_id: 'optional-text',
	source: 'optional-text',
	created_at: 'optional-text',
	response_ms: 'number',
	a_side: 'optional-text',
	blind: 'boolean',
	model_a: 'optional-text',
	model_b: 'optional-text',
	action: 'optional-text',
	presentation_id: 'optional-text',
	revision: 'number',
	supersedes: 'optional-text',
	tags: 'optional-text'
};
const KNOWN = Object.keys(COLUMNS);
const CARRIED: readonly LostFact[] = [
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
	'rationale',
	'revision',
	'tags'
];

const splitList = (text: string | undefined) =>
	text === undefined ? undefined : text.split(';').map((item) => item.trim());

/** Number of completions and what is said of them, by kind. */
function readGiven(row: JsonObject, kind: FeedbackRow['kind']): Given | undefined {
	switch (kind) {
		case 'rating': {
			const [value, scale] = [optionalNumber(row, 'rating'), optionalNumber(row, 'rating_scale')];
			return value === undefined || scale === undefined ? undefined : { kind, value, scale };
		}
		case 'thumb': {
			const verdict = optionalChoice(row, 'thumb', VERDICTS);
			return verdict && { kind, isUp: verdict === 'up' };
		}
		case 'demonstration': {
			const text = optionalText(row, 'written');
			return text === undefined ? undefined : { kind, text, ids: [] };
		}
		default:
			return undefined;
	}
}

function readJudgement(row: JsonObject, kind: FeedbackRow['kind']): FeedbackJudgement | null {
	const outcomes =
		kind === 'comparison' ? (['a', 'b', 'tie', 'skip'] as const) : (['skip'] as const);
	const outcome = optionalChoice(row, 'outcome', outcomes);
	const given = readGiven(row, kind);
	if (outcome === undefined && given === undefined) {
		return null;
	}
	const strength = optionalChoice(row, 'strength', [0, 1, 2, 3] as const);
	const qualityA = optionalChoice(row, 'quality_a', QUALITIES);
	const qualityB = optionalChoice(row, 'quality_b', QUALITIES);
	const skipReason = optionalText(row, 'skip_reason');
	const reasonTags = splitList(optionalText(row, 'reason_tags'));
	const rationale = optionalText(row, 'rationale');
	return {
		...(outcome && { outcome }),
		...(strength !== undefined && { strength }),
		...(qualityA && { qualityA }),
		...(qualityB && { qualityB }),
		...(skipReason !== undefined && { skipReason }),
		...(reasonTags && { reasonTags }),
		...(rationale !== undefined && { rationale }),
		...(given && { given })
	};
}

function readCompletions(row: JsonObject, kind: FeedbackRow['kind']): FeedbackCompletion[] {
	const needed = kind === 'comparison' ? ['a', 'b'] : kind === 'prompt' ? [] : ['a'];
	return needed.flatMap((side) => {
		if (kind === 'demonstration' && (!has(row, side) || row[side] === '')) {
			return []; // written without an original
		}
		const model = optionalText(row, `model_${side}`);
		return [{ text: textField(row, side), ...(model !== undefined && { model }) }];
	});
}

function readEvent(row: JsonObject): Pick<RowDraft, 'event' | 'presentation'> {
	const action = optionalChoice(row, 'action', ['answer', 'revoke'] as const);
	const aSide = optionalChoice(row, 'a_side', ['left', 'right'] as const);
	const presentationId = optionalText(row, 'presentation_id');
	const revision = optionalNumber(row, 'revision');
	const supersedes = optionalText(row, 'supersedes');
	const responseMs = optionalNumber(row, 'response_ms');
	const blind = optionalBoolean(row, 'blind');
	return {
		...(action && {
			event: {
				action,
				...(presentationId !== undefined && { presentationId }),
				...(revision !== undefined && { revision }),
				...(supersedes !== undefined && { supersedes }),
				...(responseMs !== undefined && { responseMs }),
				...(blind !== undefined && { blind })
			}
		}),
		...(aSide && { presentation: { aSide } })
	};
}

function read(row: JsonObject): RowDraft {
	const kind = choiceField(row, 'kind', FEEDBACK_KINDS);
	if (kind === 'ranking') {
		throw new RowError('unknown-value', 'kind', kind);
	}
	const id = optionalText(row, 'id');
	const name = optionalText(row, 'annotator');
	const annotatorId = optionalText(row, 'annotator_id');
	const created = optionalText(row, 'created_at');
	const createdAt = created === undefined ? undefined : Date.parse(created);
	if (createdAt !== undefined && Number.isNaN(createdAt)) {
		throw new RowError('unknown-value', 'created_at', created);
	}
	const tags = splitList(optionalText(row, 'tags'));
	return {
		...(id !== undefined && { id }),
		kind,
		prompt: { text: textField(row, 'prompt'), ...(tags && { tags }) },
		completions: readCompletions(row, kind),
		judgement: readJudgement(row, kind),
		source: optionalChoice(row, 'source', SOURCES) ?? 'import',
		...((name !== undefined || annotatorId !== undefined) && {
			annotator: { name: name ?? '', ...(annotatorId !== undefined && { id: annotatorId }) }
		}),
		...(createdAt !== undefined && { createdAt }),
		...readEvent(row),
		origin: { schema: NAME, columns: otherColumns(row, KNOWN) }
	};
}

function write(row: FeedbackRow): Written {
	if (row.kind === 'ranking') {
		return { dropped: 'no-place' };
	}
	const { judgement, completions, event, presentation } = row;
	const given = judgement?.given;
	const [a, b] = completions;
	const cells: Record<string, JsonObject[string] | undefined> = {
		id: row.id,
		kind: row.kind,
		prompt: promptText(row.prompt),
		a: a ? completionText(a) : '',
		b: b ? completionText(b) : '',
		outcome: judgement?.outcome,
		strength: judgement?.strength,
		quality_a: judgement?.qualityA,
		quality_b: judgement?.qualityB,
		rating: given?.kind === 'rating' ? given.value : undefined,
		rating_scale: given?.kind === 'rating' ? given.scale : undefined,
		thumb: given?.kind === 'thumb' ? (given.isUp ? 'up' : 'down') : undefined,
		written: given?.kind === 'demonstration' ? given.text : undefined,
		skip_reason: judgement?.skipReason,
		reason_tags: judgement?.reasonTags?.join('; '),
		rationale: judgement?.rationale,
		annotator: row.annotator?.name,
		annotator_id: row.annotator?.id,
		source: row.source,
		created_at: row.createdAt === undefined ? undefined : new Date(row.createdAt).toISOString(),
		response_ms: event?.responseMs ?? undefined,
		a_side: presentation?.aSide,
		blind: event?.blind,
		model_a: modelOf(a),
		model_b: modelOf(b),
		action: event?.action,
		presentation_id: event?.presentationId,
		revision: event?.revision,
		supersedes: event?.supersedes,
		tags: row.prompt.tags?.join('; '),
		...ownColumns(row, NAME)
	};
	const present = Object.entries(cells).flatMap(([key, cell]) =>
		cell === undefined ? [] : [[key, cell] as const]
	);
	return {
		rows: [Object.fromEntries(present)],
		lost: lossOf(row, { name: NAME, kind: row.kind }, CARRIED, lostAsText(row))
	};
}

export const table: FeedbackSchema = {
	name: NAME,
	columns: COLUMNS,
	marks: ['kind', 'prompt', 'a'],
	matches: (row) =>
		FEEDBACK_KINDS.some((kind) => kind === row.kind) && has(row, 'prompt') && 'a' in row,
	read,
	write
};
