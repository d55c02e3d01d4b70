/**
 * What every job shares: pause, step, resume and stop between phases; progress with an honest time left; metrics sent in batches;
 * a commit of each step to storage. Knows no method and no model.
 */
import { Eta } from '../src/core/eta';
import type {
	Checkpoint,
	FixedPromptSample,
	InvariantCheck,
	MetricRow,
	Run,
	SampleRow
} from '../src/core/records';
import { EventBatcher } from '../src/protocol/batch-events';
import { StudioError } from '../src/protocol/errors';
import type { JobPhase, JobVerb, TrainerEvent } from '../src/protocol/trainer';
import { commitStep } from '../src/storage/checkpoints';
import type { StudioDb } from '../src/storage/db';
import { withoutOptimizer } from './jobs/weights-io';

export type Emit = (event: TrainerEvent, transfer?: Transferable[]) => void;

/** Waiting longer than this for permission was a pause. */
const PAUSE_MS = 20;
/** Written on a checkpoint; a reader refuses newer ones by name. */
export const CHECKPOINT_VERSION = 1;

/** Pauses and single steps. A phase is the smallest thing a person can step: sample, score, advantages, update. */
export class JobControl {
	#isPaused: boolean;
	#wake: (() => void) | null = null;
	readonly #onChange: (isPaused: boolean) => void;

	constructor(isPaused: boolean, onChange: (isPaused: boolean) => void) {
		this.#isPaused = isPaused;
		this.#onChange = onChange;
	}

	apply(verb: JobVerb): void {
		if (verb !== 'step') {
			this.#isPaused = verb === 'pause';
			this.#onChange(this.#isPaused);
		}
		if (verb !== 'pause') {
			this.#wake?.();
		}
	}

	/** Resolves when the next phase may begin; rejects with 'aborted' when the job is stopped. */
	async pass(signal: AbortSignal): Promise<void> {
		if (this.#isPaused && !signal.aborted) {
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
				signal.addEventListener('abort', () => resolve(), { once: true });
			});
			this.#wake = null;
		}
		if (signal.aborted) {
			throw new StudioError('aborted', 'Stopped');
		}
	}
}

/** Snapshots of a run: enough to go back near any step, few enough for a browser's disk. */
const MOST_SNAPSHOTS = 12;

/** Whether the weights of a commit stay: all of a short run, evenly spaced ones of a long one. */
function passesSnapshot(committedStep: number, step: number, totalSteps: number): boolean {
	const spacing = Math.max(1, Math.ceil(totalSteps / MOST_SNAPSHOTS));
	return Math.floor(step / spacing) > Math.floor(committedStep / spacing);
}

export interface StepReport {
	values: Record<string, number>;
	samples?: FixedPromptSample[];
	invariants?: InvariantCheck[];
}

/** What a job's loop knows of its frame. */
export type JobFrame = Pick<
	RunLoop,
	'signal' | 'run' | 'phase' | 'setSpeed' | 'finishStep' | 'commit'
>;

/** A job's frame: the run record, its clock, its line to the page and its place in storage. */
export class RunLoop {
	readonly signal: AbortSignal;
	readonly #control: JobControl;
	readonly #db: StudioDb;
	readonly #events: EventBatcher;
	readonly #eta = new Eta();
	readonly #metrics: MetricRow[] = [];
	readonly #samples: SampleRow[] = [];
	#run: Run;
	#stepStartedMs = 0;
	#startedMs: number;
	#phase: JobPhase = 'prepare';
	#tokensPerSecond: number | null = null;
	readonly #keepsSnapshots: boolean;
	#committedStep: number;

	constructor(o: {
		run: Run;
		control: JobControl;
		signal: AbortSignal;
		db: StudioDb;
		emit: Emit;
		/** Weights of a few steps stay, to go back to. */
		keepsSnapshots?: boolean;
	}) {
		this.#keepsSnapshots = o.keepsSnapshots ?? false;
		this.signal = o.signal;
		this.#run = o.run;
		this.#committedStep = o.run.step;
		this.#control = o.control;
		this.#db = o.db;
		this.#events = new EventBatcher(o.emit, {
			now: () => performance.now(),
			after: (ms, action) => {
				const timer = setTimeout(action, ms);
				return () => clearTimeout(timer);
			}
		});
		this.#startedMs = performance.now() - o.run.elapsedMs;
		this.#stepStartedMs = performance.now();
	}

	get run(): Run {
		return this.#run;
	}

	/** Wait for permission, then begin a phase. */
	async phase(phase: JobPhase): Promise<void> {
		const before = performance.now();
		await this.#control.pass(this.signal);
		// Time spent paused is no part of a step.
		const pausedMs = performance.now() - before;
		if (pausedMs > PAUSE_MS) {
			this.#stepStartedMs += pausedMs;
			this.#startedMs += pausedMs;
		}
		this.#phase = phase;
		this.#sendProgress();
	}

	/** Tokens handled per second of the last step, for display. */
	setSpeed(tokensPerSecond: number): void {
		this.#tokensPerSecond = tokensPerSecond;
	}

	/** One step is done: show it at once, and keep it for the next commit. */
	finishStep(step: number, report: StepReport): void {
		const now = performance.now();
		this.#eta.stepDone(now - this.#stepStartedMs);
		this.#stepStartedMs = now;
		const row = { runId: this.#run.id, step, values: report.values };
		this.#metrics.push(row);
		this.#events.metrics(row);
		this.#run = { ...this.#run, step, elapsedMs: now - this.#startedMs };
		if (report.samples) {
			this.#samples.push({ runId: this.#run.id, step, samples: report.samples });
			this.#events.emit({ type: 'samples', runId: this.#run.id, step, samples: report.samples });
		}
		if (report.invariants) {
			this.#run = { ...this.#run, invariants: report.invariants };
			this.#events.emit({
				type: 'invariants',
				runId: this.#run.id,
				step,
				checks: report.invariants
			});
		}
		this.#sendProgress();
	}

	/** Store the run with everything since the last commit, and where to go on from. */
	async commit(checkpoint: Pick<Checkpoint, 'state' | 'weights'> | null): Promise<void> {
		this.#run = { ...this.#run, updatedAt: Date.now() };
		const { step, totalSteps } = this.#run;
		const isKept = this.#keepsSnapshots && passesSnapshot(this.#committedStep, step, totalSteps);
		this.#committedStep = step;
		await commitStep(this.#db, {
			run: this.#run,
			metrics: this.#metrics.splice(0),
			samples: this.#samples.splice(0),
			checkpoint: checkpoint && {
				...checkpoint,
				runId: this.#run.id,
				step: this.#run.step,
				version: CHECKPOINT_VERSION,
				savedAt: Date.now()
			},
			...(checkpoint &&
				isKept && {
					snapshot: {
						runId: this.#run.id,
						step: this.#run.step,
						version: CHECKPOINT_VERSION,
						savedAt: Date.now(),
						weights: withoutOptimizer(checkpoint.weights)
					}
				})
		});
	}

	/** Send what waits, at the end of a job. */
	flush(): void {
		this.#events.flush();
	}

	#sendProgress(): void {
		const { id, step, totalSteps } = this.#run;
		this.#events.progress({
			type: 'progress',
			runId: id,
			phase: this.#phase,
			step,
			totalSteps,
			tokensPerSecond: this.#tokensPerSecond,
			elapsedMs: performance.now() - this.#startedMs,
			etaMs: this.#eta.remainingMs(totalSteps - step)
		});
	}
}
