/** What charts of one view share: the step under the pointer, the step whose text is shown, and the steps in sight. */
import { zoomed, type StepRange } from './step-range';

export class ChartLink {
	#hovered = $state<number | null>(null);
	#selected = $state<number | null>(null);
	#range = $state.raw<StepRange | null>(null);

	/** Step under the pointer in any of the charts. */
	get hovered(): number | null {
		return this.#hovered;
	}

	/** Step whose texts are shown; null follows the newest. */
	get selected(): number | null {
		return this.#selected;
	}

	/** Steps in sight in all of the charts; null shows every step, new ones too. */
	get range(): StepRange | null {
		return this.#range;
	}

	hover(step: number | null): void {
		this.#hovered = step;
	}

	select(step: number | null): void {
		this.#selected = step;
	}

	/** Shows these steps alone. A range of less than two steps is no range. */
	show({ from, to }: StepRange): void {
		if (to - from >= 1) {
			this.#range = { from, to };
		}
	}

	/** Makes what is in sight `factor` times as wide, with `at` staying in its place. */
	zoom(full: StepRange, at: number, factor: number): void {
		this.#range = zoomed(this.#range ?? full, full, at, factor);
	}

	showAll(): void {
		this.#range = null;
	}
}
