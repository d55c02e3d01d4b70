import type { Announcer } from './announcer.svelte';

export interface Toast {
	id: number;
	text: string;
}

const SHOWN_MS = 6000;

/** One quiet line at a time for what went well; problems have their own place. */
export class Toasts {
	readonly #announcer: Announcer;
	#list = $state.raw<readonly Toast[]>([]);
	#nextId = 1;

	constructor(announcer: Announcer) {
		this.#announcer = announcer;
	}

	get list(): readonly Toast[] {
		return this.#list;
	}

	show(text: string): void {
		const toast = { id: this.#nextId++, text };
		this.#list = [...this.#list.slice(-1), toast];
		this.#announcer.say(text);
		setTimeout(() => this.dismiss(toast.id), SHOWN_MS);
	}

	dismiss(id: number): void {
		this.#list = this.#list.filter((toast) => toast.id !== id);
	}
}
