/**
 * A batch as the kernels take it: the rows' real tokens one after the other, without padding. Also its split into passes, and the way back
 * from positions to the interface's columns.
 */
import type { Batch, Coefficients, Output, Scores } from '../../language-model';

/** Rows of a batch that go through the device together. */
export interface PackedRows {
	/** Of the whole batch. */
	firstRow: number;
	rows: number;
	positions: number;
	/** Columns of the longest row. */
	columns: number;
}

/** Parts of at most `most` positions, always at least one row. */
export function packedParts(batch: Batch, most: number): PackedRows[] {
	const parts: PackedRows[] = [];
	let part: PackedRows | null = null;
	for (let b = 0; b < batch.B; b++) {
		const length = batch.length[b] ?? 0;
		if (!part || part.positions + length > most) {
			part = { firstRow: b, rows: 0, positions: 0, columns: 0 };
			parts.push(part);
		}
		part.rows++;
		part.positions += length;
		part.columns = Math.max(part.columns, length);
	}
	return parts;
}

/** Where the tables of a pass lie in one buffer of u32, for a capacity; every section begins at a multiple of 64. */
export interface TokenSections {
	ids: number;
	nextIds: number;
	/** vec2u per position: the positions at which its row begins and ends. */
	rowInfo: number;
	/** vec4u per attention tile: first position, number, the row's begin and end. */
	tiles: number;
	/** Positions sorted by token. */
	order: number;
	/** vec4u per different token: id, begin and end in `order`. */
	tokens: number;
	lastPositions: number;
	length: number;
}

export function tokenSections(positions: number, rows: number, tile: number): TokenSections {
	let at = 0;
	const section = (words: number) => {
		const from = at;
		at += Math.ceil(words / 64) * 64;
		return from;
	};
	return {
		ids: section(positions),
		nextIds: section(positions),
		rowInfo: section(2 * positions),
		tiles: section(4 * (Math.ceil(positions / tile) + rows)),
		order: section(positions),
		tokens: section(4 * positions),
		lastPositions: section(rows),
		length: at
	};
}

/** Fills the tables; answers the numbers of attention tiles and of different tokens. */
export function fillTables(
	to: Uint32Array,
	at: TokenSections,
	batch: Batch,
	part: PackedRows,
	o: { tile: number; vocab: number }
): { tiles: number; tokens: number } {
	let position = 0;
	let tiles = 0;
	for (let r = 0; r < part.rows; r++) {
		const b = part.firstRow + r;
		const length = batch.length[b] ?? 0;
		const begin = position;
		const end = begin + length;
		for (let t = 0; t < length; t++, position++) {
			to[at.ids + position] = batch.ids[b * batch.T + t] ?? 0;
			// The last token of a row predicts nothing; its coefficients are zero.
			to[at.nextIds + position] = t + 1 < length ? (batch.ids[b * batch.T + t + 1] ?? 0) : 0;
			to[at.rowInfo + 2 * position] = begin;
			to[at.rowInfo + 2 * position + 1] = end;
		}
		for (let first = begin; first < end; first += o.tile, tiles++) {
			to.set([first, Math.min(o.tile, end - first), begin, end], at.tiles + 4 * tiles);
		}
		to[at.lastPositions + r] = Math.max(begin, end - 1);
	}
	return { tiles, tokens: sortByToken(to, at, part.positions, o.vocab) };
}

/** Counting sort of the positions by their tokens. */
function sortByToken(to: Uint32Array, at: TokenSections, positions: number, vocab: number): number {
	const ids = to.subarray(at.ids, at.ids + positions);
	const next = new Uint32Array(vocab + 1);
	for (const id of ids) {
		next[id + 1] = (next[id + 1] ?? 0) + 1;
	}
	let tokens = 0;
	for (let id = 0; id < vocab; id++) {
		const begin = next[id] ?? 0;
		const count = next[id + 1] ?? 0;
		next[id + 1] = begin + count;
		if (count > 0) {
			to.set([id, begin, begin + count], at.tokens + 4 * tokens);
			tokens++;
		}
	}
	ids.forEach((id, position) => {
		const slot = next[id] ?? 0;
		next[id] = slot + 1;
		to[at.order + slot] = position;
	});
	return tokens;
}

/** What a pass has answered; null where it was not asked. */
export interface PassAnswers {
	/** [positions], of the next token. */
	logProb: Float32Array | null;
	entropy: Float32Array | null;
	/** [positions, heads] */
	values: Float32Array | null;
	/** [rows, hidden] */
	hidden: Float32Array | null;
}

export function emptyScores(batch: Batch, valueHeads: number, hidden: number | null): Scores {
	const size = batch.B * batch.T;
	const scores: Scores = {
		logProb: new Float64Array(size),
		entropy: new Float64Array(size),
		value: Array.from({ length: valueHeads }, () => new Float64Array(size))
	};
	return hidden === null ? scores : { ...scores, hidden: new Float64Array(batch.B * hidden) };
}

/** Positions to columns: statistics of position t belong to token t + 1. */
export function fillScores(
	scores: Scores,
	batch: Batch,
	part: PackedRows,
	want: readonly Output[],
	answers: PassAnswers
): void {
	const heads = scores.value.length;
	let n = 0;
	for (let r = 0; r < part.rows; r++) {
		const b = part.firstRow + r;
		const length = batch.length[b] ?? 0;
		const row = b * batch.T;
		for (let t = 0; t < length; t++, n++) {
			if (t + 1 < length) {
				if (answers.logProb && want.includes('logProb')) {
					scores.logProb[row + t + 1] = answers.logProb[n] ?? 0;
				}
				if (answers.entropy && want.includes('entropy')) {
					scores.entropy[row + t + 1] = answers.entropy[n] ?? 0;
				}
			}
			for (let k = 0; answers.values && k < heads; k++) {
				const head = scores.value[k];
				if (head) {
					head[row + t] = answers.values[n * heads + k] ?? 0;
				}
			}
		}
	}
	if (answers.hidden && scores.hidden) {
		const d = scores.hidden.length / batch.B;
		for (let r = 0; r < part.rows; r++) {
			if ((batch.length[part.firstRow + r] ?? 0) > 0) {
				scores.hidden.set(answers.hidden.subarray(r * d, (r + 1) * d), (part.firstRow + r) * d);
			}
		}
	}
}

/** Where the coefficients of a pass lie in one buffer of f32. */
export interface CoefficientSections {
	dLogProb: number;
	dEntropy: number;
	/** [positions, heads] */
	dValues: number;
	length: number;
}

export function coefficientSections(positions: number, heads: number): CoefficientSections {
	const size = Math.ceil(positions / 64) * 64;
	return {
		dLogProb: 0,
		dEntropy: size,
		dValues: 2 * size,
		length: 2 * size + Math.ceil((positions * Math.max(1, heads)) / 64) * 64
	};
}

/** Columns to positions. */
export function fillCoefficients(
	to: Float32Array,
	at: CoefficientSections,
	batch: Batch,
	part: PackedRows,
	c: Coefficients,
	valueHeads: number
): void {
	let n = 0;
	for (let r = 0; r < part.rows; r++) {
		const b = part.firstRow + r;
		const length = batch.length[b] ?? 0;
		const row = b * batch.T;
		for (let t = 0; t < length; t++, n++) {
			const hasNext = t + 1 < length;
			to[at.dLogProb + n] = hasNext ? (c.dLogProb?.[row + t + 1] ?? 0) : 0;
			to[at.dEntropy + n] = hasNext ? (c.dEntropy?.[row + t + 1] ?? 0) : 0;
			for (let k = 0; k < valueHeads; k++) {
				to[at.dValues + n * valueHeads + k] = c.dValue?.[k]?.[row + t] ?? 0;
			}
		}
	}
}
