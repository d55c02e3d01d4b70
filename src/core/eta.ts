/** How long a job still takes. Times are handed in; nothing here reads a clock. */

const STEPS_BEFORE_GUESSING = 5;
const RECENT_STEPS = 15;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

function median(values: readonly number[]): number {
	const sorted = values.toSorted((x, y) => x - y);
	const middle = Math.floor(sorted.length / 2);
	const high = sorted[middle] ?? NaN;
	return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? NaN) + high) / 2;
}

/** Time left by the median of recent steps: one slow step (a tab in the background) does not spoil it. */
export class Eta {
	#durationsMs: number[] = [];
	#shownMs: number | null = null;

	/** A step has ended, after working this long (pauses left out). */
	stepDone(durationMs: number): void {
		this.#durationsMs = [...this.#durationsMs, durationMs].slice(-RECENT_STEPS);
	}

	/** Milliseconds for so many more steps; null until five are measured. From call to call it rises by one step at most. */
	remainingMs(stepsLeft: number): number | null {
		if (this.#durationsMs.length < STEPS_BEFORE_GUESSING) {
			return null;
		}
		const step = median(this.#durationsMs);
		const estimate = step * stepsLeft;
		const ceiling = this.#shownMs === null ? Infinity : this.#shownMs + step;
		this.#shownMs = Math.min(estimate, ceiling);
		return this.#shownMs;
	}
}

/** A rounded quantity for a sentence: 'moments', 'about 20 s', 'about 4 min', 'about 1 h 30 min'. */
export type RoundedTime =
	| { unit: 'moments' }
	| { unit: 'seconds' | 'minutes'; count: number }
	| { unit: 'hours'; count: number; minutes: number };

/** Rounded as far as an estimate deserves: to 10 s, minutes, or quarters of an hour. */
export function roundTime(ms: number): RoundedTime {
	if (ms < 5 * SECOND) {
		return { unit: 'moments' };
	}
	const tens = Math.round(ms / (10 * SECOND)) * 10;
	if (tens < 60) {
		return { unit: 'seconds', count: Math.max(10, tens) };
	}
	const minutes = Math.round(ms / MINUTE);
	if (minutes < 60) {
		return { unit: 'minutes', count: minutes };
	}
	const quarters = Math.round(ms / (HOUR / 4));
	return { unit: 'hours', count: Math.floor(quarters / 4), minutes: (quarters % 4) * 15 };
}

/** The same in words. */
export function describeTime(ms: number): string {
	const time = roundTime(ms);
	switch (time.unit) {
		case 'moments':
			return 'a few seconds';
		case 'seconds':
			return `about ${time.count} s`;
		case 'minutes':
			return `about ${time.count} min`;
		case 'hours':
			return time.minutes === 0
				? `about ${time.count} h`
				: `about ${time.count} h ${time.minutes} min`;
	}
}
