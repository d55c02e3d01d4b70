/** The live state of each stage, as the ring shows and speaks it. */
import { wilson } from '../core/evaluation/intervals';
import { en } from '../i18n/en';
import type { JobState } from '../state/job.svelte';
import type { Stage } from '../state/route.svelte';
import type { Studio } from '../state/studio.svelte';
import { formatPercent } from './format';

export interface NodeStatus {
	/** At most two short lines. */
	lines: string[];
	state: 'empty' | 'has' | 'running' | 'paused' | 'stale';
	spoken: string;
}

const EMPTY: NodeStatus = { lines: [], state: 'empty', spoken: '' };

export function nodeStatus(studio: Studio, stage: Stage): NodeStatus {
	switch (stage) {
		case 'sample':
			return sampleStatus(studio);
		case 'compare':
			return compareStatus(studio);
		case 'reward':
			return rewardStatus(studio);
		case 'tune':
			return tuneStatus(studio);
		case 'evaluate':
			return evaluateStatus(studio);
	}
}

function sampleStatus({ trainer, sample }: Studio): NodeStatus {
	if (sample.isWriting || trainer.status === 'loading') {
		return { lines: [en.live.loading], state: 'running', spoken: en.live.loading };
	}
	if (trainer.status === 'ready') {
		return { lines: [en.live.ready], state: 'has', spoken: en.live.ready };
	}
	return trainer.status === 'failed'
		? { lines: [en.live.failed], state: 'empty', spoken: en.live.failed }
		: EMPTY;
}

function compareStatus({ log, robot }: Studio): NodeStatus {
	const answers = log.answers.size;
	const text = en.live.answers(answers);
	const given = [...log.answers.values()];
	const simulated = given.filter(({ source }) => source === 'simulated').length;
	const mark = simulated > 0 ? [en.live.simulated(simulated)] : [];
	// Three digits and the word are wider than the ring.
	const lines = answers < 100 ? [text, ...mark] : text.split(' ');
	const spoken = [text, ...mark].join(', ');
	if (robot.isWorking) {
		return { lines, state: 'running', spoken };
	}
	return answers === 0 ? EMPTY : { lines, state: 'has', spoken };
}

/** Of a job under way; null otherwise. */
function jobStatus(job: JobState): NodeStatus | null {
	if (!job.isActive) {
		return null;
	}
	void job.version;
	const { progress } = job;
	const isPaused = job.activity === 'paused';
	const place = progress ? en.live.training(progress.step, progress.totalSteps) : en.live.running;
	return {
		lines: isPaused ? [place, en.live.paused] : [place],
		state: isPaused ? 'paused' : 'running',
		spoken: isPaused ? `${place}, ${en.live.paused}` : place
	};
}

function rewardStatus({ reward }: Studio): NodeStatus {
	const running = jobStatus(reward.job);
	const { model } = reward;
	if (running) {
		return running;
	}
	if (!model) {
		return EMPTY;
	}
	const accuracy = model.heldOutAccuracy ?? model.trainAccuracy;
	const n = model.heldOutAccuracy === null ? model.trainPairs : model.heldOutPairs;
	const { low, high } = wilson(accuracy * n, n);
	const half = (high - low) / 2;
	const value = accuracy.toFixed(2);
	const isStale = reward.isStale(model);
	return {
		lines: [`${value} ± ${half.toFixed(2).replace(/^0/, '')}`],
		state: isStale ? 'stale' : 'has',
		spoken: en.live.accuracyLong(value) + (isStale ? `; ${en.live.stale}` : '')
	};
}

function tuneStatus({ tune, reward }: Studio): NodeStatus {
	const running = jobStatus(tune.job);
	if (running) {
		const kl = tune.job.series.last('objective/kl');
		return Number.isFinite(kl)
			? { ...running, lines: [running.lines[0] ?? '', en.live.kl(kl.toFixed(1))] }
			: running;
	}
	const policy = tune.policies.at(-1);
	if (!policy) {
		return EMPTY;
	}
	const lines = [en.live.step(policy.step), en.live.kl(policy.kl.toFixed(1))];
	const model = reward.models.find((one) => one.id === policy.rewardModelId);
	const isStale = !model || reward.isStale(model);
	return {
		lines,
		state: isStale ? 'stale' : 'has',
		spoken: lines.join(', ') + (isStale ? `; ${en.live.stale}` : '')
	};
}

function evaluateStatus({ evaluate }: Studio): NodeStatus {
	const { tally, current } = evaluate;
	if (!tally || !current || tally.answered === 0) {
		return EMPTY;
	}
	if (!evaluate.isFinished) {
		const place = en.live.training(tally.answered, current.pairs);
		return { lines: [place], state: 'paused', spoken: place };
	}
	const interval = en.live.interval(Math.round(tally.low * 100), Math.round(tally.high * 100));
	const win = formatPercent(tally.estimate);
	return { lines: [win, interval], state: 'has', spoken: `${en.live.win(win)} ${interval}` };
}
