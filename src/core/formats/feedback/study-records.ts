/**
 * Native rows as records of a study, whatever file they came from: the other way round of `studio-rows.ts`, for rows that may lack
 * what only the studio knows. What a file does not say is left open (no probabilities, no showing), never made up; what it says
 * and the studio could not use is a reason not to take the row.
 */
import { DEFAULT_SAMPLING } from '../../config';
import { LEAST_RANKED, MOST_RANKED } from '../../feedback/rankings';
import {
	RECORD_VERSION,
	type AnswerEvent,
	type Annotator,
	type Completion,
	type CompletionSet,
	type Presentation,
	type SetJudgement,
	type SkipReason
} from '../../records';
import { sha256 } from '../../sha256';
import { completionText, promptText } from './content';
import { idOfName } from './identity';
import { canonicalJson } from './json';
import type { FeedbackAnnotator, FeedbackCompletion, FeedbackRow } from './row';
import { soundEventFacts, soundPresentationFacts } from './sound-facts';

/** Why a row that could be read is not taken into a study. */
export const LEFT_OUT_REASONS = [
	'not-answered',
	'ranking-size',
	'rating-outside-scale',
	'unknown-skip-reason',
	'empty-prompt',
	'prompt-too-long',
	'study-full'
] as const;
export type LeftOutReason = (typeof LEFT_OUT_REASONS)[number];

const SKIP_REASONS: readonly SkipReason[] = [
	'cannot-tell',
	'not-comparable',
	'upsetting',
	'sensitive',
	'broken'
];
const ID_DIGITS = 32;

/** The id that a record of a file has in a study: always the same one, and another one in every study. */
export const idInStudy = (studyId: string, id: string): string =>
	sha256(canonicalJson(['imported', studyId, id])).slice(0, ID_DIGITS);

/** The id under which a row's file knows what was shown; of a foreign row, one made of its content. */
export const shownIdOf = ({ id, presentation, event }: FeedbackRow): string =>
	event?.presentationId ?? presentation?.id ?? `shown ${id}`;

export interface Tokens {
	promptIds: number[];
	/** Of each completion, then of the text that was written in place of one. */
	ids: number[][];
}

export interface TextsToEncode {
	prompt: string;
	texts: string[];
}

const hasTokens = (vocabSize: number) => (completion: FeedbackCompletion) =>
	completion.sample !== undefined &&
	[completion.sample.promptIds, completion.sample.ids].every((ids) =>
		ids.every((id) => id < vocabSize)
	);

/** What has to be encoded before a row is a record; null for a row that brings its tokens. */
export function textsToEncode(row: FeedbackRow, vocabSize: number): TextsToEncode | null {
	const { completions, judgement, prompt } = row;
	const given = judgement?.given;
	const written = given?.kind === 'demonstration' ? given : null;
	const isWhole =
		completions.every(hasTokens(vocabSize)) &&
		(written === null || (written.ids.length > 0 && written.ids.every((id) => id < vocabSize)));
	return isWhole || row.kind === 'prompt'
		? null
		: {
				prompt: promptText(prompt),
				texts: [...completions.map(completionText), ...(written ? [written.text] : [])]
			};
}

export interface StudyContext {
	studyId: string;
	importId: string;
	/** Milliseconds since the epoch, for what has no time of its own. */
	now: number;
	/** Who answered where a row does not say; a file of one person's answers. */
	annotator: FeedbackAnnotator;
	/** The study's id of a record that a file calls so. */
	idOf: (id: string) => string;
	promptId: string;
	/** null for a row that brings its own. */
	tokens: Tokens | null;
}

export interface StudyRecords {
	shown:
		| { store: 'presentations'; record: Presentation }
		| { store: 'completionSets'; record: CompletionSet };
	/** null: shown and not answered. */
	event: AnswerEvent | null;
}

/** Why a row cannot become records of a study; null where it can. */
export function whyNot({ kind, judgement, completions, event }: FeedbackRow): LeftOutReason | null {
	if (!judgement && !event) {
		return 'not-answered';
	}
	const { given, outcome, skipReason } = judgement ?? {};
	const n = completions.length;
	if (kind === 'ranking' && (n < LEAST_RANKED || n > MOST_RANKED)) {
		return 'ranking-size';
	}
	if (given?.kind === 'rating' && !(given.value >= 1 && given.value <= given.scale)) {
		return 'rating-outside-scale';
	}
	const isKnown = skipReason === undefined || SKIP_REASONS.some((known) => known === skipReason);
	return outcome === 'skip' && !isKnown ? 'unknown-skip-reason' : null;
}

function completionAt(row: FeedbackRow, i: number, { tokens, idOf }: StudyContext): Completion {
	const completion = row.completions[i];
	const text = completion ? completionText(completion) : '';
	const id = completion?.id ?? idOf(`${shownIdOf(row)} ${i}`);
	if (completion?.sample && !tokens) {
		return { ...completion.sample, id, text };
	}
	return {
		id,
		text,
		promptIds: tokens?.promptIds ?? [],
		ids: tokens?.ids[i] ?? [],
		behaviourLogProb: [],
		stopped: completion?.sample?.stopped ?? false,
		cutTokens: 0,
		writer: { model: completion?.model ?? 'imported', policyId: null },
		sampling: DEFAULT_SAMPLING,
		seed: 0,
		row: 0
	};
}

function annotatorOf(row: FeedbackRow, fallback: FeedbackAnnotator): Annotator {
	const said = row.annotator ?? fallback;
	const isProgram = row.source === 'simulated' || row.source === 'rule';
	const kind = said.kind ?? (isProgram ? 'simulated' : 'human');
	// A simulated annotator is known by its rule.
	const id = kind === 'human' ? (said.id ?? idOfName(said)) : said.id;
	return { ...said, kind, ...(id !== undefined && { id }) };
}

function givenOf(row: FeedbackRow, tokens: Tokens | null): SetJudgement | undefined {
	const given = row.judgement?.given;
	if (given?.kind !== 'demonstration') {
		return given;
	}
	const { kind, text, ids } = given;
	return { kind, text, ids: tokens?.ids[row.completions.length] ?? ids };
}

function eventOf(row: FeedbackRow, context: StudyContext, shownId: string): AnswerEvent | null {
	const { judgement, event } = row;
	if (!judgement && !event) {
		return null;
	}
	const { given: _given, skipReason, ...said } = judgement ?? {};
	const given = givenOf(row, context.tokens);
	const { supersedes, revision = 1, ...facts } = soundEventFacts(event);
	return {
		...facts,
		...said,
		...(skipReason !== undefined && { skipReason: skipReason as SkipReason }), // as whyNot has found
		...(given && { given }),
		...(supersedes !== undefined && { supersedes: context.idOf(supersedes) }),
		id: context.idOf(row.id),
		studyId: context.studyId,
		version: RECORD_VERSION,
		createdAt: row.createdAt ?? context.now,
		kind: event?.action ?? 'answer',
		presentationId: shownId,
		revision,
		annotator: annotatorOf(row, context.annotator),
		source: row.source === 'simulated' || row.source === 'rule' ? 'simulated' : 'human',
		responseMs: event?.responseMs ?? null,
		blind: event?.blind ?? false,
		imported: { importId: context.importId, id: row.id, source: row.source }
	};
}

/** The records of a row for which `whyNot` names no reason. */
export function studyRecords(row: FeedbackRow, context: StudyContext): StudyRecords {
	const { studyId, importId, now, promptId, idOf } = context;
	const original = shownIdOf(row);
	const id = idOf(original);
	const { repeatOf, order, createdAt, ...facts } = soundPresentationFacts(
		row.presentation,
		row.completions.length
	);
	const base = {
		id,
		studyId,
		version: RECORD_VERSION,
		createdAt: createdAt ?? row.createdAt ?? now,
		promptId,
		prompt: promptText(row.prompt),
		imported: { importId, id: original }
	};
	const event = eventOf(row, context, id);
	if (row.kind === 'comparison') {
		const record: Presentation = {
			// Half of them on either side, so that no habit can be read into it.
			aSide: parseInt(id.slice(-1), 16) % 2 === 0 ? 'left' : 'right',
			sideSeed: 0,
			...(facts.aSide === undefined && { isSideUnknown: true }),
			purpose: 'feedback',
			...facts,
			...(repeatOf !== undefined && { repeatOf: idOf(repeatOf) }),
			...base,
			a: completionAt(row, 0, context),
			b: completionAt(row, 1, context)
		};
		return { shown: { store: 'presentations', record }, event };
	}
	const { selection } = facts;
	const record: CompletionSet = {
		...base,
		...(selection && { selection }),
		kind: row.kind === 'prompt' ? 'thumb' : row.kind, // a prompt is no record of this kind: the caller stores it as one
		completions: row.completions.map((_, i) => completionAt(row, i, context)),
		order: order ?? row.completions.map((_, i) => i),
		orderSeed: facts.orderSeed ?? 0
	};
	return { shown: { store: 'completionSets', record }, event };
}
