/** The version of a set of answers: a hash of what a reward model learns from, and of nothing else. */
import { sha256 } from '../sha256';
import type { PreferencePair } from './comparison';

/** Written into every hash, so that a change of what is hashed cannot pass for the same data. */
const HASH_FORMAT = 1;

/**
 * Content hash of a set of pairs, the same in any order and for any presentation ids. Every other field counts, and so does
 * how often a pair occurs.
 */
export function datasetHash(pairs: readonly PreferencePair[]): string {
	const lines = pairs.map(({ promptIds, aIds, bIds, y, simulated }) =>
		JSON.stringify([promptIds, aIds, bIds, y, simulated])
	);
	return sha256([`pairs ${HASH_FORMAT}`, ...lines.toSorted()].join('\n'));
}
