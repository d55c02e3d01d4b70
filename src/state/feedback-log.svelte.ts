/**
 * The append-only log of judgements, of one purpose: feedback of every kind, or one evaluation. Every change is an appended
 * event, stored before anything else happens; undo and redo append too and are read back from the events.
 */
import {
	currentAnswers,
	draftEvent,
	nextMoves,
	type AnswerContext,
	type AnswerDraft,
	type IsOwn,
	type Judgement
} from '../core/feedback/comparison';
import { RECORD_VERSION, type AnswerEvent } from '../core/records';
import { appendAnswer } from '../storage/comparisons';
import { newId } from '../storage/ids';
import type { OpenDesk } from './desk';

export interface LogDependencies {
	openDesk: OpenDesk;
	now: () => number;
	/** Whose answers the person at the desk may undo. */
	isOwn: IsOwn;
	/** After an answer of a person is stored. */
	onAnswer?: (answers: number) => void;
}

export class FeedbackLog {
	readonly #dependencies: LogDependencies;
	#events = $state.raw<readonly AnswerEvent[]>([]);
	readonly #answers = $derived(currentAnswers(this.#events));
	readonly #imported = $derived(
		[...this.#answers.values()].filter((event) => event.imported).length
	);
	readonly #next = $derived(nextMoves(this.#events, (event) => this.#dependencies.isOwn(event)));

	constructor(dependencies: LogDependencies) {
		this.#dependencies = dependencies;
	}

	get events(): readonly AnswerEvent[] {
		return this.#events;
	}

	/** Current answer of each pair or set that has one. */
	get answers(): ReadonlyMap<string, AnswerEvent> {
		return this.#answers;
	}

	/** Current answers that were read from a file: they are nobody's at this desk. */
	get imported(): number {
		return this.#imported;
	}

	get canUndo(): boolean {
		return this.#next.undo !== null;
	}

	get canRedo(): boolean {
		return this.#next.redo !== null;
	}

	/** Puts stored events on the desk. */
	show(events: readonly AnswerEvent[]): void {
		this.#events = events;
	}

	/** Stores an answer, or a new revision of one; null takes it back. */
	async answer(
		presentationId: string,
		judgement: Judgement | null,
		context: AnswerContext
	): Promise<void> {
		await this.#append(draftEvent(this.#events, presentationId, judgement, context));
		if (context.source === 'human') {
			this.#dependencies.onAnswer?.(this.#answers.size);
		}
	}

	/** Takes back what was done last; gives what that was. */
	async undo(): Promise<AnswerDraft | null> {
		const draft = this.#next.undo;
		if (draft) {
			await this.#append(draft);
		}
		return draft;
	}

	async redo(): Promise<AnswerDraft | null> {
		const draft = this.#next.redo;
		if (draft) {
			await this.#append(draft);
		}
		return draft;
	}

	async #append(draft: AnswerDraft): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		const event: AnswerEvent = {
			...draft,
			id: newId(),
			studyId: study.id,
			version: RECORD_VERSION,
			createdAt: this.#dependencies.now()
		};
		await appendAnswer(db, event);
		this.#events = [...this.#events, event];
	}
}
