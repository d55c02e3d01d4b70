/** The strips under a text: their order, colours and scales. */
import type { StepStrips } from '../../core/methods/step-display';
import type { F } from '../../core/methods/loss';
import { at } from '../../core/methods/math';

export type StripName = 'kl' | 'prefix' | 'value' | 'reward' | 'delta' | 'advantage' | 'ratio';

export const STRIPS: readonly StripName[] = [
	'kl',
	'prefix',
	'value',
	'reward',
	'delta',
	'advantage',
	'ratio'
];

/** Bars of a ratio reach this many clip ranges from 1. */
const RATIO_RANGES = 2.5;
const LEAST_REACH = 0.05;

export interface Strip {
	name: StripName;
	values: F;
	/** Value in the middle. */
	center: number;
	/** Distance from the middle that fills the bar. */
	reach: number;
}

export interface StripScale {
	/** What sets the scales, so that turning a knob moves the bars and not the scale. */
	original: StepStrips;
	prefixScores: F;
	clipRange: number;
	/** Of the text looked at: first place, and the one after the last. */
	from: number;
	to: number;
}

export function stripsOf(
	now: StepStrips,
	{ original, prefixScores, clipRange, from, to }: StripScale
): Strip[] {
	const own = (array: F) => array.subarray(from, to);
	// Expectations, rewards and surprises are in one unit: one scale, so that they can be compared by eye.
	const shared = reachOf(own(original.reward), own(original.value), own(original.delta));
	const reaches: Record<StripName, number> = {
		kl: reachOf(own(original.kl)),
		prefix: reachOf(own(prefixScores)),
		value: shared,
		reward: shared,
		delta: shared,
		advantage: reachOf(own(original.advantage)),
		ratio: RATIO_RANGES * clipRange
	};
	return STRIPS.map((name) => ({
		name,
		values: name === 'prefix' ? prefixScores : now[name],
		center: name === 'ratio' ? 1 : 0,
		reach: reaches[name]
	}));
}

function reachOf(...arrays: readonly F[]): number {
	return arrays.reduce(
		(most, array) => array.reduce((a, b) => Math.max(a, Math.abs(b)), most),
		LEAST_REACH
	);
}

/** From -1 to 1; beyond the scale it stays at the end. */
export function barOf({ values, center, reach }: Strip, i: number): number {
	return Math.max(-1, Math.min(1, (at(values, i) - center) / reach));
}

/** A token's text with its white space made visible where there is nothing else to see. */
export function visibleToken(text: string): string {
	const shown = text.replaceAll('\n', '↵');
	return shown.trim() === '' ? shown.replaceAll(' ', '␣') || '∅' : shown;
}
