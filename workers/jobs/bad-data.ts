/** Data that nothing can be learned from, refused with the reason before a run starts. */
import type { PreferencePair } from '../../src/core/feedback/comparison';
import { StudioError } from '../../src/protocol/errors';

const refused = (message: string, detail: Record<string, unknown>) =>
	new StudioError('not-enough-data', message, { detail });

/** Pairs for a method that learns from comparisons. */
export function assertCompared(pairs: readonly PreferencePair[]): void {
	const usable = pairs.filter(({ aIds, bIds }) => aIds.length > 0 && bIds.length > 0);
	if (usable.length === 0) {
		throw refused(
			pairs.length === 0
				? 'There is no answer to learn from.'
				: `All ${pairs.length} pairs have an empty completion: there is nothing to compare.`,
			{ pairs: usable.length, needed: 1 }
		);
	}
	if (usable.every(({ aIds, bIds }) => aIds.join() === bIds.join())) {
		throw refused(
			'In every pair both completions are the same text, so no answer can teach anything.',
			{
				pairs: 0,
				needed: 1
			}
		);
	}
	if (usable.every(({ y }) => y === 0.5)) {
		throw refused('Every answer is a tie: nothing says which completions are better.', {
			pairs: 0,
			needed: 1
		});
	}
}
