import type { Tone } from './palette.svelte';

/** One curve: plain columns, never reactive; `version` of the chart says when they grew. */
export interface ChartLine {
	label: string;
	tone: Tone;
	/** Runs and roles also differ by dash, not by colour alone. */
	dashed?: boolean;
	/** Lengths of dashes and gaps, where there are more lines than two kinds can tell apart. */
	dash?: readonly number[];
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

/** Which way is good: decides what "best" means in a summary. */
export type Direction = 'up' | 'down' | 'neither';

const USUAL_DASH: readonly number[] = [5, 4];

export const dashOf = ({ dash, dashed }: Pick<ChartLine, 'dash' | 'dashed'>): readonly number[] =>
	dash ?? (dashed ? USUAL_DASH : []);
