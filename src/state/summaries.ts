/** What a screen reader hears about a running job: a sentence of its latest numbers. */
import { en } from '../i18n/en';
import type { JobState } from './job.svelte';

const short = (value: number) => (Number.isFinite(value) ? value.toFixed(2) : '–');
const percent = (value: number) => (Number.isFinite(value) ? `${Math.round(value * 100)} %` : '–');

export function rewardSummary(job: JobState): string {
	const { series } = job;
	return en.reward.announce(
		series.steps.at(-1) ?? 0,
		short(series.last('reward/loss')),
		percent(series.last('reward/held_out_accuracy'))
	);
}

/** Compared with this many steps ago. */
const BACK = 10;

export function tuneSummary(job: JobState): string {
	const { series } = job;
	const rewards = series.values('objective/scores');
	const now = rewards.at(-1) ?? NaN;
	const before = rewards.at(-1 - BACK) ?? NaN;
	const change = now - before;
	const words =
		Number.isFinite(change) && rewards.length > BACK
			? en.tune.announceChange(
					change >= 0 ? en.tune.up(short(change)) : en.tune.down(short(-change)),
					series.steps.at(-1 - BACK) ?? 0
				)
			: '';
	return en.tune.announce(
		series.steps.at(-1) ?? 0,
		short(now),
		short(series.last('objective/kl')),
		words
	);
}
