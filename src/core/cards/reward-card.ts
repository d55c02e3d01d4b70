/**
 * The card of a reward model, in the format of Hugging Face's model cards (Mitchell et al. 2019, arXiv 1810.03993): YAML that
 * the hub reads, then the template's headings, written from what is stored. What was not measured is said not to be.
 */
import { shareOf } from '../feedback/figure';
import type { RewardReport } from '../records';
import {
	figure,
	list,
	plain,
	percent,
	quoted,
	scalar,
	shareWithInterval,
	table
} from './card-text';
import type { RewardCardFacts } from './facts';
import { dataLines, limitLines, runLines } from './parts';

/** Agreement with its interval, where the number of decided pairs behind it is known. */
function agreement(
	report: RewardReport | undefined,
	on: RewardReport['on'],
	value: number
): string {
	const calibration = report?.on === on ? report.calibration : undefined;
	if (calibration && 'decided' in calibration && calibration.accuracy !== null) {
		const { accuracy, decided } = calibration;
		const share = shareOf(accuracy * decided, decided);
		return share.value === null ? percent(value) : shareWithInterval(share);
	}
	return `${percent(value)} (no interval: the number of decided pairs was not recorded)`;
}

/** How far the reward model agrees with answers that it did not learn from: the line that both cards give. */
export function heldOutLine({ record }: Pick<RewardCardFacts, 'record'>): string {
	return record.heldOutAccuracy === null
		? 'Nothing was held out: how well it agrees with answers it has not seen is not known.'
		: `Agreement with held-out answers: ${agreement(record.report, 'held-out', record.heldOutAccuracy)}.`;
}

function reportLines(report: RewardReport | undefined): string[] {
	if (!report) {
		return ['Slices, calibration and the pull of length were not measured.'];
	}
	const { slices, length, calibration, temperature } = report;
	const { pearson, prefersLonger, answersPreferLonger } = length;
	const shown = [prefersLonger, answersPreferLonger].map((one) =>
		one.value === null ? 'not measured' : shareWithInterval(one)
	);
	return [
		`Measured on the ${report.on === 'held-out' ? 'held-out answers' : 'answers it learned from, because none were held out'}:`,
		'',
		...('nll' in calibration
			? [
					`- Negative log-likelihood ${figure(calibration.nll)} nats a pair (ln 2 = 0.693 knows nothing), Brier score ${figure(calibration.brier)}, expected calibration error ${figure(calibration.ece)}.`
				]
			: ['- Calibration was not measured.']),
		...('temperature' in temperature
			? [`- Leads divided by ${figure(temperature.temperature)} are the likeliest log-odds.`]
			: []),
		`- Correlation of reward and length: ${pearson.value === null ? 'not measured' : `${figure(pearson.value)} [${figure(pearson.low)}, ${figure(pearson.high)}], n = ${pearson.n}`}.`,
		`- Of two texts of clearly different length it prefers the longer one: ${shown[0] ?? ''}; the answers do: ${shown[1] ?? ''}.`,
		'',
		...(slices.length === 0
			? []
			: table(
					['slice', 'pairs', 'agreement'],
					slices.map(({ dimension, value, pairs, accuracy }) => [
						`${plain(dimension)}: ${plain(value)}`,
						String(pairs),
						accuracy.value === null ? 'not measured' : shareWithInterval(accuracy)
					])
				))
	];
}

/** The card as Markdown. */
export function rewardCard(facts: RewardCardFacts): string {
	const { record, run, dataset, drift, note } = facts;
	const lines = [
		'---',
		...list('language', ['en']),
		`pipeline_tag: ${scalar('text-classification')}`,
		...list('tags', ['reward-model', 'rlhf', 'bradley-terry', 'browser-trained', 'tiller']),
		'---',
		'',
		`# Model Card for ${plain(record.name)}`,
		'',
		'## Model Details',
		'',
		`A reward model: it gives a text a number, higher where it expects the annotators to like it more. A scalar head on ${plain(record.model)}, trained with the Bradley-Terry likelihood; read ${record.pooling === 'mean' ? "as the mean over the completion's tokens" : 'at the last token'}, and scaled to mean 0 and standard deviation 1 on texts of the base model (gain ${figure(record.gain)}, bias ${figure(record.bias)}).`,
		'',
		record.ensemble
			? `How unsure it is comes from ${record.ensemble.members.length} heads fitted on bootstrap samples of the answers.`
			: 'It has no measure of its own uncertainty.',
		'',
		'Licence: not stated. The base model has a card of its own.',
		'',
		'## Uses',
		'',
		...quoted(note),
		'',
		'## Training Data',
		'',
		...dataLines(dataset, record.datasetHash),
		'',
		'## Training Procedure',
		'',
		...runLines(run),
		'',
		'## Evaluation',
		'',
		heldOutLine(facts),
		`Agreement with the answers it learned from: ${percent(record.trainAccuracy)}, which says nothing about others.`,
		'',
		...reportLines(record.report),
		'',
		'## Bias, Risks, and Limitations',
		'',
		...limitLines(drift, record.simulatedShare),
		'- A text far from those it was trained on gets a number too, and that number means little: tuning against it for long finds such texts.',
		''
	];
	return lines.join('\n');
}
