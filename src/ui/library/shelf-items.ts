/** The things of the shelf as they are shown: records, what was said about them, and their facts in a line. */
import type { LineageNode } from '../../core/lineage';
import type {
	DatasetVersionRecord,
	EvaluationRecord,
	ItemNote,
	MeasurementRecord,
	PolicyRecord,
	ReportRecord,
	RewardModelRecord,
	Run
} from '../../core/records';
import type { Staleness } from '../../core/staleness';
import { en } from '../../i18n/en';
import type { EvaluationTally } from '../../state/evaluate.svelte';
import type { Studio } from '../../state/studio.svelte';
import { formatNumber, formatPercent, formatSigned } from '../format';

export type ShelfRecord =
	| { kind: 'dataset'; record: DatasetVersionRecord }
	| { kind: 'run'; record: Run }
	| { kind: 'reward'; record: RewardModelRecord }
	| { kind: 'policy'; record: PolicyRecord }
	| { kind: 'evaluation'; record: EvaluationRecord; tally: EvaluationTally }
	| { kind: 'report'; record: ReportRecord | MeasurementRecord };

export interface ShelfItem {
	node: LineageNode;
	what: ShelfRecord;
	note: ItemNote | null;
	facts: string;
	/** Why it is stale or behind; null where it is neither. */
	staleness: Staleness | null;
	isStale: boolean;
	/** Something that it came from is no longer stored. */
	isOrphan: boolean;
}

export const heldOutOf = ({ dataset }: DatasetVersionRecord): number =>
	dataset.members.filter(({ split }) => split === 'held-out').length;

function runFacts({ kind, status, step, totalSteps, seed, engine }: Run): string {
	const words = en.library;
	const state = en.training.status[status];
	const facts = words.runFacts(words.kinds[kind], state, step, totalSteps, seed);
	if (!engine) {
		return facts;
	}
	// A run may name a backend that this version no longer has.
	const names: Record<string, string> = en.sample.backendNames;
	const where = en.engine.on(names[engine.backend] ?? engine.backend, engine.device);
	const placed = words.runEngine(facts, where);
	return engine.exact === false ? words.runNote(placed, en.engine.notExact) : placed;
}

function factsOf(what: ShelfRecord): string {
	const words = en.library;
	switch (what.kind) {
		case 'dataset': {
			const { rows } = what.record.dataset.statistics;
			return words.shelf.datasetFacts(rows, heldOutOf(what.record));
		}
		case 'run':
			return runFacts(what.record);
		case 'reward': {
			const { trainPairs, heldOutPairs, heldOutAccuracy, simulatedShare } = what.record;
			const share = heldOutAccuracy === null ? '–' : formatPercent(heldOutAccuracy);
			return words.rewardFacts(trainPairs + heldOutPairs, share, formatPercent(simulatedShare));
		}
		case 'policy': {
			const { step, reward, kl } = what.record;
			const score = Number.isFinite(reward) ? formatSigned(reward) : '–';
			return words.policyFacts(step, score, formatNumber(kl));
		}
		case 'evaluation': {
			const { answered, estimate } = what.tally;
			return words.shelf.evaluationFacts(answered, what.record.pairs, formatPercent(estimate));
		}
		case 'report':
			return words.shelf.reportKinds[what.record.kind];
	}
}

function recordsOf({ library, evaluate }: Studio): Map<string, ShelfRecord> {
	const { versions, runs, rewardModels, policies, evaluations, reports } = library.records;
	const all: ShelfRecord[] = [
		...versions.map((record) => ({ kind: 'dataset' as const, record })),
		...runs.map((record) => ({ kind: 'run' as const, record })),
		...rewardModels.map((record) => ({ kind: 'reward' as const, record })),
		...policies.map((record) => ({ kind: 'policy' as const, record })),
		...evaluations.map((record) => ({
			...{ kind: 'evaluation' as const, record },
			tally: evaluate.tallyOf(record)
		})),
		...reports.map((record) => ({ kind: 'report' as const, record }))
	];
	return new Map(all.map((what) => [what.record.id, what]));
}

/** Everything of the open study, by id, oldest first. */
export function shelfItems(studio: Studio): Map<string, ShelfItem> {
	const { library } = studio;
	const records = recordsOf(studio);
	return new Map(
		library.lineage.nodes.flatMap((node): [string, ShelfItem][] => {
			const what = records.get(node.id);
			const staleness = library.stale.get(node.id) ?? null;
			return what
				? [
						[
							node.id,
							{
								...{ node, what, staleness, facts: factsOf(what) },
								note: library.noteOf(node.id),
								isStale: staleness?.state === 'stale',
								isOrphan: library.lineage.orphans.has(node.id)
							}
						]
					]
				: [];
		})
	);
}

/** Address of a thing's own page. */
export const itemHref = (id: string): string => `#/library/item/${id}`;

/** Address of runs side by side. */
export const compareHref = (ids: readonly string[]): string => `#/library/compare/${ids.join(',')}`;
