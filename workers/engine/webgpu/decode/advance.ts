/**
 * WGSL of the step from one column to the next, one workgroup: takes over the drawn tokens, ends rows, closes the ranks of those that go
 * on, and writes the grids of every kernel of the next column, so that rows that have ended cost nothing.
 */
import type { KernelSource } from '../kernel';
import { MAX_ROWS, STATE_CONSTANTS } from './decode-state';
import { ROWS_PER_TILE } from './skinny-matmul';

/** Kernels of a column by what their grid is. Matmuls: workgroups along their columns; attention: heads. */
export interface DecodeGrids {
	layers: number;
	qkv: number;
	attention: number;
	output: number;
	gateUp: number;
	down: number;
	logits: number;
}

export const GRID_NAMES = [
	'qkv',
	'attention',
	'output',
	'gateUp',
	'down',
	'logits',
	'sampler'
] as const;

export type GridName = (typeof GRID_NAMES)[number];

/** Grids in the order of GRID_NAMES, three words each, for so many rows: the host's twin of what the kernel writes. */
export function gridsFor(g: DecodeGrids, active: number, draws: number): Uint32Array<ArrayBuffer> {
	const tiles = Math.ceil(active / ROWS_PER_TILE);
	const drawTiles = Math.ceil(draws / ROWS_PER_TILE);
	return Uint32Array.from([
		...[tiles, g.qkv, 1],
		...[active, g.attention, 1],
		...[tiles, g.output, 1],
		...[tiles, g.gateUp, 1],
		...[tiles, g.down, 1],
		...[drawTiles, g.logits, 1],
		...[draws, 1, 1]
	]);
}

/** Bindings: state, results, grids (indirect arguments of the next column). Grid: [1]. */
export function decodeAdvance(g: DecodeGrids): KernelSource {
	const grids = [
		['tiles', g.qkv],
		['next', g.attention],
		['tiles', g.output],
		['tiles', g.gateUp],
		['tiles', g.down],
		['drawTiles', g.logits],
		['nextDraws', 1]
	] as const;
	const code = `
${STATE_CONSTANTS}
@group(0) @binding(0) var<storage, read_write> state : array<u32>;
@group(0) @binding(1) var<storage, read> results : array<u32>;
@group(0) @binding(2) var<storage, read_write> grids : array<u32>;
var<workgroup> goesOn : array<u32, ${MAX_ROWS}>;
var<workgroup> isDrawn : array<u32, ${MAX_ROWS}>;

@compute @workgroup_size(${MAX_ROWS})
fn main(@builtin(local_invocation_index) tid : u32) {
	let t = state[COLUMN];
	let columns = state[COLUMNS];
	let count = state[ACTIVE_COUNT];
	var row = 0u;
	var stays = false;
	var drawsNext = false;
	if (tid < count) {
		row = state[ACTIVE + tid];
		let prompt = state[PROMPT_LENGTH + row];
		var token = 0u;
		var isEnded = t + 2u >= columns;
		if (t + 1u >= prompt) {
			token = results[row * columns + t + 1u];
			var isStop = false;
			for (var i = 0u; i < state[STOP_COUNT]; i++) {
				isStop = isStop || token == state[STOPS + i];
			}
			state[LENGTH + row] = t + 2u;
			state[STOPPED + row] = select(0u, 1u, isStop);
			isEnded = isEnded || isStop || token == NO_TOKEN || t + 2u >= prompt + state[MAX_NEW];
		} else {
			token = state[IDS + row * columns + t + 1u];
		}
		state[TOKEN + row] = token;
		stays = !isEnded;
		drawsNext = stays && t + 2u >= prompt;
	}
	goesOn[tid] = select(0u, 1u, stays);
	isDrawn[tid] = select(0u, 1u, drawsNext);
	storageBarrier();
	workgroupBarrier();
	var next = 0u;
	var nextDraws = 0u;
	for (var i = 0u; i < ${MAX_ROWS}u; i++) {
		if (i == tid && stays) { state[ACTIVE + next] = row; }
		if (i == tid && drawsNext) { state[DRAW + nextDraws] = row; }
		next += goesOn[i];
		nextDraws += isDrawn[i];
	}
	if (tid == 0u) {
		// What this column launched, by the very grids that it ran with.
		var launched = state[WORKGROUPS] + 1u;
		${GRID_NAMES.map((name, i) => `launched += ${name === 'logits' || name === 'sampler' ? 1 : g.layers}u * grids[${3 * i}] * grids[${3 * i + 1}];`).join('\n')}
		state[WORKGROUPS] = launched;
		state[COLUMN] = t + 1u;
		state[ACTIVE_COUNT] = next;
		state[DRAW_COUNT] = nextDraws;
		let tiles = (next + ${ROWS_PER_TILE - 1}u) / ${ROWS_PER_TILE}u;
		let drawTiles = (nextDraws + ${ROWS_PER_TILE - 1}u) / ${ROWS_PER_TILE}u;
		${grids.map(([x, y], i) => `grids[${3 * i}] = ${x};\ngrids[${3 * i + 1}] = ${y}u;\ngrids[${3 * i + 2}] = 1u;`).join('\n')}
	}
}`;
	return { label: 'decode advance', code, bindings: ['write', 'read', 'write'] };
}
