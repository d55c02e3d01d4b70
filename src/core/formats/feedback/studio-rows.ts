/** Rows from the studio's records and back again, exactly: whatever fields later versions of the records gain go along. */
import type { AnswerEvent, CompletionSet, Completion, Presentation, Prompt } from '../../records';
import { nameRow } from './identity';
import type {
	EventFacts,
	FeedbackCompletion,
	FeedbackJudgement,
	FeedbackKind,
	FeedbackRow
} from './row';

const JUDGEMENT_FIELDS = [
	'outcome',
	'strength',
	'qualityA',
	'qualityB',
	'skipReason',
	'reasonTags',
	'rationale',
	'given'
] as const satisfies (keyof FeedbackJudgement)[];

function completionOf({ id, text, ...sample }: Completion): FeedbackCompletion {
	return { text, id, sample };
}

type AnswerPart = Pick<FeedbackRow, 'judgement' | 'source'> &
	Partial<Pick<FeedbackRow, 'id' | 'annotator' | 'createdAt' | 'event'>>;

function answerPart(event: AnswerEvent | null, shownId: string): AnswerPart {
	if (!event) {
		return { id: shownId, judgement: null, source: 'human' };
	}
	const { id, kind, annotator, source, createdAt, ...rest } = event;
	const judgement: FeedbackJudgement = Object.fromEntries(
		JUDGEMENT_FIELDS.filter((field) => field in event).map((field) => [field, event[field]])
	);
	const facts = Object.fromEntries(
		Object.entries(rest).filter(([key]) => !(JUDGEMENT_FIELDS as readonly string[]).includes(key))
	) as Omit<EventFacts, 'action'>; // what is left of the event without the fields that stand elsewhere
	return {
		id,
		judgement: kind === 'answer' ? judgement : null,
		source,
		annotator,
		createdAt,
		event: { action: kind, ...facts }
	};
}

/** A pair and one event about it; without one, a pair that was shown and not answered. */
export function comparisonRow(shown: Presentation, event: AnswerEvent | null): FeedbackRow {
	const { promptId, prompt, a, b, ...presentation } = shown;
	return nameRow({
		kind: 'comparison',
		prompt: { text: prompt, id: promptId },
		completions: [completionOf(a), completionOf(b)],
		...answerPart(event, shown.id),
		presentation
	});
}

/** A completion set (ranking, rating, thumb, demonstration) and one event about it. */
export function completionSetRow(shown: CompletionSet, event: AnswerEvent | null): FeedbackRow {
	const { promptId, prompt, completions, kind, ...presentation } = shown;
	return nameRow({
		kind,
		prompt: { text: prompt, id: promptId },
		completions: completions.map(completionOf),
		...answerPart(event, shown.id),
		presentation
	});
}

export function promptRow({ id, text, tags, ...record }: Prompt): FeedbackRow {
	return nameRow({
		id,
		kind: 'prompt',
		prompt: { text, id, ...(tags && { tags }), record },
		completions: [],
		judgement: null,
		source: 'human',
		createdAt: record.createdAt
	});
}

/** The record of a row that is a prompt of the studio; null for any other row. */
export function studioPrompt({ kind, prompt }: FeedbackRow): Prompt | null {
	if (kind !== 'prompt' || !('text' in prompt) || prompt.id === undefined || !prompt.record) {
		return null;
	}
	const { id, text, tags, record } = prompt;
	return { id, text, ...(tags && { tags }), ...record };
}

export interface StudioRecords {
	shown: Presentation | CompletionSet;
	event: AnswerEvent | null;
}

function toCompletion(completion: FeedbackCompletion): Completion | null {
	if (!('text' in completion) || completion.id === undefined || !completion.sample) {
		return null;
	}
	return { id: completion.id, text: completion.text, ...completion.sample };
}

function toEvent(row: FeedbackRow): AnswerEvent | null {
	if (!row.event) {
		return null;
	}
	const { action, ...facts } = row.event;
	return {
		...facts,
		...(row.judgement ?? {}),
		id: row.id,
		kind: action,
		annotator: row.annotator,
		source: row.source,
		createdAt: row.createdAt
	} as AnswerEvent; // a row made by answerPart has every field of the event
}

const SET_KINDS: readonly FeedbackKind[] = ['ranking', 'rating', 'thumb', 'demonstration'];

/** The records a row was made of; null for a row of another program, which lacks tokens, sides and seeds. */
export function studioRecords(row: FeedbackRow): StudioRecords | null {
	const completions = row.completions.map(toCompletion);
	const [a, b] = completions;
	const { presentation, prompt } = row;
	if (!presentation || !('text' in prompt) || prompt.id === undefined || !a) {
		return null;
	}
	const facts = { ...presentation, promptId: prompt.id, prompt: prompt.text };
	if (row.kind === 'comparison' && b && presentation.aSide !== undefined) {
		return { shown: { ...facts, a, b } as Presentation, event: toEvent(row) };
	}
	const isSet = SET_KINDS.includes(row.kind) && presentation.orderSeed !== undefined;
	if (isSet && completions.every((completion) => completion !== null)) {
		const { kind } = row;
		return { shown: { ...facts, kind, completions } as CompletionSet, event: toEvent(row) };
	}
	return null;
}
