/**
 * Answers to comparisons as a fold of append-only events. Nothing here writes: helpers say which event to append next, the
 * caller adds id, study and time. Undo appends too, and how far one can undo or redo is read back from the events, so that
 * it survives a reload.
 */
import type { AnswerEvent, Presentation } from '../records';

/** What a person said about a pair, or about a completion set. */
export type Judgement = Pick<
	AnswerEvent,
	| 'outcome'
	| 'strength'
	| 'qualityA'
	| 'qualityB'
	| 'skipReason'
	| 'reasonTags'
	| 'rationale'
	| 'given'
>;

/** An event to append, but for what only the caller knows. */
export type AnswerDraft = Omit<AnswerEvent, 'id' | 'studyId' | 'version' | 'createdAt'>;

/** Who answered and how; part of every draft. */
export type AnswerContext = Pick<
	AnswerEvent,
	'annotator' | 'source' | 'responseMs' | 'showing' | 'blind'
>;

/** One answered pair as the reward model sees it: y is the probability that a is better (1, 0, or 0.5 for a tie). */
export interface PreferencePair {
	presentationId: string;
	/** Split key: pairs of one prompt are never on both sides. */
	promptId: string;
	promptIds: number[];
	aIds: number[];
	bIds: number[];
	y: number;
	simulated: boolean;
	/** Pairs of one ranking share it: they are not independent. */
	groupId?: string;
	/** How much better, where it was said: asks for a margin. No part of the dataset's hash. */
	strength?: 0 | 1 | 2 | 3;
	/** Reasons that were given, and who answered: the reward model's accuracy is told by them. No part of the hash either. */
	tags?: string[];
	annotatorId?: string;
}

const JUDGEMENT_FIELDS = [
	'outcome',
	'strength',
	'qualityA',
	'qualityB',
	'skipReason',
	'reasonTags',
	'rationale',
	'given'
] as const;

/** Events in the order in which they happened; revisions decide within one millisecond. */
function inOrder(events: readonly AnswerEvent[]): AnswerEvent[] {
	return events.toSorted(
		(x, y) =>
			x.createdAt - y.createdAt ||
			(x.presentationId === y.presentationId ? x.revision - y.revision : 0)
	);
}

/** The latest event of each presentation, revoked or not. */
function latestEvents(events: readonly AnswerEvent[]): Map<string, AnswerEvent> {
	const latest = new Map<string, AnswerEvent>();
	for (const event of inOrder(events)) {
		const known = latest.get(event.presentationId);
		if (!known || event.revision >= known.revision) {
			latest.set(event.presentationId, event);
		}
	}
	return latest;
}

/** The current answer of each presentation that has one: its latest event, unless that revokes. */
export function currentAnswers(events: readonly AnswerEvent[]): Map<string, AnswerEvent> {
	const latest = latestEvents(events);
	return new Map([...latest].filter(([, event]) => event.kind === 'answer'));
}

function judgementOf(event: AnswerEvent | undefined): Judgement | null {
	if (event?.kind !== 'answer') {
		return null;
	}
	const stated = JUDGEMENT_FIELDS.filter((field) => event[field] !== undefined);
	return Object.fromEntries(stated.map((field) => [field, event[field]]));
}

function sameJudgement(x: Judgement | null, y: Judgement | null): boolean {
	if (x === null || y === null) {
		return x === y;
	}
	return JUDGEMENT_FIELDS.every((field) => sameValue(x[field], y[field]));
}

/** Equal by content: judgements are plain data. */
function sameValue(x: unknown, y: unknown): boolean {
	if (typeof x !== 'object' || typeof y !== 'object' || x === null || y === null) {
		return x === y;
	}
	const [entriesX, valuesY] = [Object.entries(x), new Map<string, unknown>(Object.entries(y))];
	return (
		entriesX.length === valuesY.size &&
		entriesX.every(([key, value]) => sameValue(value, valuesY.get(key)))
	);
}

/** A draft that makes `judgement` the answer of a presentation (null: takes its answer back). */
export function draftEvent(
	events: readonly AnswerEvent[],
	presentationId: string,
	judgement: Judgement | null,
	context: AnswerContext
): AnswerDraft {
	const before = latestEvents(events.filter((e) => e.presentationId === presentationId));
	const superseded = before.get(presentationId);
	const { showing, ...always } = context;
	return {
		...always,
		...(judgement ?? {}),
		// What is taken back was not answered: nothing was shown for it.
		...(judgement && showing ? { showing } : {}),
		kind: judgement === null ? 'revoke' : 'answer',
		presentationId,
		revision: (superseded?.revision ?? 0) + 1,
		...(superseded ? { supersedes: superseded.id } : {})
	};
}

/** One action of a person: the answer of a presentation went from what one event says to what another does. */
interface Action {
	before: AnswerEvent | undefined;
	after: AnswerEvent;
}

interface History {
	done: Action[];
	undone: Action[];
}

/** Whose actions can be undone; by default anyone's. */
export type IsOwn = (event: AnswerEvent) => boolean;

/**
 * Replays the events. One that reverses the latest action counts as its undo, one that repeats the latest undone action as
 * its redo, whoever is named in it (an undone correction brings back the answer of whom it corrected); whatever else happens
 * is a new action, after which nothing can be redone.
 */
function historyOf(events: readonly AnswerEvent[], isOwn: IsOwn): History {
	const done: Action[] = [];
	const undone: Action[] = [];
	const states = new Map<string, AnswerEvent>();
	for (const event of inOrder(events)) {
		const { presentationId } = event;
		const before = states.get(presentationId);
		states.set(presentationId, event);
		const isMove = (action: Action | undefined, from?: AnswerEvent, to?: AnswerEvent) =>
			action?.after.presentationId === presentationId &&
			sameJudgement(judgementOf(from), judgementOf(before)) &&
			sameJudgement(judgementOf(to), judgementOf(event));
		const last = done.at(-1);
		const lastUndone = undone.at(-1);
		if (last && isMove(last, last.after, last.before)) {
			done.pop();
			undone.push(last);
		} else if (lastUndone && isMove(lastUndone, lastUndone.before, lastUndone.after)) {
			undone.pop();
			done.push(lastUndone);
		} else if (isOwn(event)) {
			done.push({ before, after: event });
			undone.length = 0;
		}
	}
	return { done, undone };
}

function contextOf({ annotator, source, responseMs, showing, blind }: AnswerEvent): AnswerContext {
	return { annotator, source, responseMs, ...(showing && { showing }), blind };
}

export interface NextMoves {
	/** The event that undoes the latest action that is not undone yet; null if there is none. */
	undo: AnswerDraft | null;
	/** The event that redoes the latest undone action; null if there is none, or something new was done since. */
	redo: AnswerDraft | null;
}

/** What undo and redo would append. */
export function nextMoves(events: readonly AnswerEvent[], isOwn: IsOwn = () => true): NextMoves {
	const { done, undone } = historyOf(events, isOwn);
	return { undo: undoOf(events, done.at(-1)), redo: redoOf(events, undone.at(-1)) };
}

function undoOf(events: readonly AnswerEvent[], action: Action | undefined): AnswerDraft | null {
	if (!action) {
		return null;
	}
	const { before, after } = action;
	// An answer that comes back is the one that was given then; a revocation is by who gave what it takes back.
	const context = contextOf(before?.kind === 'answer' ? before : after);
	return draftEvent(events, after.presentationId, judgementOf(before), context);
}

function redoOf(events: readonly AnswerEvent[], action: Action | undefined): AnswerDraft | null {
	if (!action) {
		return null;
	}
	const { after } = action;
	return draftEvent(events, after.presentationId, judgementOf(after), contextOf(after));
}

export interface Tally {
	/** Presentations with a current answer. */
	answers: number;
	/** a or b. */
	decided: number;
	ties: number;
	skips: number;
	/** Both completions marked bad, whatever the outcome. */
	bothBad: number;
	simulated: number;
	/** Of all answers, 0 to 1; 0 where there is none. */
	simulatedShare: number;
}

/** Counts of current answers (of presentations that are all of interest: filter by purpose first). */
export function tally(answers: Iterable<AnswerEvent>): Tally {
	const all = [...answers];
	const count = (matches: (event: AnswerEvent) => boolean): number => all.filter(matches).length;
	const simulated = count((e) => e.source === 'simulated');
	return {
		answers: all.length,
		decided: count((e) => e.outcome === 'a' || e.outcome === 'b'),
		ties: count((e) => e.outcome === 'tie'),
		skips: count((e) => e.outcome === 'skip'),
		bothBad: count((e) => e.qualityA === 'bad' && e.qualityB === 'bad'),
		simulated,
		simulatedShare: all.length === 0 ? 0 : simulated / all.length
	};
}

export interface PairOptions {
	ties: 'half' | 'drop';
	includeSimulated: boolean;
}

/**
 * What a reward model may learn from, in the order of the presentations. Skips are not labels, and answers given during an
 * evaluation never train anything.
 */
export function preferencePairs(
	presentations: readonly Presentation[],
	answers: ReadonlyMap<string, AnswerEvent>,
	{ ties, includeSimulated }: PairOptions
): PreferencePair[] {
	return presentations.flatMap((presentation) => {
		const answer = answers.get(presentation.id);
		const y = answer ? preferenceOf(answer, ties) : null;
		if (!answer || y === null || presentation.purpose === 'evaluation') {
			return [];
		}
		const simulated = answer.source === 'simulated';
		if (simulated && !includeSimulated) {
			return [];
		}
		return [
			{
				presentationId: presentation.id,
				promptId: presentation.promptId,
				promptIds: presentation.a.promptIds,
				aIds: presentation.a.ids,
				bIds: presentation.b.ids,
				y,
				simulated,
				...(answer.strength !== undefined && { strength: answer.strength }),
				...(answer.reasonTags && { tags: answer.reasonTags }),
				...(answer.annotator.id !== undefined && { annotatorId: answer.annotator.id })
			}
		];
	});
}

/** Probability that a is better, or null where the answer says nothing about it. */
function preferenceOf(answer: AnswerEvent, ties: PairOptions['ties']): number | null {
	switch (answer.outcome) {
		case 'a':
			return 1;
		case 'b':
			return 0;
		case 'tie':
			return ties === 'half' ? 0.5 : null;
		default:
			return null;
	}
}
