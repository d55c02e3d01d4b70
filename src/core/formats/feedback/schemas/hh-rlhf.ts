/**
 * Anthropic's hh-rlhf (https://github.com/anthropics/hh-rlhf): {chosen, rejected}, both whole transcripts. The prompt is the
 * longest beginning that both share and that ends with "\n\nAssistant:".
 */
import {
	ASSISTANT,
	HUMAN,
	commonPrefixLength,
	completionText,
	isChat,
	promptText
} from '../content';
import { has, otherColumns, textField } from '../fields';
import type { JsonObject } from '../json';
import { lostAsText, type LostFact } from '../losses';
import { RowError } from '../problems';
import type { Content, FeedbackRow, RowDraft } from '../row';
import { preferencesOf } from '../verdicts';
import { META_COLUMNS, META_FACTS, readMeta, writeMeta } from './meta';
import { lossOf, ownColumns, type FeedbackSchema, type Written } from './schema';

const NAME = 'hh-rlhf';

function read(row: JsonObject): RowDraft {
	const [chosen, rejected] = [textField(row, 'chosen'), textField(row, 'rejected')];
	const shared = chosen.slice(0, commonPrefixLength(chosen, rejected));
	const start = shared.lastIndexOf(ASSISTANT);
	if (start === -1) {
		throw new RowError('no-common-prompt');
	}
	const end = start + ASSISTANT.length;
	return readMeta(row, {
		kind: 'comparison',
		prompt: { text: chosen.slice(0, end) },
		completions: [{ text: chosen.slice(end) }, { text: rejected.slice(end) }],
		judgement: { outcome: 'a' },
		source: 'import',
		origin: { schema: NAME, columns: otherColumns(row, ['chosen', 'rejected']) }
	});
}

/** A prompt as a transcript; text that is none becomes what a person says. */
function asTranscript(prompt: Content): string {
	const text = promptText(prompt);
	return text.endsWith(ASSISTANT) ? text : `${HUMAN} ${text}${ASSISTANT}`;
}

/** What follows "Assistant:". A space sets it off where the prompt was not written as a transcript. */
function asAnswer(prompt: Content, completion: Content): string {
	const text = completionText(completion);
	const isTranscript = !isChat(prompt) && prompt.text.endsWith(ASSISTANT);
	return isTranscript || text.startsWith(' ') ? text : ` ${text}`;
}

function write(row: FeedbackRow, withMeta: boolean): Written {
	const found = preferencesOf(row);
	if ('dropped' in found) {
		return found;
	}
	const own = ownColumns(row, NAME);
	const prompt = asTranscript(row.prompt);
	const rows = found.verdicts.map(({ chosen, rejected, places }) => ({
		chosen: prompt + asAnswer(row.prompt, chosen),
		rejected: prompt + asAnswer(row.prompt, rejected),
		...(own ?? (withMeta ? writeMeta(row, places, found.verdicts.length === 1) : {}))
	}));
	const isTranscript = !isChat(row.prompt) && row.prompt.text === prompt;
	const more: LostFact[] = [
		...lostAsText(row),
		...(isTranscript || isChat(row.prompt) ? [] : (['text-became-chat'] as const)),
		...(found.isPartial ? (['equal-ranks'] as const) : [])
	];
	return {
		rows,
		lost: lossOf(row, { name: NAME, kind: 'comparison' }, withMeta ? META_FACTS : [], more)
	};
}

const isTranscript = (value: unknown): boolean =>
	typeof value === 'string' && value.startsWith(HUMAN) && value.includes(ASSISTANT);

export const hhRlhf: FeedbackSchema = {
	name: NAME,
	columns: { chosen: 'text', rejected: 'text', ...META_COLUMNS },
	marks: ['chosen', 'rejected'],
	matches: (row) => !has(row, 'prompt') && isTranscript(row.chosen) && isTranscript(row.rejected),
	read,
	write
};
