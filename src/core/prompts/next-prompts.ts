/**
 * Which prompts are asked next: start-time fair queueing (Goyal, Vin & Cheng 1996) over the order of asking so far. Each prompt
 * has a tag, the time of its next turn; the smallest is asked, and then due again 1 / weight later. With equal weights every
 * prompt has one turn before any has its second; with weight w it has w turns for every one of a prompt of weight 1. Deviations:
 * a prompt that joins late (or was left out for a while) is asked at once and then takes turns with the others: it makes up for nothing, equal tags
 * go in an order drawn by the caller, and no prompt is asked twice running where another one is there.
 */
export interface WeightedPrompt {
	text: string;
	/** Above 0. */
	weight: number;
}

interface Turn extends WeightedPrompt {
	tag: number;
	order: number;
	wasAsked: boolean;
}

/** Tags are sums of fractions: what differs by less is equal. */
const SAME = 1e-9;

class Turns {
	readonly #turns: Map<string, Turn>;
	/** Greatest tag that was asked. */
	#now = 0;
	#last: Turn | null = null;

	constructor(prompts: readonly WeightedPrompt[], draw: () => number) {
		this.#turns = new Map(
			prompts.map((prompt) => [prompt.text, { ...prompt, tag: 0, order: draw(), wasAsked: false }])
		);
	}

	ask(turn: Turn): void {
		if (this.#isLate(turn)) {
			turn.tag = this.#floor();
		}
		this.#now = Math.max(this.#now, turn.tag);
		turn.tag += 1 / turn.weight;
		turn.wasAsked = true;
		this.#last = turn;
	}

	/** Was not there when the others had their turns: none of the first ones waits until the second ones, nor longer than a turn. */
	#isLate({ tag, weight, wasAsked }: Turn): boolean {
		return wasAsked ? tag < this.#now - 1 / weight - SAME : this.#now > SAME;
	}

	/** Time of the next turn of those that were there. */
	#floor(): number {
		const tags = [...this.#turns.values()].map(({ tag }) => tag);
		const floor = Math.min(...tags.filter((tag) => tag >= this.#now - SAME));
		return Number.isFinite(floor) ? floor : this.#now;
	}

	/** What was asked before; prompts that are no longer there took no turn of these. */
	replay(asked: readonly string[]): void {
		for (const text of asked) {
			const turn = this.#turns.get(text);
			if (turn) {
				this.ask(turn);
			}
		}
	}

	next(): Turn | null {
		let best: Turn | null = null;
		for (const turn of this.#turns.values()) {
			if (best === null || this.#isBefore(turn, best)) {
				best = turn;
			}
		}
		return best;
	}

	/** Who comes late is asked at once: waiting would look, by the order of asking, like coming later still. */
	#priority(turn: Turn): number {
		return this.#isLate(turn) ? -1 : turn.tag;
	}

	#isBefore(one: Turn, other: Turn): boolean {
		if (other === this.#last || one === this.#last) {
			return other === this.#last;
		}
		const lead = this.#priority(other) - this.#priority(one);
		return lead > SAME || (lead > -SAME && one.order < other.order);
	}
}

/**
 * The next n prompts; fewer only where there is none at all. `asked`: texts in the order of asking, oldest first.
 * Throws RangeError on a weight that is not above 0.
 */
export function nextPrompts(
	prompts: readonly WeightedPrompt[],
	asked: readonly string[],
	n: number,
	draw: () => number
): string[] {
	for (const { weight } of prompts) {
		if (!(weight > 0 && weight < Infinity)) {
			throw new RangeError(`a prompt of weight ${weight}`);
		}
	}
	const turns = new Turns(prompts, draw);
	turns.replay(asked);
	const chosen: string[] = [];
	for (let turn = turns.next(); turn && chosen.length < n; turn = turns.next()) {
		turns.ask(turn);
		chosen.push(turn.text);
	}
	return chosen;
}
