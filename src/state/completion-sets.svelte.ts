/** Completions to rank, rate or rewrite, and the answers to them: the same log as the pairs', so that undo goes through both. */
import type { SamplingConfig } from '../core/config';
import type { AnswerContext, Judgement } from '../core/feedback/comparison';
import type { AnswerEvent, CompletionSet, PolicyRef, SetKind } from '../core/records';
import { addCompletionSets } from '../storage/comparisons';
import { waitingPairs } from './comparison-queue';
import type { OpenDesk } from './desk';
import type { FeedbackLog } from './feedback-log.svelte';
import type { Problems } from './problems.svelte';
import type { SetWriter } from './set-writer';

/** Sets written ahead of each kind; a ranking takes longer to answer than a thumb. */
const AHEAD: Readonly<Record<SetKind, number>> = {
	ranking: 4,
	rating: 10,
	thumb: 10,
	demonstration: 4
};
/** Fewer missing than this share of them are not worth a batch. */
const REFILL_SHARE = 0.5;

export type RankingSize = 3 | 4;

export interface CompletionSetDependencies {
	openDesk: OpenDesk;
	writer: SetWriter;
	problems: Problems;
	randomSeed: () => number;
	/** Known once a model is loaded. */
	policy: () => Promise<PolicyRef>;
	sampling: () => SamplingConfig;
	/** Prompts in the order in which they were put before a person, in whatever form. */
	used: () => readonly string[];
	/** Completions to rank at once. */
	rankingSize: () => RankingSize;
}

export class CompletionSetsState {
	readonly log: FeedbackLog;
	readonly #dependencies: CompletionSetDependencies;
	#sets = $state.raw<readonly CompletionSet[]>([]);
	#filling = $state.raw<SetKind | null>(null);
	#failed = $state(false);
	readonly #byId = $derived(new Map(this.#sets.map((set) => [set.id, set])));
	readonly #waiting = $derived.by(() => waitingPairs(this.#sets, this.log.events));

	constructor(dependencies: CompletionSetDependencies, log: FeedbackLog) {
		this.#dependencies = dependencies;
		this.log = log;
	}

	get sets(): readonly CompletionSet[] {
		return this.#sets;
	}

	/** Writing sets failed; the problem is on show. */
	get hasFailed(): boolean {
		return this.#failed;
	}

	/** Not answered yet, next one first. */
	waiting(kind: SetKind): readonly CompletionSet[] {
		return this.#waiting.filter((set) => set.kind === kind);
	}

	set(id: string): CompletionSet | undefined {
		return this.#byId.get(id);
	}

	answerOf(id: string): AnswerEvent | undefined {
		return this.log.answers.get(id);
	}

	/** Puts stored sets on the desk. */
	show(sets: readonly CompletionSet[]): void {
		this.#sets = sets;
		this.#failed = false;
	}

	answer(id: string, judgement: Judgement | null, context: AnswerContext): Promise<void> {
		return this.log.answer(id, judgement, context);
	}

	/** Writes sets of one kind ahead until enough wait. */
	async fill(kind: SetKind): Promise<void> {
		if (this.#filling || this.#missing(kind) === 0) {
			return;
		}
		this.#filling = kind;
		this.#failed = false;
		try {
			const { openDesk, writer, randomSeed, policy, sampling, used, rankingSize } =
				this.#dependencies;
			const desk = await openDesk();
			while (this.#missing(kind) > 0) {
				const isFirst = this.waiting(kind).length === 0;
				const sets = await writer.write(desk, {
					kind,
					n: isFirst ? 1 : this.#missing(kind),
					size: kind === 'ranking' ? rankingSize() : 1,
					writer: await policy(),
					sampling: sampling(),
					seed: randomSeed(),
					used: used()
				});
				await addCompletionSets(desk.db, sets);
				this.#sets = [...this.#sets, ...sets];
			}
		} catch (cause) {
			this.#failed = true;
			this.#dependencies.problems.report(cause, () => void this.fill(kind));
		} finally {
			this.#filling = null;
		}
	}

	#missing(kind: SetKind): number {
		const missing = AHEAD[kind] - this.waiting(kind).length;
		return missing >= REFILL_SHARE * AHEAD[kind] ? missing : 0;
	}
}
