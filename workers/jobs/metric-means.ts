/** Means of metrics over the minibatches of an update. */

/** Undefined, and no fault, where all returns are equal (a constant reward): such a minibatch has no say. */
const MAY_BE_UNDEFINED = 'val/explained_variance';

export class MetricMeans {
	readonly #sums = new Map<string, { sum: number; count: number }>();

	add(values: Record<string, number>): void {
		for (const [key, value] of Object.entries(values)) {
			if (key === MAY_BE_UNDEFINED && Number.isNaN(value)) {
				continue;
			}
			const { sum, count } = this.#sums.get(key) ?? { sum: 0, count: 0 };
			this.#sums.set(key, { sum: sum + value, count: count + 1 });
		}
	}

	means(): Record<string, number> {
		return Object.fromEntries(
			[...this.#sums].map(([key, { sum, count }]) => [key, sum / Math.max(1, count)])
		);
	}
}
