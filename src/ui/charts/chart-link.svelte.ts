/** What charts of one view share: the step under the pointer and the step whose text is shown. */
export class ChartLink {
	#hovered = $state<number | null>(null);
	#selected = $state<number | null>(null);

	/** Step under the pointer in any of the charts. */
	get hovered(): number | null {
		return this.#hovered;
	}

	/** Step whose texts are shown; null follows the newest. */
	get selected(): number | null {
		return this.#selected;
	}

	hover(step: number | null): void {
		this.#hovered = step;
	}

	select(step: number | null): void {
		this.#selected = step;
	}
}
