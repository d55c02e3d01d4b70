/**
 * OpenAI preference rows (https://platform.openai.com/docs/guides/direct-preference-optimization): {input: {messages, tools,
 * parallel_tool_calls}, preferred_output, non_preferred_output}, each output exactly one message of the assistant.
 */
import { completionMessages, promptMessages } from '../content';
import { has, messagesField, objectField, otherColumns } from '../fields';
import type { JsonObject } from '../json';
import { lostAsChat, type LostFact } from '../losses';
import { RowError } from '../problems';
import type { FeedbackCompletion, FeedbackRow, RowDraft } from '../row';
import { preferencesOf } from '../verdicts';
import { lossOf, ownColumns, type FeedbackSchema, type Written } from './schema';

const NAME = 'openai-preference';

function readOutput(row: JsonObject, field: string): FeedbackCompletion {
	const messages = messagesField(row, field);
	if (messages.length !== 1 || messages[0]?.role !== 'assistant') {
		throw new RowError('not-one-assistant-message', field);
	}
	return { messages };
}

function read(row: JsonObject): RowDraft {
	const input = objectField(row, 'input');
	const messages = messagesField(input, 'messages');
	const rest = otherColumns(input, ['messages']);
	return {
		kind: 'comparison',
		prompt: { messages },
		completions: [readOutput(row, 'preferred_output'), readOutput(row, 'non_preferred_output')],
		judgement: { outcome: 'a' },
		source: 'import',
		origin: {
			schema: NAME,
			columns: {
				...otherColumns(row, ['input', 'preferred_output', 'non_preferred_output']),
				...(Object.keys(rest).length > 0 && { input: rest })
			}
		}
	};
}

const isOneAnswer = (completion: FeedbackCompletion): boolean => {
	const [first, ...rest] = completionMessages(completion);
	return first?.role === 'assistant' && rest.length === 0;
};

function write(row: FeedbackRow): Written {
	const found = preferencesOf(row);
	if ('dropped' in found) {
		return found;
	}
	const { verdicts, isPartial } = found;
	if (!verdicts.every(({ chosen, rejected }) => isOneAnswer(chosen) && isOneAnswer(rejected))) {
		return { dropped: 'no-place' };
	}
	const { input = {}, ...columns } = ownColumns(row, NAME) ?? {};
	const rows = verdicts.map(({ chosen, rejected }) => ({
		input: { messages: promptMessages(row.prompt), ...(input as JsonObject) }, // read() made it an object
		preferred_output: completionMessages(chosen),
		non_preferred_output: completionMessages(rejected),
		...columns
	}));
	const more: LostFact[] = [...lostAsChat(row), ...(isPartial ? (['equal-ranks'] as const) : [])];
	return { rows, lost: lossOf(row, { name: NAME, kind: 'comparison' }, [], more) };
}

export const openaiPreference: FeedbackSchema = {
	name: NAME,
	columns: { input: 'json', preferred_output: 'json', non_preferred_output: 'json' },
	marks: ['input', 'preferred_output', 'non_preferred_output'],
	matches: (row) =>
		has(row, 'input') && has(row, 'preferred_output') && has(row, 'non_preferred_output'),
	read,
	write
};
