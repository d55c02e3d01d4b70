/** The facts of a thing's own page: what is stored, in pairs of a label and a line. */
import { changedSettings } from '../../core/run-comparison';
import type { RewardModelRecord, Run } from '../../core/records';
import { en } from '../../i18n/en';
import { formatBytes, formatClock, formatNumber, formatPercent, formatSigned } from '../format';
import { sayValue } from './say-value';
import { heldOutOf, type ShelfRecord } from './shelf-items';

export interface Fact {
	label: string;
	text: string;
	/** A hash or the like: in letters of one width, whole. */
	isCode?: boolean;
}

const words = en.library.item;
const names = words.labels;

function runFacts(run: Run): Fact[] {
	const backends: Record<string, string> = en.sample.backendNames;
	const { engine } = run;
	const changed = changedSettings(run)
		.map(({ label, value }) => `${label} ${sayValue(value)}`)
		.join(', ');
	return [
		{ label: names.status, text: en.training.status[run.status] },
		{ label: names.steps, text: words.ofSteps(run.step, run.totalSteps) },
		{ label: names.seed, text: String(run.seed) },
		{ label: names.model, text: run.model },
		...(engine
			? [
					{
						label: names.engine,
						text: en.engine.on(backends[engine.backend] ?? engine.backend, engine.device)
					}
				]
			: []),
		...(run.prompts ? [{ label: names.prompts, text: words.prompts(run.prompts.count) }] : []),
		{ label: names.took, text: formatClock(run.elapsedMs) },
		{ label: names.changed, text: changed === '' ? words.allDefault : changed }
	];
}

function rewardFacts(record: RewardModelRecord): Fact[] {
	const heldOut = record.heldOutAccuracy === null ? '–' : formatPercent(record.heldOutAccuracy);
	return [
		{ label: names.pairs, text: String(record.trainPairs + record.heldOutPairs) },
		{ label: names.held, text: String(record.heldOutPairs) },
		{ label: names.accuracy, text: words.accuracy(formatPercent(record.trainAccuracy), heldOut) },
		{ label: names.simulated, text: formatPercent(record.simulatedShare) },
		{ label: names.model, text: record.model },
		{ label: names.size, text: formatBytes(record.weightsBytes) },
		{ label: names.hash, text: record.datasetHash, isCode: true }
	];
}

export function factsOf(what: ShelfRecord): Fact[] {
	switch (what.kind) {
		case 'run':
			return runFacts(what.record);
		case 'reward':
			return rewardFacts(what.record);
		case 'dataset': {
			const { statistics, id } = what.record.dataset;
			const { a, b, tie } = statistics.byOutcome;
			return [
				{ label: names.pairs, text: String(statistics.rows) },
				{ label: names.held, text: String(heldOutOf(what.record)) },
				{ label: names.outcomes, text: words.outcomes(a, b, tie) },
				{ label: names.simulated, text: String(statistics.bySource.simulated) },
				{ label: names.prompts, text: words.prompts(statistics.prompts) },
				{ label: names.hash, text: id, isCode: true }
			];
		}
		case 'policy': {
			const { step, kl, reward, model, weightsBytes } = what.record;
			return [
				{ label: names.steps, text: String(step) },
				{ label: names.reward, text: Number.isFinite(reward) ? formatSigned(reward) : '–' },
				{ label: names.kl, text: formatNumber(kl) },
				{ label: names.model, text: model },
				{ label: names.size, text: formatBytes(weightsBytes) }
			];
		}
		case 'evaluation': {
			const { tally, record } = what;
			const [share, low, high] = [tally.estimate, tally.low, tally.high].map(formatPercent);
			return [
				{ label: names.answered, text: words.ofSteps(tally.answered, record.pairs) },
				{ label: names.win, text: words.win(share ?? '', low ?? '', high ?? '') },
				{ label: names.simulated, text: String(tally.simulated) },
				{ label: names.model, text: record.candidate.model }
			];
		}
		case 'report':
			return [
				{
					label: names.model,
					text: 'model' in what.record ? what.record.model : what.record.writer.model
				}
			];
	}
}
