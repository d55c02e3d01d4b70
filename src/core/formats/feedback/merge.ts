/**
 * Several people's native rows as one dataset. An event that is in two files counts once; which file came first makes no
 * difference, to the last bit of the hash.
 */
import { sha256 } from '../../sha256';
import { idOfName } from './identity';
import { canonicalJson } from './json';
import type { FeedbackAnnotator, FeedbackRow } from './row';

export interface MergePart {
	/** Who answers for rows that do not say who judged; a file of one person's answers. null: the rows say it themselves. */
	annotator: FeedbackAnnotator | null;
	rows: Iterable<FeedbackRow>;
}

export interface Merged {
	/** In the order of their ids. */
	rows: FeedbackRow[];
	/** Content hash of the rows: the same for every order of parts and of rows within them. */
	hash: string;
	/** Rows that another part, or the same one, held already. */
	duplicates: number;
	/** Ids under which different content was found; the richest of each was kept. */
	conflicts: string[];
	/** Rows by annotator. */
	annotators: { id: string; name: string; rows: number }[];
}

function withAnnotator(row: FeedbackRow, fallback: FeedbackAnnotator | null): FeedbackRow {
	const annotator = row.annotator ?? (row.judgement ? fallback : null);
	return annotator
		? { ...row, annotator: { ...annotator, id: annotator.id ?? idOfName(annotator) } }
		: row;
}

interface Candidate {
	row: FeedbackRow;
	text: string;
}

/** Of two rows with one id, the one that says more; of two that say as much, always the same one. */
function richer(x: Candidate, y: Candidate): Candidate {
	return (x.text.length - y.text.length || (x.text > y.text ? 1 : -1)) > 0 ? x : y;
}

/** All rows of all parts, held in memory. */
export function mergeFeedback(parts: Iterable<MergePart>): Merged {
	const kept = new Map<string, Candidate>();
	const conflicts = new Set<string>();
	let duplicates = 0;
	for (const { annotator, rows } of parts) {
		for (const original of rows) {
			const row = withAnnotator(original, annotator);
			const candidate = { row, text: canonicalJson(row) };
			const known = kept.get(row.id);
			if (known) {
				duplicates++;
				if (known.text !== candidate.text) {
					conflicts.add(row.id);
				}
			}
			kept.set(row.id, known ? richer(known, candidate) : candidate);
		}
	}
	const sorted = [...kept.values()].sort((x, y) => (x.row.id < y.row.id ? -1 : 1));
	return {
		rows: sorted.map(({ row }) => row),
		hash: sha256(sorted.map(({ text }) => text).join('\n')),
		duplicates,
		conflicts: [...conflicts].sort(),
		annotators: annotatorsOf(sorted.map(({ row }) => row))
	};
}

function annotatorsOf(rows: readonly FeedbackRow[]): Merged['annotators'] {
	const people = new Map<string, Merged['annotators'][number]>();
	for (const { annotator } of rows) {
		if (annotator?.id !== undefined) {
			const person = people.get(annotator.id) ?? {
				id: annotator.id,
				name: annotator.name,
				rows: 0
			};
			// One person may write the name in two ways: the first by the alphabet stands for both.
			const name = annotator.name < person.name ? annotator.name : person.name;
			people.set(annotator.id, { ...person, name, rows: person.rows + 1 });
		}
	}
	return [...people.values()].sort((x, y) => (x.id < y.id ? -1 : 1));
}
