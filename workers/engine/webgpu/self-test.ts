/** Known answers from a device before it is used: wrong numbers are worse than none. */
import { StudioError } from '../../../src/protocol/errors';
import type { GpuRuntime } from './gpu-runtime';
import { matmulGrid } from './kernels/matmul';
import { plainProduct } from './kernels/plain-product';
import type { Tile } from './kernels/tiles';

const SIZE = { rows: 20, columns: 36, inner: 28 };

/** The three kinds of matrix product. @throws StudioError 'backend-failed' */
export async function selfTest(runtime: GpuRuntime, tile: Tile): Promise<void> {
	const { memory } = runtime;
	const { rows, columns, inner } = SIZE;
	const a = Float32Array.from({ length: rows * inner }, (_, i) => Math.sin(i));
	const b = Float32Array.from({ length: inner * columns }, (_, i) => Math.cos(3 * i));
	const buffers = [a.length, b.length, rows * columns].map((floats) => ({
		buffer: memory.storage({ label: 'self-test', bytes: 4 * floats })
	}));
	const [forA, forB, forC] = buffers;
	if (!forA || !forB || !forC) {
		return;
	}
	try {
		runtime.write(forA.buffer, a);
		runtime.write(forB.buffer, b);
		const kinds = ['nt', 'nn', 'tn'] as const;
		const kernels = await Promise.all(
			kinds.map((kind) => runtime.kernels.get(plainProduct(kind, tile, SIZE)))
		);
		for (const [i, kernel] of kernels.entries()) {
			const kind = kinds[i] ?? 'nt';
			const command = {
				kernel,
				bindGroup: runtime.bind('score', kernel, buffers),
				grid: () => matmulGrid(tile, rows, columns)
			};
			const reads = [{ buffer: forC.buffer, offset: 0, size: 4 * rows * columns }];
			const found = new Float32Array(await runtime.read('score', [command], { reads }));
			for (let n = 0; n < rows * columns; n++) {
				const expected = entry(kind, a, b, Math.floor(n / columns), n % columns);
				if (!(Math.abs((found[n] ?? NaN) - expected) < 1e-4)) {
					throw new StudioError(
						'backend-failed',
						`The graphics device computed a wrong number in its self-test (${kernel.label}).`
					);
				}
			}
		}
	} finally {
		buffers.forEach(({ buffer }) => memory.free(buffer));
	}
}

function entry(
	kind: 'nt' | 'nn' | 'tn',
	a: Float32Array,
	b: Float32Array,
	row: number,
	column: number
): number {
	const { rows, columns, inner } = SIZE;
	let sum = 0;
	for (let k = 0; k < inner; k++) {
		const x = a[kind === 'tn' ? k * rows + row : row * inner + k] ?? NaN;
		sum += x * (b[kind === 'nt' ? column * inner + k : k * columns + column] ?? NaN);
	}
	return sum;
}
