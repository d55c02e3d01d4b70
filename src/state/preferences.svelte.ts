import type { Persisted, PreferenceValues } from '../storage/preferences';

/** Small settings of this browser, made reactive. */
export class Preferences {
	readonly #persisted: Persisted;
	#values = $state.raw<Readonly<PreferenceValues>>() as Readonly<PreferenceValues>;

	constructor(persisted: Persisted) {
		this.#persisted = persisted;
		this.#values = persisted.values;
	}

	get values(): Readonly<PreferenceValues> {
		return this.#values;
	}

	set(changes: Partial<PreferenceValues>): void {
		this.#persisted.set(changes);
		this.#values = this.#persisted.values;
	}
}
