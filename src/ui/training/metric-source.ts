/** Where a view's charts read from: a job's series, or the recorded run. */
import type { RecordedMetrics } from '../../core/formats/recorded-run';
import type { JobState } from '../../state/job.svelte';

export interface MetricSource {
	steps: ArrayLike<number>;
	values: (key: string) => ArrayLike<number>;
	/** Only the steps that have the metric: for what is measured now and then. */
	points: (key: string) => { x: ArrayLike<number>; y: ArrayLike<number> };
	/** Grows with the columns. */
	version: number;
	/** Right end of the step axis. */
	lastStep: number;
}

export function jobSource(job: JobState): MetricSource {
	const { series, version } = job;
	return {
		steps: series.steps,
		values: (key) => series.values(key),
		points: (key) => series.points(key),
		version,
		lastStep: lastStepOf(job)
	};
}

/** Right end of the axis: all steps while there are more to come, and what there was of a run that ended early. */
function lastStepOf({ run, progress, isActive }: JobState): number {
	const planned = (isActive ? progress?.totalSteps : undefined) ?? run?.totalSteps ?? 0;
	return run?.status === 'done' && !isActive ? run.step : planned;
}

export function recordedSource(recorded: RecordedMetrics): MetricSource {
	const { steps, metrics } = recorded;
	const values = (key: string) =>
		(metrics[key] ?? steps.map(() => null)).map((value) => value ?? NaN);
	return {
		steps,
		values,
		points: (key) => {
			const y = values(key);
			const isPresent = (_: number, i: number) => !Number.isNaN(y[i]);
			return { x: steps.filter(isPresent), y: y.filter(isPresent) };
		},
		version: 0,
		lastStep: steps.at(-1) ?? 0
	};
}
