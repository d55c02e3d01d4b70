/**
 * Pairs and the answers to them, for one purpose: feedback, or one evaluation. Every change is an appended event, stored
 * before the next pair shows; a person and a simulated annotator go through the same `answer`.
 */
import type { SamplingConfig } from '../core/config';
import {
	tally,
	type AnswerContext,
	type AnswerDraft,
	type Judgement
} from '../core/feedback/comparison';
import type { AnswerEvent, PolicyRef, Presentation } from '../core/records';
import { addPresentations } from '../storage/comparisons';
import { waitingPairs } from './comparison-queue';
import type { Desk, OpenDesk } from './desk';
import type { FeedbackLog } from './feedback-log.svelte';
import type { PairWriter } from './pair-writer';
import type { Problems } from './problems.svelte';

/** Pairs written ahead: at least ten wait while the next batch is being written. */
export const AHEAD = 16;
/** The first pairs come in a small batch, to be read while the others are written. */
const FIRST_BATCH = 2;
/** Fewer missing than this are not worth a batch. */
const REFILL_FROM = 4;
/** Batches without a single pair in them: the model says the same thing twice whatever it is asked. */
const MOST_EMPTY_BATCHES = 6;

export interface ComparisonDependencies {
	openDesk: OpenDesk;
	writer: PairWriter;
	problems: Problems;
	randomSeed: () => number;
}

export interface ComparisonPurpose {
	purpose: Presentation['purpose'];
	evaluationId?: string;
	/** Known once a model is loaded. */
	writers: () => Promise<readonly [PolicyRef, PolicyRef]>;
	sampling: () => SamplingConfig;
	/** Prompts in the order of asking, where more than these pairs count. */
	used?: () => readonly string[];
	/** Chooses the next n pairs, not stored yet; without it they are drawn at random. */
	plan?: (desk: Desk, n: number) => Promise<Presentation[]>;
	/** Pairs in all; without it there are always more. */
	total?: number;
}

export class ComparisonState {
	readonly log: FeedbackLog;
	readonly #dependencies: ComparisonDependencies;
	readonly #purpose: ComparisonPurpose;
	#presentations = $state.raw<readonly Presentation[]>([]);
	#isFilling = $state(false);
	#failed = $state(false);
	#isRepetitive = $state(false);
	readonly #byId = $derived(new Map(this.#presentations.map((pair) => [pair.id, pair])));
	readonly #answers = $derived.by(
		() => new Map([...this.log.answers].filter(([id]) => this.#byId.has(id)))
	);
	readonly #waiting = $derived.by(() => waitingPairs(this.#presentations, this.log.events));
	readonly #tally = $derived(tally(this.#answers.values()));

	constructor(dependencies: ComparisonDependencies, purpose: ComparisonPurpose, log: FeedbackLog) {
		this.#dependencies = dependencies;
		this.#purpose = purpose;
		this.log = log;
	}

	get presentations(): readonly Presentation[] {
		return this.#presentations;
	}

	/** Current answer of each pair that has one. */
	get answers(): ReadonlyMap<string, AnswerEvent> {
		return this.#answers;
	}

	get tally(): ReturnType<typeof tally> {
		return this.#tally;
	}

	get waiting(): readonly Presentation[] {
		return this.#waiting;
	}

	get current(): Presentation | null {
		return this.#waiting[0] ?? null;
	}

	get isFilling(): boolean {
		return this.#isFilling;
	}

	/** Writing pairs failed; the problem is on show. */
	get hasFailed(): boolean {
		return this.#failed;
	}

	/** The model writes the same thing twice: no pairs can be made of that. */
	get isRepetitive(): boolean {
		return this.#isRepetitive;
	}

	get canUndo(): boolean {
		return this.log.canUndo;
	}

	get canRedo(): boolean {
		return this.log.canRedo;
	}

	get total(): number | null {
		return this.#purpose.total ?? null;
	}

	/** Puts stored pairs on the desk. */
	show(presentations: readonly Presentation[]): void {
		this.#presentations = presentations;
	}

	/** Writes pairs ahead until enough wait. */
	async fill(): Promise<void> {
		if (this.#isFilling || this.#missing() === 0) {
			return;
		}
		this.#isFilling = true;
		this.#failed = false;
		this.#isRepetitive = false;
		try {
			const desk = await this.#dependencies.openDesk();
			let empty = 0;
			while (this.#missing() > 0 && !this.#isRepetitive) {
				const n = this.#waiting.length === 0 ? FIRST_BATCH : this.#missing();
				const pairs = await (this.#purpose.plan?.(desk, n) ?? this.draw(desk, n));
				await this.store(desk, pairs);
				empty = pairs.length > 0 ? 0 : empty + 1;
				this.#isRepetitive = empty >= MOST_EMPTY_BATCHES;
			}
		} catch (cause) {
			this.#failed = true;
			this.#dependencies.problems.report(cause, () => void this.fill());
		} finally {
			this.#isFilling = false;
		}
	}

	/** New pairs, not stored yet. */
	async draw(desk: Desk, n: number, signal?: AbortSignal): Promise<Presentation[]> {
		const { purpose, evaluationId, writers, sampling, used } = this.#purpose;
		return this.#dependencies.writer.write(
			desk,
			{
				n,
				writers: await writers(),
				sampling: sampling(),
				purpose,
				...(evaluationId && { evaluationId }),
				seed: this.#dependencies.randomSeed(),
				used: used?.() ?? promptsAsked(this.#presentations)
			},
			signal
		);
	}

	async store(desk: Desk, pairs: readonly Presentation[]): Promise<void> {
		await addPresentations(desk.db, pairs);
		this.#presentations = [...this.#presentations, ...pairs];
	}

	/** Stores an answer, or a new revision of one; null takes it back. */
	answer(
		presentationId: string,
		judgement: Judgement | null,
		context: AnswerContext
	): Promise<void> {
		return this.log.answer(presentationId, judgement, context);
	}

	/** Takes back what was done last; gives what that was. */
	undo(): Promise<AnswerDraft | null> {
		return this.log.undo();
	}

	redo(): Promise<AnswerDraft | null> {
		return this.log.redo();
	}

	presentation(id: string): Presentation | undefined {
		return this.#byId.get(id);
	}

	#missing(): number {
		const { total } = this.#purpose;
		if (total !== undefined) {
			return Math.max(0, total - this.#presentations.length);
		}
		const missing = AHEAD - this.#waiting.length;
		return missing >= REFILL_FROM ? missing : 0;
	}
}

/** Prompts in the order of asking, oldest first. */
export function promptsAsked(asked: readonly { prompt: string; createdAt: number }[]): string[] {
	return asked.toSorted((x, y) => x.createdAt - y.createdAt).map(({ prompt }) => prompt);
}
