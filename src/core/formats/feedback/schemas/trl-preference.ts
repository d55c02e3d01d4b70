/**
 * TRL preference rows (https://huggingface.co/docs/trl/dataset_formats): {prompt, chosen, rejected}, each text or turns of a
 * conversation, or {chosen, rejected} with the prompt at the beginning of both.
 *
 * An implicit prompt is what both begin with. TRL cuts plain text there too, one unit earlier after a space; here the cut never
 * falls within a character.
 */
import { commonPrefixLength, completionMessages, isChat, promptMessages } from '../content';
import { canonicalJson, type Json, type JsonObject } from '../json';
import { has, isConversation, messagesField, otherColumns, textField } from '../fields';
import { lostAsChat, type LostFact } from '../losses';
import { RowError } from '../problems';
import type { Content, FeedbackRow, Message, RowDraft } from '../row';
import { preferencesOf, type Preference } from '../verdicts';
import { META_COLUMNS, META_FACTS, readMeta, writeMeta } from './meta';
import { lossOf, ownColumns, type FeedbackSchema, type Written } from './schema';

const NAME = 'trl-preference';
/** `embedded`: a column `prompt`, and the prompt once more at the beginning of both conversations. */
type Layout = 'explicit' | 'implicit' | 'embedded';

interface Parts {
	layout: Layout;
	prompt: Content;
	chosen: Content;
	rejected: Content;
}

function splitTexts(chosen: string, rejected: string): Parts {
	let end = commonPrefixLength(chosen, rejected);
	const isCutWithin = end < Math.max(chosen.length, rejected.length);
	if (isCutWithin && chosen[end - 1] === ' ') {
		end--;
	}
	return {
		layout: 'implicit',
		prompt: { text: chosen.slice(0, end) },
		chosen: { text: chosen.slice(end) },
		rejected: { text: rejected.slice(end) }
	};
}

/** The prompt is the turns that both begin with; each keeps at least its last one. */
function splitTurns(chosen: Message[], rejected: Message[]): Omit<Parts, 'layout'> {
	const most = Math.min(chosen.length, rejected.length) - 1;
	const differs = chosen.findIndex(
		(turn, i) => i >= most || canonicalJson(turn) !== canonicalJson(rejected[i])
	);
	const end = Math.max(0, differs);
	return {
		prompt: { messages: chosen.slice(0, end) },
		chosen: { messages: chosen.slice(end) },
		rejected: { messages: rejected.slice(end) }
	};
}

function readParts(row: JsonObject): Parts {
	if (!isConversation(row.chosen)) {
		const [chosen, rejected] = [textField(row, 'chosen'), textField(row, 'rejected')];
		return has(row, 'prompt')
			? {
					layout: 'explicit',
					prompt: { text: textField(row, 'prompt') },
					chosen: { text: chosen },
					rejected: { text: rejected }
				}
			: splitTexts(chosen, rejected);
	}
	const [chosen, rejected] = [messagesField(row, 'chosen'), messagesField(row, 'rejected')];
	if (isConversation(row.prompt)) {
		const prompt = { messages: messagesField(row, 'prompt') };
		return {
			layout: 'explicit',
			prompt,
			chosen: { messages: chosen },
			rejected: { messages: rejected }
		};
	}
	const parts = splitTurns(chosen, rejected);
	const isShared = isChat(parts.prompt) && parts.prompt.messages.length > 0;
	if (has(row, 'prompt')) {
		const prompt = { text: textField(row, 'prompt') };
		return isShared
			? { layout: 'embedded', ...parts }
			: {
					layout: 'explicit',
					prompt,
					chosen: { messages: chosen },
					rejected: { messages: rejected }
				};
	}
	if (!isShared) {
		throw new RowError('no-common-prompt');
	}
	return { layout: 'implicit', ...parts };
}

function read(row: JsonObject): RowDraft {
	const { layout, prompt, chosen, rejected } = readParts(row);
	const essential = ['chosen', 'rejected', ...(layout === 'explicit' ? ['prompt'] : [])];
	return readMeta(row, {
		kind: 'comparison',
		prompt,
		completions: [chosen, rejected],
		judgement: { outcome: 'a' },
		source: 'import',
		origin: { schema: NAME, layout, columns: otherColumns(row, essential) }
	});
}

const valueOf = (content: Content): Json => (isChat(content) ? content.messages : content.text);

const joinedTurns = (prompt: Content, completion: Content): Json =>
	isChat(prompt) && isChat(completion)
		? [...prompt.messages, ...completion.messages]
		: `${isChat(prompt) ? '' : prompt.text}${isChat(completion) ? '' : completion.text}`;

function inOwnLayout(row: FeedbackRow, { chosen, rejected }: Preference): JsonObject {
	const { prompt, origin } = row;
	if (origin?.layout === 'implicit' || origin?.layout === 'embedded') {
		return {
			...origin.columns,
			chosen: joinedTurns(prompt, chosen),
			rejected: joinedTurns(prompt, rejected)
		};
	}
	return {
		prompt: valueOf(prompt),
		chosen: valueOf(chosen),
		rejected: valueOf(rejected),
		...origin?.columns
	};
}

function write(row: FeedbackRow, withMeta: boolean): Written {
	const found = preferencesOf(row);
	if ('dropped' in found) {
		return found;
	}
	if (ownColumns(row, NAME)) {
		return { rows: found.verdicts.map((pair) => inOwnLayout(row, pair)), lost: [] };
	}
	const { verdicts } = found;
	const parts = [row.prompt, ...verdicts.flatMap((pair) => [pair.chosen, pair.rejected])];
	const asChat = parts.some(isChat);
	const rows = verdicts.map(({ chosen, rejected, places }) => ({
		prompt: asChat ? promptMessages(row.prompt) : valueOf(row.prompt),
		chosen: asChat ? completionMessages(chosen) : valueOf(chosen),
		rejected: asChat ? completionMessages(rejected) : valueOf(rejected),
		...(withMeta ? writeMeta(row, places, verdicts.length === 1) : {})
	}));
	const more: LostFact[] = [
		...(asChat ? lostAsChat(row) : []),
		...(found.isPartial ? (['equal-ranks'] as const) : [])
	];
	return {
		rows,
		lost: lossOf(row, { name: NAME, kind: 'comparison' }, withMeta ? META_FACTS : [], more)
	};
}

export const trlPreference: FeedbackSchema = {
	name: NAME,
	columns: {
		prompt: 'optional-text-or-chat',
		chosen: 'text-or-chat',
		rejected: 'text-or-chat',
		...META_COLUMNS
	},
	marks: ['chosen', 'rejected'],
	matches: (row) => has(row, 'chosen') && has(row, 'rejected'),
	read,
	write
};
