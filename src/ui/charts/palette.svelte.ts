/** Colours of the tokens as a canvas needs them: resolved, and read again whenever the theme changes. */
import { createSubscriber } from 'svelte/reactivity';

export type Tone =
	| 'paper'
	| 'page'
	| 'ink'
	| 'quiet'
	| 'hairline'
	| 'rule'
	| 'accent'
	| 'accent-wash'
	| 'a'
	| 'b'
	| 'tie'
	| 'reward'
	| 'kl'
	| 'gold'
	| 'danger'
	| 'run-1'
	| 'run-2'
	| 'run-3'
	| 'run-4'
	| 'run-5'
	| 'run-6';

const subscribe = createSubscriber((update) => {
	const scheme = matchMedia('(prefers-color-scheme: dark)');
	const observer = new MutationObserver(update);
	observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
	scheme.addEventListener('change', update);
	return () => {
		observer.disconnect();
		scheme.removeEventListener('change', update);
	};
});

/** `--name` as an rgb() string; reactive. light-dark() only resolves on a real property, hence the probe element. */
export function tone(name: Tone): string {
	subscribe();
	const probe = document.createElement('span');
	probe.style.color = `var(--${name})`;
	document.body.append(probe);
	const color = getComputedStyle(probe).color;
	probe.remove();
	return color;
}

/** `--interface` or `--number` as a canvas font family. */
export function family(name: 'interface' | 'number'): string {
	return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
