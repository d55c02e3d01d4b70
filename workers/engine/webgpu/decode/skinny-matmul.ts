/**
 * WGSL of a matmul with few rows: y[row, c] = sum_k x[row, k] W[c, k] for the rows of a list, eight rows and `columns` columns a
 * workgroup, so that the grid falls with the list. Eight lanes share a column (adjacent lanes read adjacent weights), the eight
 * rows of x lie in shared memory, and each weight is read once for all of them. Sums are taken in an order that does not depend on
 * the other rows, so a row comes out alike whatever batch it is in. An RMSNorm of x can be fused: the gain goes on while loading, the
 * root mean square on the sums.
 */
import type { Access, KernelSource } from '../kernel';
import { STATE_CONSTANTS } from './decode-state';

export const ROWS_PER_TILE = 8;
const THREADS = 128;
const LANES = 8;
const COLUMN_GROUPS = THREADS / LANES;
const THREADS_PER_ROW = THREADS / ROWS_PER_TILE;
/** Most floats of one row of x in shared memory at a time: 8 KiB for the tile. */
const CHUNK = 256;
/** Of the lanes' sums in shared memory; the odd one spreads the lanes over its banks. */
const SUM_STRIDE = COLUMN_GROUPS + 1;

export interface SkinnyMatmul {
	label: string;
	/** Floats in a row of x and of W. */
	inner: number;
	/** Columns in the order in which tiles take them. */
	outer: number;
	/** The list of rows, and which word holds its length. */
	rows: 'ACTIVE' | 'DRAW';
	/** Where a row's x starts: at its row of `input`, or at its token's row of an embedding table bound as `input`. */
	from: 'row' | 'token';
	/** Normalise x by its root mean square, with a gain bound as `gain`. */
	normEps: number | null;
	/** WGSL: `fn weightStart(c: u32) -> u32`, where the weights of column c start, in floats. Default: at row c. */
	weightStart?: string;
	/** WGSL to store: `fn store(b: u32, c: u32, y: f32)`, or with `pairs` `fn store(b: u32, c: u32, y: vec2f)` for columns c, c + 1. */
	store: string;
	pairs?: boolean;
	/** Further bindings that `store` names, from binding 3 (4 with a norm). */
	bindings: readonly { access: Access; declaration: string }[];
}

/** Columns that one thread sums: the more, the fewer reads of shared memory; the fewer, the more threads for a narrow matrix. */
function columnsPerThread(outer: number): 1 | 2 | 4 {
	return outer >= 16_384 ? 4 : outer >= 2048 ? 2 : 1;
}

/** Workgroups along the columns. */
export function columnTiles(outer: number): number {
	return Math.ceil(outer / (COLUMN_GROUPS * columnsPerThread(outer)));
}

const times = (count: number, line: (i: number) => string): string =>
	Array.from({ length: count }, (_, i) => line(i)).join('\n');

/** Kernel with bindings state, input, weights, [gain], and those of the store. Grid: [tiles of 8 rows, columnTiles(outer)]. */
export function skinnyMatmul(m: SkinnyMatmul): KernelSource {
	const width = m.inner % 4 === 0 ? 4 : 1;
	const units = m.inner / width;
	const chunk = Math.min(CHUNK / width, Math.ceil(units / LANES) * LANES);
	const fullChunks = Math.floor(units / chunk);
	const tail = units - fullChunks * chunk;
	const perThread = columnsPerThread(m.outer);
	const columns = COLUMN_GROUPS * perThread;
	// Memory is cleared before use, so the rows of x and then the sums share one array where they can.
	const sums = width === 4 ? 'tile' : 'sums';
	const tileSize = Math.max(ROWS_PER_TILE * chunk, width === 4 ? LANES * SUM_STRIDE : 0);
	const hasNorm = m.normEps !== null;
	const fixed: { access: Access; declaration: string }[] = [
		{ access: 'read', declaration: 'state : array<u32>' },
		{ access: 'read', declaration: 'input : array<Unit>' },
		{ access: 'read', declaration: 'weights : array<Unit>' },
		...(hasNorm ? [{ access: 'read' as const, declaration: 'gain : array<Unit>' }] : [])
	];
	const bindings = [...fixed, ...m.bindings];

	const loadWeights = (base: string, k: string, i: number | '') =>
		times(perThread, (p) => `let w${i}_${p} = weights[start${p} + ${base} + ${k}];`);
	const multiply = (k: string, i: number | '') =>
		times(ROWS_PER_TILE, (r) =>
			[
				`let x${i}_${r} = tile[${r * chunk}u + ${k}];`,
				times(perThread, (p) => `sum${p}_${r} += along(w${i}_${p}, x${i}_${r});`)
			].join('\n')
		);

	/** One piece of the rows: into shared memory, then times the weights. A narrow kernel has its weights on the way meanwhile. */
	const piece = (base: string, count: number) => {
		const trips = Math.ceil(count / LANES);
		const isUnrolled = perThread === 1 && width === 4;
		return `
			${isUnrolled ? times(trips, (i) => loadWeights(base, `lane + ${i * LANES}u`, i)) : ''}
			for (var k = tid % ${THREADS_PER_ROW}u; k < ${trips * LANES}u; k += ${THREADS_PER_ROW}u) {
				var x = Unit();
				if (k < ${count}u) {
					x = input[source + ${base} + k];
					${hasNorm ? `squares += along(x, x);\nx *= gain[${base} + k];` : ''}
				}
				tile[loaded * ${chunk}u + k] = x;
			}
			workgroupBarrier();
			${
				isUnrolled
					? times(trips, (i) => multiply(`lane + ${i * LANES}u`, i))
					: `for (var i = 0u; i < ${trips}u; i++) {
						let k = i * ${LANES}u + lane;
						${loadWeights(base, 'k', '')}
						${multiply('k', '')}
					}`
			}`;
	};

	const total = (column: string) =>
		[0, 4]
			.map((l) => [0, 1, 2, 3].map((i) => `${sums}[${(l + i) * SUM_STRIDE}u + ${column}][i]`))
			.map((four) => `vec4f(${four.join(', ')})`)
			.join(' + ');

	const code = `
${STATE_CONSTANTS}
alias Unit = ${width === 4 ? 'vec4f' : 'f32'};
${bindings
	.map(({ access, declaration }, i) => {
		const mode = access === 'write' ? 'read_write' : 'read';
		return `@group(0) @binding(${i}) var<storage, ${mode}> ${declaration};`;
	})
	.join('\n')}
var<workgroup> tile : array<Unit, ${tileSize}>;
${width === 4 ? '' : `var<workgroup> sums : array<vec4f, ${LANES * SUM_STRIDE}>;`}
${hasNorm ? `var<workgroup> rowSquares : array<f32, ${THREADS}>;\nvar<workgroup> scale : array<f32, ${ROWS_PER_TILE}>;` : ''}

fn along(a : Unit, b : Unit) -> f32 { return ${width === 4 ? 'dot(a, b)' : 'a * b'}; }
${m.weightStart ?? `fn weightStart(c : u32) -> u32 { return c * ${m.inner}u; }`}
${m.store}

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group : vec3u, @builtin(local_invocation_index) tid : u32) {
	let count = state[${m.rows}_COUNT];
	let firstRow = group.x * ${ROWS_PER_TILE}u;
	let firstColumn = group.y * ${columns}u;
	let lane = tid % ${LANES}u;
	let place = tid / ${LANES}u;
	// Rows beyond the list repeat its last one and are not stored.
	let loaded = tid / ${THREADS_PER_ROW}u;
	let row = state[${m.rows} + min(firstRow + loaded, count - 1u)];
	let source = ${m.from === 'token' ? 'state[TOKEN + row]' : 'row'} * ${units}u;
	${times(perThread, (p) => `let start${p} = weightStart(min(firstColumn + place + ${p * COLUMN_GROUPS}u, ${m.outer - 1}u)) / ${width}u;`)}
	${hasNorm ? 'var squares = 0.0;' : ''}
	${times(perThread, (p) => times(ROWS_PER_TILE, (r) => `var sum${p}_${r} = 0.0;`))}
	${fullChunks > 0 ? `for (var base = 0u; base < ${fullChunks * chunk}u; base += ${chunk}u) {${piece('base', chunk)}\nworkgroupBarrier();\n}` : ''}
	${tail > 0 ? `{${piece(`${fullChunks * chunk}u`, tail)}\n}` : ''}
	${
		hasNorm
			? `rowSquares[tid] = squares;
	workgroupBarrier();
	if (tid < ${ROWS_PER_TILE}u) {
		var sum = 0.0;
		for (var i = 0u; i < ${THREADS_PER_ROW}u; i++) {
			sum += rowSquares[tid * ${THREADS_PER_ROW}u + i];
		}
		scale[tid] = inverseSqrt(sum / ${m.inner}.0 + ${m.normEps?.toExponential()});
	}`
			: ''
	}
	// Sums of eight lanes become one, four rows of ${COLUMN_GROUPS} columns at a time.
	${times(2 * perThread, (pass) => {
		const p = pass >> 1;
		const firstOfPass = 4 * (pass & 1);
		const four = [0, 1, 2, 3].map((i) => `sum${p}_${firstOfPass + i}`).join(', ');
		return `
	workgroupBarrier();
	${sums}[lane * ${SUM_STRIDE}u + place] = vec4f(${four});
	workgroupBarrier();
	if (tid < ${m.pairs ? 2 * COLUMN_GROUPS : 4 * COLUMN_GROUPS}u) {
		let i = tid / ${m.pairs ? COLUMN_GROUPS / 2 : COLUMN_GROUPS}u;
		let column = tid ${m.pairs ? `* 2u ` : ''}% ${COLUMN_GROUPS}u;
		let r = ${firstOfPass}u + i;
		let c = firstColumn + ${p * COLUMN_GROUPS}u + column;
		if (firstRow + r < count && c < ${m.outer}u) {
			let halves = ${total('column')};
			let y = (halves.x + halves.y) + (halves.z + halves.w);
			${
				m.pairs
					? `let others = ${total('column + 1u')};
			let y1 = (others.x + others.y) + (others.z + others.w);
			store(state[${m.rows} + firstRow + r], c, vec2f(y, y1)${hasNorm ? ' * scale[r]' : ''});`
					: `store(state[${m.rows} + firstRow + r], c, y${hasNorm ? ' * scale[r]' : ''});`
			}
		}
	}`;
	})}
}`;
	return { label: m.label, code, bindings: bindings.map(({ access }) => access) };
}
