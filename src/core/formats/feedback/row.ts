/**
 * The native row: one piece of feedback with all that is known about it, whatever file or record it came from. Every other
 * format is read into rows and written from rows. A native file is one row a line, as JSON, and loses nothing.
 *
 * What the studio keeps in two records (what was shown, what was answered) stands in one row, so that rows can be read, sent
 * and merged one at a time: `prompt`, `completions` and `presentation` are the record of what was shown, `judgement`,
 * `annotator`, `source`, `createdAt` and `event` that of the answer. `studio-rows.ts` takes rows apart again, exactly.
 */
import type {
	AnswerEvent,
	Annotator,
	Completion,
	CompletionSet,
	Presentation,
	Prompt
} from '../../records';
import type { JsonObject } from './json';

export const FEEDBACK_FORMAT = 'tiller-feedback';
export const FEEDBACK_VERSION = 1;

export const FEEDBACK_KINDS = [
	'comparison',
	'ranking',
	'rating',
	'thumb',
	'demonstration',
	'prompt'
] as const;
export type FeedbackKind = (typeof FEEDBACK_KINDS)[number];

export const ROLES = [
	'system',
	'developer',
	'user',
	'assistant',
	'tool',
	'function',
	'ipython'
] as const;
export type Role = (typeof ROLES)[number];

/** One turn of a conversation: role, content, and whatever else its file said about it (tool calls, names). */
export interface Message extends JsonObject {
	role: Role;
}

/** Text as a model reads or writes it, or turns of a conversation; never both. */
export type Content = { text: string } | { messages: Message[] };

export type FeedbackPrompt = Content & {
	/** Of the studio's prompt. */
	id?: string;
	tags?: string[];
	/** The rest of the studio's record, in a row that is a prompt. */
	record?: Omit<Prompt, 'id' | 'text' | 'tags'>;
};

/** Facts about how the studio sampled a completion: its record without id and text. */
export type SamplingFacts = Omit<Completion, 'id' | 'text'>;

export type FeedbackCompletion = Content & {
	id?: string;
	/** Name of what wrote it, where a file says so. */
	model?: string;
	sample?: SamplingFacts;
};

/** What was said of a set of completions; the demonstration of a conversation has messages. */
export type Given =
	| { kind: 'ranking'; ranks: number[] }
	| { kind: 'rating'; value: number; scale: number }
	| { kind: 'thumb'; isUp: boolean }
	| { kind: 'demonstration'; text: string; ids: number[]; messages?: Message[] };

/** `outcome` of a comparison, or `skip` of anything; `given` of every other kind. */
export interface FeedbackJudgement {
	outcome?: 'a' | 'b' | 'tie' | 'skip';
	strength?: 0 | 1 | 2 | 3;
	qualityA?: 'good' | 'bad';
	qualityB?: 'good' | 'bad';
	skipReason?: string;
	reasonTags?: string[];
	rationale?: string;
	given?: Given;
}

/** A presentation or completion set without prompt, completions and kind. Only rows of the studio have all of it. */
export type PresentationFacts = Partial<
	Omit<Presentation, 'prompt' | 'promptId' | 'a' | 'b'> &
		Omit<CompletionSet, 'prompt' | 'promptId' | 'completions' | 'kind'>
>;

/** An answer event without id, judgement, annotator, source and time. */
export type EventFacts = Partial<
	Omit<AnswerEvent, keyof FeedbackJudgement | 'id' | 'kind' | 'annotator' | 'source' | 'createdAt'>
> & {
	/** `revoke` takes back what was answered before. */
	action: 'answer' | 'revoke';
};

export type FeedbackSource = 'human' | 'simulated' | 'rule' | 'import';

/** Who judged; a file may know no more than a name. */
export type FeedbackAnnotator = Pick<Annotator, 'name'> & Partial<Annotator>;

/** Formats other than the native one. */
export const SCHEMA_NAMES = [
	'trl-preference',
	'trl-unpaired',
	'trl-prompt-completion',
	'trl-prompt-only',
	'hh-rlhf',
	'openai-preference',
	'summarize-from-feedback',
	'arena',
	'table'
] as const;
export type ForeignSchemaName = (typeof SCHEMA_NAMES)[number];
export type SchemaName = 'native' | ForeignSchemaName;

/** What a foreign row said beyond what the native row holds, so that it can be written back as it was. */
export interface Origin {
	schema: ForeignSchemaName;
	/** How the row was laid out, where its format has several ways. */
	layout?: string;
	columns: JsonObject;
}

export interface FeedbackRow {
	format: typeof FEEDBACK_FORMAT;
	version: typeof FEEDBACK_VERSION;
	/** Of the event; of the presentation where there is no answer; for a foreign row a hash of its content. */
	id: string;
	kind: FeedbackKind;
	prompt: FeedbackPrompt;
	/** a and b of a comparison; 1 of a rating or thumb; the original of a demonstration, if there was one; none of a prompt. */
	completions: FeedbackCompletion[];
	/** null: shown and not answered, or taken back. */
	judgement: FeedbackJudgement | null;
	source: FeedbackSource;
	annotator?: FeedbackAnnotator;
	/** Milliseconds since the epoch, of the answer. */
	createdAt?: number;
	presentation?: PresentationFacts;
	event?: EventFacts;
	origin?: Origin;
}

/** A row before it has an id. */
export type RowDraft = Omit<FeedbackRow, 'format' | 'version' | 'id'> & { id?: string };
