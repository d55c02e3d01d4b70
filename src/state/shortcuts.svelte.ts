/**
 * The one registry of keys: handlers, the legend and aria-keyshortcuts all read from it. Keys never fire while a person
 * types, repeats, composes or holds a modifier that was not asked for; all can be switched off, and each can be changed
 * (WCAG 2.1.4).
 */
import { untrack } from 'svelte';
import { isSameCombination, matchesCombination } from './key-combination';
import type { Preferences } from './preferences.svelte';

export interface Shortcut {
	id: string;
	/** As in aria-keyshortcuts: '1', 'ArrowLeft', 'Shift+2', 'Control+z', '?'. */
	keys: readonly string[];
	label: string;
	group: string;
	run: () => void;
	/** Listed after the others of its group. */
	isLast?: boolean;
	/** The key is left alone while this is false. */
	when?: () => boolean;
}

/** Controls that use Space themselves. */
const USES_SPACE = 'button, a, summary, select, input, [role="button"]';
/** The code that browsers give a key press which an input method takes. */
const COMPOSING_KEY_CODE = 229;
/** They leave fields, close dialogs, press buttons, or are pressed by accident: never for anything else. */
const RESERVED = ['Tab', 'Escape', 'Space', 'Backspace', 'Delete', 'Enter'];

function isEditable(target: EventTarget | null): boolean {
	return (
		target instanceof HTMLElement &&
		(target.isContentEditable ||
			target.matches(
				'textarea, select, input:not([type="range"], [type="checkbox"], [type="radio"])'
			))
	);
}

/** Arrow keys belong to these. */
function usesArrows(target: EventTarget | null): boolean {
	return (
		target instanceof HTMLElement && target.matches('input, [role="slider"], [role="tablist"] *')
	);
}

export class Shortcuts {
	readonly #preferences: Preferences;
	#registered = $state.raw<readonly Shortcut[]>([]);
	readonly #list = $derived(
		this.#registered.map((shortcut) => {
			const chosen = this.#preferences.values.keys[shortcut.id];
			return chosen ? { ...shortcut, keys: chosen } : shortcut;
		})
	);
	#isLegendOpen = $state(false);

	constructor(preferences: Preferences) {
		this.#preferences = preferences;
	}

	get isOn(): boolean {
		return this.#preferences.values.hasShortcuts;
	}

	/** With the keys as they are now. */
	get list(): readonly Shortcut[] {
		return this.#list;
	}

	/** Some keys are not those the app came with. */
	get hasChanges(): boolean {
		return Object.keys(this.#preferences.values.keys).length > 0;
	}

	isChanged(id: string): boolean {
		return this.#preferences.values.keys[id] !== undefined;
	}

	get isLegendOpen(): boolean {
		return this.#isLegendOpen;
	}

	showLegend(): void {
		this.#isLegendOpen = true;
	}

	hideLegend(): void {
		this.#isLegendOpen = false;
	}

	switch(isOn: boolean): void {
		this.#preferences.set({ hasShortcuts: isOn });
	}

	/** Why a key cannot be used for `id`: it is reserved, or does something else in what is open now; null if it can. */
	refusalOf(id: string, combination: string): 'reserved' | Shortcut | null {
		if (RESERVED.includes(combination)) {
			return 'reserved';
		}
		return (
			this.#list.find(
				(other) => other.id !== id && other.keys.some((key) => isSameCombination(key, combination))
			) ?? null
		);
	}

	/** Gives something another key, in place of all it had. */
	change(id: string, combination: string): void {
		const { keys } = this.#preferences.values;
		this.#preferences.set({ keys: { ...keys, [id]: [combination] } });
	}

	/** The keys the app came with: of one thing, or of everything. */
	reset(id?: string): void {
		const { keys } = this.#preferences.values;
		this.#preferences.set({
			keys:
				id === undefined ? {} : Object.fromEntries(Object.entries(keys).filter(([k]) => k !== id))
		});
	}

	/** Adds keys for as long as a view is open; returns the function that removes them. */
	register(shortcuts: readonly Shortcut[]): () => void {
		// Called from effects, which must not run again because of the list they change.
		this.#registered = [...untrack(() => this.#registered), ...shortcuts];
		return () => {
			this.#registered = untrack(() => this.#registered).filter(
				(shortcut) => !shortcuts.includes(shortcut)
			);
		};
	}

	/** For aria-keyshortcuts and titles; empty while keys are off. */
	keysOf(id: string): readonly string[] {
		return this.isOn ? (this.#list.find((shortcut) => shortcut.id === id)?.keys ?? []) : [];
	}

	handle(event: KeyboardEvent): void {
		const isComposing = event.isComposing || event.keyCode === COMPOSING_KEY_CODE;
		if (!this.isOn || event.repeat || isComposing || event.defaultPrevented) {
			return;
		}
		const { target } = event;
		if (isEditable(target) || document.querySelector('dialog[open]')) {
			return;
		}
		if (event.key === ' ' && target instanceof HTMLElement && target.closest(USES_SPACE)) {
			return;
		}
		if (event.key.startsWith('Arrow') && usesArrows(target)) {
			return;
		}
		// The newest registration wins: a view's keys over the frame's.
		const hit = this.#list.findLast(
			({ keys, when }) =>
				(when?.() ?? true) && keys.some((combination) => matchesCombination(event, combination))
		);
		if (hit) {
			event.preventDefault();
			hit.run();
		}
	}
}
