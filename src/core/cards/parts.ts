/** Sections that both cards have. */
import type { DatasetVersion } from '../feedback/dataset-version';
import type { Run } from '../records';
import { changedSettings } from '../run-comparison';
import type { Drift } from '../staleness';
import { percent, plain, table } from './card-text';

/** Counts of the answers, from the version that is kept. */
export function dataLines(dataset: DatasetVersion | null, hash: string | undefined): string[] {
	if (!dataset) {
		return [
			hash === undefined
				? 'No answers were learned from directly.'
				: `The dataset version is no longer stored; what was learned from had the content hash \`${plain(hash)}\`.`
		];
	}
	const { rows, prompts, byOutcome, bySource, annotators } = dataset.statistics;
	const heldOut = dataset.members.filter(({ split }) => split === 'held-out').length;
	const simulated = rows === 0 ? 0 : bySource.simulated / rows;
	return [
		`- Dataset version: ${plain(dataset.name)} ${dataset.number}, content hash \`${dataset.id}\`.`,
		`- ${rows} comparisons of two completions each, of ${prompts} prompts: a ${byOutcome.a}, b ${byOutcome.b}, tie ${byOutcome.tie}.`,
		`- ${bySource.human} answers are of people, ${bySource.simulated} of simulated annotators (${percent(simulated)} simulated); ${annotators} annotators in all, under pseudonyms.`,
		`- Split by prompt: ${rows - heldOut} for training, ${heldOut} held out; no prompt is on both sides.`
	];
}

/** Settings that are not the default, seed, engine and length of a run. */
export function runLines(run: Run | null): string[] {
	if (!run) {
		return ['The run is no longer stored: its settings, seed and engine are not known.'];
	}
	const changes = changedSettings(run);
	const { engine } = run;
	return [
		`- Seed ${run.seed}; ${run.step} of ${run.totalSteps} steps; status: ${run.status}.`,
		`- Computed by: ${engine ? `${plain(engine.backend)} on ${plain(engine.device)}` : plain(run.backend)}${engine?.exact === false ? ', in two parts on different engines: not bit-exact' : ''}.`,
		`- Time: ${Math.round(run.elapsedMs / 1000)} s on one machine, in a browser tab.`,
		...(run.prompts ? [`- ${run.prompts.count} prompts, hash \`${run.prompts.hash}\`.`] : []),
		'',
		...(changes.length === 0
			? ['All settings are the defaults.']
			: [
					'Settings that are not the default:',
					'',
					...table(
						['setting', 'value', 'default'],
						changes.map(({ key, value, default: usual }) => [
							`\`${key}\``,
							String(value),
							String(usual)
						])
					)
				])
	];
}

/** Said of everything made here, and what became of the answers. */
export function limitLines(drift: Drift | null, simulatedShare: number | null): string[] {
	const changed = drift ? drift.removed + drift.changed : 0;
	return [
		...(changed > 0
			? [
					`- **Stale**: of the answers it rests on, ${drift?.removed ?? 0} were taken back and ${drift?.changed ?? 0} were changed afterwards.`
				]
			: []),
		...(drift && changed === 0 && drift.added > 0
			? [`- ${drift.added} newer answers were not learned from.`]
			: []),
		...(simulatedShare !== null && simulatedShare > 0
			? [
					`- ${percent(simulatedShare)} of the answers are simulated: what was learned from those is a rule, not anybody's taste.`
				]
			: []),
		"- The base model knows English children's stories only; nothing outside them was tested.",
		'- It was not tested for safety, and is not safe by design. For play, teaching and personal experiments.',
		'- One seed, one machine: how much another seed would differ was not measured.'
	];
}
