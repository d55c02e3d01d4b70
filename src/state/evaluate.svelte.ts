/** Did it get better? Both models side by side, and blind tests with their tally. */
import { DEFAULT_SAMPLING } from '../core/config';
import { currentAnswers } from '../core/feedback/comparison';
import { rankCheckpoints, type Battle, type RankedCheckpoint } from '../core/evaluation/ranking';
import { sequentialWinRate, type WinVerdict } from '../core/evaluation/sequential-win-rate';
import {
	RECORD_VERSION,
	type AnswerEvent,
	type EvaluationRecord,
	type PolicyRecord,
	type PolicyRef,
	type Presentation
} from '../core/records';
import { toStudioError } from '../protocol/errors';
import { listAnswers, listPresentations } from '../storage/comparisons';
import { listEvaluations, putEvaluation } from '../storage/evaluations';
import { newId } from '../storage/ids';
import { ComparisonState, type ComparisonDependencies } from './comparison.svelte';
import { FeedbackLog, type LogDependencies } from './feedback-log.svelte';
import type { TrainerState } from './trainer.svelte';
import type { TuneState } from './tune.svelte';

export const BLIND_PAIRS = 20;
/** A glance in between: many of them add up in the ranking. */
export const FEW_PAIRS = 3;

export interface EvaluationTally {
	/** Ties as half a win, with Wilson's 95 % interval. */
	estimate: number;
	low: number;
	high: number;
	/** Wins, ties and losses together. */
	n: number;
	/** May be looked at after every answer: it holds its error rate under peeking. */
	verdict: WinVerdict;
	wins: number;
	losses: number;
	ties: number;
	skips: number;
	answered: number;
	simulated: number;
}

export interface SideBySide {
	prompt: string;
	base: string;
	tuned: string;
}

export interface EvaluateDependencies extends ComparisonDependencies, LogDependencies {
	trainer: TrainerState;
	tune: TuneState;
	testName: (n: number) => string;
}

/** Win rate and verdict of so many answers. */
export function rateOf(
	wins: number,
	ties: number,
	losses: number
): Pick<EvaluationTally, 'estimate' | 'low' | 'high' | 'n' | 'verdict'> {
	const { rate, verdict } = sequentialWinRate(wins, ties, losses);
	return { ...rate, n: wins + ties + losses, verdict };
}

/** a is the base model, b the tuned one; sides hide that until the end. */
export function tallyOf(
	presentations: readonly Presentation[],
	answers: ReadonlyMap<string, AnswerEvent>
): EvaluationTally {
	const events = presentations.flatMap((pair) => answers.get(pair.id) ?? []);
	const count = (outcome: AnswerEvent['outcome']) =>
		events.filter((event) => event.outcome === outcome).length;
	const [wins, losses, ties, skips] = [count('b'), count('a'), count('tie'), count('skip')];
	return {
		...rateOf(wins, ties, losses),
		wins,
		losses,
		ties,
		skips,
		answered: events.length,
		simulated: events.filter((event) => event.source === 'simulated').length
	};
}

export class EvaluateState {
	readonly #dependencies: EvaluateDependencies;
	#policyId = $state<string | null>(null);
	#evaluations = $state.raw<readonly EvaluationRecord[]>([]);
	#presentations = $state.raw<readonly Presentation[]>([]);
	#events = $state.raw<readonly AnswerEvent[]>([]);
	#current = $state.raw<EvaluationRecord | null>(null);
	#comparisons = $state.raw<ComparisonState | null>(null);
	#sideBySide = $state.raw<SideBySide | null>(null);
	#isWriting = $state(false);
	#isReading = $state(false);

	constructor(dependencies: EvaluateDependencies) {
		this.#dependencies = dependencies;
	}

	/** The chosen tuned model, or else the newest. */
	get policy(): PolicyRecord | null {
		const { policies } = this.#dependencies.tune;
		return policies.find((policy) => policy.id === this.#policyId) ?? policies.at(-1) ?? null;
	}

	get evaluations(): readonly EvaluationRecord[] {
		return this.#evaluations;
	}

	/** The blind test on the desk. */
	get current(): EvaluationRecord | null {
		return this.#current;
	}

	get comparisons(): ComparisonState | null {
		return this.#comparisons;
	}

	get sideBySide(): SideBySide | null {
		return this.#sideBySide;
	}

	get isWriting(): boolean {
		return this.#isWriting;
	}

	/** The book of the blind test is open. */
	get isReading(): boolean {
		return this.#isReading && this.#comparisons !== null && !this.isFinished;
	}

	read(isReading: boolean): void {
		this.#isReading = isReading;
	}

	/** Tally of the test on the desk, live. */
	get tally(): EvaluationTally | null {
		return this.#comparisons
			? tallyOf(this.#comparisons.presentations, this.#comparisons.answers)
			: null;
	}

	/** Every pair of the test on the desk is answered. */
	get isFinished(): boolean {
		return this.#current !== null && (this.tally?.answered ?? 0) >= this.#current.pairs;
	}

	select(policyId: string): void {
		this.#policyId = policyId;
		this.#sideBySide = null;
	}

	tallyOf(evaluation: EvaluationRecord): EvaluationTally {
		if (evaluation.id === this.#current?.id && this.tally) {
			return this.tally;
		}
		const pairs = this.#presentations.filter((pair) => pair.evaluationId === evaluation.id);
		return tallyOf(pairs, currentAnswers(this.#events));
	}

	/** Reads the study's tests, and puts one on the desk: the newest unless another is asked for. */
	async reload(wantedId?: string): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		const [evaluations, presentations, events] = await Promise.all([
			listEvaluations(db, study.id),
			listPresentations(db, study.id),
			listAnswers(db, study.id)
		]);
		this.#evaluations = evaluations;
		this.#presentations = presentations.filter((pair) => pair.purpose === 'evaluation');
		this.#events = events;
		const wanted = evaluations.find(({ id }) => id === wantedId) ?? evaluations.at(-1);
		if (wanted) {
			this.#open(wanted);
		}
	}

	clear(): void {
		this.#policyId = null;
		this.#evaluations = [];
		this.#current = null;
		this.#comparisons = null;
		this.#sideBySide = null;
	}

	#open(evaluation: EvaluationRecord): void {
		const log = new FeedbackLog(this.#dependencies);
		const comparisons = new ComparisonState(
			this.#dependencies,
			{
				purpose: 'evaluation',
				evaluationId: evaluation.id,
				writers: () => Promise.resolve([evaluation.baseline, evaluation.candidate]),
				sampling: () => DEFAULT_SAMPLING,
				total: evaluation.pairs
			},
			log
		);
		const pairs = this.#presentations.filter((pair) => pair.evaluationId === evaluation.id);
		const ids = new Set(pairs.map(({ id }) => id));
		log.show(this.#events.filter((event) => ids.has(event.presentationId)));
		comparisons.show(pairs);
		this.#current = evaluation;
		this.#comparisons = comparisons;
	}

	/** A verdict fell before the last pair: the rest need not be read. */
	get isSettled(): boolean {
		return !this.isFinished && this.tally !== null && this.tally.verdict !== 'open';
	}

	/** All models that were ever tested blind, by every answer of every test; null until there is one. Keys name weights. */
	get ranking(): readonly RankedCheckpoint[] | null {
		const answers = currentAnswers([...this.#events, ...(this.#comparisons?.log.events ?? [])]);
		const tests = new Map(this.#evaluations.map((one) => [one.id, one]));
		const pairs = new Map(
			[...this.#presentations, ...(this.#comparisons?.presentations ?? [])].map((pair) => [
				pair.id,
				pair
			])
		);
		const battles = [...pairs.values()].flatMap((pair): Battle[] => {
			const test = tests.get(pair.evaluationId ?? '');
			const outcome = OUTCOMES[answers.get(pair.id)?.outcome ?? 'skip'];
			return test && outcome
				? [{ first: weightsKey(test.baseline), second: weightsKey(test.candidate), outcome }]
				: [];
		});
		return rankCheckpoints(battles, { ties: 'half', seed: 1 }).value;
	}

	/** A new blind test of the chosen policy against the base it came from. */
	async start(pairs = BLIND_PAIRS): Promise<void> {
		const { openDesk, problems, now, randomSeed, testName } = this.#dependencies;
		const { policy } = this;
		if (!policy) {
			return;
		}
		try {
			const { db, study } = await openDesk();
			const evaluation: EvaluationRecord = {
				id: newId(),
				studyId: study.id,
				version: RECORD_VERSION,
				createdAt: now(),
				name: testName(this.#evaluations.length + 1),
				baseline: { model: policy.model, policyId: null },
				candidate: { model: policy.model, policyId: policy.id },
				pairs,
				seed: randomSeed()
			};
			await putEvaluation(db, evaluation);
			await this.reload(evaluation.id);
			this.#isReading = true;
			await this.#comparisons?.fill();
		} catch (cause) {
			problems.report(cause);
		}
	}

	/** Both models answer the same prompt from the same seed. */
	async writeBoth(prompt: string): Promise<void> {
		const { trainer, problems, randomSeed } = this.#dependencies;
		const { policy } = this;
		if (!policy || this.#isWriting) {
			return;
		}
		this.#isWriting = true;
		try {
			const shared = {
				prompts: [prompt],
				perPrompt: 1,
				sampling: DEFAULT_SAMPLING,
				seed: randomSeed(),
				first: 0
			};
			const model = policy.model;
			const [base] = await trainer.call('sample', { ...shared, writer: { model, policyId: null } });
			const [tuned] = await trainer.call('sample', {
				...shared,
				writer: { model, policyId: policy.id }
			});
			this.#sideBySide = { prompt, base: base?.text ?? '', tuned: tuned?.text ?? '' };
		} catch (cause) {
			problems.report(toStudioError(cause));
		} finally {
			this.#isWriting = false;
		}
	}
}

const OUTCOMES: Partial<Record<string, Battle['outcome']>> = {
	a: 'first',
	b: 'second',
	tie: 'tie'
};

/** Names weights in a ranking. */
export const weightsKey = ({ model, policyId }: PolicyRef): string => policyId ?? `base ${model}`;
