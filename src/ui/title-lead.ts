import { en } from '../i18n/en';
import type { Studio } from '../state/studio.svelte';
import { formatPercent } from './format';

/** What stands before the view's name in the document's title: progress of a running job. */
export function titleLead({ reward, tune }: Studio): string {
	const job = [reward.job, tune.job].find(({ isActive }) => isActive);
	const progress = job?.progress;
	if (job && progress && progress.totalSteps > 0) {
		return en.training.runningTitle(formatPercent(progress.step / progress.totalSteps));
	}
	return reward.job.hasNews || tune.job.hasNews ? en.training.finishedTitle : '';
}
