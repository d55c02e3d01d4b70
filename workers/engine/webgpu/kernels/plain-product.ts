/** Matrix products with nothing fused in: what a device is tested with. */
import type { KernelSource } from '../kernel';
import { matmulKernel, type MatmulSpec } from './matmul';
import type { Tile } from './tiles';
import { loadFunction, read, storeFunction, write } from './wgsl';

export interface ProductSize {
	rows: number;
	columns: number;
	inner: number;
}

/** How the operands lie. */
export function operandColumns(
	kind: MatmulSpec['kind'],
	{ rows, columns, inner }: ProductSize
): { a: number; b: number } {
	return { a: kind === 'tn' ? rows : inner, b: kind === 'nt' ? inner : columns };
}

/** a, b, c. With `splits`, c holds one result for each part of the sum. */
export function plainProduct(
	kind: MatmulSpec['kind'],
	tile: Tile,
	size: ProductSize,
	splits = 1
): KernelSource {
	const columns = operandColumns(kind, size);
	const a = { name: 'a', columns: columns.a };
	const b = { name: 'b', columns: columns.b };
	const c = { name: 'c', columns: size.columns };
	return matmulKernel({
		label: `${kind} ${tile.name}`,
		kind,
		tile,
		bindings: [read(a), read(b), write(c)],
		rows: `${size.rows}u`,
		columns: `${size.columns}u`,
		inner: `${size.inner}u`,
		splits,
		functions: `${loadFunction('loadA', a)}
${loadFunction('loadB', b)}
${storeFunction('storeC', c)}
fn store(row: u32, column: u32, v: vec4f, split: u32) { storeC(split * ${size.rows}u + row, column / 4u, v); }`
	});
}
