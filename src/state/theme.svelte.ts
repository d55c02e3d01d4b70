import type { PreferenceValues } from '../storage/preferences';
import type { Preferences } from './preferences.svelte';

export type ThemeChoice = PreferenceValues['theme'];

/** Light, dark, or what the system says; the choice stands on the root element, where the tokens read it. */
export class Theme {
	readonly #preferences: Preferences;

	constructor(preferences: Preferences) {
		this.#preferences = preferences;
	}

	get choice(): ThemeChoice {
		return this.#preferences.values.theme;
	}

	choose(choice: ThemeChoice): void {
		this.#preferences.set({ theme: choice });
		this.apply();
	}

	apply(): void {
		const root = document.documentElement;
		if (this.choice === 'system') {
			delete root.dataset.theme;
		} else {
			root.dataset.theme = this.choice;
		}
	}
}
