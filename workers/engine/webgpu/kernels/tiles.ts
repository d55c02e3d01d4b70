/** The shapes in which a matrix product can be cut up. Which is best depends on the adapter, so all are tried on it. */
import { StudioError } from '../../../../src/protocol/errors';

export interface Tile {
	readonly name: string;
	/** Rows and columns of the result made by one workgroup. */
	readonly rows: number;
	readonly columns: number;
	/** Step along the inner dimension. */
	readonly inner: number;
	/** Rows and columns of the result made by one thread, in multiples of four. */
	readonly threadRows: number;
	readonly threadColumns: number;
	/** Operands pass through workgroup memory; otherwise threads read them from the caches. */
	readonly isShared: boolean;
}

/** At most 256 threads and 16 KiB of workgroup memory, which every adapter has. */
export const TILES: readonly Tile[] = [
	{
		name: 'direct32',
		rows: 32,
		columns: 32,
		inner: 16,
		threadRows: 4,
		threadColumns: 4,
		isShared: false
	},
	{
		name: 'tiled32',
		rows: 32,
		columns: 32,
		inner: 32,
		threadRows: 4,
		threadColumns: 4,
		isShared: true
	},
	{
		name: 'tiled64',
		rows: 64,
		columns: 64,
		inner: 16,
		threadRows: 4,
		threadColumns: 4,
		isShared: true
	},
	{
		name: 'tiled128',
		rows: 128,
		columns: 128,
		inner: 8,
		threadRows: 8,
		threadColumns: 8,
		isShared: true
	}
];

export function tileNamed(name: string): Tile {
	const tile = TILES.find((t) => t.name === name);
	if (!tile) {
		throw new StudioError('internal', `No matrix tile named ${name}`);
	}
	return tile;
}

/** The tiles of the three kinds of product: forward, gradient by the input, gradient by the weights. */
export interface MatmulChoice {
	nt: Tile;
	nn: Tile;
	tn: Tile;
	/** Parts into which the sum over positions of a weight gradient is split. */
	split: number;
}

export const SPLITS: readonly number[] = [1, 2, 4, 8];

/** As recorded with a run: `nt=tiled64,nn=tiled64,tn=tiled32/k4`. */
export function formatChoice({ nt, nn, tn, split }: MatmulChoice): string {
	return `nt=${nt.name},nn=${nn.name},tn=${tn.name}/k${split}`;
}

/** null if this build has no such kernels. */
export function parseChoice(text: string): MatmulChoice | null {
	const match = /^nt=(\w+),nn=(\w+),tn=(\w+)\/k(\d+)$/.exec(text);
	const [nt = '', nn = '', tn = '', split = ''] = match?.slice(1) ?? [];
	const isKnown =
		[nt, nn, tn].every((name) => TILES.some((tile) => tile.name === name)) &&
		SPLITS.includes(Number(split));
	return isKnown
		? { nt: tileNamed(nt), nn: tileNamed(nn), tn: tileNamed(tn), split: Number(split) }
		: null;
}
