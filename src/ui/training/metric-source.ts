/** Where a view's charts read from: a job's series, or the recorded run. */
import type { RecordedMetrics } from '../../core/formats/recorded-run';
import type { JobState } from '../../state/job.svelte';

export interface MetricSource {
	steps: ArrayLike<number>;
	values: (key: string) => ArrayLike<number>;
	/** Grows with the columns. */
	version: number;
	/** Right end of the step axis. */
	lastStep: number;
}

export function jobSource(job: JobState): MetricSource {
	const { series, version, run } = job;
	return {
		steps: series.steps,
		values: (key) => series.values(key),
		version,
		lastStep: run?.totalSteps ?? 0
	};
}

export function recordedSource(recorded: RecordedMetrics): MetricSource {
	const { steps, metrics } = recorded;
	return {
		steps,
		values: (key) => (metrics[key] ?? steps.map(() => null)).map((value) => value ?? NaN),
		version: 0,
		lastStep: steps.at(-1) ?? 0
	};
}
