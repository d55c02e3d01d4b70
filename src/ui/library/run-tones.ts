/** How runs side by side look: each has a colour and a dash of its own. */
import type { Tone } from '../charts/palette.svelte';

export interface RunLook {
	tone: Tone;
	dash: readonly number[];
}

const LOOKS: readonly RunLook[] = [
	{ tone: 'run-1', dash: [] },
	{ tone: 'run-2', dash: [7, 4] },
	{ tone: 'run-3', dash: [2, 3] },
	{ tone: 'run-4', dash: [10, 3, 2, 3] },
	{ tone: 'run-5', dash: [4, 2] },
	{ tone: 'run-6', dash: [1, 4] }
];

/** More could not be told apart. */
export const MOST_RUNS = LOOKS.length;

/** Of the i-th run. */
export const lookOf = (i: number): RunLook => LOOKS[i % MOST_RUNS] ?? { tone: 'run-1', dash: [] };
