/** Small pieces of WGSL text shared by the kernels. */
import type { Access, KernelSource } from '../kernel';

export interface Binding {
	name: string;
	access: Access;
	/** WGSL type. */
	type: string;
}

/** A kernel from its bindings, numbered in their order, and the rest of its text. */
export function kernelSource(
	label: string,
	bindings: readonly Binding[],
	body: string
): KernelSource {
	const space = { read: 'storage, read', write: 'storage, read_write', uniform: 'uniform' };
	const declarations = bindings.map(
		({ name, access, type }, i) =>
			`@group(0) @binding(${i}) var<${space[access]}> ${name}: ${type};`
	);
	return {
		label,
		code: [...declarations, body].join('\n'),
		bindings: bindings.map(({ access }) => access)
	};
}

/** A row-major matrix of float32 in a buffer. */
export interface Matrix {
	/** Of the binding. */
	name: string;
	columns: number;
	/** WGSL expression of a row's first float; default `row * columns`. Whole groups of four where `columns` is. */
	rowStart?: (row: string, unit: number) => string;
}

/** Rows of whole groups of four floats are read and written as vectors. */
export const isVector = (columns: number): boolean => columns % 4 === 0;

const unitOf = (columns: number): number => (isVector(columns) ? 4 : 1);

export const arrayType = (columns: number): string =>
	isVector(columns) ? 'array<vec4f>' : 'array<f32>';

export const read = (m: Matrix): Binding => ({
	name: m.name,
	access: 'read',
	type: arrayType(m.columns)
});

export const write = (m: Matrix): Binding => ({ ...read(m), access: 'write' });

const start = ({ columns, rowStart }: Matrix, row: string): string => {
	const unit = unitOf(columns);
	return rowStart ? rowStart(row, unit) : `${row} * ${columns / unit}u`;
};

/** Function `name(row, c4)`: floats 4*c4 .. 4*c4+3 of a row, zeros beyond its end. c4 must begin inside the row. */
export function loadFunction(name: string, m: Matrix): string {
	const head = `fn ${name}(row: u32, c4: u32) -> vec4f {`;
	if (isVector(m.columns)) {
		return `${head} return ${m.name}[${start(m, 'row')} + c4]; }`;
	}
	return `${head}
	let at = ${start(m, 'row')} + 4u * c4;
	let left = ${m.columns}u - 4u * c4;
	var v = vec4f(${m.name}[at], 0.0, 0.0, 0.0);
	if (left > 1u) { v.y = ${m.name}[at + 1u]; }
	if (left > 2u) { v.z = ${m.name}[at + 2u]; }
	if (left > 3u) { v.w = ${m.name}[at + 3u]; }
	return v;
}`;
}

/** Function `name(row, c4, v)`: the counterpart of `loadFunction`. */
export function storeFunction(name: string, m: Matrix): string {
	const head = `fn ${name}(row: u32, c4: u32, v: vec4f) {`;
	if (isVector(m.columns)) {
		return `${head} ${m.name}[${start(m, 'row')} + c4] = v; }`;
	}
	return `${head}
	let at = ${start(m, 'row')} + 4u * c4;
	let left = ${m.columns}u - 4u * c4;
	${m.name}[at] = v.x;
	if (left > 1u) { ${m.name}[at + 1u] = v.y; }
	if (left > 2u) { ${m.name}[at + 2u] = v.z; }
	if (left > 3u) { ${m.name}[at + 3u] = v.w; }
}`;
}

export const groupsOf4 = (floats: number): number => Math.ceil(floats / 4);

/** A number as a WGSL f32 literal. */
export function f32(x: number): string {
	const text = String(Math.fround(x));
	return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

/** More workgroups than one dimension may hold go into a second one; `LINEAR_GROUP` is their number in the kernel. */
const GROUPS_PER_ROW = 32768;

export const linearGrid = (count: number): [number, number, number] => [
	Math.min(count, GROUPS_PER_ROW),
	Math.ceil(count / GROUPS_PER_ROW),
	1
];

export const LINEAR_GROUP = `group.y * ${GROUPS_PER_ROW}u + group.x`;

/** One line a index; for unrolled text. */
export const unrolled = (count: number, line: (i: number) => string): string =>
	Array.from({ length: count }, (_, i) => line(i)).join('\n');
