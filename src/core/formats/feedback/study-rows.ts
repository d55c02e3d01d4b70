/**
 * All feedback of a study as native rows, for export: events in the order of appending, then what was shown and not answered, then
 * prompts. What was imported goes out under the ids that it came in with, so that it is known again wherever it goes.
 */
import { datasetRows, type AnnotatorKey } from '../../feedback/dataset-rows';
import { rowHash, type DatasetVersion } from '../../feedback/dataset-version';
import type { AnswerEvent, CompletionSet, Presentation, Prompt } from '../../records';
import type { FeedbackRow } from './row';
import { comparisonRow, completionSetRow, promptRow } from './studio-rows';

export interface StudyFeedback {
	presentations: readonly Presentation[];
	sets: readonly CompletionSet[];
	events: readonly AnswerEvent[];
	prompts: readonly Prompt[];
}

/** What of a study is to be in a file. */
export interface RowFilter {
	who: 'all' | 'people' | 'simulated';
	/** Key of one annotator; null: all of them. */
	annotator: string | null;
	/** The answers that this version holds, as they were then; null: all that there are now. */
	version: DatasetVersion | null;
	/** Also what was shown and not answered, and the prompts by themselves; only where nothing else is chosen. */
	isWhole: boolean;
}

type Shown = Presentation | CompletionSet;

const isPair = (shown: Shown): shown is Presentation => 'a' in shown;

/** Ids that imported records had in their files. */
function originalIds({ presentations, sets, events }: StudyFeedback): Map<string, string> {
	const ids = new Map<string, string>();
	for (const { id, imported } of [...presentations, ...sets, ...events]) {
		if (imported) {
			ids.set(id, imported.id);
		}
	}
	return ids;
}

/** Of the events about something shown, the one that a version holds; null: none. */
function eventInVersion(
	shown: Shown,
	events: readonly AnswerEvent[],
	hashes: ReadonlySet<string>,
	keyOf: AnnotatorKey
): AnswerEvent | null {
	const isMember = (event: AnswerEvent) => {
		const [pairs, sets] = isPair(shown) ? [[shown], []] : [[], [shown]];
		const rows = datasetRows(pairs, sets, new Map([[shown.id, event]]), keyOf);
		return rows.some((row) => hashes.has(rowHash(row)));
	};
	return events.findLast((event) => event.kind === 'answer' && isMember(event)) ?? null;
}

/** Rows of what passes the filter; the others are only counted, by whoever asks `isWanted`. */
export class StudyRows {
	readonly #feedback: StudyFeedback;
	readonly #filter: RowFilter;
	readonly #keyOf: AnnotatorKey;
	readonly #ids: Map<string, string>;
	readonly #shown: Map<string, Shown>;
	readonly #inVersion: ReadonlySet<string> | null;

	constructor(feedback: StudyFeedback, filter: RowFilter, keyOf: AnnotatorKey) {
		this.#feedback = feedback;
		this.#filter = filter;
		this.#keyOf = keyOf;
		this.#ids = originalIds(feedback);
		const { presentations, sets } = feedback;
		this.#shown = new Map([...presentations, ...sets].map((shown) => [shown.id, shown]));
		this.#inVersion = filter.version && this.#eventsOf(filter.version);
	}

	/** Answers that the filter leaves out. */
	get leftOut(): number {
		return this.#feedback.events.filter((event) => !this.#isWanted(event)).length;
	}

	*rows(): Generator<FeedbackRow> {
		const { events, prompts } = this.#feedback;
		const answered = new Set(events.map(({ presentationId }) => presentationId));
		for (const event of events) {
			const shown = this.#shown.get(event.presentationId);
			if (shown && this.#isWanted(event)) {
				yield this.#row(shown, event);
			}
		}
		const { who, annotator, version, isWhole } = this.#filter;
		if (!isWhole || who !== 'all' || annotator !== null || version) {
			return;
		}
		for (const shown of this.#shown.values()) {
			if (!answered.has(shown.id)) {
				yield this.#row(shown, null);
			}
		}
		for (const prompt of prompts) {
			yield promptRow(prompt);
		}
	}

	#eventsOf({ members }: DatasetVersion): Set<string> {
		const hashes = new Set(members.map(({ hash }) => hash));
		const byShown = new Map<string, AnswerEvent[]>();
		for (const event of this.#feedback.events) {
			const events = byShown.get(event.presentationId) ?? [];
			events.push(event);
			byShown.set(event.presentationId, events);
		}
		const found = new Set<string>();
		for (const [id, events] of byShown) {
			const shown = this.#shown.get(id);
			const event = shown && eventInVersion(shown, events, hashes, this.#keyOf);
			if (event) {
				found.add(event.id);
			}
		}
		return found;
	}

	#isWanted(event: AnswerEvent): boolean {
		const { who, annotator } = this.#filter;
		const isWho = who === 'all' || (event.source === 'simulated') === (who === 'simulated');
		const isAnnotator = annotator === null || this.#keyOf(event) === annotator;
		return isWho && isAnnotator && (this.#inVersion?.has(event.id) ?? true);
	}

	#row(shown: Shown, event: AnswerEvent | null): FeedbackRow {
		const row = isPair(shown) ? comparisonRow(shown, event) : completionSetRow(shown, event);
		const idOf = (id: string) => this.#ids.get(id) ?? id;
		const {
			imported: _shown,
			isSideUnknown,
			...facts
		} = (row.presentation ?? {}) as Shown & {
			isSideUnknown?: true;
		}; // as comparisonRow and completionSetRow made it of a record
		const presentation: Record<string, unknown> = { ...facts, id: idOf(shown.id) };
		if ('repeatOf' in facts && facts.repeatOf !== undefined) {
			presentation['repeatOf'] = idOf(facts.repeatOf);
		}
		if (isSideUnknown) {
			delete presentation['aSide'];
			delete presentation['sideSeed'];
		}
		const base: FeedbackRow = { ...row, id: idOf(row.id), presentation };
		if (!event || !row.event) {
			return base;
		}
		const { imported, annotator } = event;
		const { imported: _event, supersedes, ...eventFacts } = row.event;
		const id = annotator.kind === 'human' ? this.#keyOf(event) : annotator.id;
		return {
			...base,
			source: imported?.source ?? row.source,
			annotator: { ...annotator, ...(id !== undefined && { id }) },
			event: {
				...eventFacts,
				presentationId: idOf(event.presentationId),
				...(supersedes !== undefined && { supersedes: idOf(supersedes) })
			}
		};
	}
}
