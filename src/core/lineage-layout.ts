/** Where the things of a lineage stand: in columns by how far they are from where it began, and as an indented list. */
import type { Lineage, LineageNode } from './lineage';

export interface PlacedNode {
	node: LineageNode;
	/** 0 is leftmost. */
	column: number;
	/** 0 is on top. */
	row: number;
}

export interface LineageLayout {
	placed: PlacedNode[];
	columns: number;
	rows: number;
}

/** Passes over the columns that pull each node towards its neighbours. */
const SWEEPS = 4;

/** Longest way from a node without parents. */
function depths({ nodes, parentsOf }: Lineage): Map<string, number> {
	const found = new Map<string, number>();
	const visit = (id: string): number => {
		const known = found.get(id);
		if (known !== undefined) {
			return known;
		}
		// Set first: a loop, which stored records cannot have, ends here.
		found.set(id, 0);
		const above = parentsOf(id).map(({ from }) => visit(from));
		const depth = above.length === 0 ? 0 : Math.max(...above) + 1;
		found.set(id, depth);
		return depth;
	};
	nodes.forEach(({ id }) => visit(id));
	return found;
}

const mean = (values: readonly number[]): number =>
	values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * A layered drawing (Sugiyama et al. 1981): a node's column is its depth, and within a column nodes are ordered by the mean row
 * of their neighbours, so that few lines cross. The same graph is laid out alike every time.
 */
export function layOut(lineage: Lineage): LineageLayout {
	const depthOf = depths(lineage);
	const columns: LineageNode[][] = [];
	for (const node of lineage.nodes) {
		(columns[depthOf.get(node.id) ?? 0] ??= []).push(node);
	}
	const rowOf = new Map<string, number>();
	const number = (column: readonly LineageNode[]) =>
		column.forEach(({ id }, row) => rowOf.set(id, row));
	columns.forEach(number);
	for (let sweep = 0; sweep < SWEEPS; sweep++) {
		const isDown = sweep % 2 === 0;
		for (const column of isDown ? columns : columns.toReversed()) {
			const wanted = new Map(
				column.map(({ id }) => {
					const beside = isDown
						? lineage.parentsOf(id).map(({ from }) => from)
						: lineage.childrenOf(id).map(({ to }) => to);
					const rows = beside.map((other) => rowOf.get(other) ?? 0);
					return [id, rows.length === 0 ? (rowOf.get(id) ?? 0) : mean(rows)] as const;
				})
			);
			column.sort((x, y) => (wanted.get(x.id) ?? 0) - (wanted.get(y.id) ?? 0));
			number(column);
		}
	}
	return {
		placed: columns.flatMap((column, index) =>
			column.map((node, row) => ({ node, column: index, row }))
		),
		columns: columns.length,
		rows: Math.max(0, ...columns.map((column) => column.length))
	};
}

export interface IndentedItem {
	node: LineageNode;
	/** 0 = came from nothing. */
	level: number;
	/** It has other parents than the one it stands under. */
	others: LineageNode[];
}

/** Each item once, under the parent that came last before it; oldest first on each level. */
export function indented(lineage: Lineage): IndentedItem[] {
	const order = new Map(lineage.nodes.map(({ id }, i) => [id, i]));
	const byId = new Map(lineage.nodes.map((node) => [node.id, node]));
	const parents = (id: string): LineageNode[] =>
		lineage
			.parentsOf(id)
			.flatMap(({ from }) => byId.get(from) ?? [])
			.sort((x, y) => (order.get(y.id) ?? 0) - (order.get(x.id) ?? 0));
	const under = new Map<string | null, LineageNode[]>();
	for (const node of lineage.nodes) {
		const key = parents(node.id)[0]?.id ?? null;
		under.set(key, [...(under.get(key) ?? []), node]);
	}
	const seen = new Set<string>();
	const visit = (nodes: readonly LineageNode[], level: number): IndentedItem[] =>
		nodes.flatMap((node) => {
			if (seen.has(node.id)) {
				return [];
			}
			seen.add(node.id);
			const others = parents(node.id).slice(1);
			return [{ node, level, others }, ...visit(under.get(node.id) ?? [], level + 1)];
		});
	return visit(under.get(null) ?? [], 0);
}
