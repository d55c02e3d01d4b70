/** Keeping some prompts back, so that accuracy is measured on prompts the reward model has never seen. */
import { deriveSeed } from '../random';

export interface Split<T> {
	train: T[];
	heldOut: T[];
}

/**
 * Splits by prompt: all pairs of one prompt go to one side. Prompts are ordered by a hash of seed and tokens (not of ids, so
 * that a copied study splits alike) and held out until the pairs reach `share` (0 to 1) of all; with two prompts or more and
 * a share above 0, each side gets at least one. Both sides keep the order of the argument; the split itself does not depend
 * on it.
 */
export function splitByPrompt<T extends { promptIds: readonly number[] }>(
	pairs: readonly T[],
	share: number,
	seed: number
): Split<T> {
	const counts = new Map<string, number>();
	const keyOf = ({ promptIds }: T): string => promptIds.join(' ');
	for (const pair of pairs) {
		counts.set(keyOf(pair), (counts.get(keyOf(pair)) ?? 0) + 1);
	}
	const order = [...counts.keys()]
		.map((id): [string, number] => [id, deriveSeed(seed, `held out ${id}`)])
		.toSorted(([idX, x], [idY, y]) => x - y || (idX < idY ? -1 : 1));
	const heldOutIds = new Set<string>();
	let held = 0;
	for (const [id] of order.slice(0, -1)) {
		if (held >= share * pairs.length) {
			break;
		}
		heldOutIds.add(id);
		held += counts.get(id) ?? 0;
	}
	return {
		train: pairs.filter((pair) => !heldOutIds.has(keyOf(pair))),
		heldOut: pairs.filter((pair) => heldOutIds.has(keyOf(pair)))
	};
}
