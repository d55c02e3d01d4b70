/**
 * An order of leaves as a person makes it: groups from best to least, the leaves of one group equal. Leaves are numbered from 0;
 * those that have no place yet are in no group. Pure; nothing is changed in place.
 */
export type RankOrder = readonly (readonly number[])[];

export function isPlaced(order: RankOrder, leaf: number): boolean {
	return order.some((group) => group.includes(leaf));
}

/** Takes a leaf out. */
export function remove(order: RankOrder, leaf: number): RankOrder {
	return order.map((group) => group.filter((other) => other !== leaf)).filter((g) => g.length > 0);
}

/** Puts a leaf behind all that have a place. */
export function pick(order: RankOrder, leaf: number): RankOrder {
	return isPlaced(order, leaf) ? order : [...order, [leaf]];
}

/** Puts a leaf beside the last one: equally good. */
export function pickEqual(order: RankOrder, leaf: number): RankOrder {
	const last = order.at(-1);
	return isPlaced(order, leaf) || !last
		? pick(order, leaf)
		: [...order.slice(0, -1), [...last, leaf]];
}

/** Puts a leaf alone between groups: before the group that now stands at `gap`, or behind all. */
export function placeAt(order: RankOrder, leaf: number, gap: number): RankOrder {
	const before = order.slice(0, gap);
	const after = order.slice(gap);
	return [...remove(before, leaf), [leaf], ...remove(after, leaf)];
}

/** Puts a leaf beside another one. */
export function placeBeside(order: RankOrder, leaf: number, other: number): RankOrder {
	if (leaf === other) {
		return order;
	}
	return remove(order, leaf).map((group) => (group.includes(other) ? [...group, leaf] : group));
}

/** One place better (-1) or worse (1): out of its group first, then past the next. */
export function move(order: RankOrder, leaf: number, by: -1 | 1): RankOrder {
	const at = order.findIndex((group) => group.includes(leaf));
	const group = order[at];
	if (!group) {
		return order;
	}
	if (group.length > 1) {
		return placeAt(order, leaf, by < 0 ? at : at + 1);
	}
	const isAtEnd = by < 0 ? at === 0 : at === order.length - 1;
	return isAtEnd ? order : placeAt(order, leaf, by < 0 ? at - 1 : at + 2);
}

/** Makes a leaf equal to those just before it, or, where it is equal to others already, parts it from them. */
export function toggleEqual(order: RankOrder, leaf: number): RankOrder {
	const at = order.findIndex((group) => group.includes(leaf));
	const group = order[at];
	if (!group) {
		return order;
	}
	if (group.length > 1) {
		return placeAt(order, leaf, at + 1);
	}
	const before = order[at - 1]?.[0];
	return before === undefined ? order : placeBeside(order, leaf, before);
}

/** Rank of each of n leaves, 1 = best, equal ones alike and the next after them counting on (1, 2, 2, 4); null until all have a place. */
export function ranksOf(order: RankOrder, n: number): number[] | null {
	const ranks = new Array<number>(n).fill(0);
	let rank = 1;
	for (const group of order) {
		for (const leaf of group) {
			ranks[leaf] = rank;
		}
		rank += group.length;
	}
	return rank === n + 1 ? ranks : null;
}

/** The order that such ranks came from. */
export function orderOf(ranks: readonly number[]): RankOrder {
	const groups = new Map<number, number[]>();
	ranks.forEach((rank, leaf) => groups.set(rank, [...(groups.get(rank) ?? []), leaf]));
	return [...groups].toSorted(([x], [y]) => x - y).map(([, group]) => group);
}
