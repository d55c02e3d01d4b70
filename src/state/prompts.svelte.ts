import { addPrompt, listPrompts } from '../storage/prompts';
import type { Prompt } from '../core/records';
import type { StudioDb } from '../storage/db';

/** Longest prompt that leaves a completion room in the built-in models' context. */
export const MAX_PROMPT_CHARACTERS = 400;

/** Story openings: the built-in ones, and those a person typed in this study. */
export class PromptsState {
	readonly #readText: (path: string) => Promise<string>;
	#builtIn = $state.raw<readonly string[]>([]);
	#typed = $state.raw<readonly Prompt[]>([]);

	constructor(readText: (path: string) => Promise<string>) {
		this.#readText = readText;
	}

	get builtIn(): readonly string[] {
		return this.#builtIn;
	}

	/** All texts, typed ones first. */
	get texts(): readonly string[] {
		const typed = this.#typed
			.filter((prompt) => prompt.source === 'typed')
			.map((prompt) => prompt.text);
		return [...typed, ...this.#builtIn.filter((text) => !typed.includes(text))];
	}

	async loadBuiltIn(): Promise<void> {
		const lines = (await this.#readText('prompts/stories.jsonl')).split('\n');
		this.#builtIn = lines.filter((line) => line.trim() !== '').flatMap(promptOf);
	}

	async openStudy(db: StudioDb, studyId: string): Promise<void> {
		this.#typed = await listPrompts(db, studyId);
	}

	/** The stored prompt with this text. */
	async keep(db: StudioDb, studyId: string, text: string): Promise<Prompt> {
		const known = this.#typed.find((prompt) => prompt.text === text);
		if (known) {
			return known;
		}
		const source = this.#builtIn.includes(text) ? 'built-in' : 'typed';
		const prompt = await addPrompt(db, studyId, text, source);
		this.#typed = [...this.#typed.filter((other) => other.id !== prompt.id), prompt];
		return prompt;
	}
}

function promptOf(line: string): string[] {
	try {
		const value: unknown = JSON.parse(line);
		return typeof value === 'object' && value && 'text' in value && typeof value.text === 'string'
			? [value.text]
			: [];
	} catch {
		return [];
	}
}
