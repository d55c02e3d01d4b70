import { expect, test } from 'vitest';
import { Random } from '../../../src/core/random';
import {
	move,
	orderOf,
	pick,
	pickEqual,
	placeAt,
	placeBeside,
	ranksOf,
	remove,
	toggleEqual,
	type RankOrder
} from '../../../src/ui/book/ranking-order';

test('leaves are picked from best to least, a second pick changes nothing', () => {
	const order = [2, 0, 2, 1].reduce<RankOrder>(pick, []);
	expect(order).toEqual([[2], [0], [1]]);
	expect(ranksOf(order, 3)).toEqual([2, 3, 1]);
	expect(ranksOf(order, 4)).toBeNull();
});

test('equal leaves share a rank, and the next one counts on', () => {
	const order = pick(pickEqual(pick(pick([], 3), 0), 1), 2);
	expect(order).toEqual([[3], [0, 1], [2]]);
	expect(ranksOf(order, 4)).toEqual([2, 2, 4, 1]);
	expect(pickEqual([], 1)).toEqual([[1]]);
});

test('a leaf moves out of its group first, then past the next, and stops at the ends', () => {
	const order: RankOrder = [[0], [1, 2], [3]];
	expect(move(order, 2, -1)).toEqual([[0], [2], [1], [3]]);
	expect(move(order, 1, 1)).toEqual([[0], [2], [1], [3]]);
	expect(move(order, 3, -1)).toEqual([[0], [3], [1, 2]]);
	expect(move(order, 0, -1)).toEqual(order);
	expect(move(order, 0, 1)).toEqual([[1, 2], [0], [3]]);
	expect(move(order, 3, 1)).toEqual(order);
	expect(move(order, 9, 1)).toEqual(order);
});

test('equal is switched on with those before, and off again', () => {
	expect(toggleEqual([[0], [1], [2]], 2)).toEqual([[0], [1, 2]]);
	expect(toggleEqual([[0], [1, 2]], 2)).toEqual([[0], [1], [2]]);
	expect(toggleEqual([[0], [1]], 0)).toEqual([[0], [1]]);
});

test('dropping between groups stands alone, dropping on a leaf makes equal', () => {
	const order: RankOrder = [[0], [1], [2]];
	expect(placeAt(order, 2, 0)).toEqual([[2], [0], [1]]);
	expect(placeAt(order, 0, 3)).toEqual([[1], [2], [0]]);
	expect(placeAt(order, 0, 1)).toEqual(order);
	expect(placeAt([[0]], 5, 1)).toEqual([[0], [5]]);
	expect(placeBeside(order, 0, 2)).toEqual([[1], [2, 0]]);
	expect(placeBeside(order, 1, 1)).toEqual(order);
	expect(remove([[0, 1], [2]], 2)).toEqual([[0, 1]]);
});

test('whatever is done to an order, every leaf keeps exactly one place and ranks give the order back', () => {
	const random = new Random(3);
	let order: RankOrder = [[0], [1], [2], [3]];
	for (let i = 0; i < 500; i++) {
		const leaf = random.int(4);
		const acts = [
			() => move(order, leaf, random.next() < 0.5 ? -1 : 1),
			() => toggleEqual(order, leaf),
			() => placeAt(order, leaf, random.int(order.length + 1)),
			() => placeBeside(order, leaf, random.int(4))
		];
		order = acts[random.int(acts.length)]?.() ?? order;
		expect(order.flat().toSorted()).toEqual([0, 1, 2, 3]);
		const ranks = ranksOf(order, 4);
		expect(ranks && orderOf(ranks).map((g) => g.toSorted())).toEqual(
			order.map((g) => [...g].sort())
		);
	}
});
