/**
 * The one registry of keys: handlers, the legend and aria-keyshortcuts all read from it. Keys never fire while a person
 * types, repeats, composes or holds a modifier that was not asked for, and can all be switched off (WCAG 2.1.4).
 */
import { untrack } from 'svelte';
import type { Preferences } from './preferences.svelte';

export interface Shortcut {
	id: string;
	/** As in aria-keyshortcuts: '1', 'ArrowLeft', 'Shift+2', 'Control+Z', '?'. */
	keys: readonly string[];
	label: string;
	group: string;
	run: () => void;
	/** The key is left alone while this is false. */
	when?: () => boolean;
}

/** Controls that use Space themselves. */
const USES_SPACE = 'button, a, summary, select, input, [role="button"]';
const SHIFTED_BY_LAYOUT = ['?', '=', '.'];

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

function matches(event: KeyboardEvent, combination: string): boolean {
	const parts = combination.split('+');
	const key = parts.pop() ?? '';
	const wantsControl = parts.includes('Control');
	const wantsShift = parts.includes('Shift');
	if (wantsControl !== (event.ctrlKey || event.metaKey) || event.altKey) {
		return false;
	}
	if (SHIFTED_BY_LAYOUT.includes(key)) {
		return event.key === key;
	}
	if (wantsShift !== event.shiftKey) {
		return false;
	}
	if (/^\d$/.test(key)) {
		// By place, so that Shift and layouts that need it for digits do not matter.
		return event.code === `Digit${key}` || event.code === `Numpad${key}`;
	}
	if (key === 'Space') {
		return event.key === ' ';
	}
	return event.key.toLowerCase() === key.toLowerCase();
}

export class Shortcuts {
	readonly #preferences: Preferences;
	#list = $state.raw<readonly Shortcut[]>([]);
	#isLegendOpen = $state(false);

	constructor(preferences: Preferences) {
		this.#preferences = preferences;
	}

	get isOn(): boolean {
		return this.#preferences.values.hasShortcuts;
	}

	get list(): readonly Shortcut[] {
		return this.#list;
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

	/** Adds keys for as long as a view is open; returns the function that removes them. */
	register(shortcuts: readonly Shortcut[]): () => void {
		// Called from effects, which must not run again because of the list they change.
		this.#list = [...untrack(() => this.#list), ...shortcuts];
		return () => {
			this.#list = untrack(() => this.#list).filter((shortcut) => !shortcuts.includes(shortcut));
		};
	}

	/** For aria-keyshortcuts and titles; empty while keys are off. */
	keysOf(id: string): readonly string[] {
		return this.isOn ? (this.#list.find((shortcut) => shortcut.id === id)?.keys ?? []) : [];
	}

	handle(event: KeyboardEvent): void {
		if (!this.isOn || event.repeat || event.isComposing || event.defaultPrevented) {
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
				(when?.() ?? true) && keys.some((combination) => matches(event, combination))
		);
		if (hit) {
			event.preventDefault();
			hit.run();
		}
	}
}
