/** One training job as the page sees it: live while it runs, read back from storage afterwards. */
import { Series } from '../core/series';
import type { InvariantCheck, Run, SampleRow } from '../core/records';
import { toStudioError } from '../protocol/errors';
import type { JobPhase, JobResult, JobVerb, TrainerEvent } from '../protocol/trainer';
import { getRun, listMetrics, listSamples, markInterruptedRuns, putRun } from '../storage/runs';
import type { Announcer } from './announcer.svelte';
import type { OpenDesk } from './desk';
import type { Problems } from './problems.svelte';
import type { TrainerState } from './trainer.svelte';
import type { WakeLock } from './wake-lock';

export interface JobDependencies {
	trainer: TrainerState;
	problems: Problems;
	announcer: Announcer;
	wakeLock: WakeLock;
	openDesk: OpenDesk;
	/** One sentence about where the job stands, spoken at most every ten seconds. */
	summary: (job: JobState) => string;
	/** The job has settled and its run is read back; `result` is null if it failed. */
	onSettled: (job: JobState, result: JobResult | null) => Promise<void>;
}

export interface JobProgress {
	phase: JobPhase;
	step: number;
	totalSteps: number;
	tokensPerSecond: number | null;
	elapsedMs: number;
	etaMs: number | null;
}

export type JobActivity = 'idle' | 'starting' | 'running' | 'pausing' | 'paused' | 'stopping';

export class JobState {
	readonly #dependencies: JobDependencies;
	#series = new Series();
	#version = $state(0);
	#isBumpDue = false;
	#run = $state.raw<Run | null>(null);
	#activity = $state<JobActivity>('idle');
	#progress = $state.raw<JobProgress | null>(null);
	#samples = $state.raw<readonly SampleRow[]>([]);
	#invariants = $state.raw<readonly InvariantCheck[]>([]);
	#hasNews = $state(false);
	#controller: AbortController | null = null;

	constructor(dependencies: JobDependencies) {
		this.#dependencies = dependencies;
		dependencies.trainer.listen((event) => this.#receive(event));
	}

	get run(): Run | null {
		return this.#run;
	}

	get activity(): JobActivity {
		return this.#activity;
	}

	get isActive(): boolean {
		return this.#activity !== 'idle';
	}

	get progress(): JobProgress | null {
		return this.#progress;
	}

	/** Typed columns, not reactive: read `version` to hear of new rows. */
	get series(): Series {
		return this.#series;
	}

	/** Grows at most once a frame. */
	get version(): number {
		return this.#version;
	}

	get samples(): readonly SampleRow[] {
		return this.#samples;
	}

	get invariants(): readonly InvariantCheck[] {
		return this.#invariants;
	}

	/** It ended while the page was not looked at. */
	get hasNews(): boolean {
		return this.#hasNews;
	}

	/** The run can go on: it paused when the page went away, was stopped, or failed. */
	get canResume(): boolean {
		const run = this.#run;
		return !this.isActive && run !== null && run.status !== 'done' && run.step < run.totalSteps;
	}

	/** Shows a stored run. */
	async open(run: Run | null): Promise<void> {
		if (this.isActive) {
			return;
		}
		this.#clear(run);
		if (run) {
			const { db } = await this.#dependencies.openDesk();
			const [metrics, samples] = await Promise.all([
				listMetrics(db, run.id),
				listSamples(db, run.id)
			]);
			if (this.#run?.id === run.id && !this.isActive) {
				for (const row of metrics) {
					this.#series.append(row.step, row.values);
				}
				this.#samples = samples;
				this.#bump();
			}
		}
	}

	/** Stores the run, then has the worker do it; settles when the job does. */
	async start(run: Run, work: (signal: AbortSignal) => Promise<JobResult>): Promise<void> {
		const { trainer, problems, wakeLock, openDesk } = this.#dependencies;
		const isSame = this.#run?.id === run.id;
		if (isSame) {
			this.#run = run;
		} else {
			this.#clear(run);
		}
		const controller = new AbortController();
		this.#controller = controller;
		this.#activity = 'starting';
		const release = trainer.hold(run.id);
		wakeLock.want(true);
		let result: JobResult | null = null;
		try {
			const { db } = await openDesk();
			await putRun(db, run);
			result = await work(controller.signal);
		} catch (cause) {
			problems.report(toStudioError(cause), () => trainer.restart());
		}
		wakeLock.want(false);
		release();
		this.#controller = null;
		this.#activity = 'idle';
		this.#markNews();
		await this.#readBack(run).catch((cause: unknown) => problems.report(cause));
		await this.#dependencies
			.onSettled(this, result)
			.catch((cause: unknown) => problems.report(cause));
	}

	pause(): void {
		if (this.#activity === 'running' || this.#activity === 'starting') {
			this.#activity = 'pausing';
			this.#control('pause');
		}
	}

	resume(): void {
		if (this.#activity === 'paused' || this.#activity === 'pausing') {
			this.#activity = 'running';
			this.#control('resume');
		}
	}

	/** One phase more, then paused again. */
	step(): void {
		if (this.#activity === 'paused') {
			this.#control('step');
		}
	}

	stop(): void {
		if (this.isActive && this.#activity !== 'stopping') {
			this.#activity = 'stopping';
			this.#controller?.abort();
		}
	}

	/** In the document's title until a person is back. */
	#markNews(): void {
		if (document.visibilityState === 'hidden' || !document.hasFocus()) {
			this.#hasNews = true;
			addEventListener('focus', () => (this.#hasNews = false), { once: true });
		}
	}

	#control(verb: JobVerb): void {
		const { trainer, problems } = this.#dependencies;
		const runId = this.#run?.id;
		if (runId !== undefined) {
			trainer.call('control', { runId, verb }).catch((cause: unknown) => problems.report(cause));
		}
	}

	#clear(run: Run | null): void {
		this.#series = new Series();
		this.#samples = [];
		this.#invariants = run?.invariants ?? [];
		this.#progress = null;
		this.#run = run;
		this.#bump();
	}

	async #readBack(run: Run): Promise<void> {
		const { db, study } = await this.#dependencies.openDesk();
		// A worker that died could not say so: its run is paused, ready to go on.
		await markInterruptedRuns(db, study.id);
		const stored = await getRun(db, run.id);
		if (stored) {
			this.#run = stored;
			this.#invariants = stored.invariants ?? this.#invariants;
		}
	}

	#receive(event: TrainerEvent): void {
		if (!('runId' in event) || event.runId !== this.#run?.id || !this.isActive) {
			return;
		}
		switch (event.type) {
			case 'progress':
				this.#progress = event;
				if (this.#activity === 'starting') {
					this.#activity = 'running';
				}
				break;
			case 'metrics':
				this.#series.appendColumns(event);
				this.#bump();
				this.#dependencies.announcer.summarise(() => this.#dependencies.summary(this));
				break;
			case 'samples':
				this.#samples = [
					...this.#samples.filter((row) => row.step < event.step),
					{ runId: event.runId, step: event.step, samples: event.samples }
				];
				break;
			case 'invariants':
				this.#invariants = event.checks;
				break;
			case 'jobState':
				if (this.#activity !== 'stopping') {
					this.#activity = event.state;
				}
				break;
			default:
				event satisfies never;
		}
	}

	#bump(): void {
		if (this.#isBumpDue) {
			return;
		}
		this.#isBumpDue = true;
		// Frames stop in a hidden tab; the timer then keeps the numbers fresh.
		const bump = () => {
			if (this.#isBumpDue) {
				this.#isBumpDue = false;
				this.#version++;
			}
		};
		requestAnimationFrame(bump);
		setTimeout(bump, 500);
	}
}
