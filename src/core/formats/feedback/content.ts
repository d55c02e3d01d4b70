/**
 * Text and conversations, and the way from one to the other. A conversation as one text is written as Anthropic's hh-rlhf writes
 * it: "\n\nHuman: …\n\nAssistant: …".
 */
import { isObject, type Json } from './json';
import type { Content, Message, Role } from './row';

export const HUMAN = '\n\nHuman:';
export const ASSISTANT = '\n\nAssistant:';

const SPEAKER: Readonly<Record<Role, string>> = {
	system: '\n\nSystem:',
	developer: '\n\nSystem:',
	user: HUMAN,
	assistant: ASSISTANT,
	tool: '\n\nTool:',
	function: '\n\nTool:',
	ipython: '\n\nTool:'
};

export const isChat = (content: Content): content is { messages: Message[] } =>
	'messages' in content;

/** The text of one turn; of content in parts, the parts that are text. Empty where there is none. */
export function messageText({ content }: Message): string {
	const partText = (part: Json): string =>
		typeof part === 'string'
			? part
			: isObject(part) && typeof part.text === 'string'
				? part.text
				: '';
	return Array.isArray(content) ? content.map(partText).join('') : partText(content ?? null);
}

function transcript(messages: readonly Message[]): string {
	return messages.map((m) => `${SPEAKER[m.role]} ${messageText(m)}`).join('');
}

/** What a model is to go on from: a single request as it is, several turns as a transcript that ends with "Assistant:". */
export function promptText(prompt: Content): string {
	if (!isChat(prompt)) {
		return prompt.text;
	}
	const [first, ...rest] = prompt.messages;
	if (first?.role === 'user' && rest.length === 0) {
		return messageText(first);
	}
	return `${transcript(prompt.messages)}${prompt.messages.length > 0 ? ASSISTANT : ''}`;
}

/** What a model wrote: one answer as it is, several turns as a transcript without the first speaker. */
export function completionText(completion: Content): string {
	if (!isChat(completion)) {
		return completion.text;
	}
	const [first, ...rest] = completion.messages;
	if (!first) {
		return '';
	}
	return rest.length === 0 ? messageText(first) : `${messageText(first)}${transcript(rest)}`;
}

/** Turns of an hh-rlhf transcript without its last "Assistant:"; null for text that is none. */
function transcriptTurns(text: string): Message[] | null {
	if (!text.startsWith(HUMAN) || !text.endsWith(ASSISTANT)) {
		return null;
	}
	const body = text.slice(0, -ASSISTANT.length);
	return body.split(/(?=\n\n(?:Human|Assistant):)/).map((turn) => {
		const speaker = turn.startsWith(HUMAN) ? HUMAN : ASSISTANT;
		return {
			role: speaker === HUMAN ? ('user' as const) : ('assistant' as const),
			content: turn.slice(speaker.length).trim()
		};
	});
}

/** A prompt as turns: a transcript's own, or one request. */
export function promptMessages(prompt: Content): Message[] {
	return isChat(prompt)
		? prompt.messages
		: (transcriptTurns(prompt.text) ?? [{ role: 'user', content: prompt.text }]);
}

export function completionMessages(completion: Content): Message[] {
	return isChat(completion)
		? completion.messages
		: [{ role: 'assistant', content: completion.text }];
}

/** Length of what two texts begin with alike, never within a character of two units. */
export function commonPrefixLength(x: string, y: string): number {
	const end = Math.min(x.length, y.length);
	let length = 0;
	while (length < end && x.charCodeAt(length) === y.charCodeAt(length)) {
		length++;
	}
	const last = x.charCodeAt(length - 1);
	const isHighSurrogate = last >= 0xd800 && last <= 0xdbff;
	return isHighSurrogate ? length - 1 : length;
}
