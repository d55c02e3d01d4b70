/**
 * What every way of answering has in common: nothing is taken before the guard is over or while an answer is being stored,
 * the reasons given so far go with the next answer, and each answer knows how long it stood on screen.
 */
import type { Judgement } from '../../core/feedback/comparison';
import type { ReasonTag } from '../../core/feedback/reason-tags';
import type { Showing } from '../../core/records';
import { ShowingTimer } from '../../state/showing-timer';

/** How an answer was given, beside what it says. */
export interface Answered {
	/** From keys armed to answer, milliseconds. */
	responseMs: number;
	showing: Showing;
}

export type OnJudge = (judgement: Judgement, answered: Answered) => Promise<void>;

/** By what a button was pressed: a click without a pointer is a key. */
export function inputOf(event: Event): Showing['input'] {
	const type = event instanceof PointerEvent ? event.pointerType : '';
	if (type === '') {
		return 'key';
	}
	return type === 'mouse' ? 'pointer' : 'touch';
}

export class AnswerDesk {
	readonly #onjudge: OnJudge;
	readonly #timer: ShowingTimer;
	#isStoring = $state(false);
	rationale = $state('');
	#tags = $state.raw<readonly ReasonTag[]>([]);

	constructor(now: () => number, onjudge: OnJudge) {
		this.#timer = new ShowingTimer(now);
		this.#onjudge = onjudge;
	}

	get isStoring(): boolean {
		return this.#isStoring;
	}

	get tags(): readonly ReasonTag[] {
		return this.#tags;
	}

	/** Keys would be taken now. */
	get isArmed(): boolean {
		return !this.#isStoring && this.#timer.armedForMs >= 0;
	}

	toggleTag(tag: ReasonTag): void {
		this.#tags = this.#tags.includes(tag)
			? this.#tags.filter((other) => other !== tag)
			: [...this.#tags, tag];
	}

	/** Something new is on screen. */
	show(): void {
		this.#timer.show(document.visibilityState === 'hidden');
	}

	/** To be called when the page is hidden or comes back. */
	visibilityChanged(): void {
		this.#timer.setHidden(document.visibilityState === 'hidden');
	}

	/** Gives the answer with the reasons so far; false where it came too early and was not taken. */
	async give(judgement: Judgement, input: Showing['input']): Promise<boolean> {
		if (!this.isArmed) {
			return false;
		}
		const answered = {
			responseMs: this.#timer.armedForMs,
			showing: this.#timer.showing(input)
		};
		const rationale = this.rationale.trim();
		this.#isStoring = true;
		try {
			await this.#onjudge(
				{
					...judgement,
					...(rationale && { rationale }),
					...(this.#tags.length > 0 && { reasonTags: [...this.#tags] })
				},
				answered
			);
			this.rationale = '';
			this.#tags = [];
		} finally {
			this.#isStoring = false;
		}
		return true;
	}
}
