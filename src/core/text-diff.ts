/** What changed between two texts, word by word: the base model's completion and the tuned one's. */

export interface DiffPart {
	kind: 'same' | 'removed' | 'added';
	text: string;
}

/** Words with the space before them; together they are the text. */
const PIECE = /\s*\S+|\s+$/gu;

/** Lengths of longest common subsequences of all pairs of tails, [(n + 1) * (m + 1)]. */
function commonTails(before: readonly string[], after: readonly string[]): Uint32Array {
	const width = after.length + 1;
	const lengths = new Uint32Array((before.length + 1) * width);
	for (let i = before.length - 1; i >= 0; i--) {
		for (let j = after.length - 1; j >= 0; j--) {
			const down = lengths[(i + 1) * width + j] ?? 0;
			const right = lengths[i * width + j + 1] ?? 0;
			const both = lengths[(i + 1) * width + j + 1] ?? 0;
			lengths[i * width + j] = before[i] === after[j] ? both + 1 : Math.max(down, right);
		}
	}
	return lengths;
}

/**
 * The fewest removed and added words that turn one text into the other, neighbours of one kind joined. 'same' and 'removed'
 * together read as `before`, 'same' and 'added' as `after`. Time and memory grow with the product of the lengths: meant for
 * completions, not for books.
 */
export function diffWords(before: string, after: string): DiffPart[] {
	const old = before.match(PIECE) ?? [];
	const young = after.match(PIECE) ?? [];
	const lengths = commonTails(old, young);
	const width = young.length + 1;
	const parts: DiffPart[] = [];
	const add = (kind: DiffPart['kind'], text: string): void => {
		const last = parts.at(-1);
		if (last?.kind === kind) {
			last.text += text;
		} else {
			parts.push({ kind, text });
		}
	};
	let i = 0;
	let j = 0;
	while (i < old.length || j < young.length) {
		const removed = old[i];
		const added = young[j];
		const down = lengths[(i + 1) * width + j] ?? 0;
		const right = lengths[i * width + j + 1] ?? 0;
		if (removed !== undefined && removed === added) {
			add('same', removed);
			i++;
			j++;
		} else if (removed !== undefined && (added === undefined || down >= right)) {
			add('removed', removed);
			i++;
		} else if (added !== undefined) {
			add('added', added);
			j++;
		}
	}
	return parts;
}
