/** Features of completions, read once each by the engine, and the answered pairs as a reward head sees them. */
import type { F } from '../core/methods/loss';
import type { AnswerEvent, Completion, Presentation } from '../core/records';
import type { TrainerState } from './trainer.svelte';

/** Texts read in one call, so that others get their turn on the engine. */
const TEXTS_PER_CALL = 16;
/** Newest answers that the head learns from: more would take long to read after a reload. */
const MOST_ANSWERS = 256;

/** An answered pair and which side won: 1 a, 0 b, 0.5 a tie. */
export interface LabelledPair {
	a: Completion;
	b: Completion;
	y: number;
}

/** Pairs with an answer that says which is better, newest last. */
export function labelledPairs(
	presentations: readonly Presentation[],
	answers: ReadonlyMap<string, AnswerEvent>,
	includeSimulated: boolean
): LabelledPair[] {
	return presentations
		.flatMap(({ id, a, b }) => {
			const answer = answers.get(id);
			const y = { a: 1, b: 0, tie: 0.5, skip: null }[answer?.outcome ?? 'skip'];
			const counts = answer?.source === 'human' || includeSimulated;
			return y === null || !counts ? [] : [{ a, b, y }];
		})
		.slice(-MOST_ANSWERS);
}

/** Answered pairs whose completions were read and differ: [answers * dimension] and [answers]. */
export interface LabelledRows {
	rows: F;
	y: F;
	dimension: number;
}

export class RewardFeatures {
	readonly #trainer: TrainerState;
	/** By completion id. */
	readonly #features = new Map<string, F>();
	#model: string | null = null;
	#reading: Promise<void> | null = null;

	constructor(trainer: TrainerState) {
		this.#trainer = trainer;
	}

	/** Completions of these that were not read yet by this model. */
	unread(model: string, completions: Iterable<Completion>): Completion[] {
		if (this.#model !== model) {
			this.clear();
			this.#model = model;
		}
		const seen = new Set<string>();
		return [...completions].filter((completion) => {
			const { id } = completion;
			const isNew = !this.#features.has(id) && !seen.has(id);
			seen.add(id);
			return isNew && this.#fits(completion);
		});
	}

	/** Imported texts may be longer than the model can read. */
	#fits({ promptIds, ids }: Completion): boolean {
		const most = this.#trainer.loaded?.config.maxPositions ?? Infinity;
		return promptIds.length + ids.length <= most;
	}

	/** Has the engine read completions, a few at a time; calls made meanwhile wait their turn. */
	async read(model: string, completions: Iterable<Completion>): Promise<void> {
		await this.#reading?.catch(() => undefined);
		this.#reading = this.#readNow(model, [...completions]);
		await this.#reading;
	}

	/** [d], features of a less those of b; null where one was not read. */
	difference(a: Completion, b: Completion): F | null {
		const [x, y] = [this.#features.get(a.id), this.#features.get(b.id)];
		return x && y ? x.map((value, k) => value - (y[k] ?? 0)) : null;
	}

	/** null where no pair differs in what was read of it. */
	rows(pairs: readonly LabelledPair[]): LabelledRows | null {
		const kept = pairs.flatMap(({ a, b, y }) => {
			const difference = this.difference(a, b);
			return difference?.some((value) => value !== 0) ? [{ difference, y }] : [];
		});
		const dimension = kept[0]?.difference.length;
		if (dimension === undefined) {
			return null;
		}
		const rows = new Float64Array(kept.length * dimension);
		kept.forEach(({ difference }, i) => rows.set(difference, i * dimension));
		return { rows, y: Float64Array.from(kept, ({ y }) => y), dimension };
	}

	clear(): void {
		this.#features.clear();
	}

	async #readNow(model: string, completions: readonly Completion[]): Promise<void> {
		const unread = this.unread(model, completions);
		for (let start = 0; start < unread.length; start += TEXTS_PER_CALL) {
			const part = unread.slice(start, start + TEXTS_PER_CALL);
			const { dimension, features } = await this.#trainer.call('embed', {
				model,
				items: part.map(({ promptIds, ids }) => ({ promptIds, ids }))
			});
			part.forEach(({ id }, i) => {
				this.#features.set(id, features.slice(i * dimension, (i + 1) * dimension));
			});
		}
	}
}
