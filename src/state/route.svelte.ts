/** Which view is open: the hash of the address, so that back, forward and a bookmark work. */
export const STAGES = ['sample', 'compare', 'reward', 'tune', 'evaluate'] as const;
export const ROOMS = ['library', 'learn', 'settings'] as const;
export type Stage = (typeof STAGES)[number];
export type ViewName = Stage | (typeof ROOMS)[number];

const VIEWS: readonly string[] = [...STAGES, ...ROOMS];

function isView(name: string): name is ViewName {
	return VIEWS.includes(name);
}

/** A part with a stray percent sign is taken as it is. */
function readable(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

export class Route {
	#view = $state<ViewName>('sample');
	/** What follows the view, as in #/learn/ppo-kl. */
	#part = $state('');
	#query = $state('');

	get view(): ViewName {
		return this.#view;
	}

	get part(): string {
		return this.#part;
	}

	/** What follows a question mark, as in #/tune?lr=0.001: an experiment that somebody linked to. */
	get query(): string {
		return this.#query;
	}

	/** The link was read: it counts once. */
	forgetQuery(): void {
		this.#query = '';
	}

	/** Reads the address now and whenever it changes; returns the function that stops it. */
	listen(): () => void {
		const read = () => {
			const { hash } = location;
			const end = hash.includes('?') ? hash.indexOf('?') : hash.length;
			const [name = '', ...rest] = hash.slice(0, end).replace(/^#\/?/, '').split('/');
			this.#view = isView(name) ? name : 'sample';
			this.#part = readable(rest.join('/'));
			this.#query = hash.slice(end + 1);
		};
		read();
		addEventListener('hashchange', read);
		return () => removeEventListener('hashchange', read);
	}

	go(view: ViewName): void {
		location.hash = `#/${view}`;
	}
}
