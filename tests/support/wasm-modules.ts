/** The WebAssembly kernels for tests in Node: binaries that the Vite plugin has compiled. */
import { readFile } from 'node:fs/promises';
import type { SimdLevel } from '../../workers/engine/wasm/kernels';

const folder = new URL('../../.cache/kernels/', import.meta.url);

export const readKernels = (level: SimdLevel): Promise<BufferSource> =>
	readFile(new URL(`${level}.wasm`, folder));
