/**
 * Writes matrix-product kernels: one generator for the three kinds of product that a linear layer needs, with what comes before and
 * after fused into its loads and stores. Both operands are read along their rows, as they lie:
 *   nt  C[m,n] = sum_k A[m,k] B[n,k]   y = x W^T
 *   nn  C[m,n] = sum_k A[m,k] B[k,n]   dx = dy W
 *   tn  C[m,n] = sum_k A[k,m] B[k,n]   dW = dy^T x
 * A thread makes blocks of 4x4; its rows and columns come in groups of four, spread over the tile so that neighbouring threads read
 * neighbouring vectors.
 */
import type { KernelSource } from '../kernel';
import type { Tile } from './tiles';
import { kernelSource, unrolled, type Binding } from './wgsl';

export interface MatmulSpec {
	label: string;
	kind: 'nt' | 'nn' | 'tn';
	tile: Tile;
	bindings: readonly Binding[];
	/** WGSL expressions of type u32: the size of C and the length of the sum. */
	rows: string;
	columns: string;
	inner: string;
	/** Parts of the sum, made by workgroups of their own (z). */
	splits?: number;
	/**
	 * WGSL functions `loadA(row, c4)` and `loadB(row, c4)` -> vec4f, of the operands as they lie, zero beyond a row's end, and
	 * `store(row, column, value: vec4f, split)` of four neighbouring columns; and what they need.
	 */
	functions: string;
	/**
	 * nt only: also hand sum_k A[m,k]^2 to a WGSL function `scale(row, sum, isFirst) -> f32`, and multiply row m of C with its
	 * answer. `isFirst` is true for one thread a row.
	 */
	hasRowScale?: boolean;
}

export function matmulKernel(spec: MatmulSpec): KernelSource {
	return kernelSource(
		spec.label,
		spec.bindings,
		`${spec.functions}\n${spec.tile.isShared ? sharedMain(spec) : directMain(spec)}`
	);
}

/** Workgroups in x, y, z for a result of this size. */
export function matmulGrid(
	tile: Tile,
	rows: number,
	columns: number,
	splits = 1
): [number, number, number] {
	return [Math.ceil(columns / tile.columns), Math.ceil(rows / tile.rows), splits];
}

interface Plan {
	spec: MatmulSpec;
	/** Threads across and down. */
	tx: number;
	ty: number;
	/** Groups of four rows and columns of a thread. */
	rowGroups: number;
	columnGroups: number;
}

function planOf(spec: MatmulSpec): Plan {
	const { tile } = spec;
	return {
		spec,
		tx: tile.columns / tile.threadColumns,
		ty: tile.rows / tile.threadRows,
		rowGroups: tile.threadRows / 4,
		columnGroups: tile.threadColumns / 4
	};
}

/** The inner dimension counts groups of four where A is read along it. */
function innerLoop({ spec }: Plan, step: number): string {
	const inner = spec.kind === 'tn' ? spec.inner : `((${spec.inner}) + 3u) / 4u`;
	const splits = spec.splits ?? 1;
	return `let inner = ${inner};
	let part = (inner + ${step * splits - 1}u) / ${step * splits}u * ${step}u;
	let begin = group.z * part;
	let end = min(inner, begin + part);`;
}

function head(plan: Plan): string {
	const { spec, tx, ty } = plan;
	const { tile } = spec;
	const sums = eachRow(plan, (g, r) =>
		[
			...Array.from({ length: plan.columnGroups }, (_, h) => `var c${g}${r}${h} = vec4f();`),
			...(spec.hasRowScale ? [`var sum${g}${r} = 0.0;`] : [])
		].join(' ')
	);
	return `@compute @workgroup_size(${tx}, ${ty})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
	let tx = lane % ${tx}u;
	let ty = lane / ${tx}u;
	let row0 = group.y * ${tile.rows}u;
	let column0 = group.x * ${tile.columns}u;
	let rows = ${spec.rows};
	let columns = ${spec.columns};
	${sums}`;
}

const eachRow = ({ rowGroups }: Plan, line: (g: number, r: number) => string): string =>
	unrolled(rowGroups * 4, (i) => line(i >> 2, i & 3));

/** c += a * b for a block, once the vectors a<g><r> (along k, or for tn along the rows) and b<h><k> (along the columns) are there. */
function multiply(plan: Plan): string {
	const isTn = plan.spec.kind === 'tn';
	return eachRow(plan, (g, r) =>
		[
			...Array.from({ length: plan.columnGroups }, (_, h) =>
				isTn
					? `c${g}${r}${h} = fma(vec4f(a${g}.${'xyzw'[r]}), b${h}, c${g}${r}${h});`
					: [0, 1, 2, 3]
							.map(
								(k) =>
									`c${g}${r}${h} = fma(vec4f(a${g}${r}.${'xyzw'[k]}), b${h}${k}, c${g}${r}${h});`
							)
							.join(' ')
			),
			...(plan.spec.hasRowScale ? [`sum${g}${r} += dot(a${g}${r}, a${g}${r});`] : [])
		].join('\n')
	);
}

/** Four vectors along k become four along the columns. */
const transposed = (h: number): string =>
	[0, 1, 2, 3]
		.map((k) => {
			const lane = 'xyzw'[k];
			return `let b${h}${k} = vec4f(w${h}0.${lane}, w${h}1.${lane}, w${h}2.${lane}, w${h}3.${lane});`;
		})
		.join('\n');

function tail(plan: Plan): string {
	const { spec, tx, ty, columnGroups } = plan;
	return `${eachRow(plan, (g, r) => {
		const stores = Array.from(
			{ length: columnGroups },
			(_, h) =>
				`{ let column = column0 + 4u * (${h * tx}u + tx); if (column < columns) { store(row, column, c${g}${r}${h}${spec.hasRowScale ? ' * factor' : ''}, group.z); } }`
		).join('\n');
		return `{
		let row = row0 + 4u * (${g * ty}u + ty) + ${r}u;
		if (row < rows) {
			${spec.hasRowScale ? `let factor = scale(row, sum${g}${r}, column0 + tx == 0u);` : ''}
			${stores}
		}
	}`;
	})}
}`;
}

function sharedMain(spec: MatmulSpec): string {
	const plan = planOf(spec);
	const { tile, kind } = spec;
	const { tx, ty } = plan;
	const threads = tx * ty;
	const k4 = tile.inner / 4;
	// An odd stride, in vectors, keeps the rows that neighbouring threads read in different banks.
	const stride = k4 + 1 - (k4 % 2);
	const rows4 = tile.rows / 4;
	const columns4 = tile.columns / 4;
	const isTn = kind === 'tn';
	const sizeA = isTn ? tile.inner * rows4 : tile.rows * stride;
	const sizeB = kind === 'nt' ? tile.columns * stride : tile.inner * columns4;

	const alongK = (to: string, rowsOfTile: number, row: string, limit: string, load: string) =>
		`for (var i = lane; i < ${rowsOfTile * k4}u; i += ${threads}u) {
			let s = i / ${k4}u;
			let k = k0 + i % ${k4}u;
			let at = ${row};
			var v = vec4f();
			if (at < ${limit} && k < end) { v = ${load}(at, k); }
			${to}[s * ${stride}u + i % ${k4}u] = v;
		}`;
	// Rows of the inner dimension; k counts them one by one (tn) or four to a step (nn).
	const acrossK = (
		to: string,
		width4: number,
		first: string,
		limit: string,
		load: string,
		scale: number
	) =>
		`for (var i = lane; i < ${tile.inner * width4}u; i += ${threads}u) {
			let k = ${scale}u * k0 + i / ${width4}u;
			let c = ${first} / 4u + i % ${width4}u;
			var v = vec4f();
			if (k < ${scale === 1 ? 'end' : `min(${spec.inner}, 4u * end)`} && 4u * c < ${limit}) { v = ${load}(k, c); }
			${to}[i] = v;
		}`;
	// A thread's four columns lie apart in the tile, so that threads side by side read rows side by side.
	const scattered = `column0 + 4u * (s / ${4 * tx}u * ${tx}u + s % ${tx}u) + s / ${tx}u % 4u`;
	const loadA = isTn
		? acrossK('tileA', rows4, 'row0', 'rows', 'loadA', 1)
		: alongK('tileA', tile.rows, 'row0 + s', 'rows', 'loadA');
	const loadB =
		kind === 'nt'
			? alongK('tileB', tile.columns, scattered, 'columns', 'loadB')
			: acrossK('tileB', columns4, 'column0', 'columns', 'loadB', isTn ? 1 : 4);
	const readA = isTn
		? unrolled(plan.rowGroups, (g) => `let a${g} = tileA[k * ${rows4}u + ${g * ty}u + ty];`)
		: eachRow(
				plan,
				(g, r) => `let a${g}${r} = tileA[(4u * (${g * ty}u + ty) + ${r}u) * ${stride}u + k];`
			);
	const readB = unrolled(plan.columnGroups, (h) => {
		if (isTn) {
			return `let b${h} = tileB[k * ${columns4}u + ${h * tx}u + tx];`;
		}
		if (kind === 'nn') {
			return unrolled(
				4,
				(k) => `let b${h}${k} = tileB[(4u * k + ${k}u) * ${columns4}u + ${h * tx}u + tx];`
			);
		}
		const vectors = unrolled(
			4,
			(c) => `let w${h}${c} = tileB[(${(4 * h + c) * tx}u + tx) * ${stride}u + k];`
		);
		return `${vectors}\n${transposed(h)}`;
	});
	return `var<workgroup> tileA: array<vec4f, ${sizeA}>;
var<workgroup> tileB: array<vec4f, ${sizeB}>;
${head(plan)}
	${innerLoop(plan, isTn ? tile.inner : k4)}
	for (var k0 = begin; k0 < end; k0 += ${isTn ? tile.inner : k4}u) {
		${loadA}
		${loadB}
		workgroupBarrier();
		for (var k = 0u; k < ${isTn ? tile.inner : k4}u; k++) {
			${readA}
			${readB}
			${multiply(plan)}
		}
		workgroupBarrier();
	}
	${tail(plan)}`;
}

/** Every thread reads its own operands; the caches do what workgroup memory does above. Rows beyond the end repeat the last one. */
function directMain(spec: MatmulSpec): string {
	const plan = planOf(spec);
	const { tx, ty } = plan;
	const isTn = spec.kind === 'tn';
	const addresses = [
		eachRow(plan, (g, r) =>
			isTn && r > 0
				? ''
				: `let at${g}${r} = min(row0 + 4u * (${g * ty}u + ty) + ${r}u, rows - 1u)${isTn ? ' / 4u' : ''};`
		),
		unrolled(plan.columnGroups * 4, (i) => {
			const [h, c] = [i >> 2, i & 3];
			const column = `min(column0 + 4u * (${h * tx}u + tx) + ${c}u, columns - 1u)`;
			if (spec.kind === 'nt') {
				return `let to${h}${c} = ${column};`;
			}
			return c === 0 ? `let to${h} = ${column} / 4u;` : '';
		})
	].join('\n');
	const readA = isTn
		? unrolled(plan.rowGroups, (g) => `let a${g} = loadA(k, at${g}0);`)
		: eachRow(plan, (g, r) => `let a${g}${r} = loadA(at${g}${r}, k);`);
	const readB = unrolled(plan.columnGroups, (h) => {
		if (isTn) {
			return `let b${h} = loadB(k, to${h});`;
		}
		if (spec.kind === 'nt') {
			return `${unrolled(4, (c) => `let w${h}${c} = loadB(to${h}${c}, k);`)}\n${transposed(h)}`;
		}
		// Beyond the end A is zero; any finite row of B will do.
		return unrolled(
			4,
			(k) => `let b${h}${k} = loadB(min(4u * k + ${k}u, ${spec.inner} - 1u), to${h});`
		);
	});
	return `${head(plan)}
	${innerLoop(plan, isTn ? spec.tile.inner : spec.tile.inner / 4)}
	${addresses}
	for (var k = begin; k < end; k++) {
		${readA}
		${readB}
		${multiply(plan)}
	}
	${tail(plan)}`;
}
