/** From places on the plane of drift and reward to pixels. */
import type { Place } from '../../state/playground.svelte';

export const WIDTH = 640;
export const HEIGHT = 420;
const LEFT = 52;
const RIGHT = 20;
const TOP = 18;
const BOTTOM = 40;
const MARGIN = 0.06;

export interface Plane {
	kl: [number, number];
	reward: [number, number];
}

/** The plane in which all places are in sight. */
export function planeOf(places: readonly Place[]): Plane {
	const rewards = places.map(({ reward }) => reward);
	const low = Math.min(...rewards);
	const high = Math.max(...rewards);
	const room = Math.max(1e-3, (high - low) * MARGIN);
	const most = Math.max(1e-3, ...places.map(({ kl }) => kl));
	return { kl: [0, most * (1 + MARGIN)], reward: [low - room, high + room] };
}

export function xOf({ kl: [from, to] }: Plane, kl: number): number {
	return LEFT + ((kl - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
}

export function yOf({ reward: [from, to] }: Plane, reward: number): number {
	return HEIGHT - BOTTOM - ((reward - from) / (to - from)) * (HEIGHT - TOP - BOTTOM);
}

/** An SVG path through places. */
export function lineThrough(plane: Plane, places: readonly Place[]): string {
	return places
		.map(
			({ kl, reward }, i) =>
				`${i === 0 ? 'M' : 'L'}${xOf(plane, kl).toFixed(1)} ${yOf(plane, reward).toFixed(1)}`
		)
		.join('');
}

/** Round numbers between two bounds, about `count` of them. */
export function ticks([from, to]: readonly [number, number], count: number): number[] {
	const raw = (to - from) / count;
	const power = 10 ** Math.floor(Math.log10(raw));
	const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw) ?? raw;
	const first = Math.ceil(from / step);
	const last = Math.floor(to / step);
	return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** The place nearest to a point in pixels. */
export function nearest<P extends Place>(
	plane: Plane,
	places: readonly P[],
	x: number,
	y: number
): P | null {
	const distance = (p: P) => Math.hypot(xOf(plane, p.kl) - x, yOf(plane, p.reward) - y);
	return places.reduce<P | null>(
		(best, p) => (best === null || distance(p) < distance(best) ? p : best),
		null
	);
}
