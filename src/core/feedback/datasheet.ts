/**
 * A datasheet of a dataset version, as a Hugging Face dataset card: YAML that the hub reads and the headings of its template,
 * written from the data itself. Gebru et al. 2018, arXiv 1803.09010. Only `uses` and `limitations` are a person's own words;
 * they are put in as text, never as markup of the card. The card is in English, as its template is.
 */
import { list, plain, quoted, scalar, shareWithInterval } from '../cards/card-text';
import type { Alpha, Kappa } from './agreement';
import type { DatasetVersion } from './dataset-version';
import type { Missing } from './figure';
import type { NoiseEstimate } from './noise';
import type { LeftRate } from './position-bias';
import type { AnswerRates } from './rates';

/** Files beside the card. */
export interface DataFile {
	split: 'train' | 'test';
	path: string;
	rows: number;
}

export interface DatasheetFacts {
	/** ISO 639-1. */
	language: string;
	/** As the hub names it, such as cc-by-4.0. */
	licence: string;
	files: readonly DataFile[];
	/** Columns of the files and their type in the hub's words. */
	features: readonly { name: string; dtype: string }[];
	/** Names of the models that wrote completions. */
	writers: readonly string[];
	rates: AnswerRates;
	left: LeftRate | Missing<string>;
	noise: NoiseEstimate | Missing<string>;
	/** Of the same person's repeats. */
	selfAgreement: Kappa | Missing<string>;
	/** Between several annotators. */
	alpha: Alpha | Missing<string>;
	uses: string;
	limitations: string;
}

const SIZES = [
	['n<1K', 1e3],
	['1K<n<10K', 1e4],
	['10K<n<100K', 1e5],
	['100K<n<1M', 1e6]
] as const;

function sizeCategory(rows: number): string {
	return SIZES.find(([, end]) => rows < end)?.[0] ?? '1M<n<10M';
}

function annotationCreators({ statistics }: DatasetVersion): string[] {
	const { human, simulated } = statistics.bySource;
	const people = statistics.annotators > 1 ? 'crowdsourced' : 'other';
	return [...(human > 0 ? [people] : []), ...(simulated > 0 ? ['machine-generated'] : [])];
}

function frontMatter(version: DatasetVersion, facts: DatasheetFacts): string[] {
	const { statistics, name } = version;
	return [
		'---',
		...list('language', [facts.language]),
		`license: ${scalar(facts.licence)}`,
		`pretty_name: ${scalar(name)}`,
		...list('tags', ['preference', 'rlhf', 'human-feedback', 'tiller']),
		...list('annotations_creators', annotationCreators(version)),
		...list('size_categories', [sizeCategory(statistics.rows)]),
		...list('source_datasets', ['original']),
		...list('task_categories', ['text-generation', 'reinforcement-learning']),
		'configs:',
		'- config_name: default',
		'  data_files:',
		...facts.files.flatMap(({ split, path }) => [
			`  - split: ${split}`,
			`    path: ${scalar(path)}`
		]),
		'dataset_info:',
		// Nested rows have no columns that could be listed; the hub finds out by itself.
		...(facts.features.length > 0 ? ['  features:'] : []),
		...facts.features.flatMap((feature) => [
			`  - name: ${scalar(feature.name)}`,
			`    dtype: ${scalar(feature.dtype)}`
		]),
		'  splits:',
		...facts.files.flatMap(({ split, rows }) => [
			`  - name: ${split}`,
			`    num_examples: ${rows}`
		]),
		'---'
	];
}

interface Shown {
	value: number;
	low: number;
	high: number;
	n: number;
}

/** A share with its interval, or that there is none and why. */
function share(figure: Shown | Missing<string>): string {
	if (figure.value === null) {
		return `not known (${figure.reason})`;
	}
	return shareWithInterval(figure);
}

function coefficient(figure: Kappa | Alpha | Missing<string>): string {
	return figure.value === null
		? `not known (${figure.reason})`
		: `${figure.value.toFixed(3)} (${figure.band})`;
}

function body(version: DatasetVersion, facts: DatasheetFacts): string[] {
	const { statistics, transform, excluded, members } = version;
	const { byOutcome, bySource } = statistics;
	const dropped = (reason: string): number => excluded.filter((e) => e.reason === reason).length;
	const heldOut = members.filter(({ split }) => split === 'held-out').length;
	return [
		`# Dataset Card for ${plain(version.name)}`,
		'',
		'## Dataset Details',
		'',
		`Version ${version.number}, content hash \`${version.id}\`. ${statistics.rows} comparisons of two completions each, of ${statistics.prompts} prompts.`,
		'',
		'## Uses',
		'',
		...quoted(facts.uses),
		'',
		'## Dataset Structure',
		'',
		`- Outcomes, by the place of the completion in the record and not on the screen: a ${byOutcome.a}, b ${byOutcome.b}, tie ${byOutcome.tie}.`,
		`- Split by prompt: ${members.length - heldOut} comparisons for training, ${heldOut} held out (seed ${transform.splitSeed}); no prompt is on both sides.`,
		`- Left out: ${dropped('tie')} ties, ${dropped('simulated')} simulated, ${dropped('duplicate')} duplicates. Skipped pairs are no comparisons and are not counted.`,
		statistics.meanWords === null
			? '- No completions.'
			: `- ${statistics.meanWords.toFixed(1)} words in a completion on average.`,
		'',
		'## Dataset Creation',
		'',
		'### Curation Rationale',
		'',
		'To train a reward model on what the annotators prefer.',
		'',
		'### Source Data',
		'',
		`Completions were sampled from: ${facts.writers.length === 0 ? 'not stated' : facts.writers.map(plain).join(', ')}.`,
		'',
		'### Annotations',
		'',
		'#### Annotation process',
		'',
		'Two completions of one prompt side by side, sides drawn by coin, without the names of their writers. The answer is a, b, a tie (also where both are bad) or a skip.',
		'',
		`- Ties: ${share(facts.rates.tie)}.`,
		`- Skips: ${share(facts.rates.skip)}.`,
		`- Both bad: ${share(facts.rates.bothBad)}.`,
		`- Left side chosen: ${share(facts.left)}${'verdict' in facts.left ? ` (${facts.left.verdict})` : ''}.`,
		`- Agreement of one person with themselves on repeated pairs, Cohen's kappa: ${coefficient(facts.selfAgreement)}.`,
		`- Answers turned round, estimated from repeats: ${share(facts.noise)}.`,
		`- Agreement between annotators, Krippendorff's alpha: ${coefficient(facts.alpha)}.`,
		'',
		'#### Who are the annotators?',
		'',
		`${statistics.annotators} in all, under pseudonyms. ${bySource.human} answers are of people, ${bySource.simulated} of simulated annotators; each answer says which.`,
		'',
		'## Bias, Risks, and Limitations',
		'',
		...quoted(facts.limitations),
		'',
		'## Privacy Considerations',
		'',
		'Annotators appear under random ids. Free text that a person wrote (reasons, edits, prompts typed in) is data like any other and was not searched for personal information.'
	];
}

/** The card as Markdown. */
export function datasheet(version: DatasetVersion, facts: DatasheetFacts): string {
	return `${[...frontMatter(version, facts), '', ...body(version, facts)].join('\n')}\n`;
}
