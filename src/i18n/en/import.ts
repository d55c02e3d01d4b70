import type { Container } from '../../core/formats/feedback/containers/text-rows';
import type { DropReason, LostFact } from '../../core/formats/feedback/losses';
import type { RowProblem } from '../../core/formats/feedback/problems';
import type { SchemaName } from '../../core/formats/feedback/row';

const schemas: Record<SchemaName, string> = {
	native: 'Tiller',
	'trl-preference': 'TRL preference',
	'trl-unpaired': 'TRL unpaired preference',
	'trl-prompt-completion': 'TRL prompt and completion',
	'trl-prompt-only': 'TRL prompts',
	'hh-rlhf': 'Anthropic hh-rlhf',
	'openai-preference': 'OpenAI preference',
	'summarize-from-feedback': 'OpenAI summarize-from-feedback',
	arena: 'Chatbot Arena battles',
	table: 'Tiller table'
};

const containers: Record<Container, string> = {
	jsonl: 'JSON Lines',
	json: 'JSON',
	csv: 'CSV',
	parquet: 'Parquet'
};

/** Why a row of a file was not taken. */
const problems: Record<RowProblem, string> = {
	'line-too-long': 'longer than one megabyte',
	'not-utf8': 'not UTF-8 text',
	nul: 'holds a NUL character',
	'lone-surrogate': 'holds half a character',
	'too-deep': 'nested more than 64 deep',
	'not-json': 'not valid JSON',
	'not-an-object': 'not an object with named fields',
	'cut-short': 'ends in the middle',
	'forbidden-key': 'has a field with a name that is not allowed',
	'number-too-large': 'holds a number too large to be kept exactly',
	'bad-csv': 'has a quote that does not close, or text behind one',
	'wrong-columns': 'has more or fewer cells than there are columns',
	'missing-field': 'lacks a field',
	'wrong-type': 'has a field of the wrong type',
	'unknown-value': 'has a value that means nothing here',
	'unknown-role': 'has a turn of an unknown role',
	'no-common-prompt': 'its two texts do not begin with the same prompt',
	'no-conversation': 'holds no conversations, only the result',
	'not-one-assistant-message': 'an answer is not exactly one message of the assistant',
	'newer-version': 'written by a newer Tiller',
	'not-native': 'does not hold what a row of Tiller holds'
};

/** Why a row is not in an exported file. */
const dropped: Record<DropReason, string> = {
	tie: 'ties, for which the format has no place',
	'both-bad': 'pairs of which both were bad',
	skip: 'skipped pairs',
	'not-answered': 'pairs without an answer',
	'taken-back': 'answers that were taken back',
	superseded: 'answers that were changed later',
	simulated: 'answers of simulated annotators',
	evaluation: 'answers given in a blind test, which train nothing',
	'no-place': 'feedback of a kind for which the format has no place',
	'no-original': 'texts written without an original to compare with',
	unchanged: 'rewritten texts in which no word was changed',
	empty: 'rewritten texts of which nothing was left',
	'no-verdict': 'ratings in the middle, neither good nor bad',
	'same-prompt': 'prompts that are in the file already',
	'not-text': 'rows with characters that a file cannot hold'
};

/** What rows of an exported file lack. */
const lost: Record<LostFact, string> = {
	identity: 'ids',
	annotator: 'who answered',
	source: 'whether a person or a simulation answered',
	time: 'when it was answered',
	'response-time': 'how long the answer took',
	side: 'which side a text stood on',
	presentation: 'seeds, and how the pair was chosen',
	sampling: 'tokens, probabilities and sampling settings',
	model: 'which model wrote the text',
	strength: 'how much better',
	quality: 'good and bad marks',
	'reason-tags': 'reasons',
	rationale: 'notes',
	revision: 'earlier versions of the answer',
	tags: 'tags of the prompt',
	'other-columns': 'columns of the file it came from',
	'column-types': 'numbers and lists in extra columns, now text',
	kind: 'what kind of feedback it was',
	original: 'the text that was rewritten',
	'equal-ranks': 'pairs of equal rank',
	verdict: 'the answers',
	'one-sided': 'the text of the pair that was called neither good nor bad',
	'text-became-chat': 'plain text, now written as turns of a conversation',
	'chat-became-text': 'turns of a conversation, now written as one text'
};

const percent = (share: number) => `${Math.round(100 * share)} %`;

export const imports = {
	schemas,
	containers,
	problems,
	dropped,
	lost,
	detected: (schema: SchemaName, confidence: number, rows: number, marks: readonly string[]) =>
		`Looks like ${schemas[schema]}: ${percent(confidence)} of the first ${rows} rows have ${marks.map((mark) => `“${mark}”`).join(', ')}.`,
	problemAt: (line: number, problem: RowProblem, field?: string, found?: string) =>
		`Line ${line}: ${problems[problem]}${field === undefined ? '' : ` (${field})`}${found === undefined ? '' : `: ${found}`}`,
	imported: (rows: number, failed: number, duplicates: number) =>
		`${rows} rows read, ${failed} left out, ${duplicates} were there already.`,
	exported: (kept: number, rows: number) => `${kept} of ${rows} rows written.`
};
