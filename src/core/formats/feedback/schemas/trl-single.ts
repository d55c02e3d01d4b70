/**
 * TRL rows about one completion or none (https://huggingface.co/docs/trl/dataset_formats): unpaired preference
 * {prompt, completion, label}, prompt-completion {prompt, completion}, prompt-only {prompt}; text or turns of a conversation.
 */
import { completionMessages, completionText, isChat, promptMessages } from '../content';
import {
	has,
	isConversation,
	messagesField,
	optionalBoolean,
	otherColumns,
	textField
} from '../fields';
import type { Json, JsonObject } from '../json';
import { lostAsChat, type LostFact } from '../losses';
import { RowError } from '../problems';
import type { Content, FeedbackCompletion, FeedbackRow, RowDraft } from '../row';
import { demonstrated, labelsOf } from '../verdicts';
import { META_COLUMNS, META_FACTS, META_FACTS_OF_WRITTEN, readMeta, writeMeta } from './meta';
import { lossOf, ownColumns, type FeedbackSchema, type Written } from './schema';

const readContent = (row: JsonObject, field: string): Content =>
	isConversation(row[field])
		? { messages: messagesField(row, field) }
		: { text: textField(row, field) };

interface Pair {
	prompt: Json;
	completion: Json;
}

function asPair(prompt: Content, completion: Content): Pair {
	return isChat(prompt) || isChat(completion)
		? { prompt: promptMessages(prompt), completion: completionMessages(completion) }
		: { prompt: prompt.text, completion: completion.text };
}

/** As the file had it; its prompt may be text and its completion turns. */
const verbatim = (content: Content): Json => (isChat(content) ? content.messages : content.text);

const lostInPair = (row: FeedbackRow, completion: FeedbackCompletion): LostFact[] =>
	isChat(row.prompt) === isChat(completion) ? [] : lostAsChat(row);

/** What an annotator rewrote is not written beside it. */
const lostOriginal = (row: FeedbackRow): LostFact[] =>
	row.kind === 'demonstration' && row.completions.length > 0 ? ['original'] : [];

const carried = (row: FeedbackRow, withMeta: boolean): readonly LostFact[] =>
	withMeta ? (row.kind === 'demonstration' ? META_FACTS_OF_WRITTEN : META_FACTS) : [];

const UNPAIRED = { name: 'trl-unpaired', kind: 'thumb' } as const;
const PROMPT_COMPLETION = { name: 'trl-prompt-completion', kind: 'demonstration' } as const;

function readUnpaired(row: JsonObject): RowDraft {
	const isUp = optionalBoolean(row, 'label');
	if (isUp === undefined) {
		throw new RowError('missing-field', 'label');
	}
	return readMeta(row, {
		kind: 'thumb',
		prompt: readContent(row, 'prompt'),
		completions: [readContent(row, 'completion')],
		judgement: { given: { kind: 'thumb', isUp } },
		source: 'import',
		origin: {
			schema: 'trl-unpaired',
			columns: otherColumns(row, ['prompt', 'completion', 'label'])
		}
	});
}

function writeUnpaired(row: FeedbackRow, withMeta: boolean): Written {
	const found = labelsOf(row);
	if ('dropped' in found) {
		return found;
	}
	const own = ownColumns(row, 'trl-unpaired');
	const rows = found.verdicts.map(({ completion, isGood, place }) => ({
		...(own
			? { prompt: verbatim(row.prompt), completion: verbatim(completion) }
			: asPair(row.prompt, completion)),
		label: isGood,
		...(own ?? (withMeta ? writeMeta(row, [place], found.verdicts.length === 1) : {}))
	}));
	const more: LostFact[] = [
		...found.verdicts.slice(0, 1).flatMap(({ completion }) => lostInPair(row, completion)),
		...(found.isPartial ? (['one-sided'] as const) : []),
		...lostOriginal(row)
	];
	return { rows, lost: lossOf(row, UNPAIRED, carried(row, withMeta), more) };
}

export const trlUnpaired: FeedbackSchema = {
	name: 'trl-unpaired',
	columns: {
		prompt: 'text-or-chat',
		completion: 'text-or-chat',
		label: 'boolean',
		...META_COLUMNS
	},
	marks: ['prompt', 'completion', 'label'],
	matches: (row) => has(row, 'prompt') && has(row, 'completion') && has(row, 'label'),
	read: readUnpaired,
	write: writeUnpaired
};

function readPromptCompletion(row: JsonObject): RowDraft {
	const completion = readContent(row, 'completion');
	const messages = isChat(completion) ? completion.messages : undefined;
	return readMeta(row, {
		kind: 'demonstration',
		prompt: readContent(row, 'prompt'),
		completions: [],
		judgement: {
			given: {
				kind: 'demonstration',
				text: completionText(completion),
				ids: [],
				...(messages && { messages })
			}
		},
		source: 'import',
		origin: {
			schema: 'trl-prompt-completion',
			columns: otherColumns(row, ['prompt', 'completion'])
		}
	});
}

function writePromptCompletion(row: FeedbackRow, withMeta: boolean): Written {
	const given = row.judgement?.given;
	if (row.kind !== 'demonstration') {
		return { dropped: 'no-place' };
	}
	if (given?.kind !== 'demonstration') {
		const isRevoked = row.event?.action === 'revoke';
		const isSkipped = row.judgement?.outcome === 'skip';
		return { dropped: isRevoked ? 'taken-back' : isSkipped ? 'skip' : 'not-answered' };
	}
	if (given.text.trim() === '') {
		return { dropped: 'empty' };
	}
	const own = ownColumns(row, 'trl-prompt-completion');
	const completion = demonstrated(given);
	const columns = own
		? { prompt: verbatim(row.prompt), completion: verbatim(completion), ...own }
		: {
				...asPair(row.prompt, completion),
				...(withMeta ? writeMeta(row, [null], true) : {})
			};
	const more = [...lostInPair(row, completion), ...lostOriginal(row)];
	return {
		rows: [columns],
		lost: lossOf(row, PROMPT_COMPLETION, carried(row, withMeta), more)
	};
}

export const trlPromptCompletion: FeedbackSchema = {
	name: 'trl-prompt-completion',
	columns: { prompt: 'text-or-chat', completion: 'text-or-chat', ...META_COLUMNS },
	marks: ['prompt', 'completion'],
	matches: (row) => has(row, 'prompt') && has(row, 'completion') && !has(row, 'label'),
	read: readPromptCompletion,
	write: writePromptCompletion
};

function readPromptOnly(row: JsonObject): RowDraft {
	return {
		kind: 'prompt',
		prompt: readContent(row, 'prompt'),
		completions: [],
		judgement: null,
		source: 'import',
		origin: { schema: 'trl-prompt-only', columns: otherColumns(row, ['prompt']) }
	};
}

/** Any row has a prompt; the same prompt a second time is left out by the exporter. */
function writePromptOnly(row: FeedbackRow): Written {
	const own = ownColumns(row, 'trl-prompt-only');
	const columns = { prompt: verbatim(row.prompt), ...own };
	const lost: LostFact[] = row.kind === 'prompt' ? [] : ['verdict'];
	return {
		rows: [columns],
		lost: lossOf(row, { name: 'trl-prompt-only', kind: row.kind }, [], lost)
	};
}

export const trlPromptOnly: FeedbackSchema = {
	name: 'trl-prompt-only',
	columns: { prompt: 'text-or-chat' },
	marks: ['prompt'],
	matches: (row) =>
		has(row, 'prompt') && !['completion', 'chosen', 'rejected'].some((key) => has(row, key)),
	read: readPromptOnly,
	write: writePromptOnly
};
