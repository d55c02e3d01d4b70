/** What came from what: a graph over the records of a study, read off them and never stored a second time. */
import type {
	DatasetVersionRecord,
	EvaluationRecord,
	GoldJudge,
	MeasurementRecord,
	PolicyRecord,
	ReportRecord,
	RewardModelRecord,
	Run,
	WeightsRef
} from './records';

export type LineageKind = 'dataset' | 'run' | 'reward' | 'policy' | 'evaluation' | 'report';

export interface LineageNode {
	id: string;
	kind: LineageKind;
	name: string;
	createdAt: number;
}

/** How one thing went into another. */
export type LineageRole = 'data' | 'made' | 'reward' | 'start' | 'reference' | 'judge' | 'compared';

export interface LineageEdge {
	from: string;
	to: string;
	role: LineageRole;
}

export interface Lineage {
	/** Oldest first; a node never stands before one that it came from, unless their clocks disagree. */
	nodes: readonly LineageNode[];
	edges: readonly LineageEdge[];
	parentsOf: (id: string) => readonly LineageEdge[];
	childrenOf: (id: string) => readonly LineageEdge[];
	/** Items whose record names something that is no longer stored. */
	orphans: ReadonlySet<string>;
}

export interface LineageRecords {
	versions: readonly DatasetVersionRecord[];
	runs: readonly Run[];
	rewardModels: readonly RewardModelRecord[];
	policies: readonly PolicyRecord[];
	evaluations: readonly EvaluationRecord[];
	reports: readonly (ReportRecord | MeasurementRecord)[];
}

function weightsEdge(ref: WeightsRef | undefined, to: string, role: LineageRole): LineageEdge[] {
	switch (ref?.kind) {
		case 'policy':
			return [{ from: ref.policyId, to, role }];
		case 'snapshot':
			return [{ from: ref.runId, to, role }];
		default:
			return [];
	}
}

const judgeEdge = (gold: GoldJudge | undefined, to: string): LineageEdge[] =>
	gold?.kind === 'reward-model' ? [{ from: gold.rewardModelId, to, role: 'judge' }] : [];

function edgesOfRun(run: Run, versionIds: ReadonlyMap<string, string>): LineageEdge[] {
	const { id: to, parents } = run;
	const { rewardModelId, datasetVersionId, runId } = parents;
	return [
		...(datasetVersionId === undefined
			? []
			: [
					{
						from: versionIds.get(datasetVersionId) ?? datasetVersionId,
						to,
						role: 'data' as const
					}
				]),
		...(rewardModelId ? [{ from: rewardModelId, to, role: 'reward' as const }] : []),
		...(runId ? [{ from: runId, to, role: 'start' as const }] : []),
		...weightsEdge(run.start, to, 'start'),
		...weightsEdge(run.reference, to, 'reference'),
		...judgeEdge(run.gold, to)
	];
}

function edgesOfReport(report: ReportRecord | MeasurementRecord): LineageEdge[] {
	const { id: to } = report;
	switch (report.kind) {
		case 'best-of-n':
			return [
				{ from: report.runId, to, role: 'made' },
				{ from: report.rewardModelId, to, role: 'reward' },
				...weightsEdge(report.writer, to, 'start'),
				...judgeEdge(report.gold, to)
			];
		case 'frontier':
			return [
				...report.entries.flatMap(({ policyId }): LineageEdge[] =>
					policyId === undefined ? [] : [{ from: policyId, to, role: 'compared' }]
				),
				{ from: report.rewardModelId, to, role: 'reward' },
				...judgeEdge(report.gold, to)
			];
		case 'monitors':
			return [{ from: report.runId, to, role: 'compared' }];
		case 'red-team': {
			const { policyId } = report.writer;
			return policyId === null ? [] : [{ from: policyId, to, role: 'compared' }];
		}
	}
}

function edgesOf(records: LineageRecords): LineageEdge[] {
	const versionIds = new Map(records.versions.map(({ id, dataset }) => [dataset.id, id]));
	return [
		...records.runs.flatMap((run) => edgesOfRun(run, versionIds)),
		...[...records.rewardModels, ...records.policies].map(({ id, runId }): LineageEdge => ({
			from: runId,
			to: id,
			role: 'made'
		})),
		...records.evaluations.flatMap(({ id, baseline, candidate }) =>
			[baseline, candidate].flatMap(({ policyId }): LineageEdge[] =>
				policyId === null ? [] : [{ from: policyId, to: id, role: 'compared' }]
			)
		),
		...records.reports.flatMap(edgesOfReport)
	];
}

function nodesOf(records: LineageRecords): LineageNode[] {
	const node =
		(kind: LineageKind) =>
		({ id, name, createdAt }: Omit<LineageNode, 'kind'>): LineageNode => ({
			id,
			kind,
			name,
			createdAt
		});
	const { versions, runs, rewardModels, policies, evaluations, reports } = records;
	return [
		...versions.map(({ id, createdAt, dataset }) =>
			node('dataset')({ id, createdAt, name: `${dataset.name} ${dataset.number}` })
		),
		...runs.map(node('run')),
		...rewardModels.map(node('reward')),
		...policies.map(node('policy')),
		...evaluations.map(node('evaluation')),
		...reports.map(node('report'))
		// A stable sort: of things made in the same millisecond data come before runs, and runs before models.
	].sort((x, y) => x.createdAt - y.createdAt);
}

function grouped(edges: readonly LineageEdge[], end: 'from' | 'to'): Map<string, LineageEdge[]> {
	const groups = new Map<string, LineageEdge[]>();
	for (const edge of edges) {
		groups.set(edge[end], [...(groups.get(edge[end]) ?? []), edge]);
	}
	return groups;
}

/** The graph of a study. Two edges between the same things are one, of the first role that was found. */
export function lineageOf(records: LineageRecords): Lineage {
	const nodes = nodesOf(records);
	const ids = new Set(nodes.map(({ id }) => id));
	const named = edgesOf(records);
	const once = new Map<string, LineageEdge>();
	for (const edge of named) {
		const ends = `${edge.from} ${edge.to}`;
		if (ids.has(edge.from) && ids.has(edge.to) && !once.has(ends)) {
			once.set(ends, edge);
		}
	}
	const edges = [...once.values()];
	const [into, outOf] = [grouped(edges, 'to'), grouped(edges, 'from')];
	return {
		nodes,
		edges,
		parentsOf: (id) => into.get(id) ?? [],
		childrenOf: (id) => outOf.get(id) ?? [],
		orphans: new Set(named.filter(({ from }) => !ids.has(from)).map(({ to }) => to))
	};
}

/** An item with all that it came from and all that came from it. */
export function kinOf(lineage: Lineage, id: string): Set<string> {
	const kin = new Set([id]);
	const walk = (next: (id: string) => readonly string[], from: string): void => {
		for (const one of next(from)) {
			if (!kin.has(one)) {
				kin.add(one);
				walk(next, one);
			}
		}
	};
	walk((one) => lineage.parentsOf(one).map(({ from }) => from), id);
	// Relatives of ancestors are no kin: downwards from the item alone.
	const above = [...kin];
	kin.clear();
	kin.add(id);
	walk((one) => lineage.childrenOf(one).map(({ to }) => to), id);
	above.forEach((one) => kin.add(one));
	return kin;
}
