import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/core/random';
import type { Batch } from '../../../src/core/methods/loss';
import { addNode, type TreeNode } from '../../../workers/engine/wasm/gradient-tree';
import { Heap, withScope } from '../../../workers/engine/wasm/heap';
import { planBatch, slicesOf } from '../../../workers/engine/wasm/slices';

const MILLION = 1e6;

function raggedBatch(lengths: number[]): Batch {
	const [B, T] = [lengths.length, Math.max(...lengths)];
	const length = Int32Array.from(lengths);
	const ids = Int32Array.from({ length: B * T }, (_, i) => i);
	return { B, T, ids, promptLength: new Int32Array(B).fill(1), length };
}

describe('the heap', () => {
	test('freed blocks are used again and joined, so that memory does not grow', () => {
		const heap = new Heap();
		const random = new Random(1);
		const sizes = Array.from({ length: 40 }, () => 1000 + random.int(60_000));
		const round = () => sizes.map((size) => heap.alloc(size)).forEach((block) => heap.free(block));
		round();
		const { allocated, busiest } = heap.use;
		for (let i = 0; i < 20; i++) {
			random.shuffle(sizes);
			round();
		}
		expect(heap.use).toEqual({ allocated, inUse: 0, busiest });
		expect(allocated).toBeLessThan(2 * busiest);
	});

	test('blocks do not overlap, whatever order they are freed in', () => {
		const heap = new Heap();
		const random = new Random(2);
		const held: { address: number; size: number; mark: number }[] = [];
		for (let i = 0; i < 500; i++) {
			if (held.length > 20 || (held.length > 0 && random.next() < 0.4)) {
				const [block] = held.splice(random.int(held.length), 1);
				expect(
					heap.ints(block?.address ?? 0, block?.size ?? 0).every((x) => x === block?.mark)
				).toBe(true);
				heap.free(block?.address ?? 0);
			} else {
				const size = 1 + random.int(5000);
				const address = heap.alloc(size * 4);
				heap.ints(address, size).fill(i);
				held.push({ address, size, mark: i });
			}
		}
	});

	test('more than the limit is out of memory, and says how much', () => {
		const heap = new Heap(2 ** 20);
		expect(() => heap.alloc(2 ** 21)).toThrow(
			expect.objectContaining({
				code: 'out-of-memory',
				detail: { bytes: 2 ** 21, limit: 2 ** 20 }
			})
		);
		expect(heap.use.inUse).toBe(0);
	});

	test('a scope frees its blocks even when the work throws', () => {
		const heap = new Heap();
		expect(() =>
			withScope(heap, (scope) => {
				scope.floats(100);
				throw new Error('half way');
			})
		).toThrow('half way');
		expect(heap.use.inUse).toBe(0);
	});
});

describe('dividing a batch', () => {
	const random = new Random(3);
	const batch = raggedBatch(Array.from({ length: 37 }, () => 1 + random.int(90)));

	test.each([
		[MILLION, 2048],
		[50 * MILLION, 2048],
		[MILLION, 100]
	])('every row is in one part, in order (%d parameters, %d positions)', (parameters, micro) => {
		const { parts, slices } = planBatch(batch, parameters, micro);
		const rows = parts.flatMap((p) => Array.from(p.lengths, (_, i) => p.firstRow + i));
		expect(rows).toEqual(Array.from({ length: batch.B }, (_, b) => b));
		expect(new Set(parts.map((p) => p.slice)).size).toBe(slices);
		expect(parts.filter((p) => p.isLastOfSlice).length).toBe(slices);
		for (const part of parts) {
			const expected = rowsOf(batch, part.firstRow, part.lengths.length);
			expect(Array.from(part.ids)).toEqual(expected);
			expect(part.lengths.length === 1 || part.ids.length <= micro).toBe(true);
		}
	});

	function rowsOf({ ids, T, length }: Batch, first: number, count: number): number[] {
		return Array.from({ length: count }, (_, i) => {
			const start = (first + i) * T;
			return Array.from(ids.subarray(start, start + (length[first + i] ?? 0)));
		}).flat();
	}

	test('small batches are one slice, large ones eight of about the same size', () => {
		expect(planBatch(raggedBatch([40, 60]), MILLION, 2048).slices).toBe(1);
		const { parts, slices } = planBatch(raggedBatch(Array(64).fill(50)), MILLION, 2048);
		expect(slices).toBe(8);
		expect(parts.map((p) => p.ids.length)).toEqual(Array(8).fill(400));
	});

	test('shards get neighbouring slices, each once', () => {
		const plan = planBatch(batch, MILLION, 100);
		for (const shards of [1, 2, 3, 5, 8]) {
			const shared = Array.from({ length: shards }, (_, s) => slicesOf(plan, s, shards));
			expect(shared.flat()).toEqual(plan.parts);
		}
	});
});

describe('the tree of gradient sums', () => {
	interface Node extends TreeNode {
		text: string;
	}
	const join = (left: Node, right: Node) => (left.text = `(${left.text}${right.text})`);
	const sumOf = (slices: number, shards: number): string => {
		const held = Array.from({ length: shards }, (_, shard) => {
			const nodes: Node[] = [];
			const from = Math.floor((shard * slices) / shards);
			for (let low = from; low < Math.floor(((shard + 1) * slices) / shards); low++) {
				addNode(nodes, { low, high: low + 1, text: String(low) }, slices, join);
			}
			return nodes;
		});
		const root: Node[] = [];
		held.flat().forEach((node) => addNode(root, node, slices, join));
		expect(root.length).toBe(1);
		return root[0]?.text ?? '';
	};

	test('is the same whoever adds', () => {
		expect(sumOf(4, 1)).toBe('((01)(23))');
		for (let slices = 1; slices <= 8; slices++) {
			for (let shards = 1; shards <= 8; shards++) {
				expect(sumOf(slices, shards)).toBe(sumOf(slices, 1));
			}
		}
	});
});
