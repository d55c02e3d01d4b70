import type { Container } from '../../core/formats/feedback/containers/text-rows';
import type { FeedbackKind } from '../../core/formats/feedback/row';
import type { LeftOutReason } from '../../core/formats/feedback/study-records';
import type { DatasetTransform } from '../../core/feedback/dataset-version';

const many = (n: number, one: string, more: string) =>
	`${n.toLocaleString('en')} ${n === 1 ? one : more}`;
const rows = (n: number) => many(n, 'row', 'rows');

const kinds: Record<FeedbackKind, string> = {
	comparison: 'Pair',
	ranking: 'Ranking',
	rating: 'Rating',
	thumb: 'Thumb',
	demonstration: 'Rewrite',
	prompt: 'Prompt'
};

/** Why a row that could be read was not taken into the study. */
const leftOut: Record<LeftOutReason, string> = {
	'not-answered': 'pairs without an answer',
	'ranking-size': 'rankings of fewer than three or more than four texts',
	'rating-outside-scale': 'ratings outside their own scale',
	'unknown-skip-reason': 'skips for a reason that means nothing here',
	'empty-prompt': 'empty prompts',
	'prompt-too-long': 'prompts of more than 400 characters',
	'study-full': 'more than a study can hold (50,000 pairs)'
};

const settings: Record<keyof DatasetTransform, string> = {
	ties: 'what becomes of ties',
	includeSimulated: 'simulated answers',
	dropDuplicates: 'duplicates',
	heldOut: 'share held out',
	splitSeed: 'seed of the split'
};

export const data = {
	title: 'Data in and out',
	lead: 'Feedback from files, and yours as a file. Everything happens in this browser; no file is sent anywhere.',
	imported: 'imported',
	answersImported: (n: number) =>
		`${many(n, 'answer', 'answers')} imported from files, and not given here`,
	drop: 'Drop files to import them',
	studyName: (file: string) => `Imported: ${file}`,
	imports: {
		button: 'Import files',
		title: 'Import feedback',
		choose: 'Choose files',
		more: 'Add files',
		hint: 'or drop them anywhere on the page',
		kinds:
			'JSON Lines, JSON, CSV or Parquet, as they are or packed with gzip (.gz). TRL, Anthropic hh-rlhf, OpenAI, Chatbot Arena, Tiller’s own and plain tables are recognised.',
		looking: 'Looking at the first rows …',
		cannot: (why: string) => `Cannot be read: ${why}`,
		format: 'Format',
		byItself: 'As it looks',
		isA: (schema: string, container: string, isGzip: boolean) =>
			`${schema}, ${container}${isGzip ? ', gzip' : ''}`,
		sure: (percent: string, of: number) => `${percent} of the first ${of} rows fit`,
		chosenByHand: 'format chosen by you',
		annotator: 'Who answered, where a row does not say',
		preview: 'The first rows, as they will appear',
		kinds_of_rows: kinds,
		chosen: 'better',
		rejected: 'worse',
		tie: 'a tie',
		bothBad: 'both bad',
		skip: 'skipped',
		unanswered: 'no answer',
		takenBack: 'taken back',
		good: 'good',
		bad: 'bad',
		written: 'written instead',
		rank: (rank: number) => `rank ${rank}`,
		rating: (value: number, scale: number) => `${value} of ${scale}`,
		simulated: 'simulated',
		by: (name: string) => `by ${name}`,
		noRows: 'None of the first rows can be read.',
		remove: (name: string) => `Leave out ${name}`,
		where: 'Where to',
		destinations: {
			this: (study: string) => `Into “${study}”, beside your answers`,
			new: 'Into a new study',
			prompts: 'Only the prompts, as a set of prompts'
		},
		whereHelp: {
			this: 'Imported answers stay marked, with who gave them. They are never counted as yours.',
			new: 'Nothing of what you have is touched. Good for looking at somebody’s data, and for a classroom’s files.',
			prompts: 'Answers in the file are left where they are.'
		},
		merge: (n: number) =>
			`${n} files are merged into one: an answer that is in several of them counts once, and their order makes no difference.`,
		locked: 'Stop the run that is going before you import into a study.',
		start: (n: number) => (n <= 1 ? 'Import' : `Merge ${n} files`),
		progress: (read: string, total: string, percent: string) => `${read} of ${total}, ${percent}`,
		rate: (n: number, perSecond: string) => `${rows(n)}, ${perSecond} a second`,
		stop: 'Cancel',
		done: (kept: number) => `${rows(kept)} imported`,
		nothing: 'Nothing new was imported',
		stopped: (kept: number) =>
			`Stopped. ${rows(kept)} ${kept === 1 ? 'is' : 'are'} kept; import the same file again to go on.`,
		failed: (kept: number, why: string) =>
			`${why}. ${rows(kept)} stored before that ${kept === 1 ? 'is' : 'are'} kept.`,
		full: (kept: number) =>
			`${rows(kept)} imported; the study is full. It holds 50,000 pairs, as many as a page can keep at hand. Split the file to import the rest into another study.`,
		into: (study: string) => `Into the study “${study}”.`,
		took: (read: number, seconds: string) => `${rows(read)} read in ${seconds} s.`,
		kept: 'imported',
		duplicates: 'there already',
		leftOutTitle: 'left out',
		unreadable: 'not readable',
		leftOut,
		conflicts: (n: number) =>
			`${many(n, 'answer', 'answers')} stood in several files with different content; the fullest of each was kept.`,
		reasons: 'Why rows were left out',
		lines: 'Line by line',
		more_lines: (n: number) => `and ${n.toLocaleString('en')} more like these`,
		row: 'Row',
		line: 'Line',
		copy: 'Copy the list',
		copied: 'The list is on the clipboard.',
		tooLong: (n: number) =>
			`${many(n, 'pair is', 'pairs are')} longer than the model can read. They are kept and exported; no reward model learns from them here.`,
		again: 'Import more',
		close: 'Done'
	},
	history: {
		title: 'Imported files',
		none: 'None yet. Drop a file anywhere on the page.',
		facts: (kept: number, duplicates: number, left: number) =>
			[
				`${rows(kept)} imported`,
				...(duplicates > 0 ? [`${duplicates.toLocaleString('en')} there already`] : []),
				...(left > 0 ? [`${left.toLocaleString('en')} left out`] : [])
			].join(', '),
		unfinished: 'not to its end'
	},
	exports: {
		button: 'Export',
		title: 'Export feedback',
		format: 'Format',
		formatHelp: {
			native: 'Everything, nothing lost: to go on elsewhere, to hand in, or to keep.',
			'trl-preference': 'prompt, chosen, rejected: for DPO and reward training with TRL.',
			'trl-unpaired': 'prompt, completion, label: for KTO with TRL.',
			'trl-prompt-completion': 'prompt, completion: rewritten texts, for supervised training.',
			'trl-prompt-only': 'Only the prompts.',
			'hh-rlhf': 'chosen, rejected: whole conversations as text.',
			'openai-preference': 'Messages with a preferred and a non-preferred answer.',
			'summarize-from-feedback': 'Two summaries and the choice between them.',
			arena: 'Battles with a winner, a tie, or both bad.',
			table: 'One judgement a line, for a spreadsheet.'
		},
		container: 'Kind of file',
		containers: {
			jsonl: 'JSON Lines',
			json: 'JSON',
			csv: 'CSV',
			parquet: 'Parquet'
		} satisfies Record<Container, string>,
		csvNote:
			'Cells that a spreadsheet would run as a formula get an apostrophe in front; importing takes it off again.',
		meta: 'Add columns for who answered, when and how',
		metaHelp: 'Columns beginning with meta_, which TRL’s trainers ignore.',
		which: 'Which answers',
		version: 'Dataset version',
		now: 'As they are now',
		who: 'From',
		whoAll: 'people and simulated annotators',
		whoPeople: 'people only',
		whoSimulated: 'simulated annotators only',
		annotator: 'Annotator',
		everyone: 'everyone',
		counting: 'Counting …',
		kept: (kept: number, of: number) => `${rows(kept)} of ${of.toLocaleString('en')}`,
		written: (n: number, size: string) => `make ${rows(n)} of the file, about ${size}`,
		simulated: (n: number) =>
			`${many(n, 'row is', 'rows are')} of simulated annotators, and marked as such where the format can say so.`,
		filtered: (n: number) =>
			`${many(n, 'answer is', 'answers are')} left out by what you chose above.`,
		dropped: 'Not in the file',
		lost: 'In the file, but without',
		lossless: 'Nothing is lost.',
		empty: 'There is nothing to write in this format.',
		save: 'Save the file',
		saveCard: 'Save the datasheet',
		cardHelp:
			'README.md, a Hugging Face dataset card written from the data. Put it beside the file.',
		saved: (name: string) => `Saved ${name}.`,
		fileName: (study: string, schema: string) => `${study}-${schema}`
	},
	versions: {
		title: 'Dataset versions',
		training: 'training data',
		help: 'A version is a set of answers fixed for ever and named by its content: the same answers under the same settings have the same name on any machine. One is kept whenever a reward model is trained.',
		none: 'None yet. Train a reward model, or keep one now.',
		keep: 'Keep a version',
		keepName: 'Name of the version',
		defaultName: 'answers',
		kept: (name: string) => `Kept as ${name}.`,
		keptBefore: (name: string) => `The same answers are kept already, as ${name}.`,
		label: (name: string, number: number) => `${name} ${number}`,
		facts: (n: number, prompts: number, heldOut: number) =>
			`${many(n, 'pair', 'pairs')} of ${many(prompts, 'prompt', 'prompts')}, ${heldOut.toLocaleString('en')} held out`,
		simulated: (share: string) => `${share} simulated`,
		usedBy: (names: readonly string[]) => `learned from by ${names.join(', ')}`,
		unused: 'not learned from yet',
		hash: 'Content hash',
		export: (label: string) => `Export ${label}`,
		compare: 'Compare two versions',
		from: 'From',
		to: 'To',
		same: 'They hold the same.',
		added: (n: number) => `${many(n, 'pair', 'pairs')} added`,
		changed: (n: number) => `${many(n, 'answer', 'answers')} changed`,
		revoked: (n: number) => `${many(n, 'answer', 'answers')} taken back`,
		removed: (n: number) => `${many(n, 'pair', 'pairs')} left out`,
		moved: (n: number) => `${many(n, 'pair', 'pairs')} went to the other side of the split`,
		unchanged: (n: number) => `${many(n, 'pair', 'pairs')} unchanged`,
		settings: (keys: readonly (keyof DatasetTransform)[]) =>
			`Settings that differ: ${keys.map((key) => settings[key]).join(', ')}.`,
		more: (n: number) => `and ${n.toLocaleString('en')} more`
	}
};
