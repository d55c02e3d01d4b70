/**
 * Metrics over steps as append-only typed columns that share one step column: cheap to extend ten times a second, never
 * reactive. A metric that a step did not report is NaN there: a gap, never zero.
 */
import { at } from './methods/math';

const FIRST_CAPACITY = 64;

export interface Points {
	x: Float64Array;
	y: Float64Array;
}

/** Rows as they travel: value of keys[k] at steps[i] is columns[k][i], NaN where absent. */
export interface MetricColumns {
	steps: Float64Array;
	keys: readonly string[];
	columns: readonly Float64Array[];
}

export class Series {
	#steps: Float64Array = new Float64Array(FIRST_CAPACITY);
	readonly #columns = new Map<string, Float64Array>();
	#length = 0;

	get length(): number {
		return this.#length;
	}

	/** In the order of their first value. */
	get keys(): string[] {
		return [...this.#columns.keys()];
	}

	/** Views of what has been appended; they do not grow. */
	get steps(): Float64Array {
		return this.#steps.subarray(0, this.#length);
	}

	/** All NaN for a key never seen. */
	values(key: string): Float64Array {
		const column = this.#columns.get(key);
		return column ? column.subarray(0, this.#length) : new Float64Array(this.#length).fill(NaN);
	}

	/** The latest value that is a number; NaN if there is none. */
	last(key: string): number {
		return this.values(key).findLast((value) => !Number.isNaN(value)) ?? NaN;
	}

	/**
	 * Adds a row. The step of the last row adds to it (later values win); an earlier step is one that is run again after a
	 * resume, and drops the rows after it.
	 */
	append(step: number, values: Readonly<Record<string, number>>): void {
		if (Number.isNaN(step)) {
			throw new RangeError('a row needs a step');
		}
		while (this.#length > 0 && at(this.#steps, this.#length - 1) > step) {
			this.#length--;
		}
		if (this.#length === 0 || at(this.#steps, this.#length - 1) !== step) {
			this.#addRow(step);
		}
		for (const [key, value] of Object.entries(values)) {
			this.#column(key)[this.#length - 1] = value;
		}
	}

	appendColumns({ steps, keys, columns }: MetricColumns): void {
		steps.forEach((step, i) => {
			const entries = keys.map((key, k): [string, number] => [key, columns[k]?.[i] ?? NaN]);
			this.append(step, Object.fromEntries(entries.filter(([, value]) => !Number.isNaN(value))));
		});
	}

	/** Rows with a value of the key; gaps left out. */
	points(key: string): Points {
		const values = this.values(key);
		const isPresent = (_: number, i: number): boolean => !Number.isNaN(values[i]);
		return { x: this.steps.filter(isPresent), y: values.filter(isPresent) };
	}

	#column(key: string): Float64Array {
		const known = this.#columns.get(key);
		if (known) {
			return known;
		}
		const column = new Float64Array(this.#steps.length).fill(NaN);
		this.#columns.set(key, column);
		return column;
	}

	#addRow(step: number): void {
		if (this.#length === this.#steps.length) {
			this.#steps = grown(this.#steps);
			for (const [key, column] of this.#columns) {
				this.#columns.set(key, grown(column));
			}
		}
		for (const column of this.#columns.values()) {
			column[this.#length] = NaN;
		}
		this.#steps[this.#length++] = step;
	}
}

function grown(column: Float64Array): Float64Array {
	const larger = new Float64Array(column.length * 2).fill(NaN);
	larger.set(column);
	return larger;
}

/**
 * At most `limit` points to draw: the first, the last and the lowest and highest of each bucket between, in order of x, so
 * that no spike disappears. A bucket with a NaN keeps one, so that a gap stays a gap. x ascends.
 */
export function thin({ x, y }: Points, limit: number): Points {
	const n = x.length;
	if (n <= Math.max(limit, 4)) {
		return { x: x.slice(), y: y.slice() };
	}
	const buckets = Math.max(1, Math.floor((limit - 2) / 3));
	const kept = new Set([0, n - 1]);
	for (let bucket = 0; bucket < buckets; bucket++) {
		const from = 1 + Math.floor((bucket * (n - 2)) / buckets);
		const to = 1 + Math.floor(((bucket + 1) * (n - 2)) / buckets);
		for (const i of extremes(y, from, to)) {
			kept.add(i);
		}
	}
	const indices = [...kept].sort((i, j) => i - j);
	return {
		x: Float64Array.from(indices, (i) => at(x, i)),
		y: Float64Array.from(indices, (i) => at(y, i))
	};
}

/** Indices of the lowest, the highest and the first missing value in from .. to - 1. */
function extremes(y: Float64Array, from: number, to: number): number[] {
	let low = -1;
	let high = -1;
	let gap = -1;
	for (let i = from; i < to; i++) {
		const value = at(y, i);
		if (Number.isNaN(value)) {
			if (gap === -1) {
				gap = i;
			}
			continue;
		}
		if (low === -1 || value < at(y, low)) {
			low = i;
		}
		if (high === -1 || value > at(y, high)) {
			high = i;
		}
	}
	return [low, high, gap].filter((i) => i !== -1);
}
