/** Every shape of matrix product on WebGPU against float64, on the least that an adapter may offer. */
import { beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../../src/core/random';
import { requestGpu } from '../../../workers/engine/gpu-device';
import { GpuRuntime } from '../../../workers/engine/webgpu/gpu-runtime';
import { matmulGrid } from '../../../workers/engine/webgpu/kernels/matmul';
import { operandColumns, plainProduct } from '../../../workers/engine/webgpu/kernels/plain-product';
import { TILES, tileNamed } from '../../../workers/engine/webgpu/kernels/tiles';
import { product } from '../../support/float64-layers';
import { LEAST_GPU, relativeDifference, runKernel } from '../../support/gpu-kernel';

const KINDS = ['nt', 'nn', 'tn'] as const;
/** Vectors throughout, but no multiple of any tile. */
const EVEN = { rows: 140, columns: 132, inner: 36 };
/** Not even groups of four. */
const ODD = { rows: 35, columns: 33, inner: 19 };
/** So long a sum that its rounding shows. */
const LONG = { rows: 8, columns: 12, inner: 1100 };

let runtime: GpuRuntime;
beforeAll(async () => {
	runtime = new GpuRuntime(await requestGpu(LEAST_GPU));
	// All at once: compiling is what takes the time, and has more than one thread.
	for (const tile of TILES) {
		KINDS.forEach((kind) => void runtime.kernels.get(plainProduct(kind, tile, EVEN)));
	}
});

async function difference(
	kind: (typeof KINDS)[number],
	tileName: string,
	size: typeof EVEN,
	splits = 1
): Promise<number> {
	const random = new Random(3);
	const tile = tileNamed(tileName);
	const normals = (count: number) => Float32Array.from({ length: count }, () => random.normal());
	const { rows, columns, inner } = size;
	const [a, b] = [normals(rows * inner), normals(inner * columns)];
	const columnsOf = operandColumns(kind, size);
	expect((rows * inner) % columnsOf.a).toBe(0);
	const [, , c] = await runKernel(
		runtime,
		plainProduct(kind, tile, size, splits),
		[a, b, new Float32Array(splits * rows * columns).fill(NaN)],
		matmulGrid(tile, rows, columns, splits)
	);
	const total = Float64Array.from({ length: rows * columns }, (_, i) => {
		let sum = 0;
		for (let part = 0; part < splits; part++) {
			sum += c?.[part * rows * columns + i] ?? NaN;
		}
		return sum;
	});
	return relativeDifference(total, product(kind, a, b, size));
}

describe.each(TILES.map(({ name }) => name))('tile %s', (name) => {
	test.each(KINDS)('%s gives the product of sizes that no tile divides', async (kind) => {
		expect(await difference(kind, name, EVEN)).toBeLessThanOrEqual(2e-5);
	});
});

test.each([
	...KINDS.map((kind) => [kind, 'direct32'] as const),
	['nt', 'tiled32'] as const,
	['tn', 'tiled32'] as const
])('%s gives the product of rows that are no whole vectors: %s', async (kind, name) => {
	expect(await difference(kind, name, ODD)).toBeLessThanOrEqual(2e-5);
});

test.each(KINDS)('%s in parts sums up to the product', async (kind) => {
	expect(await difference(kind, 'direct32', EVEN, 4)).toBeLessThanOrEqual(2e-5);
	// More parts than there is work for: the last ones give zeros.
	expect(await difference(kind, 'direct32', { rows: 8, columns: 8, inner: 8 }, 4)).toBeLessThan(
		2e-5
	);
});

test.each(KINDS)('%s over an inner size above a thousand', async (kind) => {
	expect(await difference(kind, 'direct32', LONG)).toBeLessThanOrEqual(1e-4);
});
