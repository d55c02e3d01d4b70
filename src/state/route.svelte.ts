/** Which view is open: the hash of the address, so that back, forward and a bookmark work. */
export const STAGES = ['sample', 'compare', 'reward', 'tune', 'evaluate'] as const;
export const ROOMS = ['library', 'learn', 'settings'] as const;
export type Stage = (typeof STAGES)[number];
export type ViewName = Stage | (typeof ROOMS)[number];

const VIEWS: readonly string[] = [...STAGES, ...ROOMS];

function isView(name: string): name is ViewName {
	return VIEWS.includes(name);
}

export class Route {
	#view = $state<ViewName>('sample');
	/** What follows the view, as in #/learn/ppo-kl. */
	#part = $state('');

	get view(): ViewName {
		return this.#view;
	}

	get part(): string {
		return this.#part;
	}

	/** Reads the address now and whenever it changes; returns the function that stops it. */
	listen(): () => void {
		const read = () => {
			const [name = '', ...rest] = location.hash.replace(/^#\/?/, '').split('/');
			this.#view = isView(name) ? name : 'sample';
			this.#part = decodeURIComponent(rest.join('/'));
		};
		read();
		addEventListener('hashchange', read);
		return () => removeEventListener('hashchange', read);
	}

	go(view: ViewName): void {
		location.hash = `#/${view}`;
	}
}
