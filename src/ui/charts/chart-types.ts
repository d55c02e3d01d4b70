import type { Tone } from './palette.svelte';

/** One curve: plain columns, never reactive; `version` of the chart says when they grew. */
export interface ChartLine {
	label: string;
	tone: Tone;
	/** Runs and roles also differ by dash, not by colour alone. */
	dashed?: boolean;
	/** Measured now and then: marked points, never smoothed. */
	sparse?: boolean;
	xs: ArrayLike<number>;
	ys: ArrayLike<number>;
}

/** A horizontal line with its label written on it. */
export interface ReferenceLine {
	value: number;
	label: string;
	tone?: Tone;
}
