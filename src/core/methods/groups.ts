/** Several completions of one prompt beside each other: rows of a group follow one another, all groups are of one size. */
import type { F } from './loss';
import { mean, populationVariance } from './math';

/** Applies f to each group of `size` values. Throws RangeError unless groups of two or more divide the values evenly. */
export function mapGroups(values: F, size: number, f: (group: F) => F): F {
	if (!Number.isSafeInteger(size) || size < 2 || values.length % size !== 0) {
		throw new RangeError(`groups of ${size} out of ${values.length}`);
	}
	const result = new Float64Array(values.length);
	for (let start = 0; start < values.length; start += size) {
		result.set(f(values.subarray(start, start + size)), start);
	}
	return result;
}

/** Spread below which the rewards of a group count as equal, relative to their size. */
const RELATIVE_SPREAD = 1e-12;

export function isConstant(group: F): boolean {
	const sd = Math.sqrt(populationVariance(group));
	return sd <= RELATIVE_SPREAD * Math.max(1, Math.abs(mean(group)));
}

/** Share of groups whose rewards are all equal and teach nothing; 0 without groups. */
export function constantGroups(rewards: F, size: number): number {
	if (rewards.length === 0) {
		return 0;
	}
	return mean(mapGroups(rewards, size, (group) => group.map(() => (isConstant(group) ? 1 : 0))));
}
