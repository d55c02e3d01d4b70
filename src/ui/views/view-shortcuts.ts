/** Shared by the two training views: Space pauses and resumes, the full stop makes one step. */
import { en } from '../../i18n/en';
import type { JobState } from '../../state/job.svelte';
import type { Shortcut } from '../../state/shortcuts.svelte';

export function jobShortcuts(job: JobState): Shortcut[] {
	const group = en.shortcuts.groups.training;
	return [
		{
			id: 'pause-resume',
			keys: ['Space'],
			label: en.shortcuts.pauseResume,
			group,
			when: () => job.isActive,
			run: () => (job.activity === 'paused' ? job.resume() : job.pause())
		},
		{
			id: 'step',
			keys: ['.'],
			label: en.shortcuts.step,
			group,
			when: () => job.isActive,
			run: () => job.step()
		}
	];
}
