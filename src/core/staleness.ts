/**
 * What is stale, and why: a model is, once answers that it learned from were taken back or changed, and so is all that was made
 * from it. Newer answers alone make nothing stale; they leave it behind.
 */
import type { DatasetRow, DatasetTransform, DatasetVersion } from './feedback/dataset-version';
import type { Lineage } from './lineage';

/** From a dataset version to the answers of now. */
export interface Drift {
	/** Rows that are no longer there: taken back, or no longer used. */
	removed: number;
	/** Rows with another answer, or other text. */
	changed: number;
	/** Rows that were not there yet. */
	added: number;
}

export interface HashedRow {
	row: Pick<DatasetRow, 'id' | 'source' | 'outcome'>;
	hash: string;
}

const isKept = ({ row }: HashedRow, { ties, includeSimulated }: DatasetTransform): boolean =>
	(row.source !== 'simulated' || includeSimulated) && (row.outcome !== 'tie' || ties === 'half');

/** Compares a version with the rows of now, under the version's own transform. */
export function driftOf(
	{ members, excluded, transform }: Pick<DatasetVersion, 'members' | 'excluded' | 'transform'>,
	rows: readonly HashedRow[]
): Drift {
	const now = new Map(
		rows.filter((row) => isKept(row, transform)).map(({ row, hash }) => [row.id, hash])
	);
	const duplicates = new Set(
		excluded.filter(({ reason }) => reason === 'duplicate').map(({ id }) => id)
	);
	const then = new Set(members.map(({ id }) => id));
	const removed = members.filter(({ id }) => !now.has(id)).length;
	const same = members.filter(({ id, hash }) => now.get(id) === hash).length;
	const added = [...now.keys()].filter((id) => !then.has(id) && !duplicates.has(id)).length;
	return { removed, changed: members.length - removed - same, added };
}

export interface Staleness {
	/** `stale`: answers it rests on are no longer so. `behind`: there are newer ones. */
	state: 'stale' | 'behind';
	drift: Drift;
	/** Dataset version in which the change is. */
	datasetId: string;
	/** Whatever learned from that version first: the item itself, or an ancestor. */
	sourceId: string;
}

/**
 * For each item that is stale or behind, why. A dataset version itself is never stale: it is what it was. Of several reasons
 * an item is given the worst, and among equals the nearest.
 */
export function staleItems(
	{ nodes, parentsOf }: Lineage,
	drifts: ReadonlyMap<string, Drift>
): Map<string, Staleness> {
	const byId = new Map(nodes.map((node) => [node.id, node]));
	const found = new Map<string, Staleness | null>();
	const visit = (id: string): Staleness | null => {
		const known = found.get(id);
		if (known !== undefined) {
			return known;
		}
		// A loop cannot occur in stored records; if it did, it would add nothing.
		found.set(id, null);
		const reasons = parentsOf(id).flatMap((edge): Staleness[] => {
			const parent = byId.get(edge.from);
			const drift = parent?.kind === 'dataset' ? drifts.get(parent.id) : undefined;
			if (drift) {
				const isStale = drift.removed + drift.changed > 0;
				const state = isStale ? 'stale' : 'behind';
				return isStale || drift.added > 0
					? [{ state, drift, datasetId: edge.from, sourceId: id }]
					: [];
			}
			const inherited = parent && parent.kind !== 'dataset' ? visit(parent.id) : null;
			return inherited ? [inherited] : [];
		});
		const worst = reasons.find(({ state }) => state === 'stale') ?? reasons[0] ?? null;
		found.set(id, worst);
		return worst;
	};
	nodes.filter(({ kind }) => kind !== 'dataset').forEach(({ id }) => visit(id));
	return new Map([...found].flatMap(([id, reason]) => (reason ? [[id, reason] as const] : [])));
}
