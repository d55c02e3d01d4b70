/** Lets an annotator with a known taste answer pairs, through the same door as a person. */
import { AnnotatorModel, fitAnnotator, type ReferencePair } from '../core/feedback/annotator-model';
import type { AnswerContext, Judgement } from '../core/feedback/comparison';
import { simulatedAnswer } from '../core/feedback/simulated-annotator';
import type { Annotator, ModelledAnnotator, Presentation } from '../core/records';
import type { SimulatedAnnotatorConfig } from '../core/records';
import { sha256 } from '../core/sha256';
import { StudioError, toStudioError } from '../protocol/errors';
import type { ComparisonState } from './comparison.svelte';
import type { Desk, OpenDesk } from './desk';
import type { Problems } from './problems.svelte';

/** Pairs written at a time. */
const BATCH = 16;
/** Give up when so many pairs in a row were scored the same. */
const MOST_REDRAWN_IN_A_ROW = 200;

/** Pairs that an annotator's rewards are measured on: the newest of the study, at most so many, and at least some. */
const MOST_REFERENCE = 200;
export const LEAST_REFERENCE = 12;

/** Of one taste, with lapses; or with the faults of people. The scale of the latter is measured when it begins. */
export type Simulated =
	| { config: SimulatedAnnotatorConfig; modelled?: never }
	| {
			config?: never;
			modelled: Omit<ModelledAnnotator, 'scale'> & Partial<Pick<ModelledAnnotator, 'scale'>>;
	  };

export type SimulatedTask = Simulated & {
	n: number;
	/** Answers these waiting pairs instead of drawing new ones (an evaluation has a fixed set). */
	waitingOnly?: boolean;
};

/** Answers one pair after so many; null where the pair cannot be answered and another is wanted. */
type Answering = (pair: Presentation, answersBefore: number) => Judgement | null;

export class SimulatedAnnotator {
	readonly #openDesk: OpenDesk;
	readonly #problems: Problems;
	#done = $state(0);
	#total = $state(0);
	#redrawn = $state(0);
	#isStuck = $state(false);
	#controller = $state.raw<AbortController | null>(null);

	constructor(openDesk: OpenDesk, problems: Problems) {
		this.#openDesk = openDesk;
		this.#problems = problems;
	}

	get done(): number {
		return this.#done;
	}

	get total(): number {
		return this.#total;
	}

	/** Pairs that its rule scored equal, and which were drawn anew. */
	get redrawn(): number {
		return this.#redrawn;
	}

	get isWorking(): boolean {
		return this.#controller !== null;
	}

	get isStuck(): boolean {
		return this.#isStuck;
	}

	stop(): void {
		this.#controller?.abort();
	}

	/** Answers n pairs; gives how many it did. */
	async run(comparisons: ComparisonState, task: SimulatedTask): Promise<number> {
		if (this.#controller) {
			return 0;
		}
		const controller = new AbortController();
		this.#controller = controller;
		this.#done = 0;
		this.#total = task.n;
		this.#redrawn = 0;
		this.#isStuck = false;
		try {
			const desk = await this.#openDesk();
			await (task.waitingOnly
				? this.#answerWaiting(comparisons, task, controller.signal)
				: this.#answerNew(desk, comparisons, task, controller.signal));
		} catch (cause) {
			if (toStudioError(cause).code !== 'aborted') {
				this.#problems.report(cause);
			}
		} finally {
			this.#controller = null;
		}
		return this.#done;
	}

	async #answerNew(
		desk: Desk,
		comparisons: ComparisonState,
		task: SimulatedTask,
		signal: AbortSignal
	): Promise<void> {
		const { n } = task;
		let drawn: Presentation[] = [];
		if (task.modelled && referencePairs(comparisons.presentations).length < LEAST_REFERENCE) {
			drawn = await comparisons.draw(desk, BATCH, signal);
		}
		const reference = referencePairs([...comparisons.presentations, ...drawn]);
		if (task.modelled && reference.length === 0) {
			this.#isStuck = true;
			return;
		}
		const { context, answering } = prepare(task, reference);
		let idleInARow = 0;
		while (this.#done < n) {
			if (drawn.length === 0) {
				drawn = await comparisons.draw(desk, Math.min(BATCH, n - this.#done + 2), signal);
			}
			// What it says does not change with the answers before, only how well it says it: whether it can say at all is known now.
			const decided = drawn.filter((pair) => answering(pair, this.#done)).slice(0, n - this.#done);
			const equal = drawn.filter((pair) => !answering(pair, this.#done)).length;
			drawn = [];
			this.#redrawn += equal;
			idleInARow = decided.length > 0 ? 0 : idleInARow + Math.max(1, equal);
			if (idleInARow >= MOST_REDRAWN_IN_A_ROW) {
				this.#isStuck = true;
				return;
			}
			await comparisons.store(desk, decided);
			for (const pair of decided) {
				throwIfStopped(signal);
				await this.#answer(comparisons, pair, answering(pair, this.#done), context);
			}
		}
	}

	/** A fixed set cannot be redrawn: pairs scored the same are ties. */
	async #answerWaiting(
		comparisons: ComparisonState,
		task: SimulatedTask,
		signal: AbortSignal
	): Promise<void> {
		await comparisons.fill();
		const { context, answering } = prepare(task, referencePairs(comparisons.presentations));
		for (const pair of [...comparisons.waiting]) {
			throwIfStopped(signal);
			await this.#answer(comparisons, pair, answering(pair, this.#done), context);
		}
	}

	async #answer(
		comparisons: ComparisonState,
		{ id }: Presentation,
		judgement: Judgement | null,
		context: AnswerContext
	): Promise<void> {
		await comparisons.answer(id, judgement ?? { outcome: 'tie', strength: 0 }, context);
		this.#done++;
	}
}

/** Texts of the newest pairs of feedback, to measure an annotator's rewards on; each pair once, however often it was put. */
export function referencePairs(presentations: readonly Presentation[]): ReferencePair[] {
	return presentations
		.filter(({ repeatOf }) => repeatOf === undefined)
		.slice(-MOST_REFERENCE)
		.map(({ a, b }) => [a.text, b.text] as const);
}

function prepare(
	task: SimulatedTask,
	reference: readonly ReferencePair[]
): { context: AnswerContext; answering: Answering } {
	const simulated = (annotator: Omit<Annotator, 'kind'>): AnswerContext => ({
		annotator: { kind: 'simulated', ...annotator },
		source: 'simulated',
		responseMs: null,
		blind: true
	});
	if (task.config) {
		const { config } = task;
		return {
			context: simulated({ name: config.rule, simulated: config }),
			answering: (pair) => {
				const answer = simulatedAnswer(config, pairKey(pair), pair.a.text, pair.b.text);
				return answer && { outcome: answer.outcome, strength: 1 };
			}
		};
	}
	const { preset, config } = task.modelled;
	const scale = task.modelled.scale ?? fitAnnotator(config, reference);
	const modelled: ModelledAnnotator = { preset, config, scale };
	const model = new AnnotatorModel(config, scale);
	return {
		context: simulated({ name: preset, id: annotatorId(modelled), modelled }),
		answering: (pair, answersBefore) => {
			const { outcome } = model.answer({
				prompt: pair.prompt,
				aText: pair.a.text,
				bText: pair.b.text,
				aSide: pair.aSide,
				// A repeat is judged afresh; a repeat of a repeat is not asked.
				occasion: pair.repeatOf === undefined ? 0 : 1,
				answersBefore
			});
			return { outcome, strength: outcome === 'tie' ? 0 : 1 };
		}
	};
}

/** The same settings, seed and scale are the same annotator. */
function annotatorId(modelled: ModelledAnnotator): string {
	return `simulated-${sha256(JSON.stringify(modelled)).slice(0, 16)}`;
}

function throwIfStopped(signal: AbortSignal): void {
	if (signal.aborted) {
		throw new StudioError('aborted', 'Stopped');
	}
}

/** By content, so that the same texts get the same answer in a copied study or in a run made again. */
function pairKey({ prompt, a, b }: Presentation): string {
	return [prompt, a.text, b.text].join('\n');
}
