/** Finding things of a study again: by what they are, what was said about them, and words. */
import type { LineageKind, LineageNode } from './lineage';
import type { ItemNote } from './records';

export interface ShelfFilter {
	/** Words, each of which must occur in the name, alias, tags, note or facts; in any order, in any case. */
	text: string;
	/** null: of any kind. */
	kind: LineageKind | null;
	/** null: with any tags, or none. */
	tag: string | null;
	isStaleOnly: boolean;
}

export const NO_FILTER: ShelfFilter = { text: '', kind: null, tag: null, isStaleOnly: false };

export interface Findable {
	node: LineageNode;
	note: Pick<ItemNote, 'alias' | 'tags' | 'note'> | null;
	facts: string;
	isStale: boolean;
}

export function isFound({ node, note, facts, isStale }: Findable, filter: ShelfFilter): boolean {
	const said = note ? [note.alias, ...note.tags, note.note] : [];
	const all = [node.name, facts, ...said].join('\n').toLowerCase();
	const words = filter.text
		.toLowerCase()
		.split(/\s+/u)
		.filter((word) => word !== '');
	return (
		(filter.kind === null || node.kind === filter.kind) &&
		(filter.tag === null || (note?.tags.includes(filter.tag) ?? false)) &&
		(!filter.isStaleOnly || isStale) &&
		words.every((word) => all.includes(word))
	);
}

/** Longest alias or tag. */
export const LONGEST_LABEL = 40;

/** A name without spaces, as it can be said and searched: lower case, words joined by hyphens. */
export const labelOf = (text: string): string =>
	text
		.trim()
		.toLowerCase()
		.replace(/[\s,]+/gu, '-')
		.slice(0, LONGEST_LABEL);

/** Tags from a line: separated by commas, each once, in the order of writing. */
export const tagsOf = (line: string): string[] => [
	...new Set(
		line
			.split(',')
			.map(labelOf)
			.filter((tag) => tag !== '')
	)
];
