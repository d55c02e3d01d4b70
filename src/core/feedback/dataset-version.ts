/**
 * Versions of a dataset: what a reward model is trained on, fixed for ever. A version is named by its content, the sorted
 * hashes of its members and what was done to choose them, so that the same answers under the same settings are the same
 * version, in any order and on any machine; ids of records do not count, a copied study renews them.
 */
import type { Outcome, Quality } from '../records';
import { sha256 } from '../sha256';
import { splitByPrompt } from './split';
import { wordsOf } from './words';

/** Written into every hash, so that a change of what is hashed cannot pass for the same data. */
const VERSION_FORMAT = 1;

/** One judged pair. */
export interface DatasetRow {
	/** Of the presentation, or ranking and pair: what a later answer to the same question keeps. */
	id: string;
	prompt: string;
	/** Tokens: the key of the split. */
	promptIds: readonly number[];
	aText: string;
	bText: string;
	outcome: Exclude<Outcome, 'skip'>;
	strength?: 0 | 1 | 2 | 3;
	qualityA?: Quality;
	qualityB?: Quality;
	source: 'human' | 'simulated';
	/** A pseudonym. */
	annotatorId: string;
	/** Of pairs from one ranking. */
	rankingId?: string;
}

/** What is done to rows before they train; part of the version's name. */
export interface DatasetTransform {
	ties: 'half' | 'drop';
	includeSimulated: boolean;
	/** Of rows with the same content, keep one. */
	dropDuplicates: boolean;
	/** Share of the pairs whose prompts are held out, and the seed that chooses them. */
	heldOut: number;
	splitSeed: number;
}

export type ExclusionReason = 'tie' | 'simulated' | 'duplicate';

export interface DatasetStatistics {
	rows: number;
	prompts: number;
	byOutcome: Readonly<Record<DatasetRow['outcome'], number>>;
	bySource: Readonly<Record<DatasetRow['source'], number>>;
	annotators: number;
	bothBad: number;
	/** Mean words of a completion; null without rows. */
	meanWords: number | null;
}

export interface DatasetVersion {
	/** SHA-256 over the transform and the sorted member hashes. */
	id: string;
	format: number;
	name: string;
	/** Counts up within a name, from 1. */
	number: number;
	parentId: string | null;
	transform: DatasetTransform;
	/** In the order of their hashes. */
	members: readonly { id: string; hash: string; split: 'train' | 'held-out' }[];
	excluded: readonly { id: string; reason: ExclusionReason }[];
	statistics: DatasetStatistics;
}

/** Content hash of a row: all of it but its ids. */
export function rowHash(row: DatasetRow): string {
	const { prompt, promptIds, aText, bText, outcome, source, annotatorId } = row;
	const judged = [row.strength ?? null, row.qualityA ?? null, row.qualityB ?? null];
	const content = [prompt, promptIds, aText, bText, outcome, ...judged, source, annotatorId];
	return sha256(JSON.stringify([`row ${VERSION_FORMAT}`, ...content]));
}

function frozen<T>(value: T): T {
	if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
		Object.freeze(value);
		Object.values(value).forEach(frozen);
	}
	return value;
}

function statisticsOf(rows: readonly DatasetRow[]): DatasetStatistics {
	const count = (matches: (row: DatasetRow) => boolean): number => rows.filter(matches).length;
	const words = rows.reduce(
		(sum, { aText, bText }) => sum + wordsOf(aText).length + wordsOf(bText).length,
		0
	);
	return {
		rows: rows.length,
		prompts: new Set(rows.map(({ promptIds }) => promptIds.join(' '))).size,
		byOutcome: {
			a: count(({ outcome }) => outcome === 'a'),
			b: count(({ outcome }) => outcome === 'b'),
			tie: count(({ outcome }) => outcome === 'tie')
		},
		bySource: {
			human: count(({ source }) => source === 'human'),
			simulated: count(({ source }) => source === 'simulated')
		},
		annotators: new Set(rows.map(({ annotatorId }) => annotatorId)).size,
		bothBad: count(({ qualityA, qualityB }) => qualityA === 'bad' && qualityB === 'bad'),
		meanWords: rows.length === 0 ? null : words / (2 * rows.length)
	};
}

function exclusionOf(
	row: DatasetRow,
	{ ties, includeSimulated, dropDuplicates }: DatasetTransform,
	isKnown: boolean
): ExclusionReason | null {
	if (row.source === 'simulated' && !includeSimulated) {
		return 'simulated';
	}
	if (row.outcome === 'tie' && ties === 'drop') {
		return 'tie';
	}
	return isKnown && dropDuplicates ? 'duplicate' : null;
}

export interface VersionOptions {
	name: string;
	transform: DatasetTransform;
	/** The version before it under that name. */
	parent: DatasetVersion | null;
}

/** Makes a version of rows; the result, and all within it, is frozen. Throws RangeError where one id names two rows. */
export function makeVersion(
	rows: readonly DatasetRow[],
	{ name, transform, parent }: VersionOptions
): DatasetVersion {
	if (new Set(rows.map(({ id }) => id)).size < rows.length) {
		throw new RangeError('one id names two rows of a dataset');
	}
	// Which of two rows with the same content stays must not depend on the order of reading.
	const hashed = rows
		.map((row) => ({ row, hash: rowHash(row) }))
		.toSorted((x, y) => compareText(x.hash, y.hash) || compareText(x.row.id, y.row.id));
	const excluded: { id: string; reason: ExclusionReason }[] = [];
	const kept: typeof hashed = [];
	for (const { row, hash } of hashed) {
		const reason = exclusionOf(row, transform, kept.at(-1)?.hash === hash);
		if (reason) {
			excluded.push({ id: row.id, reason });
		} else {
			kept.push({ row, hash });
		}
	}
	const keptRows = kept.map(({ row }) => row);
	const { heldOut } = splitByPrompt(keptRows, transform.heldOut, transform.splitSeed);
	const heldOutIds = new Set(heldOut.map(({ id }) => id));
	const { ties, includeSimulated, dropDuplicates, splitSeed } = transform;
	const named = [ties, includeSimulated, dropDuplicates, transform.heldOut, splitSeed];
	const hashes = kept.map(({ hash }) => hash);
	return frozen({
		id: sha256([`version ${VERSION_FORMAT} ${JSON.stringify(named)}`, ...hashes].join('\n')),
		format: VERSION_FORMAT,
		name,
		number: (parent?.number ?? 0) + 1,
		parentId: parent?.id ?? null,
		transform: { ...transform },
		members: kept.map(({ row, hash }) => ({
			id: row.id,
			hash,
			split: heldOutIds.has(row.id) ? ('held-out' as const) : ('train' as const)
		})),
		excluded,
		statistics: statisticsOf(keptRows)
	});
}

const compareText = (x: string, y: string): number => (x < y ? -1 : x > y ? 1 : 0);

export interface VersionDifference {
	/** Ids of rows. */
	added: string[];
	removed: string[];
	/** The same question with another answer, or other text. */
	changed: string[];
	unchanged: number;
	/** Rows that went from one side of the split to the other. */
	moved: string[];
	/** Settings that differ. */
	transform: (keyof DatasetTransform)[];
}

/** What happened from one version to another. */
export function compareVersions(from: DatasetVersion, to: DatasetVersion): VersionDifference {
	const before = new Map(from.members.map((member) => [member.id, member]));
	const after = new Map(to.members.map((member) => [member.id, member]));
	const common = to.members.flatMap((member) => {
		const earlier = before.get(member.id);
		return earlier ? [{ earlier, member }] : [];
	});
	const changed = common.filter(({ earlier, member }) => earlier.hash !== member.hash);
	const idOf = ({ member }: { member: { id: string } }): string => member.id;
	const settings = Object.keys(to.transform) as (keyof DatasetTransform)[];
	return {
		added: to.members.filter(({ id }) => !before.has(id)).map(({ id }) => id),
		removed: from.members.filter(({ id }) => !after.has(id)).map(({ id }) => id),
		changed: changed.map(idOf),
		unchanged: common.length - changed.length,
		moved: common.filter(({ earlier, member }) => earlier.split !== member.split).map(idOf),
		transform: settings.filter((key) => from.transform[key] !== to.transform[key])
	};
}
