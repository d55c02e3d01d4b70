/**
 * The order in which the gradients of slices are summed: a binary tree over slices 0..n-1 that depends on n alone. A shard sums the
 * subtrees it holds, the trainer thread the rest, and the bits are the same however many shards there are.
 */
export interface TreeNode {
	low: number;
	high: number;
}

const middle = ({ low, high }: TreeNode) => Math.floor((low + high) / 2);

/** The node whose half `node` is, in a tree over `slices`; null for the root. */
function parentOf(node: TreeNode, slices: number): TreeNode | null {
	let parent: TreeNode | null = null;
	let at: TreeNode = { low: 0, high: slices };
	while (at.low !== node.low || at.high !== node.high) {
		parent = at;
		at =
			node.low < middle(at)
				? { low: at.low, high: middle(at) }
				: { low: middle(at), high: at.high };
	}
	return parent;
}

/** Adds `node` to `nodes`, and joins halves into wholes with `join(left, right)`, whose result lies in the left one. */
export function addNode<T extends TreeNode>(
	nodes: T[],
	node: T,
	slices: number,
	join: (left: T, right: T) => void
): void {
	const parent = parentOf(node, slices);
	const other = parent && nodes.find((n) => n.low >= parent.low && n.high <= parent.high);
	const isOtherHalf =
		parent && other && other.high - other.low + node.high - node.low === parent.high - parent.low;
	if (!isOtherHalf) {
		nodes.push(node);
		return;
	}
	nodes.splice(nodes.indexOf(other), 1);
	const [left, right] = node.low < other.low ? [node, other] : [other, node];
	join(left, right);
	left.low = parent.low;
	left.high = parent.high;
	addNode(nodes, left, slices, join);
}
