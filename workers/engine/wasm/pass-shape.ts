/** Index arrays of rows without padding: position n of a pass is token `places[n]` of its row. */
import type { Rows } from './shard-protocol';

export interface PassShape {
	/** Positions. */
	readonly P: number;
	readonly ids: Int32Array;
	readonly lengths: Int32Array;
	/** First position of each row. */
	readonly starts: Int32Array;
	/** [P], place in its row. */
	readonly places: Int32Array;
	readonly longest: number;
}

export function passShape({ ids, lengths }: Rows): PassShape {
	const starts = new Int32Array(lengths.length);
	const places = new Int32Array(ids.length);
	let n = 0;
	lengths.forEach((length, row) => {
		starts[row] = n;
		for (let t = 0; t < length; t++) {
			places[n++] = t;
		}
	});
	return { P: n, ids, lengths, starts, places, longest: Math.max(0, ...lengths) };
}

/** Positions that have a next token. */
export function predictingPositions({ lengths, starts }: PassShape): number[] {
	const positions: number[] = [];
	lengths.forEach((length, row) => {
		const start = starts[row] ?? 0;
		for (let t = 0; t + 1 < length; t++) {
			positions.push(start + t);
		}
	});
	return positions;
}

/** The last position of each row that has one. */
export function lastPositions({ lengths, starts }: PassShape): number[] {
	return Array.from(lengths, (length, row) => (starts[row] ?? 0) + length - 1).filter(
		(_, row) => (lengths[row] ?? 0) > 0
	);
}
