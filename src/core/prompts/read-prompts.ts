/**
 * Prompts from a file or the clipboard: one a line, or JSON Lines with a field `prompt` (or `text`) and, if there are any, `tags`.
 * Every line is a prompt or has a reason; nothing is cut, trimmed inside or guessed.
 */
import { LineSplitter } from '../formats/feedback/containers/lines';
import { hasLoneSurrogate, type JsonObject } from '../formats/feedback/json';
import { checkText, parseRow } from '../formats/feedback/json-guard';
import { RowError, type RowProblem } from '../formats/feedback/problems';

/** Longest prompt that leaves a completion room in the built-in models' context. */
export const MOST_PROMPT_CHARACTERS = 400;
/** Of one set; each is listed, and every one costs a line of the sampler. */
export const MOST_PROMPTS = 2000;
export const MOST_TAGS = 10;
export const MOST_TAG_CHARACTERS = 40;
/** Files of prompts are small; larger ones are feedback, and are imported as such. */
export const MOST_PROMPT_FILE_BYTES = 8 * 2 ** 20;

export interface ReadPrompt {
	text: string;
	tags: string[];
}

export type PromptProblem =
	'no-prompt' | 'too-long' | 'bad-tags' | 'duplicate' | 'too-many' | RowProblem;

export interface PromptProblemEntry {
	/** From 1. */
	line: number;
	problem: PromptProblem;
}

export interface ReadPrompts {
	format: 'lines' | 'jsonl';
	prompts: ReadPrompt[];
	problems: PromptProblemEntry[];
}

/** Tags as a person writes them: separated by commas, each once, without space around them. null: too many or too long. */
export function readTags(text: string): string[] | null {
	const tags = [...new Set(text.split(',').map((tag) => tag.trim()))].filter((tag) => tag !== '');
	const fits = tags.length <= MOST_TAGS && tags.every((tag) => tag.length <= MOST_TAG_CHARACTERS);
	return fits ? tags : null;
}

function tagsOf({ tags }: JsonObject): string[] | null {
	if (tags === undefined || tags === null) {
		return [];
	}
	const list = Array.isArray(tags) ? tags : [tags];
	return list.every((tag) => typeof tag === 'string') ? readTags(list.join(',')) : null;
}

/** @throws RowError: what the line is not */
function readLine(line: string, format: ReadPrompts['format']): ReadPrompt | PromptProblem {
	if (format === 'lines') {
		checkText(line);
		return { text: line.trim(), tags: [] };
	}
	const row = parseRow(line);
	const prompt = row.prompt ?? row.text;
	const tags = tagsOf(row);
	if (typeof prompt !== 'string' || prompt.trim() === '') {
		return 'no-prompt';
	}
	return tags ? { text: prompt.trim(), tags } : 'bad-tags';
}

/** The lines of a text, those with half a character emptied: in UTF-8 they would become another text unnoticed. */
function encode(text: string, refuse: (line: number) => void): Uint8Array {
	if (!hasLoneSurrogate(text)) {
		return new TextEncoder().encode(text);
	}
	const lines = text.split('\n').map((line, i) => {
		if (!hasLoneSurrogate(line)) {
			return line;
		}
		refuse(i + 1);
		return '';
	});
	return new TextEncoder().encode(lines.join('\n'));
}

/** Reads prompts out of a file's bytes or a typed text. `known`: texts that are in the set already. */
export function readPrompts(source: Uint8Array | string, known: ReadonlySet<string>): ReadPrompts {
	const problems: PromptProblemEntry[] = [];
	const bytes =
		typeof source === 'string'
			? encode(source, (line) => problems.push({ line, problem: 'lone-surrogate' }))
			: source;
	const start = new TextDecoder().decode(bytes.subarray(0, 1000)).trimStart();
	const format = start.startsWith('{') ? 'jsonl' : 'lines';
	const prompts: ReadPrompt[] = [];
	const seen = new Set(known);
	const take = (found: ReadPrompt | PromptProblem): PromptProblem | null => {
		if (typeof found === 'string') {
			return found;
		}
		if (found.text.length > MOST_PROMPT_CHARACTERS) {
			return 'too-long';
		}
		if (seen.has(found.text)) {
			return 'duplicate';
		}
		if (seen.size >= MOST_PROMPTS) {
			return 'too-many';
		}
		seen.add(found.text);
		prompts.push(found);
		return null;
	};
	const splitter = new LineSplitter({
		record(text, line) {
			try {
				const problem = take(readLine(text, format));
				if (problem) {
					problems.push({ line, problem });
				}
			} catch (error) {
				if (!(error instanceof RowError)) {
					throw error;
				}
				problems.push({ line, problem: error.problem });
			}
		},
		problem: ({ problem }, line) => problems.push({ line, problem })
	});
	splitter.push(bytes);
	splitter.end();
	return { format, prompts, problems: problems.toSorted((x, y) => x.line - y.line) };
}
