/** Story openings by sets: the built-in one, what was typed by hand, and sets a person made or imported. */
import type { WeightedPrompt } from '../core/prompts/next-prompts';
import {
	MOST_PROMPTS,
	readPrompts,
	type PromptProblemEntry,
	type ReadPrompt
} from '../core/prompts/read-prompts';
import type { Prompt, PromptSet, PromptUse } from '../core/records';
import { sha256 } from '../core/sha256';
import type { StudioDb } from '../storage/db';
import {
	addPrompt,
	addPrompts,
	listPrompts,
	listPromptSets,
	putPromptSet,
	updatePrompts
} from '../storage/prompts';
import type { OpenDesk } from './desk';

export { MOST_PROMPT_CHARACTERS as MAX_PROMPT_CHARACTERS } from '../core/prompts/read-prompts';

export type SetHolds = 'built-in' | 'typed' | 'own';

export interface ListedPrompt {
	text: string;
	tags: readonly string[];
	weight: number;
}

/** A set as it stands, whether it has a record or not. */
export interface ListedSet extends Pick<PromptSet, 'isOn' | 'weight'> {
	/** Of the record, or what it holds. */
	key: string;
	holds: SetHolds;
	/** Given by a person; empty for the two that have none. */
	name: string;
	/** Narrowed to prompts with one of these; empty: all are asked. */
	tags: readonly string[];
	/** All tags in it, sorted. */
	allTags: readonly string[];
	prompts: readonly ListedPrompt[];
	/** Those that are asked while it is on. */
	asked: readonly ListedPrompt[];
}

type SetChanges = Partial<Pick<PromptSet, 'name' | 'isOn' | 'weight' | 'tags'>>;
type PromptChanges = Partial<Pick<ListedPrompt, 'text' | 'tags' | 'weight'>>;

/** What came of adding prompts: how many are new in the set, and what was left out. */
export interface Added {
	added: number;
	/** In another set of this study. */
	elsewhere: number;
	problems: readonly PromptProblemEntry[];
}

export class PromptsState {
	readonly #readText: (path: string) => Promise<string>;
	readonly #openDesk: OpenDesk;
	#builtIn = $state.raw<readonly string[]>([]);
	#stored = $state.raw<readonly Prompt[]>([]);
	#records = $state.raw<readonly PromptSet[]>([]);
	readonly #byText = $derived(new Map(this.#stored.map((prompt) => [prompt.text, prompt])));
	readonly #sets: readonly ListedSet[] = $derived.by(() => this.#list());
	readonly #asked: readonly WeightedPrompt[] = $derived(askedOf(this.#sets));
	readonly #texts: readonly string[] = $derived(this.#asked.map(({ text }) => text));

	constructor(readText: (path: string) => Promise<string>, openDesk: OpenDesk) {
		this.#readText = readText;
		this.#openDesk = openDesk;
	}

	get builtIn(): readonly string[] {
		return this.#builtIn;
	}

	get sets(): readonly ListedSet[] {
		return this.#sets;
	}

	/** What is asked now, each with its weight; typed ones first. */
	get asked(): readonly WeightedPrompt[] {
		return this.#asked;
	}

	/** Texts of what is asked now. */
	get texts(): readonly string[] {
		return this.#texts;
	}

	/** What a run that starts now is given. */
	get use(): PromptUse {
		return {
			count: this.#texts.length,
			hash: sha256(JSON.stringify([...this.#texts].sort())),
			sets: this.#sets
				.filter(({ isOn, asked }) => isOn && asked.length > 0)
				.map(({ holds, name, tags }) => ({ name: name || holds, tags: [...tags] }))
		};
	}

	async loadBuiltIn(): Promise<void> {
		const file = await this.#readText('prompts/stories.jsonl');
		this.#builtIn = readPrompts(file, new Set()).prompts.map(({ text }) => text);
	}

	async openStudy(db: StudioDb, studyId: string): Promise<void> {
		const [prompts, sets] = await Promise.all([
			listPrompts(db, studyId),
			listPromptSets(db, studyId)
		]);
		this.#stored = prompts;
		this.#records = sets;
	}

	/** The stored prompt with this text. */
	async keep(db: StudioDb, studyId: string, text: string): Promise<Prompt> {
		const known = this.#byText.get(text);
		if (known) {
			return known;
		}
		const source = this.#builtIn.includes(text) ? 'built-in' : 'typed';
		const prompt = await addPrompt(db, studyId, text, source);
		this.#put([prompt]);
		return prompt;
	}

	/** A new set, on, without prompts. */
	async createSet(name: string): Promise<ListedSet> {
		const { db, study } = await this.#openDesk();
		const fields = { name, isOn: true, weight: 1, isBuiltIn: false };
		const record = await putPromptSet(db, study.id, fields);
		this.#records = [...this.#records, record];
		return this.#find(record.id);
	}

	/** False where no prompt at all would be left to ask: then nothing is changed. */
	async changeSet(key: string, changes: SetChanges): Promise<boolean> {
		const before = this.#find(key);
		const changed = this.#sets.map((set) =>
			set.key === key ? narrowed({ ...set, ...changes }) : set
		);
		if (askedOf(changed).length === 0) {
			return false;
		}
		const { db, study } = await this.#openDesk();
		const { holds, name, isOn, weight, tags } = { ...before, ...changes };
		const known = this.#recordOf(key);
		const record = await putPromptSet(db, study.id, {
			...(known && { id: known.id }),
			...{ name, isOn, weight, isBuiltIn: holds === 'built-in' },
			...(holds === 'typed' && { isTyped: true }),
			...(tags.length > 0 && { tags: [...tags] })
		});
		this.#records = [...this.#records.filter(({ id }) => id !== record.id), record].sort(
			(x, y) => x.createdAt - y.createdAt
		);
		return true;
	}

	/** Adds prompts out of a file's bytes or a typed text. */
	async addText(key: string, source: Uint8Array | string): Promise<Added> {
		const set = this.#find(key);
		const { prompts, problems } = readPrompts(source, new Set(set.prompts.map(({ text }) => text)));
		return { ...(await this.#add(set, prompts)), problems };
	}

	/**
	 * Changes a prompt. A new text is a new prompt in the old one's place (of a built-in one: typed by hand): answered pairs keep
	 * the prompt they were asked on.
	 * False where the text is too long or empty, or another prompt's.
	 */
	async changePrompt(key: string, text: string, changes: PromptChanges): Promise<boolean> {
		const set = this.#find(key);
		const prompt = set.prompts.find((one) => one.text === text);
		if (!prompt) {
			return false;
		}
		const { text: wanted = text, ...rest } = changes;
		if (wanted === text) {
			await this.#update(text, {
				...(rest.tags && { tags: [...rest.tags] }),
				...(rest.weight !== undefined && { weight: rest.weight })
			});
			return true;
		}
		const read = readPrompts(JSON.stringify({ prompt: wanted }), new Set(this.#inSets()));
		const [next] = read.prompts;
		if (!next) {
			return false;
		}
		const { added } = await this.#add(
			set,
			[{ ...next, tags: [...(rest.tags ?? prompt.tags)] }],
			rest.weight ?? prompt.weight
		);
		if (added > 0) {
			await this.#update(text, { isRetired: true });
		}
		return added > 0;
	}

	/** Takes a prompt out of its set: never asked again, but kept. False where no prompt at all would be left to ask. */
	async remove(text: string): Promise<boolean> {
		if (!this.#texts.some((other) => other !== text)) {
			return false;
		}
		await this.#update(text, { isRetired: true });
		return true;
	}

	async #add(
		{ holds, key, prompts: before }: ListedSet,
		prompts: readonly ReadPrompt[],
		weight?: number
	): Promise<Omit<Added, 'problems'>> {
		const { db, study } = await this.#openDesk();
		const room = Math.max(0, MOST_PROMPTS - before.length);
		const taken = new Set(this.#inSets());
		const wanted = prompts.slice(0, room).filter(({ text }) => !taken.has(text));
		const kept = await addPrompts(
			db,
			study.id,
			wanted.map(({ text, tags }) => ({
				...{ text, tags },
				source: this.#builtIn.includes(text) ? 'built-in' : holds === 'own' ? 'import' : 'typed',
				...(holds === 'own' && { setId: key }),
				...(weight !== undefined && { weight })
			}))
		);
		this.#put(kept);
		return { added: kept.length, elsewhere: prompts.length - kept.length };
	}

	async #update(text: string, changes: Parameters<typeof updatePrompts>[2]): Promise<void> {
		const { db, study } = await this.#openDesk();
		const { id } = await this.keep(db, study.id, text);
		this.#put(await updatePrompts(db, [id], changes));
	}

	#put(prompts: readonly Prompt[]): void {
		const ids = new Set(prompts.map(({ id }) => id));
		this.#stored = [...this.#stored.filter(({ id }) => !ids.has(id)), ...prompts].sort(
			(x, y) => x.createdAt - y.createdAt
		);
	}

	#inSets(): string[] {
		return this.#sets.flatMap(({ prompts }) => prompts.map(({ text }) => text));
	}

	#recordOf(key: string): PromptSet | undefined {
		return this.#records.find(
			(set) =>
				set.id === key || (set.isBuiltIn && key === 'built-in') || (set.isTyped && key === 'typed')
		);
	}

	#find(key: string): ListedSet {
		const set = this.#sets.find((one) => one.key === key);
		if (!set) {
			throw new Error(`no set of prompts ${key}`);
		}
		return set;
	}

	#list(): ListedSet[] {
		const live = this.#stored.filter(({ isRetired }) => !isRetired);
		const builtIn = this.#builtIn.flatMap((text): ListedPrompt[] => {
			const prompt = this.#byText.get(text);
			const isHere = !prompt?.isRetired && prompt?.setId === undefined;
			return isHere && prompt?.source !== 'typed' ? [listed(prompt ?? { text })] : [];
		});
		const typed = live.filter(({ source, setId }) => source === 'typed' && setId === undefined);
		return [
			this.#listed('typed', typed.map(listed), this.#recordOf('typed')),
			this.#listed('built-in', builtIn, this.#recordOf('built-in')),
			...this.#records
				.filter(({ isBuiltIn, isTyped }) => !isBuiltIn && !isTyped)
				.map((record) => {
					const own = live.filter(({ setId }) => setId === record.id);
					return this.#listed('own', own.map(listed), record);
				})
		];
	}

	#listed(
		holds: SetHolds,
		prompts: readonly ListedPrompt[],
		record: PromptSet | undefined
	): ListedSet {
		const { name = '', isOn = true, weight = 1, tags = [] } = record ?? {};
		const key = holds === 'own' ? (record?.id ?? '') : holds;
		const allTags = [...new Set(prompts.flatMap((prompt) => prompt.tags))].sort();
		return narrowed({ key, holds, name, isOn, weight, tags, allTags, prompts, asked: [] });
	}
}

const listed = ({ text, tags = [], weight = 1 }: Pick<Prompt, 'text' | 'tags' | 'weight'>) => ({
	text,
	tags,
	weight
});

function narrowed(set: ListedSet): ListedSet {
	const wanted = new Set(set.tags);
	const asked = set.prompts.filter(
		({ tags }) => wanted.size === 0 || tags.some((tag) => wanted.has(tag))
	);
	return { ...set, asked };
}

/** One text is one prompt, also where two sets have it. */
function askedOf(sets: readonly ListedSet[]): WeightedPrompt[] {
	const byText = new Map<string, WeightedPrompt>();
	for (const { isOn, weight, asked } of sets) {
		for (const prompt of isOn ? asked : []) {
			if (!byText.has(prompt.text)) {
				byText.set(prompt.text, { text: prompt.text, weight: weight * prompt.weight });
			}
		}
	}
	return [...byText.values()];
}
