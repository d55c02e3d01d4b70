/** Lets an annotator with a simple, known taste answer pairs, through the same door as a person. */
import { simulatedAnswer } from '../core/feedback/simulated-annotator';
import type { Presentation, SimulatedAnnotatorConfig } from '../core/records';
import { StudioError, toStudioError } from '../protocol/errors';
import type { ComparisonState } from './comparison.svelte';
import type { Desk, OpenDesk } from './desk';
import type { Problems } from './problems.svelte';

/** Pairs written at a time. */
const BATCH = 16;
/** Give up when so many pairs in a row were scored the same. */
const MOST_REDRAWN_IN_A_ROW = 200;

export interface SimulatedTask {
	config: SimulatedAnnotatorConfig;
	n: number;
	/** Answers these waiting pairs instead of drawing new ones (an evaluation has a fixed set). */
	waitingOnly?: boolean;
}

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
		{ config, n }: SimulatedTask,
		signal: AbortSignal
	): Promise<void> {
		let equalInARow = 0;
		while (this.#done < n) {
			const drawn = await comparisons.draw(desk, Math.min(BATCH, n - this.#done + 2), signal);
			const decided = drawn.filter((pair) => isDecided(config, pair)).slice(0, n - this.#done);
			const equal = drawn.filter((pair) => !isDecided(config, pair)).length;
			this.#redrawn += equal;
			equalInARow = decided.length > 0 ? 0 : equalInARow + Math.max(1, equal);
			if (equalInARow >= MOST_REDRAWN_IN_A_ROW) {
				this.#isStuck = true;
				return;
			}
			await comparisons.store(desk, decided);
			for (const pair of decided) {
				throwIfStopped(signal);
				await this.#answer(comparisons, config, pair);
			}
		}
	}

	/** A fixed set cannot be redrawn: pairs scored the same are ties. */
	async #answerWaiting(
		comparisons: ComparisonState,
		{ config }: SimulatedTask,
		signal: AbortSignal
	): Promise<void> {
		await comparisons.fill();
		for (const pair of [...comparisons.waiting]) {
			throwIfStopped(signal);
			await this.#answer(comparisons, config, pair);
		}
	}

	async #answer(
		comparisons: ComparisonState,
		config: SimulatedAnnotatorConfig,
		pair: Presentation
	): Promise<void> {
		const answer = simulatedAnswer(config, pairKey(pair), pair.a.text, pair.b.text);
		await comparisons.answer(
			pair.id,
			answer ? { outcome: answer.outcome, strength: 1 } : { outcome: 'tie', strength: 0 },
			{
				annotator: { kind: 'simulated', name: config.rule, simulated: config },
				source: 'simulated',
				responseMs: null,
				blind: true
			}
		);
		this.#done++;
	}
}

function isDecided(config: SimulatedAnnotatorConfig, pair: Presentation): boolean {
	return simulatedAnswer(config, pairKey(pair), pair.a.text, pair.b.text) !== null;
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
