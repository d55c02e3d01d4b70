import { beforeAll, expect, test } from 'vitest';
import { Kernels, compileModules } from '../../../workers/engine/wasm/kernels';
import { KERNEL_CASES } from '../../support/kernel-parity';
import { readKernels } from '../../support/wasm-modules';

let kernels: Kernels;
beforeAll(async () => {
	const modules = await compileModules(readKernels);
	kernels = new Kernels(modules, 'simd');
});

test.each(KERNEL_CASES)('$name agree with float64', ({ difference, limit }) => {
	expect(difference(kernels)).toBeLessThanOrEqual(limit);
});
