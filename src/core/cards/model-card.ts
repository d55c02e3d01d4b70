/**
 * The card of a tuned model, in the format of Hugging Face's model cards (Mitchell et al. 2019, arXiv 1810.03993): YAML that
 * the hub reads, then the template's headings, written from what is stored. What was not measured is said not to be.
 */
import { metricOf } from '../metrics';
import type { TuneMethod } from '../config';
import { figure, list, plain, quoted, scalar, shareWithInterval, table } from './card-text';
import type { CardEvaluation, ModelCardFacts } from './facts';
import { dataLines, limitLines, runLines } from './parts';
import { heldOutLine } from './reward-card';

const METHOD_NAMES: Record<TuneMethod, string> = {
	ppo: 'PPO (Schulman et al. 2017) with a reward model and a KL price',
	rloo: 'RLOO (Ahmadian et al. 2024) with a reward model and a KL price',
	grpo: 'GRPO (Shao et al. 2024) with a reward model',
	reinforce: 'REINFORCE with a baseline, a reward model and a KL price',
	'online-dpo': 'online DPO (Guo et al. 2024) with a reward model as the judge',
	dpo: 'DPO (Rafailov et al. 2023) on the answers directly',
	ipo: 'IPO (Azar et al. 2023) on the answers directly',
	simpo: 'SimPO (Meng et al. 2024) on the answers directly',
	orpo: 'ORPO (Hong et al. 2024) on the answers directly',
	kto: 'KTO (Ethayarajh et al. 2024) on the answers directly',
	sft: 'supervised imitation of texts',
	'best-of-n': 'no training'
};

/** Tests that have an answer at all. */
const heldTests = ({ evaluations }: ModelCardFacts): CardEvaluation[] =>
	evaluations.filter(({ wins, ties, losses }) => wins + ties + losses > 0);

const percentOf = (share: number): string => (100 * share).toFixed(1);

/** Results that the hub shows; only blind tests in which people answered, and all of the planned pairs. */
function modelIndex(facts: ModelCardFacts): string[] {
	const { record, dataset, reward } = facts;
	const finished = heldTests(facts).filter(
		({ answered, planned, simulated }) => answered >= planned && simulated === 0
	);
	const revision = (dataset ?? reward?.dataset ?? null)?.id;
	return finished.length === 0
		? []
		: [
				'model-index:',
				`- name: ${scalar(record.name)}`,
				'  results:',
				...finished.flatMap(({ name, estimate }) => [
					'  - task:',
					'      type: "text-generation"',
					'    dataset:',
					`      name: ${scalar(`blind comparisons: ${name}`)}`,
					'      type: "tiller-blind-test"',
					...(revision === undefined ? [] : [`      revision: ${scalar(revision)}`]),
					'    metrics:',
					'    - type: "win_rate"',
					`      name: ${scalar(`win rate over ${record.model}, %`)}`,
					`      value: ${percentOf(estimate)}`,
					'      verified: false'
				])
			];
}

function testLines(facts: ModelCardFacts): string[] {
	const tests = heldTests(facts);
	if (tests.length === 0) {
		return [
			'No blind test of this model was made: whether people like its texts more than those of the base model is not known.'
		];
	}
	return tests.flatMap((test) => {
		const { wins, ties, losses, estimate, low, high, verdict, answered, planned, simulated } = test;
		const share = shareWithInterval({ value: estimate, low, high, n: wins + ties + losses });
		const said =
			verdict === null
				? 'The interval holds 50 %: neither is shown to be better.'
				: `By its interval it is ${verdict} than the base model.`;
		return [
			`- ${plain(test.name)}: win rate over ${plain(facts.record.model)}, read blind: ${share} (${wins} won, ${ties} ties as half, ${losses} lost). ${said}${answered < planned ? ` Only ${answered} of ${planned} pairs were answered.` : ''}${simulated > 0 ? ` ${simulated} of the answers are simulated.` : ''}`
		];
	});
}

function metricRows({ metrics }: ModelCardFacts): string[][] {
	return Object.entries(metrics)
		.filter(([, value]) => Number.isFinite(value))
		.map(([key, value]) => [
			`\`${key}\``,
			plain(metricOf(key)?.label ?? ''),
			figure(value),
			plain(metricOf(key)?.unit ?? '')
		]);
}

/** The card as Markdown. */
export function modelCard(facts: ModelCardFacts): string {
	const { record, run, reward, dataset, drift, note } = facts;
	const method = record.method ?? 'ppo';
	const rows = metricRows(facts);
	const answers = dataset ?? reward?.dataset ?? null;
	const rowsOf = answers?.statistics.rows ?? 0;
	const simulated = answers && rowsOf > 0 ? answers.statistics.bySource.simulated / rowsOf : null;
	const lines = [
		'---',
		...list('language', ['en']),
		`pipeline_tag: ${scalar('text-generation')}`,
		...list('tags', ['rlhf', method, 'browser-trained', 'tiller']),
		...modelIndex(facts),
		'---',
		'',
		`# Model Card for ${plain(record.name)}`,
		'',
		'## Model Details',
		'',
		`${plain(record.model)}, tuned by ${METHOD_NAMES[method]}, up to step ${record.step}.`,
		'',
		'Licence: not stated. The base model has a card of its own.',
		'',
		'## Uses',
		'',
		...quoted(note),
		'',
		'## Training Data',
		'',
		...(reward
			? [`The reward came from ${plain(reward.record.name)}, which learned from:`, '']
			: []),
		...dataLines(answers, record.datasetHash ?? reward?.record.datasetHash),
		'',
		'## Training Procedure',
		'',
		...runLines(run),
		'',
		'## Evaluation',
		'',
		...testLines(facts),
		'',
		...(reward
			? [
					'The reward model it was tuned towards:',
					'',
					`- ${heldOutLine(reward)}`,
					`- Its score of this model's texts at that step: ${figure(record.reward)} standard deviations above the base model. That is the number that was trained for, and no measure of quality.`,
					''
				]
			: []),
		`Drift from the reference at that step: ${figure(record.kl)} nats a completion.`,
		'',
		...(rows.length === 0
			? []
			: [
					'Measured by the run at that step, once, without intervals:',
					'',
					...table(['key', 'what', 'value', 'unit'], rows),
					''
				]),
		'## Bias, Risks, and Limitations',
		'',
		...limitLines(drift, simulated),
		''
	];
	return lines.join('\n');
}
