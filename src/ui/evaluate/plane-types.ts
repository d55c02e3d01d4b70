/** What can stand on a plane of two measures. */
import type { Tone } from '../charts/palette.svelte';

export interface PlanePoint {
	x: number;
	y: number;
	/** Intervals, where they are known. */
	xInterval?: { low: number; high: number };
	yInterval?: { low: number; high: number };
	/** Written beside it. */
	label?: string;
	/** First cell of its row in the table; its label or its number otherwise. */
	name?: string;
}

export type PlaneShape = 'disc' | 'square' | 'diamond' | 'triangle';

export interface PlaneSeries {
	label: string;
	tone: Tone;
	points: readonly PlanePoint[];
	/** Told apart without colour too. */
	shape?: PlaneShape;
	/** Points joined by a line; `marks: false`: the line alone, which is no measurement and not in the table. */
	line?: 'solid' | 'dashed';
	marks?: boolean;
}

/** A place along x, with how sure it is. */
export interface PlaneMarker {
	x: number;
	low: number;
	high: number;
	label: string;
	tone: Tone;
}
